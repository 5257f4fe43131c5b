r"""A log density that is a sum over rows, streamed over blocks of them in bounded memory.

.. math:: \ln p(\theta) = \ln p_0(\theta) + \sum_{i=1}^N \ell_i(\theta)

A pass reads every block once, and evaluates it at all points. Where several processes have joined,
each holds rows of its own and passes over these; only the sums travel between them, at the end of a
pass.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64, Int, PyTree

from fluvial.errors import InputError
from fluvial.targets.across_processes import gathered, rows_before, summed
from fluvial.targets.density import Density, with_gradient
from fluvial.targets.local_latents import Locals, local_draw, marginal
from fluvial.targets.row_passes import RowPasses
from fluvial.targets.row_programs import Programs, padded
from fluvial.targets.rows import Rows
from fluvial.targets.tracing import Traced
from fluvial.xla import jit

__all__ = ["Quadratic", "Recall", "RowsDensity"]

Recall = Callable[[list[Any], Callable[[], Mapping[str, np.ndarray]]], Mapping[str, np.ndarray]]
"""From what a result is a function of, and what computes it, to the result, kept or new."""


class Quadratic(NamedTuple):
    """A log density to second order around a point."""

    value: float
    gradient: Float64[np.ndarray, " D"]
    hessian: Float64[np.ndarray, "D D"]


@final
@dataclass(frozen=True, eq=False)
class RowsDensity(Density):
    """A log prior and the log likelihoods of rows.

    Args:
        dim: D.
        log_prior: from a vector of shape (D,) to a real scalar.
        log_likelihood: from such a vector and a block of R rows to R numbers.
        rows: of this process.
        block_bytes: the most memory of a block of rows and of what is computed from it.
        programs: that evaluate a block.
        devices: over which the rows of a block are split.
        unit: rows of the data that one of these rows stands for, if that is a group.
        local: latents that the log likelihood has integrated out, if there are any.
        watch: called with how many rows were finished, and at how many points.
        recall: finds the sums of a pass that an earlier fit has kept, or computes them.
    """

    dim: int
    log_prior: Traced
    log_likelihood: Callable[[Any, PyTree], Any]
    rows: Rows
    block_bytes: int
    programs: Programs
    devices: tuple[Any, ...] = ()
    watch: Callable[[int, int], None] = lambda rows, points: None
    recall: Recall = lambda parts, compute: compute()
    unit: int = 1
    local: Locals | None = None
    on_host = True
    costly = True
    up_to_constant = False

    @cached_property
    def count(self) -> int:
        """How many rows there are in all processes."""
        return int(summed(np.array([self.rows.count]))[0])

    def watched(
        self, watch: Callable[[int, int], None], devices: tuple[Any, ...], recall: Recall
    ) -> "RowsDensity":
        """Return the same density, on some devices, that reports its progress, and recalls."""
        return replace(self, watch=watch, devices=devices, recall=recall)

    def with_rule(self, rule: int) -> "RowsDensity":
        """Return the same density, whose groups' latents another of ``RULES`` integrates out."""
        assert self.local is not None
        local = self.local._replace(rule=rule)
        return self._of(self.log_prior, marginal(local), local)

    def plus(self, added: Traced, dim: int) -> "RowsDensity":
        """Return the sum of this density, of the first coordinates, and another one of all.

        Args:
            added: the other one.
            dim: how many coordinates there are.
        """
        known, log_prior, log_likelihood = self.dim, self.log_prior, self.log_likelihood
        return replace(self, dim=dim)._of(
            Traced(lambda x: log_prior(x[:known]) + added(x), dim),
            lambda x, rows: log_likelihood(x[:known], rows),
            None if self.local is None else self.local.leading(known),
        )

    def _of(self, log_prior: Traced, log_likelihood: Callable, local: Locals | None):
        programs = Programs(log_prior, log_likelihood, self.dim)
        return replace(
            self,
            log_prior=log_prior,
            log_likelihood=log_likelihood,
            programs=programs,
            local=local,
        )

    def digest(self) -> str:
        """Return what tells this density from others: all its rows, and some of its values."""
        block = self.rows.block(0, min(self.rows.count, self.block_rows))
        point = np.random.default_rng(0).uniform(-1.0, 1.0, self.dim)
        with jax.enable_x64(True):
            terms = np.asarray(self.programs.terms(point, padded(block, self.block_rows)))
        said = np.append(terms, self.programs.prior_values(point[None]))
        return f"{self.rows.digest()}-{zlib.crc32(said.tobytes()):08x}"

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point; the host streams it, also where JAX traces."""
        return self._log_prob(x)

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities, in one pass over the rows."""
        return self._pass(self.programs.values, points, self.programs.prior_values(points))

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and gradients, in one pass over the rows."""
        prior = self.programs.prior_gradients(points)
        return self._pass(self.programs.gradients, points, prior)

    def quadratic(self, point: Float64[np.ndarray, " D"]) -> Quadratic:
        """Return value, gradient and Hessian at a point, in two passes over the rows."""
        values, gradients = self.value_and_grad(point[None])
        tangents = np.eye(self.dim)
        at = np.concatenate([np.broadcast_to(point, tangents.shape), tangents], axis=1)
        prior = self.programs.prior_hessian(point[None])[0]
        hessian = self._pass(self.programs.products, at, prior)
        return Quadratic(float(values[0]), gradients[0], 0.5 * (hessian + hessian.T))

    def sample(self, size: int, rng: np.random.Generator) -> PyTree:
        """Return ``size`` rows, of all processes, chosen without replacement, as they lie."""
        size = min(size, self.count)
        return self._rows_of(np.sort(rng.choice(self.count, size, replace=False, shuffle=False)))

    def draw(self, size: int, rng: np.random.Generator) -> PyTree:
        """Return ``size`` rows, of all processes, in random order and with replacement."""
        whole = self._rows_of(np.sort(rng.integers(0, self.count, size)))
        order = rng.permutation(size)
        return jax.tree.map(lambda leaf: leaf[order], whole)

    def _rows_of(self, indices: np.ndarray) -> PyTree:
        """Return rows by their numbers, which go on from one process to the next."""
        first = self._first
        own = indices[(indices >= first) & (indices < first + self.rows.count)] - first
        return jax.tree.map(gathered, self.rows.take(own))

    @cached_property
    def _first(self) -> int:
        return rows_before(self.rows.count)

    def local_draws(
        self, points: Float64[np.ndarray, "S D"], groups: Int[np.ndarray, " G"], seed: int
    ) -> Float64[np.ndarray, "S G L"]:
        """Draw the latents of some groups, one draw for each point.

        Raises:
            InputError: if there are no latents, or no such groups.
        """
        if self.local is None:
            raise InputError("the target has no groups: make it with Target.from_groups.")
        if len(groups) and not 0 <= groups.min() <= groups.max() < self.rows.count:
            raise InputError(
                f"group {groups[(groups < 0) | (groups >= self.rows.count)][0]} is asked for: "
                f"groups are numbered from 0 to {self.rows.count - 1}."
            )
        drawn = np.empty((len(points), len(groups), self.local.dim))
        with jax.enable_x64(True):
            program = jit(jax.vmap(partial(local_draw, self.local), (0, None, 0)))
            for place, number in enumerate(map(int, groups)):
                group = jax.tree.map(lambda leaf: leaf[0], self.rows.block(number, number + 1))
                key = jax.random.fold_in(jax.random.key(seed), number)
                drawn[:, place] = program(points, group, jax.random.split(key, len(points)))
        return drawn

    def subset(self, sample: PyTree, scale: float) -> Callable[[Float[Array, " D"]], Array]:
        """Return a traceable log density of some rows, whose log likelihood is scaled."""

        def log_density(x):
            with jax.numpy_dtype_promotion("standard"):
                terms = self.log_likelihood(x, sample)
                return self.log_prior(x) + scale * jnp.sum(terms, dtype=x.dtype)

        return log_density

    @cached_property
    def _log_prob(self):
        def value(x):
            told = jax.ShapeDtypeStruct((), x.dtype)
            return jax.pure_callback(
                lambda x: _at_any(self.values, x), told, x, vmap_method="broadcast_all"
            )

        def both(x):
            told = (jax.ShapeDtypeStruct((), x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype))
            return jax.pure_callback(
                lambda x: _at_any(self.value_and_grad, x), told, x, vmap_method="broadcast_all"
            )

        return with_gradient(value, both)

    @property
    def block_rows(self) -> int:
        """How many rows a block has: a power of two that the devices divide."""
        return self.passes.block_rows

    @cached_property
    def passes(self) -> RowPasses:
        """Over this process's rows."""
        return RowPasses(self.rows, self.programs, self.block_bytes, self.devices, self.watch)

    def _pass(self, program: Callable, points: np.ndarray, prior: PyTree) -> PyTree:
        """Add the sums over all rows to the log prior."""
        if not len(points):
            return prior
        leaves, structure = jax.tree.flatten(prior)

        def compute():
            found = jax.tree.leaves(self.passes.sums(program, points))
            return {str(k): leaf for k, leaf in enumerate(found)}

        kept = self.recall([self.programs.name(program), points], compute)
        whole = [a + summed(kept[str(k)]) for k, a in enumerate(leaves)]
        return jax.tree.unflatten(structure, whole)


def _at_any(function: Callable, x: Array | np.ndarray) -> PyTree:
    """Apply a function of points (N, D) to an array (..., D)."""
    points = np.asarray(x, np.float64)
    found = function(np.ascontiguousarray(points.reshape(-1, points.shape[-1])))
    dtype = np.asarray(x).dtype
    return jax.tree.map(
        lambda a: a.reshape((*points.shape[:-1], *a.shape[1:])).astype(dtype), found
    )
