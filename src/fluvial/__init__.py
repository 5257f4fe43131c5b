"""Variational inference with normalizing flows: a model in, a checked posterior out.

The names are imported when they are first used, so that ``import fluvial`` is quick.
"""

import importlib
from typing import TYPE_CHECKING

from fluvial._version import __version__

if TYPE_CHECKING:
    from fluvial import amortized, datasets, distributed, flows, objectives, targets, training
    from fluvial.comparison import compare
    from fluvial.errors import InputError
    from fluvial.inference import Posterior, Simulation, Verdict, calibrate, fit, fit_many
    from fluvial.loading import load
    from fluvial.targets import Target, from_numpyro, from_pymc, from_stan

__all__ = [
    "InputError",
    "Posterior",
    "Simulation",
    "Target",
    "Verdict",
    "__version__",
    "amortized",
    "calibrate",
    "compare",
    "datasets",
    "distributed",
    "fit",
    "fit_many",
    "flows",
    "from_numpyro",
    "from_pymc",
    "from_stan",
    "load",
    "objectives",
    "targets",
    "training",
]

_MODULE_OF = {
    "InputError": "fluvial.errors",
    "Posterior": "fluvial.inference",
    "Simulation": "fluvial.inference",
    "Target": "fluvial.targets",
    "Verdict": "fluvial.inference",
    "calibrate": "fluvial.inference",
    "compare": "fluvial.comparison",
    "fit": "fluvial.inference",
    "fit_many": "fluvial.inference",
    "from_numpyro": "fluvial.targets",
    "from_pymc": "fluvial.targets",
    "from_stan": "fluvial.targets",
    "load": "fluvial.loading",
}


def __getattr__(name: str):
    if name in _MODULE_OF:
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    elif name in __all__:
        value = importlib.import_module(f"fluvial.{name}")
    else:
        raise AttributeError(f"module 'fluvial' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
