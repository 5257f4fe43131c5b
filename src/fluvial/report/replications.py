"""What ``replication.json`` has to hold to be shown."""

from fluvial.replication.metrics import MetricVerdict
from fluvial.replication.result import CellVerdict
from fluvial.reproduction.results_files import MACHINE, PACKAGES
from fluvial.storage.schema import FILE_NAME, TEXT, TEXTS, record

__all__ = ["REPLICATION"]

_COUNT = {"type": "integer", "minimum": 0}
_NUMBER = {"type": ["number", "null"]}
# As a relative difference from zero is saved, or a metric that is NaN.
_MEASURE = {"anyOf": [_NUMBER, {"enum": ["NaN", "Infinity", "-Infinity"]}]}
_NAME = {"type": ["string", "null"]}
_VERDICT = {"enum": [verdict.value for verdict in CellVerdict]}

_DIFFERENCE = record(
    place=TEXT,
    recorded=TEXT,
    local=TEXT,
    relative=_MEASURE,
    tolerated={"type": "boolean"},
    reason=TEXT,
    optional={"cause": _NAME},
)
_CELL = record(
    cell=_COUNT,
    verdict=_VERDICT,
    seconds=_NUMBER,
    problem=TEXT,
    source=TEXT,
    differences_found=_COUNT,
    differences={"type": "array", "items": _DIFFERENCE},
    optional={
        "cause": _NAME,
        "after": {"type": ["integer", "null"]},
        "varying": {"type": "array", "items": record(place=TEXT, values=TEXTS)},
    },
)
_METRIC = record(
    name=TEXT,
    verdict={"enum": [verdict.value for verdict in MetricVerdict]},
    recorded=_MEASURE,
    local=_MEASURE,
    reason=TEXT,
)
REPLICATION = record(
    **dict.fromkeys(("notebook", "origin", "command", "finished", "fluvial"), TEXT),
    notes=TEXTS,
    machine=MACHINE,
    packages=PACKAGES,
    verdict=_VERDICT,
    runs=_COUNT,
    cells={"type": "array", "items": _CELL},
    metrics={"type": "array", "items": _METRIC},
    pictures={
        "type": "array",
        "items": record(cell=_COUNT, place=TEXT, recorded=FILE_NAME, local=FILE_NAME),
    },
    optional={
        "summary": TEXTS,
        "prose": {
            "type": "array",
            "items": record(
                text=TEXT,
                cell=_COUNT,
                recorded=_MEASURE,
                local=_MEASURE,
                holds={"type": "boolean"},
            ),
        },
        "restored": {"type": ["object", "null"]},
    },
)
"""Of the content; see ``fluvial.replication.notebook.save_replication``."""
