r"""Stage 3: a mixture of Gaussians by adaptive importance sampling, where that is enough.

Nothing is compiled, so that a posterior which is only a little skewed or heavy-tailed is done in
the time that compiling a flow's training takes to begin. Each round draws from the current mixture
and refits it to all draws so far, by weighted EM (Cappé et al. 2008, Statistics and Computing 18).
A draw is weighted by the mixture of all proposals that were used, however it came about (Cornuet
et al. 2012, Scandinavian Journal of Statistics 39):

.. math:: W_i \propto p(x_i) \Big/ \sum_t \frac{n_t}{n} q_t(x_i),

which keeps a draw in one proposal's tail from dominating. Every mixture has defensive components,
the Gaussians that it began with made wider (Hesterberg 1995, Technometrics 37). It is judged by new
draws alone, and accepted if two mixtures in a row are right and agree on the evidence.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import solve_triangular

from fluvial.inference.mixtures.gaussian_mixture import GaussianMixture, fit_by_em
from fluvial.inference.run import Run
from fluvial.inference.settings import AdaptiveSettings
from fluvial.inference.verdict.adequate import Adequate, agree, is_adequate
from fluvial.inference.verdict.weighing import Weighed, with_own_draws
from fluvial.log_sum_exp import log_sum_exp
from fluvial.objectives import Importance, truncated
from fluvial.posterior.defense import wider_scales
from fluvial.posterior.gaussian import Gaussian, merged
from fluvial.posterior.mixture import Mixture

__all__ = ["adapt", "moved"]


class _Begun(NamedTuple):
    """What mixtures grow from, in coordinates that whiten the whole of it.

    Attributes:
        overall: what whitens.
        parents: the Gaussians of the stage before.
        covariances: theirs, shape (M, D, D).
        wider: the same Gaussians at two larger scales: the defensive components.
    """

    overall: Gaussian
    parents: GaussianMixture
    covariances: Float[np.ndarray, "M D D"]
    wider: GaussianMixture

    def parent_of(self, z: Float[np.ndarray, "N D"]) -> Int[np.ndarray, " N"]:
        """Which Gaussian a point most likely belongs to."""
        return np.argmax(self.parents.joint_log_prob(z), axis=0)


class _ProposalDraws(NamedTuple):
    """All draws so far, whitened, and the proposals that they came from.

    Attributes:
        z: shape (N, D).
        log_p: log density of the target in those coordinates, in nats.
        proposals: each with the number of its draws.
        log_q: log density of each of the T proposals at every draw.
    """

    z: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]
    proposals: tuple[tuple[GaussianMixture, int], ...]
    log_q: Float[np.ndarray, "T N"]

    def log_weights(self) -> Float[np.ndarray, " N"]:
        """Ln W_i, normalized and then truncated: no weight alone decides a fit."""
        shares = np.array([n for _, n in self.proposals]) / len(self.z)
        log_w = self.log_p - log_sum_exp(self.log_q + np.log(shares)[:, None], axis=0)
        log_w = np.where(np.isfinite(log_w), log_w, -np.inf)
        return truncated(log_w - log_sum_exp(log_w))


def adapt(run: Run, fitted: Weighed) -> Adequate | None:
    """Grow a mixture of Gaussians until its weights are right; None if they do not get there.

    Args:
        run: the fit.
        fitted: Gaussians, with their evaluated draws.
    """
    settings = _in_proportion(run.settings.adaptive, len(fitted.q.components))
    begun = _begin(fitted, run.settings.weigh.defensive_reach)
    log_p = fitted.log_p + begun.overall.log_det
    z = begun.overall.whiten(fitted.x)
    log_q = begun.parents.log_prob(z)[None]
    drawn = _ProposalDraws(z, log_p, ((begun.parents, len(z)),), log_q)
    drawn = _extended(run, begun, drawn, begun.wider, settings.draws[0])
    grown: GaussianMixture = begun.parents
    last: Importance | None = None
    promising = False
    rounds = zip(settings.components, settings.draws, strict=True)
    for done, (count, draws) in enumerate(rounds, start=1):
        log_w = drawn.log_weights()
        grown = _seeded(run.rng, drawn, log_w, grown, begun, count, settings.seed_width)
        points = _resampled(run.rng, drawn.z, log_w, settings.points)
        priors = begun.covariances[begun.parent_of(grown.means)]
        grown = fit_by_em(grown, points, priors, steps=settings.em_steps)
        q = grown.joined(begun.wider, settings.defensive)
        drawn = _extended(run, begun, drawn, q, draws)
        fresh = slice(-draws, None)
        weights = Importance(drawn.log_p[fresh] - drawn.log_q[-1, fresh])
        enough = weights.ess >= settings.least_ess * weights.size
        promising = promising or enough
        hopeless = done >= settings.patience and weights.ess < settings.hopeless * weights.size
        if not promising and (hopeless or done >= settings.unproven):
            return None
        steady = last is not None and agree(weights, last, settings.agreement)
        last = weights if enough else None
        if enough and steady:
            found = Adequate(*with_own_draws(grown.colored(begun.overall), run))
            if is_adequate(found, run.settings):
                return found
    return None


def moved(run: Run, drawn: Weighed) -> Mixture | None:
    """Fit a mixture of Gaussians, as it is, to weighted draws of it with a wider base.

    Args:
        run: the fit.
        drawn: the mixture, and its draws.

    Returns:
        The mixture itself where its draws say that it is right, another one with as many
        components where these have a part of the mass, or None where too few draws tell.
    """
    settings = run.settings.adaptive
    if is_adequate(Adequate(drawn, drawn), run.settings):
        return drawn.q
    log_w = drawn.weights.smoothed
    if drawn.weights.ess < settings.hopeless * drawn.weights.size:
        return None
    begun = _begin(drawn, run.settings.weigh.defensive_reach)
    points = _resampled(run.rng, begun.overall.whiten(drawn.x), log_w, settings.points)
    q = fit_by_em(begun.parents, points, begun.covariances, steps=settings.em_steps)
    left = q.weights >= run.settings.weigh.negligible
    weights = q.weights[left] / q.weights[left].sum()
    return GaussianMixture(weights, q.means[left], q.factors[left]).colored(begun.overall)


def _in_proportion(settings: AdaptiveSettings, modes: int) -> AdaptiveSettings:
    """More components, draws and points for more modes than the settings are for."""
    times = max(1.0, modes / settings.few_modes)
    return replace(
        settings,
        components=tuple(round(times * count) for count in settings.components),
        draws=tuple(round(times * count) for count in settings.draws),
        points=round(times * settings.points),
    )


def _begin(fitted: Weighed, reach: tuple[float, ...]) -> _Begun:
    gaussians = fitted.q.gaussians
    weights = fitted.q.weights
    overall = merged(gaussians, weights)
    means = overall.whiten(np.stack([g.mean for g in gaussians]))
    factors = np.stack([_whitened(overall, g.cholesky) for g in gaussians])
    scales = wider_scales(overall.dim, reach)
    wider = GaussianMixture(
        np.concatenate([weights / len(scales) for _ in scales]),
        np.concatenate([means for _ in scales]),
        np.concatenate([scale * factors for scale in scales]),
    )
    covariances = np.matmul(factors, factors.transpose(0, 2, 1))
    return _Begun(overall, GaussianMixture(weights, means, factors), covariances, wider)


def _whitened(overall: Gaussian, cholesky: Float[np.ndarray, "D D"]) -> Float[np.ndarray, "D D"]:
    return solve_triangular(overall.cholesky, cholesky, lower=True)


def _extended(
    run: Run, begun: _Begun, drawn: _ProposalDraws, q: GaussianMixture, count: int
) -> _ProposalDraws:
    """Evaluate draws of one more proposal."""
    z = q.sample(run.rng, count)
    log_p = run.counted.values(begun.overall.color(z)) + begun.overall.log_det
    earlier = np.stack([proposal.log_prob(z) for proposal, _ in drawn.proposals])
    every = np.concatenate([drawn.z, z])
    return _ProposalDraws(
        every,
        np.concatenate([drawn.log_p, log_p]),
        (*drawn.proposals, (q, count)),
        np.vstack([np.hstack([drawn.log_q, earlier]), q.log_prob(every)]),
    )


def _resampled(
    rng: np.random.Generator,
    z: Float[np.ndarray, "N D"],
    log_w: Float[np.ndarray, " N"],
    count: int,
) -> Float[np.ndarray, "points D"]:
    """Points of equal weight, by systematic resampling."""
    weights = np.exp(log_w)
    edges = np.cumsum(weights / weights.sum())
    at = (np.arange(count) + rng.uniform()) / count
    return z[np.minimum(np.searchsorted(edges, at), len(edges) - 1)]


def _highest(values: Float[np.ndarray, " N"], count: int) -> Int[np.ndarray, " count"]:
    """The rows of the highest of many values, which takes a fraction of sorting them all."""
    if count < len(values):
        rows = np.argpartition(-values, count)[:count]
    else:
        rows = np.arange(len(values))
    return rows[np.argsort(-values[rows], kind="stable")]


def _seeded(
    rng: np.random.Generator,
    drawn: _ProposalDraws,
    log_w: Float[np.ndarray, " N"],
    old: GaussianMixture,
    begun: _Begun,
    count: int,
    width: float,
) -> GaussianMixture:
    """Add components at points of the target, most of all where the mixture leaves too little."""
    more = max(count - len(old.weights), 0)
    missed = drawn.log_p - old.log_prob(drawn.z)
    chances = log_w + 0.5 * np.where(np.isfinite(missed), missed, 0.0)
    at = _highest(chances + rng.gumbel(size=len(chances)), more)
    parents = begun.parent_of(drawn.z[at])
    factors = width * begun.parents.factors[parents]
    new = GaussianMixture(np.full(more, 1.0 / max(more, 1)), drawn.z[at], factors)
    return old.joined(new, more / (more + len(old.weights)))
