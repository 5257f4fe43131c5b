"""What ``fit`` returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PyTree

from fluvial.counts import check_count
from fluvial.errors import InputError
from fluvial.posterior.arviz import arranged
from fluvial.posterior.data_tree import Drawn
from fluvial.posterior.distributions import is_pytensor, pymc_values
from fluvial.posterior.earlier import need_density
from fluvial.posterior.exports import Exports
from fluvial.posterior.fitted import Fitted
from fluvial.posterior.labels import index_origin, scalars
from fluvial.posterior.log_density import (
    named_log_density,
    traceable,
    unconstrained_log_density,
)
from fluvial.posterior.parts import Parts
from fluvial.posterior.pool import large_enough
from fluvial.posterior.predictive import Predictions, predicted
from fluvial.posterior.recorded import RecordedValues
from fluvial.posterior.structure import Structure
from fluvial.posterior.summary import Summary, summarize
from fluvial.posterior.summary_facts import facts
from fluvial.seeds import check_seed
from fluvial.targets import Annotations, Target
from fluvial.targets.density import JaxDensity
from fluvial.targets.elementwise import Elementwise, elementwise

__all__ = ["Posterior"]


@dataclass(frozen=True, eq=False)
class Posterior(Fitted, Exports):
    """A fitted posterior: draws, evidence, and a verdict on both. Immutable.

    Attributes:
        approximation: q, a mixture of flows and Gaussians.
        pool: the evaluated draws that ``draws`` takes from.
        evidence: what their weights say.
        judgment: verdict, reasons and advice.
        provenance: how it came about.
        target: what was fitted; None if it was loaded from disk and cannot be rebuilt.
        recorded: the model's own space at the pool's points, if it was loaded from disk.
        grouping: for each component of the approximation the number of its mode, from 0; by
            default each is a mode of its own.
        structure: which coordinates modulate the others; None if it was not looked for, because a
            Gaussian is right already or there are few coordinates.
        places: points of high density, apart from each other, that the fit has seen, shape (P, D):
            where a fit that starts from this one looks again; None if they were not kept.

    Example:
        >>> import jax.numpy as jnp
        >>> import fluvial
        >>> target = fluvial.Target(lambda x: -0.5 * jnp.sum((x - 3.0) ** 2), dim=2)
        >>> posterior = fluvial.fit(target, seed=0, progress=False)
        >>> posterior.verdict
        <Verdict.GOOD: 'GOOD'>
        >>> posterior.draws(1000)["x"].shape
        (1000, 2)
        >>> posterior.log_prob(np.array([[3.0, 3.0]])).round(2)
        array([-1.84])
    """

    target: Target | None
    recorded: RecordedValues | None = None
    grouping: tuple[int, ...] = ()
    structure: Structure | None = None
    places: Float[np.ndarray, "P D"] | None = None

    @property
    def modes(self) -> Float[np.ndarray, " M"]:
        """The share of the mass in each distinct mode, shape (M,).

        Components that overlap, with no dip of the density between them, are one mode.
        """
        weights = self.approximation.weights
        return np.bincount(self.grouping or range(len(weights)), weights)

    def draws(self, n: int, seed: int = 0) -> dict[str, np.ndarray]:
        """Corrected draws in the model's own space: name -> (n, *shape), float64.

        They are resampled from a pool of evaluated draws in proportion to their Pareto-smoothed
        weights (or, under USE_MCMC, taken from the chains). The pool holds 8,192; if ``n`` is
        larger, further points are drawn and weighted, so that at most about a quarter of the draws
        repeat another one, and almost none if weights are even. Without the target, under
        USE_MCMC, or if JAX cannot trace the log density, draws repeat.

        Args:
            n: how many, at least 1.
            seed: decides which, and whatever the model's generated quantities draw.

        Raises:
            InputError: if ``n`` is not a positive whole number, there is no target, or the density
                is improper.
        """
        check_count(n, "n")
        check_seed(seed)
        self.need_draws()
        large = self.enlarged(n, seed)
        return large.constrained(large.pool.choose(n, seed), seed)

    def local_draws(self, groups: Sequence[int] | np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Draws of the latents that some groups have of their own, shape (n, groups, local_dim).

        They belong to ``draws(n, seed)``, one by one; the target must come from
        ``Target.from_groups``.

        Args:
            groups: their numbers.
            n: how many, at least 1.
            seed: the same as that of ``draws``.

        Raises:
            InputError: if the target has no groups or is not available, or there is no such group.
        """
        stream = None if self.target is None else self.target.streamed
        if stream is None:
            raise InputError("this posterior has no groups: fit a target of Target.from_groups.")
        numbers = np.atleast_1d(np.asarray(groups))
        if numbers.size and (numbers.ndim > 1 or numbers.dtype.kind not in "iu"):
            raise InputError(
                f"the groups have shape {numbers.shape} and type {numbers.dtype}: give a list of "
                "whole numbers."
            )
        check_count(n, "n")
        check_seed(seed)
        self.need_draws()
        large = self.enlarged(n, seed)
        points = large.pool.points[large.pool.choose(n, seed)]
        return stream.local_draws(points, numbers.astype(np.int64), seed)

    def enlarged(self, n: int, seed: int) -> "Posterior":
        """Return the same posterior, or one with a new pool where ``n`` draws need a larger one."""
        pool = large_enough(self.pool, self.approximation, self.target, n, seed)
        return self if pool is self.pool else replace(self, pool=pool)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names among the draws that are parameters, not quantities derived from them."""
        return self._space().parameters

    @property
    def coordinates(self) -> dict[str, tuple[int, int]]:
        """Parameter -> where its unconstrained coordinates start, and how many it has."""
        return dict(self._space().coordinates)

    @property
    def annotations(self) -> Annotations:
        """Names of dimensions, coordinates and data, as the model has them."""
        return self._space().annotations

    @cached_property
    def constrained_pool(self) -> dict[str, np.ndarray]:
        """The whole pool in the model's own space, unweighted: name -> (S, *shape)."""
        return self.constrained(np.arange(self.pool.size), seed=0)

    def constrained(self, indices: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Some points of the pool in the model's own space: name -> (len(indices), *shape)."""
        space = self._space()
        if isinstance(space, RecordedValues):
            return space.at(indices)
        return space.constrain(self.pool.points[indices], seed)

    def log_density(self, x: ArrayLike | Mapping[str, ArrayLike]) -> Float[Array, ""]:
        """Return the normalized log density ln q of one point, in nats; JAX can trace it.

        It works under ``jit``, ``vmap`` and ``grad``, and is computed in float64 whatever the dtype
        of the point; the result has that dtype. For parameters by name it is the density in the
        model's own space: that on R^D, less ln|det dθ/dx| of the map to that space, and −inf where
        a parameter is out of its bounds.

        Args:
            x: an unconstrained point of shape (D,); or parameter -> its value in the model's own
                space, of its own shape, for all parameters.

        Raises:
            InputError: if the shape or the names do not match, or a parameter's map to its own
                space does not act element by element.

        Example:
            >>> import jax, jax.numpy as jnp, fluvial
            >>> target = fluvial.Target(lambda p: -0.5 * p["a"] ** 2, example={"a": 0.0})
            >>> posterior = fluvial.fit(target, progress=False)
            >>> bool(abs(posterior.log_density({"a": 0.0}) + 0.919) < 0.01)
            True
            >>> jax.vmap(jax.grad(posterior.log_density))(jnp.zeros((5, 1))).shape
            (5, 1)
        """
        if isinstance(x, Mapping):
            return named_log_density(self._log_q.log_prob, self._elements, x)
        return unconstrained_log_density(self._log_q, x)

    @cached_property
    def _log_q(self) -> JaxDensity:
        with jax.ensure_compile_time_eval():  # it may be asked for first inside a `jit`
            return traceable(self.approximation)

    @property
    def _traceable(self) -> Callable[[Any], Any]:
        return self._log_q.log_prob

    @cached_property
    def _elements(self) -> Elementwise:
        if self.target is None:
            raise InputError(
                "this posterior was loaded without its target, so its parameters' maps are "
                "not known: give it as fluvial.load(directory, target=target)."
            )
        with jax.ensure_compile_time_eval():
            return elementwise(self.target.space, self.target.dim, self.parameters)

    def parameters_at(self, x: Any) -> dict[str, Any]:
        """Return the parameters in the model's own space at one point x (D,); JAX can trace it.

        Args:
            x: an array, or a variable of PyMC such as ``to_pymc`` returns, of which the parameters
                are variables, too.

        Raises:
            InputError: if a parameter's map to its own space does not act element by element.
        """
        elements = self._elements
        if is_pytensor(x):
            shapes = {name: elements.shapes[name] for name in elements.places}
            return pymc_values(x, elements.flat, shapes)
        return elements.values(jnp.asarray(x, jnp.result_type(float, x)))

    def predict(
        self,
        function: Callable[..., Any],
        rows: PyTree,
        n: int = 4000,
        seed: int = 0,
        *,
        quantiles: Sequence[float] = (0.05, 0.5, 0.95),
        noise: bool = False,
    ) -> Predictions:
        """Predict many rows from many draws, in blocks: no array of rows × draws is ever made.

        Args:
            function: of the parameters of one draw, name -> value, and of one row; with ``noise``,
                of a random key, too. JAX must be able to trace it. It returns a number or an array.
            rows: an array, or a PyTree of arrays, with one row for each element of the first axis;
                memory maps are read block by block.
            n: how many draws.
            seed: decides which, and the keys.
            quantiles: probabilities.
            noise: whether the function takes a key, so that it can draw an outcome.

        Returns:
            Mean, sd and quantiles over the draws, of every row. Where the function returns NaN for
            some draws they are NaN, and ``missing`` says for how many; so does a warning.

        Raises:
            InputError: if the function fails or does not return real numbers, the arrays of rows
                differ in length, or ``n`` is not a positive whole number.

        Example:
            >>> import fluvial
            >>> target = fluvial.Target(lambda p: -0.5 * p["a"] ** 2, example={"a": 0.0})
            >>> posterior = fluvial.fit(target, progress=False)
            >>> found = posterior.predict(lambda p, row: p["a"] * row, np.array([1.0, 2.0]))
            >>> found.sd.round(1)
            array([1., 2.])
        """
        return predicted(
            function, self.draws(n, seed), rows, quantiles=quantiles, seed=seed if noise else None
        )

    def as_prior_of(self, target: Target) -> Target:
        """Replace the prior of a target by this posterior; see ``Target.given``."""
        from fluvial.posterior.as_prior import with_prior

        self.need_draws()
        need_density(self.verdict)
        return with_prior(target, self)

    def summary(self, names: str | None = None, *, derived: bool | None = None) -> Summary:
        """Mean, sd, 5 %, 95 % and effective sample size of every parameter, as a table.

        Args:
            names: a regular expression: only scalars in whose name it is found have rows.
            derived: whether quantities derived from the parameters have rows, too; by default if
                all fit in 60 rows, or ``names`` asks for them.

        Raises:
            InputError: if ``names`` is not a regular expression, or matches nothing.
        """
        return self._summary if names is None and derived is None else self._table(names, derived)

    @cached_property
    def _summary(self) -> Summary:
        return self._table(None, None)

    def _table(self, names: str | None, derived: bool | None) -> Summary:
        components = len(self.approximation.components)
        said = facts(
            self.evidence,
            self.provenance,
            self.modes,
            components,
            self.structure,
            self.resolution,
        )
        if not self.pool.size:
            return Summary((), said[-2:], self.judgment)  # no evidence either
        return summarize(
            self.constrained_pool,
            self.pool,
            parameters=self.parameters,
            annotations=self.annotations,
            origin=index_origin(self.target),
            facts=said,
            judgment=self.judgment,
            names=names,
            derived=derived,
        )

    def scalars(self, n: int, seed: int = 0, *, derived: bool = True) -> dict[str, np.ndarray]:
        """Corrected draws of every scalar, parameters first: label, such as "theta[1]" -> (n,).

        Args:
            n: how many draws.
            seed: decides which.
            derived: whether quantities derived from the parameters are among them.

        Raises:
            InputError: as ``draws`` does.
        """
        draws = self.draws(n, seed)
        ordered = {name: draws[name] for name in self.parameters} | (draws if derived else {})
        return scalars(ordered, index_origin(self.target), self.annotations)

    def save(self, directory: str | Path) -> Path:
        """Write the posterior to a folder, without pickle; ``fluvial.load`` reads it again.

        The folder holds posterior.json, flow.safetensors and draws.npz. A target that has a source
        (a Stan program with its data, or an example) is saved with it. For any other target, the
        model's own space is saved at the pool's points, with names of dimensions, coordinates and
        data, so that its draws, but not its log density, are available when it is loaded.

        Args:
            directory: made where needed; an existing posterior is replaced.

        Returns:
            The folder.

        Raises:
            InputError: if the folder holds anything else, or cannot be written.
        """
        from fluvial.posterior.storage import save

        rebuilt = self.target is not None and self.target.source is not None
        return save(self.parts(recorded=not rebuilt), Path(directory))

    def parts(self, *, recorded: bool) -> Parts:
        """Return what a file can hold of it; ``Posterior.of`` puts it together again.

        Args:
            recorded: whether the model's own space at the pool's points goes with it, for readers
                that lack the target.
        """
        space = RecordedValues({}, self.parameters, coordinates=self.coordinates)
        if recorded:
            space = replace(space, values=self.constrained_pool, annotations=self.annotations)
        return Parts(
            self.approximation,
            self.pool,
            self.evidence,
            self.judgment,
            self.provenance,
            space,
            self.grouping,
            self.structure,
            None if self.target is None else self.target.source,
            self.places,
        )

    def __reduce__(self):
        """Travel to another process as its parts and its target, without what is compiled."""
        return _put_together, (self.parts(recorded=self.target is None), self.target)

    @classmethod
    def of(cls, parts: Parts, target: Target | None) -> "Posterior":
        """Put a posterior together from its parts and, where it is available, its target."""
        evidence = parts.evidence
        if target is not None and target.up_to_constant:  # earlier versions did not save it
            evidence = replace(evidence, up_to_constant=True)
        return cls(
            parts.approximation,
            parts.pool,
            evidence,
            parts.judgment,
            parts.provenance,
            target,
            parts.recorded if parts.recorded.values else None,
            parts.grouping,
            parts.structure,
            parts.places,
        )

    def _drawn(self, n: int, seed: int) -> Drawn:
        self.need_draws()
        large = self.enlarged(n, seed)
        indices = arranged(large.pool, n, seed)
        flat = indices.ravel()
        return Drawn(
            points=large.pool.points[flat],
            log_p=large.pool.log_p[flat],
            values=large.constrained(flat, seed),
            parameters=self.parameters,
            annotations=self.annotations,
            shape=indices.shape,
            seed=seed,
        )

    def _space(self) -> Target | RecordedValues:
        space = self.target or self.recorded
        if space is None:
            raise InputError(
                "this posterior was loaded without its target, so its draws cannot be "
                "mapped to the model's space: give it as fluvial.load(directory, target=target)."
            )
        return space


def _put_together(parts: Parts, target: Target | None) -> Posterior:
    """Call ``Posterior.of``; pickling needs a name at module level."""
    return Posterior.of(parts, target)
