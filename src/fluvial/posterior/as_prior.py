"""An earlier posterior in place of a target's prior."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from fluvial.posterior.differences import differences, same_density
from fluvial.posterior.earlier import EarlierFit
from fluvial.posterior.gaussian import moments
from fluvial.posterior.handing_on import beyond, brought, later
from fluvial.posterior.links import Link, links_from
from fluvial.posterior.log_density import all_gaussian, marginal, traceable
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.shared import Shared, shared_parameters
from fluvial.posterior.tilt import Tilt, fitted_tilt
from fluvial.targets import Target
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.rows_density import RowsDensity
from fluvial.targets.shifted import AddedDensity
from fluvial.targets.space import Space
from fluvial.targets.tracing import Traced

__all__ = ["Carried", "PriorPosterior", "with_prior"]

_TWICE = (
    "The data are those of the earlier fit, as far as can be seen, and then count twice: give each "
    "batch to one fit of the chain."
)


class Carried(NamedTuple):
    """What an earlier posterior means for the fit that used it as a prior.

    Attributes:
        links: of the whole chain, the last one measured where the new posterior lies.
        beyond: the share of the new draws that lie where the earlier fit was never checked.
        differing: sentences on what differs between the earlier model and this one, and on data
            that are the same in both.
    """

    links: tuple[Link, ...]
    beyond: float
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PriorPosterior:
    """A posterior that has replaced a prior.

    Attributes:
        posterior: the earlier fit.
        shared: which of its parameters were handed on.
        density: q, or its marginal.
        tilt: what was handed on with it, if anything.
        observed: the data of the new target, where it names them.
    """

    posterior: EarlierFit
    shared: Shared
    density: Mixture
    tilt: Tilt | None = None
    observed: dict[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def _places(self) -> np.ndarray:
        whole = np.arange(self.density.dim)
        return self.shared.old if self.density.dim == len(self.shared.old) else whole

    def carried(self, pool: Pool, values: Callable[[np.ndarray], np.ndarray]) -> Carried:
        """Measure what the chain has gathered, where weighted draws of the new posterior lie.

        Args:
            pool: the draws.
            values: log densities of the new target at points (N, D).
        """
        weights = np.exp(pool.log_weights)
        usable = weights > 0.0
        new = assembled_places(self.shared, self.density.dim, pool.points.shape[1])
        points, w = pool.points[usable], weights[usable] / weights[usable].sum()
        now, earlier, old = moments(points, w), self.posterior, self._places
        x, log_w = earlier.pool.points[:, old], earlier.pool.log_weights
        before = moments(x, np.exp(log_w))
        evidence = earlier.evidence
        log_q = earlier.approximation.log_prob(earlier.pool.points) + self._tilted(x)
        twice, there = self._same_data(), moments(points[:, new], w)
        if len(new) == pool.points.shape[1] == earlier.approximation.dim:
            whole = np.empty_like(x)
            whole[:, new] = x
            log_likelihood = values(whole) - log_q
            twice = twice or same_density(log_likelihood, earlier.pool.log_p)
        else:
            log_likelihood = there.log_prob(x) - before.log_prob(x)
        found = brought(
            x,
            log_w,
            earlier.pool.log_p - log_q - evidence.log_evidence,
            log_likelihood,
            evidence.log_evidence_se,
        )
        last = Link(
            found.kl,
            evidence.log_evidence,
            evidence.log_evidence_se,
            earlier.provenance.evaluations,
            found.correction,
            found.correction_se,
            found.unsettled,
            tuple(found.moved.tolist()),
            tuple(found.moved_se.tolist()),
            found.bound,
        )
        links = (
            *(later(link, before, now, old, new) for link in links_from(earlier.provenance.chain)),
            later(last, there, now, np.arange(len(new)), new),
        )
        differing = (*differences(self.shared, earlier.provenance.version), *[_TWICE] * twice)
        outside = beyond(self.density, earlier.pool, old, points[:, new], w)
        return Carried(links, outside, differing)

    def _tilted(self, x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x)) if self.tilt is None else self.tilt.values(x)

    def _same_data(self) -> bool:
        """Whether what both models say that they observed is the same."""
        before, now = self.posterior.annotations.observed, self.observed
        return (
            bool(now)
            and before.keys() == now.keys()
            and all(
                np.array_equal(before[name], now[name], equal_nan=before[name].dtype.kind == "f")
                for name in now
            )
        )


def assembled_places(shared: Shared, prior_dim: int, dim: int) -> np.ndarray:
    """Where the coordinates of the prior's density are, among those of the new target."""
    if prior_dim == len(shared.old):
        return shared.new
    rest = prior_dim - len(shared.old)
    places = np.empty(prior_dim, int)
    places[shared.old] = shared.new
    places[np.setdiff1d(np.arange(prior_dim), shared.old)] = np.arange(dim - rest, dim)
    return places


