"""What to infer: targets from JAX functions, Stan programs, and models of other libraries."""

from fluvial.targets.annotations import Annotations
from fluvial.targets.examples.energies import energy, log_normalizer
from fluvial.targets.examples.example import Example
from fluvial.targets.examples.registry import EXAMPLES, example
from fluvial.targets.loader import load_object, load_target
from fluvial.targets.numpyro import from_numpyro
from fluvial.targets.pymc import from_pymc
from fluvial.targets.source import target_from_source
from fluvial.targets.stan.program import from_stan
from fluvial.targets.target import Target

__all__ = [
    "EXAMPLES",
    "Annotations",
    "Example",
    "Target",
    "energy",
    "example",
    "from_numpyro",
    "from_pymc",
    "from_stan",
    "load_object",
    "load_target",
    "log_normalizer",
    "target_from_source",
]
