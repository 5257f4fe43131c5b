"""A population from climbs along a gradient: Gaussians at the modes, which few draws then correct.

Where the function comes with a gradient, the way from the prior to a mode is some twenty
evaluations of it instead of a dozen rounds of draws. Each mode's Gaussian has the curvature there
(Laplace's approximation); the rounds that follow are those of a population without a gradient.

A second search climbs from draws of its own. If it ends in the modes that the first one has, and in
all of these that matter, it has found the same, and nothing is annealed again.
"""

from dataclasses import replace

import numpy as np
import scipy.linalg
from jaxtyping import Float

from fluvial.constants import LOG_2PI
from fluvial.errors import InputError
from fluvial.inference.black_box.annealing import Population, anneal, round_size, spread_out
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.largest_peak import linked
from fluvial.inference.black_box.local_maxima import starts
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import DEFAULT, BlackBoxSettings, HillSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["ascend", "check_gradient"]

_STEP = 1e-4  # arithmetic: of differences of gradients, and of the density along a line
_UNCORRECTED = 2  # definition: proposals, the reference and the Gaussians at the modes

End = tuple[Float[np.ndarray, " D"], float]
"""Where a climb ended, and the log density there."""
Mode = tuple[Gaussian, float]
"""A Gaussian of the curvature at an end, and the log of the mass that it stands for."""


def ascend(
    reference: Mixture,
    spending: Spending,
    rng: np.random.Generator,
    thresholds: Settings,
    earlier: Population | None = None,
) -> tuple[Population, ...]:
    """Climb from draws of the reference, and lead a population on from the modes.

    Args:
        reference: π₀.
        spending: evaluates the target and its gradient.
        rng: decides every draw.
        thresholds: of the fit.
        earlier: another search's population.

    Returns:
        The population; or, where the climbs say no more than the earlier one, the draws that they
        began at and that one.
    """
    thresholds = _in_small_rounds(thresholds)
    settings = thresholds.black_box
    history = _begun(reference, spending, rng, settings)
    if not np.isfinite(history.log_p).any():
        return (Population(history, 0.0, 0.0),)
    rows, hill = _chosen(history, thresholds), thresholds.hill
    climbs = [_climbed(spending, history.x[row], hill.climb_steps) for row in rows]
    ends = [end for end in climbs if end is not None]
    if earlier is not None and not spending.over and _agree(spending, ends, earlier, thresholds):
        return Population(history, earlier.beta, earlier.efficiency), earlier
    q = _laplace(_modes(spending, ends, hill), hill)
    if q is None or spending.over:
        return (anneal(reference, spending, rng, thresholds, history),)
    proposal = thresholds.weigh.widened(q)
    drawn, _ = proposal.sample(rng, round_size(reference.dim, settings))
    found = spending.values(drawn, "draws at modes")
    history = history.with_draws(proposal, drawn[: len(found)], found)
    return (anneal(reference, spending, rng, thresholds, history),)


def _begun(
    reference: Mixture, spending: Spending, rng: np.random.Generator, settings: BlackBoxSettings
) -> History:
    """The points of the reference among which climbs begin."""
    count = settings.ascending_base + settings.ascending_per_dim * reference.dim
    x = spread_out(reference, count, rng)
    log_p = spending.prior_values(x)
    return History.empty(reference).with_draws(reference, x[: len(log_p)], log_p)


def _chosen(history: History, thresholds: Settings) -> np.ndarray:
    """The rows to climb from."""
    most = thresholds.black_box.ascending_climbs
    rows = starts(history.reference, history.x, history.log_p, most, thresholds.hill)
    # Among few draws of many coordinates hardly any is a maximum: the first ones are spread out.
    rest = np.setdiff1d(np.flatnonzero(np.isfinite(history.log_p)), rows)
    return np.concatenate([rows, rest[: max(0, most - len(rows))]])


def _agree(spending: Spending, ends: list[End], earlier: Population, thresholds: Settings) -> bool:
    """Whether climbs end where a population has its mass, and on each of its peaks that matter."""
    q, settings, hill = earlier.fitted, thresholds.black_box, thresholds.hill
    if q is None or len(earlier.history.proposals) > _UNCORRECTED or not ends:
        return False
    x, heights = np.stack([x for x, _ in ends]), np.array([height for _, height in ends])
    evidence = earlier.history.log_evidence
    excess = heights - q.log_prob(x) - evidence
    others = _modes(spending, [ends[i] for i in np.flatnonzero(excess > settings.heavy)], hill)
    if any(mass > evidence - hill.light for _, mass in others):
        return False
    peaks, there = linked(q, hill), x[np.abs(excess) <= settings.heavy]
    joint = np.stack([component.log_prob(there) for component in q.components])
    reached = peaks[np.argmax(joint + np.log(q.weights)[:, None], axis=0)].any(axis=0)
    return bool(np.all(reached | (peaks @ q.weights < settings.matters)))


