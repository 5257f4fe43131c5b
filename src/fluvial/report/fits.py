"""What ``fluvial fit`` and ``fluvial train`` have written, as a page shows it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fluvial.amortized.load_trained import load_trained
from fluvial.posterior.load_posterior import load_posterior
from fluvial.posterior.storage import KIND as POSTERIOR
from fluvial.posterior.storage import read
from fluvial.posterior.summary import Summary
from fluvial.report.posterior_pictures import PICTURES as POSTERIOR_PICTURES
from fluvial.report.training_pictures import PICTURES as TRAINING_PICTURES
from fluvial.storage.folder import holds
from fluvial.storage.reading import place_inside, read_file

__all__ = ["Fit", "holds_fit", "holds_training", "read_fit", "read_training"]

_TRAINED = "dlgm"
_MOST_ROWS = 60
_MOST_BYTES = 50_000_000
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Fit:
    """A fit, or a training, for the page.

    Attributes:
        name: of its folder.
        verdict: of a posterior; "" of a training.
        facts: a line each.
        reasons: sentences.
        rows: names and numbers as text.
        left_out: how many rows are not among them.
        pictures: title -> PNG.
    """

    name: str
    verdict: str
    facts: Sequence[str]
    reasons: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int
    pictures: Mapping[str, bytes]


def holds_fit(folder: Path) -> bool:
    """Whether ``fluvial fit --out``, or ``Posterior.save``, has written a folder."""
    return holds(folder, POSTERIOR)


def holds_training(folder: Path) -> bool:
    """Whether ``fluvial train`` has written a folder and is done."""
    return holds(folder / "model", _TRAINED)


def read_fit(folder: Path) -> Fit:
    """Read a saved posterior, and the pictures beside it."""
    parts = read(folder)
    judgment = parts.judgment
    # Without the model's own space there are no names for a table.
    summary = Summary((), (), judgment)
    if parts.recorded.values or parts.source is not None:
        summary = load_posterior(folder).summary()
    return Fit(
        folder.resolve().name,
        judgment.verdict.value,
        summary.facts,
        (*judgment.reasons, judgment.advice),
        [row.cells for row in summary.rows[:_MOST_ROWS]],
        max(0, len(summary.rows) - _MOST_ROWS),
        _pictures(folder, POSTERIOR_PICTURES),
    )


def read_training(folder: Path) -> Fit:
    """Read a trained model, and the pictures beside it."""
    trained = load_trained(folder / "model")
    last = trained.history[-1]
    facts = (
        f"validation bound  {trained.validation_bound:.2f} nats, at step {trained.best_step}",
        f"trained           {last['epoch']:g} epochs, {last['step']} steps",
    )
    return Fit(folder.resolve().name, "", facts, (), (), 0, _pictures(folder, TRAINING_PICTURES))


def _pictures(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The pictures that are there; a link that leads out of the folder is refused."""
    found = {}
    for name in names:
        if os.path.lexists(folder / name):
            data = read_file(place_inside(folder, name), _MOST_BYTES)
            if data.startswith(_PNG):
                found[name.removesuffix(".png")] = data
    return found
