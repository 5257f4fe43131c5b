"""What the next fit needs to know of a posterior."""

from typing import Protocol, runtime_checkable

import numpy as np

from fluvial.errors import InputError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.targets import Annotations

__all__ = ["EarlierFit", "need_density"]

_USABLE = (Verdict.GOOD, Verdict.USE_WEIGHTS)


@runtime_checkable
class EarlierFit(Protocol):
    """A posterior that becomes a prior, or a start; see ``Posterior`` for what each name is."""

    @property
    def approximation(self) -> Mixture:
        """Q."""
        ...

    @property
    def pool(self) -> Pool:
        """The evaluated draws."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What their weights say."""
        ...

    @property
    def provenance(self) -> Provenance:
        """How it came about."""
        ...

    @property
    def verdict(self) -> Verdict:
        """What its draws are worth."""
        ...

    @property
    def coordinates(self) -> dict[str, tuple[int, int]]:
        """Parameter -> where its unconstrained coordinates start, and how many it has."""
        ...

    @property
    def annotations(self) -> Annotations:
        """Names of dimensions, coordinates and data."""
        ...

    def constrained(self, indices: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Some points of the pool in the model's own space."""
        ...


def need_density(verdict: Verdict) -> None:
    """Raise an InputError if the verdict does not vouch for the density, which is to be a prior."""
    if verdict not in _USABLE:
        raise InputError(
            f"the posterior's verdict is {verdict}, so its density cannot be a "
            "prior: fit all the data at once, or improve the earlier fit first."
        )
