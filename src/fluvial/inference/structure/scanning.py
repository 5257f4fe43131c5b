r"""Which coordinate depends on which, by a number of gradients that does not grow with D.

``dependence`` moves one coordinate at a time, which takes 2 D gradients. Here all are moved at
once, with random signs u_j. For a block of coordinates that are not coupled with each other,

.. math:: u_j (H u)_j = H_{jj} + \sum_{k \ne j} H_{jk} u_j u_k

is the diagonal of the Hessian, whatever u is, and by how much it varies with u is coupling
(Hutchinson 1990; Bekas et al. 2007, Applied Numerical Mathematics 57). So

* what a hub shifts and scales is seen by moving it alone, and the others' diagonal at both ends;
* a head of j is the coordinate whose own random signs v_i, in a second move of all coordinates, are
  those of the change of H_jj. That one of ten thousand other coordinates has the signs of 32 moves
  by chance has a probability of 10^-5, and every j is asked in the same moves.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, StructureSettings
from fluvial.inference.structure.dependence import (
    STEP,
    Dependence,
    chosen_hubs,
    curvature,
    dependence_of,
    suspects_of,
)
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["coupling_elsewhere", "scan_dependence"]

_BLOCK = 1024  # memory: coordinates compared with all others at once


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def scan_dependence(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> Dependence | None:
    """Move all coordinates at once.

    Args:
        counted: the target, asked for about 1,200 gradients.
        gaussian: where to look, and how far a standard deviation is.
        rng: decides the points and the signs.
        settings: the thresholds.

    Returns:
        What was found, or None where too few scores are finite to tell.
    """
    z, sd = rng.standard_normal((settings.scan_probes // 2, gaussian.dim)), gaussian.sd
    points = gaussian.color(np.concatenate([z, -z]))
    middle = counted.value_and_grad(points[:1])[1]
    asked = suspects_of(counted, gaussian, points[:1], middle, settings)
    seen = [_columns(counted, x, sd, asked, rng) for x in points]
    w, c = np.median([w for w, _ in seen], axis=0), np.median([c for _, c in seen], axis=0)
    if not (np.isfinite(w).all() and np.isfinite(c).all()):
        return None
    own = c[asked, np.arange(len(asked))].copy()
    c[asked, np.arange(len(asked))] = 0.0
    chosen = chosen_hubs(w**2 + c**2, asked, settings)
    hubs = asked[chosen]
    # In the middle, where what a head shifts or scales is not coupled with it as well.
    v, u = (_signs(rng, settings.scan_moves, sd, hubs) for _ in range(2))
    changed, diagonal = _changes(counted, gaussian.mean, v, sd, u)
    most = settings.scan_steepest
    changed = np.clip(changed / curvature(diagonal, settings), -most, most)
    diagonal[hubs] = own[chosen]
    if not np.isfinite(diagonal).all():
        return None
    head, change = _heads(np.nan_to_num(changed), v, settings)
    none, change = np.zeros_like(diagonal), change * curvature(diagonal, settings)
    best = np.stack([head, change, none, diagonal, none])
    found = dependence_of(hubs, w[:, chosen], c[:, chosen], best, none, settings)
    ruling = np.concatenate([hubs, found.heads])
    coupling = _coupling(counted, points, sd, ruling, rng, settings.scan_signs)
    return replace(found, coupling=coupling) if np.isfinite(coupling) else None


@np.errstate(over="ignore", invalid="ignore")
def coupling_elsewhere(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    found: Dependence,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> float:
    """The largest coupling with one hub moved by far, as far as it is finite.

    Independent coordinates are matched best where hubs leave them uncoupled, if there is such a
    place: at an autocorrelation of zero. That they are independent given hubs has to hold for
    other values of these, too.

    Args:
        counted: the target, asked for 64 gradients for each hub and way.
        gaussian: that was matched.
        found: its hubs, and what they rule.
        rng: decides the points and the signs.
        settings: the thresholds.
    """
    z = rng.standard_normal((settings.scan_probes // 2, gaussian.dim))
    points, sd = gaussian.color(np.concatenate([z, -z])), gaussian.sd
    ruling, largest = np.concatenate([found.hubs, found.heads]), found.coupling
    for hub, width in zip(found.hubs, found.hub_widths, strict=True):
        for way in (1.0, -1.0):
            there = points.copy()
            there[:, hub] += way * max(settings.far, width * sd[hub])
            coupling = _coupling(counted, there, sd, ruling, rng, settings.scan_signs)
            largest = np.fmax(largest, coupling)
    return float(largest)


def _signs(rng, count, sd, held) -> Float[np.ndarray, "N D"]:
    """Random signs, and 0 for coordinates that are held."""
    signs = rng.choice([-1.0, 1.0], (count, len(sd)))
    signs[:, held] = 0.0
    return signs


def _diagonals(counted, x, sd, u) -> Float[np.ndarray, "N D"]:
    """u_j (Hu)_j in units of sd at points x, one u for each."""
    ends = counted.value_and_grad(np.concatenate([x + STEP * sd * u, x - STEP * sd * u]))[1]
    up, down = np.split(ends, 2)
    return u * (up - down) / (2.0 * STEP) * sd


def _columns(counted, x, sd, asked, rng) -> tuple[np.ndarray, np.ndarray]:
    """W_ji and C_ji of the coordinates i that are asked for, for all j; both of shape (D, S)."""
    steps = np.zeros((len(asked), len(sd)))
    steps[np.arange(len(asked)), asked] = STEP * sd[asked]
    ends = np.concatenate([x + steps, x - steps])
    up, down = np.split(counted.value_and_grad(ends)[1], 2)
    u = np.tile(_signs(rng, len(asked), sd, asked), (2, 1))
    high, low = np.split(_diagonals(counted, ends, sd, u), 2)
    return ((high - low) / (2.0 * STEP)).T, ((up - down) / (2.0 * STEP) * sd).T


def _changes(counted, x, v, sd, u) -> tuple[np.ndarray, np.ndarray]:
    """How the diagonal changes with each move v, shape (N, D), and the diagonal."""
    ends = np.concatenate([x + STEP * sd * v, x - STEP * sd * v])
    high, low = np.split(_diagonals(counted, ends, sd, np.tile(u, (2, 1))), 2)
    return (high - low) / (2.0 * STEP), 0.5 * np.median(high + low, axis=0)


def _heads(
    changes: Float[np.ndarray, "N D"],
    signs: Float[np.ndarray, "N D"],
    settings: StructureSettings,
) -> tuple[Int[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """For each j the coordinate whose signs are most like the changes of j, and by how much."""
    changes = changes - signs * np.mean(changes * signs, axis=0)  # its own
    size = np.sqrt(np.mean(changes**2, axis=0))
    head, change = np.zeros(len(size), int), np.zeros(len(size))
    asked = np.flatnonzero(size >= settings.parent)
    for j in np.array_split(asked, -(-len(asked) // _BLOCK)) if len(asked) else []:
        like = (changes[:, j].T @ signs) / len(signs)
        like[np.arange(len(j)), j] = 0.0
        head[j] = np.argmax(np.abs(like), axis=1)
        change[j] = like[np.arange(len(j)), head[j]]
    change[np.abs(change) < settings.alike * size] = 0.0
    return head, change


def _coupling(counted, points, sd, ruling, rng, count: int) -> float:
    """The root mean square of what couples a coordinate with all but those that rule."""
    variances = []
    for x in points:
        u = _signs(rng, count, sd, ruling)
        diagonals = _diagonals(counted, np.tile(x, (count, 1)), sd, u)
        variances.append(np.var(diagonals, axis=0, ddof=1))
    return float(np.sqrt(np.mean(variances)))
