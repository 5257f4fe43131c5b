"""What ``fit`` returns."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fluvial.deprecated import renamed
from fluvial.errors import InputError
from fluvial.posterior.accuracy import ApproximationError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.labels import index_origin, scalars
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.parts import Parts
from fluvial.posterior.pool import Pool, fresh_pool
from fluvial.posterior.provenance import Provenance
from fluvial.posterior.recorded import RecordedValues
from fluvial.posterior.summary import Summary, facts, summarize
from fluvial.targets import Annotations, Target

if TYPE_CHECKING:
    import xarray

__all__ = ["Posterior"]


@dataclass(frozen=True, eq=False)
class Posterior:
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

    approximation: Mixture
    pool: Pool
    evidence: Evidence
    judgment: Judgment
    provenance: Provenance
    target: Target | None
    recorded: RecordedValues | None = None
    grouping: tuple[int, ...] = ()

    judgement = renamed("judgement", "judgment")

    @property
    def verdict(self) -> Verdict:
        """GOOD, USE_WEIGHTS, USE_MCMC or FAILED."""
        return self.judgment.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is, a sentence each."""
        return self.judgment.reasons

    @property
    def advice(self) -> str:
        """The next thing to do."""
        return self.judgment.advice

    @property
    def elbo(self) -> float:
        """Evidence lower bound E_q[ln p − ln q], in nats."""
        return self.evidence.elbo

    @property
    def elbo_se(self) -> float:
        """Standard error of ``elbo``, in nats."""
        return self.evidence.elbo_se

    @property
    def log_evidence(self) -> float:
        """Importance-weighted estimate of ln Z, in nats."""
        return self.evidence.log_evidence

    @property
    def log_evidence_se(self) -> float:
        """Standard error of ``log_evidence``, in nats."""
        return self.evidence.log_evidence_se

    @property
    def khat(self) -> float:
        """Pareto k-hat, the shape of the largest weights: their moments exist up to 1/k-hat.

        Where the weights are even (``ess`` above 95 % of their number), it is that of their noise.
        """
        return self.evidence.khat

    @property
    def ess(self) -> float:
        """Effective sample size of the importance weights."""
        return self.evidence.ess

    @property
    def approximation_error(self) -> ApproximationError:
        """How far ``approximation``, unweighted, is from the draws; infinitely if not measured."""
        return self.evidence.approximation_error

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time by stage, in seconds."""
        return dict(self.provenance.seconds)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C cut the fit short."""
        return self.provenance.interrupted

    @property
    def modes(self) -> Float[np.ndarray, " M"]:
        """The share of the mass in each mode that was told apart, shape (M,).

        Components that overlap, with no dip of the density between them, are one mode.
        """
        weights = self.approximation.weights
        return np.bincount(self.grouping or range(len(weights)), weights)

    def draws(self, n: int, seed: int = 0) -> dict[str, np.ndarray]:
        """Corrected draws in the model's own space: name -> (n, *shape), float64.

        They are resampled from a pool of evaluated draws in proportion to their Pareto-smoothed
        weights (or, under USE_MCMC, taken from the chains). More than the pool holds, which is
        8,192, are drawn and weighed anew, so that at most about a quarter of them repeat another,
        and of even weights almost none. Without the target, or under USE_MCMC, they repeat.

        Args:
            n: how many, at least 1.
            seed: decides which, and whatever the model's generated quantities draw.

        Raises:
            InputError: if ``n`` is below 1, the target is not at hand, or the density is improper.
        """
        if n < 1:
            raise InputError(f"draws(n={n}): ask for at least 1.")
        self.need_draws()
        large = self.enlarged(n, seed)
        return large.constrained(large.pool.choose(n, seed), seed)

    def enlarged(self, n: int, seed: int) -> "Posterior":
        """Itself, or with a pool drawn anew where ``n`` draws need a larger one."""
        if n <= self.pool.size or self.pool.chains > 1 or self.target is None:
            return self
        pool = fresh_pool(self.pool, self.approximation, self.target, n, seed)
        return replace(self, pool=pool)

    def need_draws(self) -> None:
        """Raise an InputError if there are no draws, as of a density that is improper."""
        if not self.pool.size:
            raise InputError(f"this posterior has no draws. {self.reasons[0]}")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names among the draws that are parameters, not quantities derived from them."""
        return self._space().parameters

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

    def log_prob(self, x: np.ndarray) -> Float[np.ndarray, " N"]:
        """Normalized log density ln q at unconstrained points (N, D), in nats, float64.

        Raises:
            InputError: if the points do not have shape (N, D).
        """
        points = np.asarray(x, np.float64)
        if points.ndim != 2 or points.shape[1] != self.approximation.dim:
            raise InputError(
                f"log_prob needs points of shape (N, {self.approximation.dim}), got {points.shape}."
            )
        return self.approximation.log_prob(points)

    def summary(self, names: str | None = None, *, derived: bool | None = None) -> Summary:
        """Mean, sd, 5 %, 95 % and effective sample size of every parameter, as a table.

        Args:
            names: a regular expression: only scalars in whose name it is found have rows.
            derived: whether quantities derived from the parameters have rows, too; by default if
                all fit in 60 rows, or ``names`` asks for them.

        Raises:
            InputError: if ``names`` is no regular expression, or matches nothing.
        """
        return self._summary if names is None and derived is None else self._table(names, derived)

    @cached_property
    def _summary(self) -> Summary:
        return self._table(None, None)

    def _table(self, names: str | None, derived: bool | None) -> Summary:
        components = len(self.approximation.components)
        said = facts(self.evidence, self.provenance, self.modes, components)
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

    def to_arviz(
        self, n: int = 4000, seed: int = 0, *, log_likelihood: bool = True
    ) -> "xarray.DataTree":
        """Draws for ArviZ, in groups, with the dimensions and coordinates of the model.

        Args:
            n: how many draws.
            seed: decides which.
            log_likelihood: whether there is a group ``log_likelihood``, where the model tells it:
                n numbers for each observation.

        Returns:
            The groups posterior and sample_stats and, where the model has them, log_likelihood
            (that of a NumPyro or PyMC model, or the generated quantity ``log_lik`` of a Stan
            program), observed_data and constant_data. Evidence and verdict are attributes.
            Independent draws are presented as four chains; chains stay chains, where there is a
            draw for each, and of them at most all draws are taken.

        Raises:
            InputError: if ``n`` is less than four, or the target is not at hand.
        """
        self.need_draws()
        return self._tree(n, seed, log_likelihood)

    def to_netcdf(
        self, path: str | Path, n: int = 4000, seed: int = 0, *, log_likelihood: bool = True
    ) -> None:
        """Write what ``to_arviz`` returns to a NetCDF file, the log likelihood piece by piece.

        Args:
            path: of the file, which is written whole or not at all.
            n: how many draws.
            seed: decides which.
            log_likelihood: as in ``to_arviz``; never more than a piece of it is in memory.

        Raises:
            InputError: if ``n`` is less than four, the target is not at hand, or the file cannot
                be written.
        """
        from fluvial.posterior.netcdf import write_netcdf

        self.need_draws()
        large = self.enlarged(n, seed)
        told = None if self.target is None or not log_likelihood else self.target.log_likelihood
        tree = large._tree(n, seed, log_likelihood and told is None)
        points = large.pool.points[large._arranged(n, seed)] if told is not None else None
        write_netcdf(Path(path), tree, told, points, self.annotations)

    def save(self, directory: str | Path) -> Path:
        """Write the posterior to a folder, without pickle; ``fluvial.load`` reads it again.

        The folder holds posterior.json, flow.safetensors and draws.npz. A target that has a source
        (a Stan program with its data, or an example) is saved with it. Of any other target, what is
        saved is the model's own space at the pool's points, with names of dimensions, coordinates
        and data, so that its draws, but not its log density, are there when it is loaded.

        Args:
            directory: made where needed; a posterior that is there already is replaced.

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
            recorded: whether the model's own space at the pool's points goes with it, for whoever
                lacks the target.
        """
        space = RecordedValues({}, self.parameters)
        if recorded:
            space = RecordedValues(self.constrained_pool, self.parameters, self.annotations)
        return Parts(
            self.approximation,
            self.pool,
            self.evidence,
            self.judgment,
            self.provenance,
            space,
            self.grouping,
            None if self.target is None else self.target.source,
        )

    @classmethod
    def of(cls, parts: Parts, target: Target | None) -> "Posterior":
        """Put a posterior together from its parts and, where it is at hand, its target."""
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
        )

    def _tree(self, n: int, seed: int, log_likelihood: bool) -> "xarray.DataTree":
        from fluvial.posterior.arviz import attributes, separated, to_datatree

        large = self.enlarged(n, seed)
        indices = large._arranged(n, seed)
        flat = indices.ravel()
        draws, likelihood = large.constrained(flat, seed), {}
        told = None if self.target is None else self.target.log_likelihood
        if told is None:
            draws, likelihood = separated(draws, self.parameters)
        elif log_likelihood:
            likelihood = told(large.pool.points[flat])
        return to_datatree(
            draws,
            large.pool.log_p[flat],
            indices.shape,
            log_likelihood=likelihood if log_likelihood else {},
            annotations=self.annotations,
            attributes=attributes(self.evidence, self.judgment, self.provenance),
        )

    def _arranged(self, n: int, seed: int) -> np.ndarray:
        from fluvial.posterior.arviz import arranged

        return arranged(self.pool, n, seed)

    def _space(self) -> Target | RecordedValues:
        space = self.target or self.recorded
        if space is None:
            raise InputError(
                "this posterior was loaded without its target, so that its draws cannot be "
                "mapped to the model's space: give it as fluvial.load(directory, target=target)."
            )
        return space