def with_prior(target: Target, posterior: EarlierFit) -> Target:
    """Replace the prior of a target; see ``Target.given``."""
    shared = shared_parameters(target, posterior)
    q = posterior.approximation
    if len(shared.old) < q.dim and all_gaussian(q):
        q = marginal(q, shared.old)
    extra = q.dim - len(shared.old)
    dim = target.dim + extra
    at = assembled_places(shared, q.dim, dim)
    log_q, tilt = traceable(q), _tilt(posterior, shared, q)

    def log_prior(x):
        shared_x = x[jnp.asarray(at)]
        added = 0.0 if tilt is None else tilt.traced(shared_x)
        return log_q.log_prob(shared_x) + added

    added = Traced(log_prior, dim)
    likelihood = _likelihood(target, shared.names)
    if isinstance(likelihood, RowsDensity):
        density = likelihood.plus(added, dim)
    else:
        density = AddedDensity(likelihood, JaxDensity(added, dim))
    return Target.of(
        density,
        _space(target, extra),
        log_likelihood=_leading(target.log_likelihood, target.dim, extra),
        again=partial(with_prior, target, posterior),
        annotations=target.annotations,
        functions=_functions(target, posterior, shared.names, extra),
        prior=PriorPosterior(posterior, shared, q, tilt, dict(target.annotations.observed)),
    )


def _tilt(posterior: EarlierFit, shared: Shared, q: Mixture) -> Tilt | None:
    """What ln p − ln q is at the earlier fit's pool, as far as the coordinates of q tell."""
    evidence, pool = posterior.evidence.log_evidence, posterior.pool
    if not np.isfinite(evidence):
        return None
    places = shared.old if q.dim == len(shared.old) else np.arange(q.dim)
    log_q = posterior.approximation.log_prob(pool.points)
    r = pool.log_p - log_q - evidence
    return fitted_tilt(pool.points[:, places], np.exp(pool.log_weights), r)


def _likelihood(target: Target, names: tuple[str, ...]) -> Density:
    """The target's density without the priors of some parameters."""
    told = target.functions.without_prior
    return told(names) if told is not None else target.density


def _space(target: Target, extra: int) -> Space:
    space = target.space
    if not extra:
        return space

    def constrain(points, seed):
        return space.constrain(np.ascontiguousarray(points[:, : target.dim]), seed)

    return Space(space.variables, space.parameters, constrain, space.coordinates)


def _leading(function, dim: int, extra: int):
    """Let a function of points (N, dim) take points with further coordinates."""
    if function is None or not extra:
        return function
    return lambda points, *more: function(np.ascontiguousarray(points[:, :dim]), *more)


def _functions(
    target: Target, posterior: EarlierFit, names: tuple[str, ...], extra: int
) -> ModelFunctions:
    """What is said of the priors that the chain began with holds for all of it."""
    told, before = target.functions, posterior.provenance
    return ModelFunctions(
        predictive=_leading(told.predictive, target.dim, extra),
        improper=(*before.improper_priors, *(n for n in told.improper if n not in names)),
        unnormalized=(
            *before.unnormalized_priors,
            *(n for n in told.unnormalized if n not in names),
        ),
    )
