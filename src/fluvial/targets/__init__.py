"""What to infer: targets from JAX functions, Stan programs, and models of other libraries."""

from fluvial.targets.stan import from_stan
from fluvial.targets.target import Target

__all__ = ["Target", "from_stan"]
