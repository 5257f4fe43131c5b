"""A notebook run again, and what it says beside what it said."""

from fluvial.deprecated import moved
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.declared import Metric, declared_metrics
from fluvial.replication.metrics import MetricOutcome, MetricVerdict
from fluvial.replication.read import RecordedNotebook, read_notebook
from fluvial.replication.ready import check_ready
from fluvial.replication.replicate import compare_runs, replicate
from fluvial.replication.result import CellOutcome, CellVerdict, Replication
from fluvial.replication.saving import save_replication
from fluvial.replication.variation import Variation

__all__ = [
    "CellOutcome",
    "CellVerdict",
    "Difference",
    "Kind",
    "Metric",
    "MetricOutcome",
    "MetricVerdict",
    "RecordedNotebook",
    "Replication",
    "Tolerance",
    "Variation",
    "check_ready",
    "compare_runs",
    "declared_metrics",
    "read_notebook",
    "replicate",
    "save_replication",
]

# What was here is for studies, and notebooks have taken its place.
_MOVED = ["Budget", "Claim", "Figure", "JudgedClaim", "Record", "Rule"]
__getattr__ = moved(
    __name__,
    {name: f"fluvial.reproduction.{name}" for name in _MOVED}
    | {
        "Judgement": "fluvial.reproduction.ClaimVerdict",
        "Ledger": "fluvial.reproduction.StudyResults",
        "Recorded": "fluvial.replication.RecordedNotebook",
    },
)
