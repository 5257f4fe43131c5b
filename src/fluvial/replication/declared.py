"""Named metrics: numbers that a notebook prints, and what is asked of them."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluvial.errors import InputError
from fluvial.replication.compare.numbers import Duration, Number, tokens
from fluvial.replication.compare.shown import shown_lines
from fluvial.replication.metrics_file import read_side_file, side_file_beside
from fluvial.replication.read import RecordedNotebook

__all__ = ["Metric", "declared_metrics"]

_KEYS = {"pattern", "higher_is", "tol", "below", "cell"}


@dataclass(frozen=True)
class Metric:
    """A number that a notebook prints, and what is asked of it.

    Attributes:
        name: of the metric.
        pattern: a regular expression that finds it in a cell's text, line by line; the number is
            its first group, or else the first number in the match. The last match counts.
        higher_is: "better" or "worse"; None if the metric has no good direction.
        tol: how far, in its own unit (seconds for a duration), two runs' values may lie apart.
        below: the name of another metric that it must be less than, in both runs.
        cell: the number of the only code cell to look in; None for all.
    """

    name: str
    pattern: re.Pattern[str]
    higher_is: str | None
    tol: float
    below: str | None
    cell: int | None

    def find(self, texts: Sequence[str]) -> float | None:
        r"""Return the value in the texts of a notebook's code cells, None if it is not there.

        Example:
            >>> metric = Metric("acc", re.compile(r"accuracy: (\S+)"), "better", 0.005, None, None)
            >>> metric.find(["epoch 1, accuracy: 0.91", "test accuracy: 98.1%"])
            98.1
        """
        chosen = texts if self.cell is None else texts[self.cell - 1 : self.cell]
        values = [value for text in chosen if (value := self.value_in(text)) is not None]
        return values[-1] if values else None

    def value_in(self, text: str) -> float | None:
        """Return the value in one text, None if it is not there."""
        matches = [match for line in shown_lines(text) for match in self.pattern.finditer(line)]
        values = [value for match in matches if (value := _value(match)) is not None]
        return values[-1] if values else None

    def masked(self, text: str) -> str:
        """Write the metric's name in place of its value, so that nothing else judges it."""
        lines = text.split("\n")
        return "\n".join(
            self.pattern.sub(lambda match: _named(match, self.name), line) for line in lines
        )


def declared_metrics(
    recorded: RecordedNotebook, side_file: Path | None = None
) -> tuple[Metric, ...]:
    r"""Collect the metrics that a notebook's cells and a side file declare.

    A cell declares its own in its metadata, ``{"fluvial": {"metrics": {NAME: {...}}}}``. A side
    file has the same tables for the whole notebook, as YAML, TOML or JSON. In YAML::

        accuracy: {pattern: 'test accuracy: (\S+)', higher_is: better, tol: 0.005}

    Args:
        recorded: the notebook.
        side_file: by default ``NAME.metrics.yaml`` (or ``.yml``, ``.toml``, ``.json``) beside
            ``NAME.ipynb``, if there is one.

    Raises:
        InputError: if a declaration cannot be read.
    """
    found: dict[str, Metric] = {}
    for number, cell in enumerate(recorded.cells, 1):
        for name, spec in _declarations(cell.metadata.get("fluvial"), number).items():
            found[name] = _metric(name, spec, f"cell {number}", number)
    path = side_file or side_file_beside(recorded)
    if path is not None:
        for name, spec in read_side_file(path).items():
            found[name] = _metric(name, spec, str(path), None)
    for metric in found.values():
        if metric.below is not None and metric.below not in found:
            raise InputError(
                f"the metric {metric.name} must be below {metric.below}, which is not declared: "
                f"declared are {', '.join(found)}."
            )
    return tuple(found.values())


def _metric(name: str, spec: Any, where: str, cell: int | None) -> Metric:
    if not isinstance(spec, Mapping) or not isinstance(spec.get("pattern"), str):
        raise InputError(f'the metric {name} in {where} needs a "pattern", a regular expression.')
    if unknown := sorted(set(spec) - _KEYS):
        raise InputError(
            f"the metric {name} in {where} has {', '.join(unknown)}, and may have "
            f"{', '.join(sorted(_KEYS))}."
        )
    try:
        pattern = re.compile(spec["pattern"])
    except re.error as error:
        raise InputError(
            f"the pattern of the metric {name} in {where} is not a regular expression: {error}."
        ) from error
    higher_is, tol = spec.get("higher_is"), spec.get("tol", 0.0)
    if higher_is not in (None, "better", "worse"):
        raise InputError(f'higher_is of the metric {name} in {where} must be "better" or "worse".')
    number = isinstance(tol, int | float) and not isinstance(tol, bool)
    if not number or not 0.0 <= tol < math.inf:
        raise InputError(f"tol of the metric {name} in {where} must be a number of at least 0.")
    own = spec.get("cell", cell)
    if own is not None and (not isinstance(own, int) or own < 1):
        raise InputError(f"cell of the metric {name} in {where} must be a cell's number, from 1.")
    return Metric(name, pattern, higher_is, float(tol), spec.get("below"), own)


def _declarations(metadata: Any, number: int) -> Mapping[str, Any]:
    if metadata is None:
        return {}
    metrics = metadata.get("metrics", {}) if isinstance(metadata, Mapping) else None
    if not isinstance(metrics, Mapping):
        raise InputError(f'the "fluvial" metadata of cell {number} has no table of "metrics".')
    return metrics


def _value(match: re.Match[str]) -> float | None:
    text = match.group(1) if match.re.groups else match.group()
    for token in tokens(text or ""):
        if isinstance(token, Number):
            return token.value
        if isinstance(token, Duration):
            return token.seconds
    return None


def _named(match: re.Match[str], name: str) -> str:
    if not match.re.groups:
        return f"⟨{name}⟩"
    start, end = (edge - match.start() for edge in match.span(1))
    text = match.group()
    return text if start < 0 else f"{text[:start]}⟨{name}⟩{text[end:]}"
