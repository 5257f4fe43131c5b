"""Free energies and evidence estimates."""

from fluvial.objectives.extended import Extended
from fluvial.objectives.forward_kl import ForwardKL, truncated
from fluvial.objectives.free_energy import (
    FreeEnergy,
    FreeEnergyEstimate,
    LogDensity,
    base_log_prob,
    flow_log_prob,
)
from fluvial.objectives.importance import Importance, importance_weighted_bound

__all__ = [
    "Extended",
    "ForwardKL",
    "FreeEnergy",
    "FreeEnergyEstimate",
    "Importance",
    "LogDensity",
    "base_log_prob",
    "flow_log_prob",
    "importance_weighted_bound",
    "truncated",
]
