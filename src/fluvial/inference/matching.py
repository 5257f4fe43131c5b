"""Stage 2: a Gaussian for each mode, weighed."""

from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular

from fluvial.flows import Flow
from fluvial.inference.checks.collapse import collapse_complaint
from fluvial.inference.checks.improper import improper_complaint, improper_on_axes
from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.flow_training.sparse_flow import (
    is_coupled,
    is_sparse,
    sparse_flow,
    widened_hubs,
)
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.gaussian.diagonal import climb_diagonal, match_diagonal
from fluvial.inference.given_heads import matched_from_heads, placed_by_heads
from fluvial.inference.natural_gradient.absorbing import placed
from fluvial.inference.natural_gradient.natural_steps import Stepped, natural_steps
from fluvial.inference.run import Run
from fluvial.inference.structure.dependence import Dependence, find_dependence
from fluvial.inference.structure.scanning import coupling_elsewhere, scan_dependence
from fluvial.inference.verdict.verdict import tail_matters
from fluvial.inference.verdict.weighing import Weighed, weigh, weigh_unless_poor
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent

__all__ = ["Matched", "match", "match_independent"]


class Matched(NamedTuple):
    """Gaussians, or the factors of a product, and what they are worth.

    Attributes:
        fitted: their mixture, weighed.
        improper: why the density has no finite integral, or None.
        dependence: of the coordinates on each other, where it was looked for.
        drawn: what draws are taken from, where the mixture is right already, and near an earlier
            fit's: see ``warm_match``.
        choice: which flow there is already; None if there is none.
    """

    fitted: Weighed
    improper: str | None
    dependence: Dependence | None = None
    drawn: Weighed | None = None
    choice: Choice | None = None


def match(
    run: Run, starts: Float[np.ndarray, "N D"], ends: list[Optimum], *, doubtful: bool = False
) -> Matched:
    """Match a Gaussian to every mode in which climbs ended, or to the whole where none did.

    Args:
        run: the fit.
        starts: where the density is finite.
        ends: of climbs.
        doubtful: whether modes are known to be missing, so that a few are enough to show some.
    """
    if run.counted.dim > run.settings.match.dense:
        independent = match_independent(run, starts)
        found, structure = independent.dependence, run.settings.structure
        coupled = found is None or is_coupled(found, structure)
        if not coupled or run.counted.dim > run.settings.match.most_dense:
            return independent
        return _coupled(run, independent)
    most = run.settings.match.max_doubtful if doubtful else run.settings.match.max_modes
    gaussians = _at_modes(run, starts, ends, most)
    fitted = _weigh(run, gaussians)
    if not fitted.weights.half_variance <= run.settings.match.poor_half_variance:
        # Densities without a finite mode, such as a centered hierarchy's, lead climbs into a
        # corner from which no matching comes back.
        gaussians.append(_anywhere(run, starts, []))
        fitted = _weigh(run, gaussians)
    fitted = placed_by_heads(run, fitted)
    # Not of one that was found to hold no mass, such as in the neck of a hierarchy's funnel.
    complaints = (
        improper_complaint(run.counted, g.mean, g.cholesky, run.settings)
        for g in fitted.q.gaussians
    )
    return Matched(fitted, next(filter(None, complaints), None) or _collapse(run, fitted))


def match_independent(run: Run, starts: Float[np.ndarray, "N D"]) -> Matched:
    """Match independent coordinates, and see whether they are coupled."""
    start = DiagonalGaussian(starts[0], np.ones(run.counted.dim))
    gaussian = match_diagonal(run.counted, start, run.rng, run.settings.match)
    gaussian = climb_diagonal(run.counted, gaussian, run.rng, run.settings)
    dependence = _depending(run, gaussian)
    for _ in range(run.settings.match.replacements):
        found = _replaced(run, gaussian, dependence)
        if found is None:
            break
        gaussian, dependence = found, _depending(run, found)
    complaint = improper_on_axes(run.counted, gaussian.mean, gaussian.sd, run.settings)
    fitted = weigh_unless_poor(GaussianComponent(gaussian), run)
    return Matched(fitted, complaint, dependence)


def _depending(run: Run, gaussian: DiagonalGaussian) -> Dependence | None:
    one_by_one = run.counted.dim <= run.settings.match.one_by_one
    look = find_dependence if one_by_one else scan_dependence
    structure = run.settings.structure
    found = look(run.counted, gaussian, run.rng, structure)
    if found is None or is_coupled(found, structure):
        return found
    coupling = coupling_elsewhere(run.counted, gaussian, found, run.rng, structure)
    return replace(found, coupling=coupling)


