"""A convolutional network on pictures from Pillow and on raw arrays: is there a difference?"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from fluvial.datasets.labeled import (
    LabeledImages,
    labeled_digits,
    labeled_mnist,
    mnist_folder,
)
from fluvial.reproduction import Budget, Claim, Curve, Figure, Record, Rule, Story, StudyResults
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.cnn_pil.figures import equivalence_figure, loss_figure, seconds_figure
from fluvial.studies.cnn_pil.measuring import WAYS, accuracy_gain, measure, time_ratio

__all__ = ["STUDY"]

_SEEDS = {Budget.SMOKE: 2, Budget.QUICK: 10, Budget.FULL: 5}
_EPOCHS = {Budget.SMOKE: 1, Budget.QUICK: 12, Budget.FULL: 12}
_SMOKE_PICTURES = 256
_DIGITS_SIDE, _MNIST_SIDE = 16, 28
_MNIST_EPOCHS = 3
_POINTS = 0.5
_SHARE = 0.1
_SOURCE = "class notebook: CNN with and without PIL"

_ACCURACY = Claim(
    name="accuracy-is-the-same",
    statement="With and without PIL, the test accuracy is nearly identical.",
    source=_SOURCE,
    published="nearly identical",
    quantity="test accuracy without Pillow less that with it",
    rule=Rule(-_POINTS, _POINTS),
    unit="points",
)
_TIME = Claim(
    name="training-time-is-the-same",
    statement="With and without PIL, the training time is nearly identical.",
    source=_SOURCE,
    published="nearly identical",
    quantity="CPU seconds of training with Pillow over those without",
    rule=Rule(1.0 - _SHARE, 1.0 + _SHARE),
)
_MNIST = Claim(
    name="mnist-in-three-epochs",
    statement="The network reads MNIST after three epochs.",
    source=_SOURCE,
    published="at least 98.8 %",
    quantity="test accuracy on MNIST without Pillow, after three epochs",
    rule=Rule(low=98.8),
    unit="%",
)


def _units(budget: Budget) -> Sequence[Unit]:
    """List one unit a seed, named after the data that it learns from."""
    return [
        Unit(f"{_data(budget)}-seed-{seed}", partial(_measure, budget, seed))
        for seed in range(_SEEDS[budget])
    ]


def _claims(results: StudyResults) -> Iterator[tuple[Claim, Sequence[float]]]:
    """Measure each claim once a seed; skip that of MNIST if MNIST was not available."""
    measured = [results.record(unit).values for unit in results.header["units"]]
    on_mnist = [values for values in measured if values["data"] == "mnist"]
    yield _ACCURACY, [accuracy_gain(values) for values in measured]
    yield _TIME, [time_ratio(values) for values in measured]
    yield _MNIST, [values["accuracy"]["arrays"] for values in on_mnist]


def _figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw both tests of equivalence, the learning curves, and where the seconds go."""
    records = [results.record(unit) for unit in results.header["units"]]
    measured = [record.values for record in records]
    return [
        equivalence_figure(measured, _POINTS, _SHARE, directory),
        loss_figure([record.arrays for record in records], directory),
        seconds_figure(measured, directory),
    ]


def _curves(results: StudyResults) -> Sequence[Curve]:
    return [
        Curve(unit, f"loss_{way}", "loss", label=f"loss {way}")
        for unit in results.header["units"]
        for way in WAYS
    ]


def _data(budget: Budget) -> str:
    return "mnist" if budget is Budget.FULL and mnist_folder() else "digits"


def _measure(budget: Budget, seed: int) -> Record:
    folder = mnist_folder()
    if budget is Budget.FULL and folder is not None:
        return measure(labeled_mnist(folder), _MNIST_SIDE, _MNIST_EPOCHS, seed)
    data = labeled_digits()
    if budget is Budget.SMOKE:
        data = _first(data, _SMOKE_PICTURES)
    return measure(data, _DIGITS_SIDE, _EPOCHS[budget], seed)


def _first(data: LabeledImages, count: int) -> LabeledImages:
    return data._replace(train=data.train[:count], train_labels=data.train_labels[:count])


STUDY = Study(
    name="cnn_pil",
    title="A convolutional network with and without PIL (Pillow)",
    version=1,
    seeds=_SEEDS,
    units=_units,
    claims=_claims,
    figures=_figures,
    curves=_curves,
    story=Story(
        "Whether images are read by Pillow or from arrays changes neither what a convolutional "
        "network learns nor how long it takes.",
        ("accuracy-is-the-same", "training-time-is-the-same", "mnist-in-three-epochs"),
        "equivalence.png",
    ),
)
"""One network twice from the same seeds: on PNG files read by Pillow, and on arrays.

On scikit-learn's digits, resized from 8x8 to 16x16 pixels; at the full budget on MNIST, where
``FLUVIAL_DATA`` has it, as it is.
"""
