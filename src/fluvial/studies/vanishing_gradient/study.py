"""Where the gradient of a deep network goes, and how skip connections keep it."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fluvial.reproduction import (
    Budget,
    Claim,
    Curve,
    Figure,
    Repetition,
    Rule,
    Story,
    StudyResults,
)
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.vanishing_gradient.figures import depth_figure, loss_figure, steps_figure
from fluvial.studies.vanishing_gradient.measuring import (
    KINDS,
    kind_name,
    measure_start,
    measure_training,
)

__all__ = ["STUDY"]


class _Size(NamedTuple):
    """How much is run: the depths at the start, of which the last is trained too."""

    seeds: int
    depths: tuple[int, ...]
    steps: int


_SIZES = {
    Budget.SMOKE: _Size(2, (2, 5), 20),
    Budget.QUICK: _Size(3, (2, 5, 10, 20, 30, 40, 50), 400),
    Budget.FULL: _Size(5, (2, 5, 10, 20, 30, 40, 50), 1000),
}
_START = "start"
_END = 0.1  # the share of steps that counts as the end
_KNOWING_NOTHING = math.log(10)  # nats: the loss of one tenth for each digit
_SOURCE = "class notebook: the vanishing-gradient problem"
_DEPTH = "50 sigmoid layers"

_VANISHES = Claim(
    name="first-gradient-vanishes",
    statement="In a deep network the gradient vanishes on its way to the first layer.",
    source=_SOURCE,
    published="below 1e-6 of the last layer's at depth 50",
    quantity=f"log10 of the first layer's gradient norm over the last's, {_DEPTH}, at the start",
    rule=Rule(high=-6.0),
    unit="decades",
    each=Repetition.REPEATS,
)
_FLAT = Claim(
    name="loss-is-flat",
    statement="The loss curve goes flat.",
    source=_SOURCE,
    published="flat",
    quantity=f"loss at the end over ln 10, the loss of knowing nothing, {_DEPTH}",
    rule=Rule(low=0.98),
)
_KEPT = Claim(
    name="skips-keep-the-gradient",
    statement="A skip connection that adds the input to the output cures it.",
    source=_SOURCE,
    published="",
    quantity=f"log10 of the first layer's gradient norm over the last's, {_DEPTH} with skips, at "
    "the start",
    rule=Rule(low=-3.0),
    unit="decades",
    each=Repetition.REPEATS,
)
_TRAINS = Claim(
    name="with-skips-it-trains",
    statement="With skip connections the network trains.",
    source=_SOURCE,
    published="",
    quantity=f"test accuracy, {_DEPTH} with skips; guessing gives 10 %",
    rule=Rule(low=80.0),
    unit="%",
)


def _units(budget: Budget) -> Sequence[Unit]:
    """List one unit for the gradients at the start, and one to train each kind of network."""
    size = _SIZES[budget]
    seeds = range(size.seeds)
    trained = [
        Unit(
            kind_name(kind),
            partial(measure_training, kind, size.depths[-1], size.steps, seeds),
        )
        for kind in KINDS
    ]
    return [Unit(_START, partial(measure_start, size.depths, seeds)), *trained]


def _claims(results: StudyResults) -> Iterator[tuple[Claim, Sequence[float]]]:
    start = results.record(_START).arrays
    plain, skip = results.record("sigmoid-plain"), results.record("sigmoid-skip")
    yield _VANISHES, _decades(start["sigmoid-plain"])
    yield _FLAT, _end(plain.arrays["losses"])
    yield _KEPT, _decades(start["sigmoid-skip"])
    yield _TRAINS, [100.0 * share for share in skip.values["accuracy"]]


def _figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
    """Draw norms by layer and step, norms by depth and activation, and learning curves."""
    trained = {kind: results.record(kind_name(kind)).arrays for kind in KINDS}
    start = results.record(_START)
    return [
        steps_figure(trained, directory),
        depth_figure(start.values["depths"], start.arrays, directory),
        loss_figure(trained, directory),
    ]


def _curves(results: StudyResults) -> Sequence[Curve]:
    return [Curve(kind_name(kind), "losses", "losses") for kind in KINDS]


def _decades(norms: np.ndarray) -> list[float]:
    """Return log10 of first over last at the largest depth; ``norms`` is (seeds, depths, 2)."""
    first, last = norms[:, -1].T.astype(np.float64)
    return np.log10(first / last).tolist()


def _end(losses: np.ndarray) -> list[float]:
    """Return the mean loss of the last tenth of the steps over ln 10, one a seed."""
    count = max(1, round(_END * losses.shape[1]))
    return (losses[:, -count:].mean(axis=1, dtype=np.float64) / _KNOWING_NOTHING).tolist()


STUDY = Study(
    name="vanishing_gradient",
    title="The vanishing gradient, and skip connections",
    version=1,
    seeds={budget: size.seeds for budget, size in _SIZES.items()},
    units=_units,
    claims=_claims,
    figures=_figures,
    curves=_curves,
    story=Story(
        "In a deep network of sigmoids the gradient vanishes on its way to the first layer and "
        "the loss goes flat; skip connections cure both.",
        ("first-gradient-vanishes", "skips-keep-the-gradient", "with-skips-it-trains"),
        "depth.png",
    ),
)
"""Networks of up to 50 layers, with and without skips, on scikit-learn's digits."""
