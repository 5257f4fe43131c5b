"""What stages 0 and 1 leave to the stages that follow."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.matching import Matched

__all__ = ["Started"]


class Started(NamedTuple):
    """What is known before anything is fitted.

    Attributes:
        starts: points where the density is finite.
        ends: where climbs ended.
        doubtful: whether modes that matter are to be expected beyond those that were found.
        notes: sentences on how modes were looked for.
        doubts: sentences.
        improper: why the density has no finite integral, or None.
        product: what was matched already, factor by factor, instead of looking for all modes.
    """

    starts: Float[np.ndarray, "N D"]
    ends: list[Optimum]
    doubtful: bool
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    improper: str | None
    product: Matched | None = None
