"""The parts of a posterior that a file can hold: all but its target."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.posterior.recorded import RecordedValues
from fluvial.posterior.structure import Structure

__all__ = ["Parts"]


class Parts(NamedTuple):
    """The values that a posterior is made of, as it has them.

    Attributes:
        approximation: q.
        pool: the evaluated draws.
        evidence: what their weights say.
        judgment: verdict, reasons and advice.
        provenance: how it came about.
        recorded: the parameters' names and, if its values are wanted, the model's own space at the
            pool's points.
        grouping: for each component the number of its mode.
        structure: which coordinates modulate the others; None if that was not looked for.
        source: from which the target can be rebuilt, or None.
        places: points that the fit has seen; None if they were not kept.
    """

    approximation: Mixture
    pool: Pool
    evidence: Evidence
    judgment: Judgment
    provenance: Provenance
    recorded: RecordedValues
    grouping: tuple[int, ...]
    structure: Structure | None
    source: dict[str, Any] | None
    places: Float[np.ndarray, "P D"] | None = None
