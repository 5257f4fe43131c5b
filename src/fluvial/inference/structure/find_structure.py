r"""Which coordinates modulate the others: structure found from gradients alone.

In hierarchies, state-space models and scale mixtures a handful of coordinates, the heads (log
scales, autocorrelations), decide the curvature of the log density in all others. Their influence is
a third derivative. With x drawn from the fitted Gaussian, u a step of one standard deviation with
random signs in every coordinate and s = ∇ln p,

.. math:: t = \frac{s(x + hu) - 2 s(x) + s(x - hu)}{h^2} \approx T[u, u, \cdot],
          \qquad \text{influence}_i = \operatorname{median} (t_i\,\mathrm{sd}_i)^2

measures how much the curvature along u changes with coordinate i, in units of its standard
deviation: 3 gradients a probe, whatever D is. A Gaussian target has none. The median over probes
does without the few where h reaches into a tail.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, StructureSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.structure import Structure

__all__ = ["ModulationBasis", "bend_alone", "find_structure", "influences", "modulation_basis"]

_H = 1e-3  # arithmetic: sd, of the differences that make a Hessian
_BLOCK = 256  # memory: scores at once
_STEP = 0.5  # arithmetic: sd, small for a derivative, large against rounding


def find_structure(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> Structure:
    """Find the coordinates whose influence stands out.

    Args:
        counted: the target, asked for 3 gradients a probe.
        gaussian: where to probe, and how far a standard deviation is.
        rng: decides the probes.
        settings: the thresholds.
    """
    influence = influences(counted, gaussian, rng, settings)
    total = influence.sum()
    if not total > settings.negligible:
        return Structure(gaussian.dim)
    count = int(np.sum(influence >= settings.least_influence * influence.max()))
    heads = np.argsort(-influence, kind="stable")[:count]
    return Structure(
        gaussian.dim, tuple(map(int, heads)), tuple(map(float, influence[heads] / total))
    )


@np.errstate(over="ignore", invalid="ignore")
def influences(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> Float[np.ndarray, " D"]:
    """Measure the influence of every coordinate; 0 where too few scores are finite to tell."""
    sd = gaussian.sd
    x = gaussian.color(rng.standard_normal((settings.probes, gaussian.dim)))
    u = sd * rng.choice([-1.0, 1.0], size=x.shape)
    scores = [counted.value_and_grad(x + h * u)[1] for h in (_STEP, 0.0, -_STEP)]
    third = (scores[0] - 2.0 * scores[1] + scores[2]) / _STEP**2 * sd
    usable = third[np.isfinite(third).all(axis=1)]
    if len(usable) < settings.probes // 2:
        return np.zeros(gaussian.dim)
    return np.median(usable**2, axis=0)


@np.errstate(over="ignore", invalid="ignore")
def bend_alone(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> bool:
    """Whether what bends a coordinate is, for the most part, a term of its own.

    Then the third derivative is diagonal, and T[u, u, ·] is the same for all signs u.

    Args:
        counted: the target, asked for 160 gradients.
        gaussian: where to look, and how far a standard deviation is.
        rng: decides points and signs.
        settings: the thresholds.
    """
    looks = settings.bending_looks
    x = gaussian.color(rng.standard_normal((looks, gaussian.dim)))
    middle, found = counted.value_and_grad(x)[1], []
    for _ in range(2):
        u = _STEP * gaussian.sd * rng.choice([-1.0, 1.0], size=x.shape)
        up, down = (counted.value_and_grad(end)[1] for end in (x + u, x - u))
        found.append((up - 2.0 * middle + down) * gaussian.sd)
    one, other = found
    alike = np.sum(one * other, axis=1) / np.sqrt(np.sum(one**2, axis=1) * np.sum(other**2, axis=1))
    usable = alike[np.isfinite(alike)]
    return len(usable) > looks // 2 and bool(np.median(usable) > settings.alone)


class ModulationBasis(NamedTuple):
    """Where one head acts on the rest coordinate by coordinate.

    Attributes:
        vectors: V, orthonormal, shape (rest, rest).
        slopes: of the log scales in these coordinates, for each unit of the head, shape (rest,).
    """

    vectors: Float[np.ndarray, "rest rest"]
    slopes: Float[np.ndarray, " rest"]


def modulation_basis(
    counted: CountedTarget,
    center: Float[np.ndarray, " D"],
    frame: Float[np.ndarray, "D D"],
    heads: int,
    head: int,
) -> ModulationBasis:
    r"""The eigenvectors of how the curvature of the rest changes with one head.

    .. math:: \Delta H = \tfrac12 \left[H(z = +e_i) - H(z = -e_i)\right], \qquad
        \text{slope}_j = -\tfrac14 \ln\frac{v_j^\top H(+e_i) v_j}{v_j^\top H(-e_i) v_j}

    restricted to the coordinates after the heads, H the Hessian of ln p by central differences of
    scores: 4 gradients for each of the rest. A scale is one over the square root of a curvature,
    hence the slopes; they are 0 where a curvature is not that of a maximum.

    Args:
        counted: the target.
        center: μ, about which to look.
        frame: A with x = μ + A z, whose first coordinates are the heads.
        heads: how many heads.
        head: which of them, from 0.
    """
    above = _hessian(counted, center + frame[:, head], frame[:, heads:])
    below = _hessian(counted, center - frame[:, head], frame[:, heads:])
    change = 0.5 * (above - below)
    if not np.isfinite(change).all():
        rest = len(change)
        return ModulationBasis(np.eye(rest), np.zeros(rest))
    vectors = scipy.linalg.eigh(change)[1]
    up, down = (np.einsum("ij,ik,kj->j", vectors, h, vectors) for h in (above, below))
    usable = (up < 0.0) & (down < 0.0)
    ratio = np.where(usable, up, -1.0) / np.where(usable, down, -1.0)
    return ModulationBasis(vectors, -0.25 * np.log(ratio))


@np.errstate(over="ignore", invalid="ignore")
def _hessian(
    counted: CountedTarget, x: Float[np.ndarray, " D"], rest: Float[np.ndarray, "D rest"]
) -> Float[np.ndarray, "rest rest"]:
    rows = []
    for block in np.array_split(rest.T, -(-rest.shape[1] // _BLOCK)):
        ends = counted.value_and_grad(np.concatenate([x + _H * block, x - _H * block]))[1]
        rows.append((ends[: len(block)] - ends[len(block) :]) @ rest / (2.0 * _H))
    hessian = np.concatenate(rows)
    return 0.5 * (hessian + hessian.T)
