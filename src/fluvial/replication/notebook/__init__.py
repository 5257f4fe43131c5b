"""A notebook run again, and what it says beside what it said."""

from fluvial.replication.notebook.declared import Metric, declared_metrics
from fluvial.replication.notebook.difference import Difference, Kind
from fluvial.replication.notebook.metrics import MetricOutcome, MetricVerdict
from fluvial.replication.notebook.outcome import CellOutcome, CellVerdict, Replication
from fluvial.replication.notebook.ready import check_ready
from fluvial.replication.notebook.replicate import compare_runs, replicate
from fluvial.replication.notebook.saving import save_replication
from fluvial.replication.notebook.source import Recorded, read_notebook
from fluvial.replication.notebook.tolerance import Tolerance
from fluvial.replication.notebook.variation import Variation

__all__ = [
    "CellOutcome",
    "CellVerdict",
    "Difference",
    "Kind",
    "Metric",
    "MetricOutcome",
    "MetricVerdict",
    "Recorded",
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
