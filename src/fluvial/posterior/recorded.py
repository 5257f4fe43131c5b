"""Draws in a target's own space, kept for when the target is not available."""

from dataclasses import dataclass, field

import numpy as np

from fluvial.targets import Annotations

__all__ = ["RecordedValues"]


@dataclass(frozen=True, eq=False)
class RecordedValues:
    """The variables of the model's own space at every point of a pool.

    Attributes:
        values: name -> (S, *shape), float64, in the model's order.
        parameters: the names that are parameters, not quantities derived from them.
        annotations: names of dimensions, coordinates and data.
        coordinates: parameter -> where its unconstrained coordinates start, and how many it has.
    """

    values: dict[str, np.ndarray]
    parameters: tuple[str, ...]
    annotations: Annotations = field(default_factory=Annotations)
    coordinates: dict[str, tuple[int, int]] = field(default_factory=dict)

    def at(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """Return the variables at some of the points: name -> (len(indices), *shape)."""
        return {name: values[indices] for name, values in self.values.items()}
