"""The log density of some of many rows, whose log likelihood is scaled to that of all."""

from dataclasses import replace
from functools import cached_property
from typing import final

import jax
import numpy as np
from jaxtyping import Array, Float, Float64, PyTree

from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.rows import Rows
from fluvial.targets.rows_density import RowsDensity
from fluvial.targets.tracing import Traced

__all__ = ["SampledRows"]


@final
class SampledRows(Density):
    """Evaluated by the programs of the density of all rows, so that nothing is compiled for it.

    Args:
        stream: the density of all rows.
        sample: the rows; where several processes have joined, each has the same.
    """

    def __init__(self, stream: RowsDensity, sample: PyTree):
        self.dim = stream.dim
        self.rows = sample
        self.size = len(jax.tree.leaves(sample)[0])
        self._scale = stream.count / self.size
        self._own = replace(
            stream,
            rows=Rows(sample),
            devices=(),
            watch=lambda rows, points: None,
            recall=lambda parts, compute: compute(),
        )

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities."""
        programs = self._own.programs
        if not len(points):
            return np.empty(0)
        sums = self._own.passes.sums(programs.values, points)
        return programs.prior_values(points) + self._scale * sums

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and gradients."""
        programs = self._own.programs
        if not len(points):
            return np.empty(0), np.empty((0, self.dim))
        values, gradients = self._own.passes.sums(programs.gradients, points)
        prior, prior_gradients = programs.prior_gradients(points)
        return prior + self._scale * values, prior_gradients + self._scale * gradients

    def terms(self, point: Float64[np.ndarray, " D"]) -> Float64[np.ndarray, " R"]:
        """Return the log likelihood of each row."""
        with jax.enable_x64(True):
            return np.asarray(self._own.programs.terms(point, self.rows))

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, as JAX traces it."""
        return self.traced.log_prob(x)

    @cached_property
    def traced(self) -> JaxDensity:
        """The same density, compiled with its rows, for what JAX has to trace."""
        whole = Traced(self._own.subset(self.rows, self._scale), self.dim)
        return JaxDensity(whole, self.dim)
