"""Variational inference with normalizing flows: a model in, a checked posterior out."""

from fluvial import flows, objectives, targets
from fluvial._version import __version__
from fluvial.errors import InputError
from fluvial.inference import Posterior, Verdict, fit
from fluvial.targets import Target, from_stan

__all__ = [
    "InputError",
    "Posterior",
    "Target",
    "Verdict",
    "__version__",
    "fit",
    "flows",
    "from_stan",
    "objectives",
    "targets",
]