def _replaced(
    run: Run, gaussian: DiagonalGaussian, dependence: Dependence | None
) -> DiagonalGaussian | None:
    """Where a sparse flow would rather be: matching may have ended far from there.

    Many coordinates hold a hub that is taken to be independent of them, so that it hardly moves,
    and what depends on what cannot be seen from a wrong place.
    """
    settings = run.settings
    if dependence is None or not is_sparse(dependence, settings.structure):
        return None

    def stepped(flow: Flow, gaussian: Gaussian | DiagonalGaussian, looks: int) -> Stepped:
        found = natural_steps(
            flow,
            gaussian,
            run.target,
            run.rng,
            enough=settings.match.close,
            settings=replace(settings.natural, most=looks),
            on_step=lambda evaluations, elbo: run.counted.spend(evaluations),
        )
        run.counted.count(found.evaluations, 0)
        return found

    flow = sparse_flow(dependence, jax.random.key(run.seed))
    first = most = stepped(flow, widened_hubs(gaussian, dependence), 1)
    for looks in settings.match.replacing_looks:
        most = stepped(most.flow, most.gaussian, looks)
        if not most.weights.elbo > first.weights.elbo + settings.match.misplaced:
            return None
    assert isinstance(most.gaussian, DiagonalGaussian)
    return placed(most.flow, most.gaussian)


def _coupled(run: Run, independent: Matched) -> Matched:
    """Match a matrix, where independent coordinates are coupled."""
    at = independent.fitted.q.components[0].gaussian
    hubs = () if independent.dependence is None else independent.dependence.hubs.tolist()
    matched = matched_from_heads(run, DiagonalGaussian(at.mean, at.sd), hubs)
    fitted = weigh_unless_poor(GaussianComponent(matched), run)
    return Matched(fitted, independent.improper, independent.dependence)


def _collapse(run: Run, fitted: Weighed) -> str | None:
    """Look for a funnel whose neck has no end, where the weights are not even."""
    weights, q = fitted.weights, fitted.q
    if not tail_matters(weights.ess, weights.attainable_ess, weights.largest, run.settings):
        return None
    largest = q.components[int(np.argmax(q.weights))].gaussian
    if isinstance(largest, DiagonalGaussian):
        return None
    return collapse_complaint(run.counted, largest, run.rng, run.settings)


def _weigh(run: Run, gaussians: list[Gaussian]) -> Weighed:
    return weigh([GaussianComponent(gaussian) for gaussian in gaussians], run)


def _at_modes(
    run: Run, starts: Float[np.ndarray, "N D"], ends: list[Optimum], most: int
) -> list[Gaussian]:
    counted, settings = run.counted, run.settings
    heads = distinct(counted, [end for end in ends if end.converged], settings)
    heads = heads[:most]
    if not heads:
        return [_anywhere(run, starts, ends)]
    fitted: list[Gaussian] = []
    tops = [laplace_or(counted, head.x, head.gaussian, settings) for head in heads]
    masses = np.array([head.log_p + g.log_det for head, g in zip(heads, tops, strict=True)])
    for top, mass in zip(tops, masses, strict=True):
        if mass < masses.max() - settings.match.no_mass:
            continue
        gaussian = batch_and_match(counted, top, run.rng, settings.match)
        if not any(_same(gaussian, other, settings.match.same) for other in fitted):
            fitted.append(gaussian)
    return fitted


def _anywhere(run: Run, starts: Float[np.ndarray, "N D"], ends: list[Optimum]) -> Gaussian:
    """Where no climb arrived: from the highest end, and from the origin, the better of both."""
    candidates = [Gaussian(starts[0], np.eye(run.counted.dim))]
    if ends:
        top = max(ends, key=lambda end: end.log_p).gaussian
        candidates.append(top if isinstance(top, Gaussian) else Gaussian(top.mean, np.diag(top.sd)))
    fitted = [
        batch_and_match(run.counted, candidate, run.rng, run.settings.match)
        for candidate in candidates
    ]
    return max(fitted, key=lambda gaussian: _weigh(run, [gaussian]).weights.elbo)


def _same(a: Gaussian, b: Gaussian, near: float) -> bool:
    """Whether two Gaussians lie within so many squared standard deviations of each other."""
    pooled = np.linalg.cholesky(0.5 * (a.cholesky @ a.cholesky.T + b.cholesky @ b.cholesky.T))
    distance = solve_triangular(pooled, a.mean - b.mean, lower=True)
    return float(distance @ distance) < near