def _in_small_rounds(thresholds: Settings) -> Settings:
    """With rounds of half as many points, as they begin with Gaussians of the right places."""
    black_box = thresholds.black_box
    base, per_dim = black_box.round_base // 2, black_box.round_per_dim // 2
    return replace(thresholds, black_box=replace(black_box, round_base=base, round_per_dim=per_dim))


def check_gradient(
    spending: Spending,
    x: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: HillSettings = DEFAULT.hill,
) -> None:
    """Compare the gradient with differences of the density, each point along another line.

    Raises:
        InputError: if it is wrong at every point.
    """
    directions = rng.standard_normal(x.shape)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    _, gradients = spending.value_and_grad(x)
    ends = [spending.values(x + sign * _STEP * directions) for sign in (1.0, -1.0)]
    if len(gradients) < len(x) or min(map(len, ends)) < len(x):
        return
    with np.errstate(invalid="ignore"):
        differences = (ends[0] - ends[1]) / (2.0 * _STEP)
    given = np.sum(gradients * directions, axis=1)
    size = np.linalg.norm(gradients, axis=1)
    wrong = ~(np.abs(given - differences) <= settings.wrong * np.maximum(size, 1.0))
    if np.isfinite(differences).any() and not np.isfinite(given[np.isfinite(differences)]).any():
        raise InputError(
            "the gradient is not finite at any of several points where the log density is: return "
            "the derivative by each parameter, or leave the gradient out."
        )
    comparable = np.isfinite(differences) & np.isfinite(given)
    if comparable.any() and wrong[comparable].all():
        row = int(np.flatnonzero(comparable)[0])
        raise InputError(
            f"the gradient is not that of the log density: along a line it is {given[row]:.4g} "
            f"where differences give {differences[row]:.4g}; return the derivative by each "
            "parameter, in the function's own space, or leave the gradient out."
        )


def _climbed(spending: Spending, x: Float[np.ndarray, " D"], steps: int) -> End | None:
    """Climb from a point."""
    from scipy.optimize import minimize  # half a second, which most fits need not take

    def negative(point):
        if spending.over:
            raise StopIteration
        values, gradients = spending.value_and_grad(point[None])
        if not len(values):
            raise StopIteration
        usable = np.isfinite(values[0]) and np.isfinite(gradients[0]).all()
        return (-values[0], -gradients[0]) if usable else (1e300, np.zeros_like(point))

    try:
        end = minimize(negative, x, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    except StopIteration:
        return None
    return end.x, -float(end.fun)


def _modes(spending: Spending, ends: list[End], settings: HillSettings) -> list[Mode]:
    """The modes that climbs have ended at, the highest first."""
    found: list[Mode] = []
    for x, height in sorted(ends, key=lambda end: -end[1]):
        apart = [np.linalg.norm(gaussian.whiten(x[None])) for gaussian, _ in found]
        if min(apart, default=np.inf) <= settings.same:
            continue
        gaussian = _curved_as(spending, x, settings.curvatures)
        if gaussian is not None:
            mass = height + 0.5 * len(x) * LOG_2PI + gaussian.log_det
            found.append((gaussian, mass))
    return found


def _curved_as(
    spending: Spending, x: Float[np.ndarray, " D"], curvatures: tuple[float, float]
) -> Gaussian | None:
    """The Gaussian of the curvature at a point; None if the gradients there are not finite."""
    steps = np.concatenate([np.eye(len(x)), -np.eye(len(x))]) * _STEP
    _, gradients = spending.value_and_grad(x + steps)
    if len(gradients) < len(steps) or not np.isfinite(gradients).all():
        return None
    curvature = -(gradients[: len(x)] - gradients[len(x) :]) / (2.0 * _STEP)
    eigenvalues, vectors = scipy.linalg.eigh(0.5 * (curvature + curvature.T))
    sd = np.clip(np.abs(eigenvalues), *curvatures) ** -0.5
    triangle = np.linalg.qr((vectors * sd).T, mode="r").T  # pyright: ignore[reportAttributeAccessIssue]
    return Gaussian(x, triangle * np.sign(np.diag(triangle)))


def _laplace(modes: list[Mode], settings: HillSettings) -> Mixture | None:
    """The mixture of the modes that matter, each with the mass that it stands for."""
    heaviest = max((mass for _, mass in modes), default=0.0)
    kept = [(gaussian, mass) for gaussian, mass in modes if mass > heaviest - settings.light]
    if not kept:
        return None
    masses = np.array([mass for _, mass in kept])
    shares = np.maximum(np.exp(masses - masses.max()), settings.least_share / len(kept))
    components = tuple(GaussianComponent(gaussian) for gaussian, _ in kept)
    return Mixture(components, shares / shares.sum())
