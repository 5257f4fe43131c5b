r"""The Gaussian of all rows: a climb that streams, then the exact Hessian.

A climb goes by L-BFGS in the coordinates that whiten the sample's Gaussian, where few passes are
enough. What is left of the way is one step of Newton's, with the Hessian H and the gradient g of
all rows at its end θ:

.. math:: N(\theta - H^{-1} g, \; -H^{-1})

The mean of a skewed posterior is not at its mode. The Gaussian of the highest ELBO has a mean μ at
which E[∇ ln p] = 0 (Opper & Archambeau 2009, Neural Computation 21, eq. 5). One step toward it, by
Σ E[∇ ln p], costs one pass, over pairs of draws on either side of μ, in which all but what is
skewed cancels.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.linalg

from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.rows.even_draws import even_draws
from fluvial.inference.run import Run
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets.rows_density import Quadratic, RowsDensity

__all__ = ["Peak", "climb", "peaks"]


class Peak:
    """A mode of all rows.

    Attributes:
        gaussian: its Laplace approximation.
        point: where the density was taken to second order.
        quadratic: to second order there.
        settled: whether the climb has arrived.
    """

    def __init__(self, gaussian: Gaussian, point: np.ndarray, quadratic: Quadratic, settled: bool):
        self.gaussian = gaussian
        self.point = point
        self.quadratic = quadratic
        self.settled = settled

    @property
    def log_mass(self) -> float:
        """Laplace's approximation of its mass, but for a constant, in nats."""
        return self.quadratic.value + self.gaussian.log_det


def peaks(
    run: Run, stream: RowsDensity, suspects: list[Gaussian], known: Sequence[Peak] = ()
) -> list[Peak]:
    """Climb from every suspect on all rows, and keep one peak a mode, the largest first.

    Args:
        run: the fit.
        stream: the density.
        suspects: where to climb from.
        known: peaks that are there already.
    """
    found, near = list(known), run.settings.match.same
    for suspect in suspects:
        peak = climb(run, stream, suspect)
        if peak is None:
            continue
        if not any(_same(peak.gaussian, other.gaussian, near) for other in found):
            found.append(peak)
    found.sort(key=lambda peak: -peak.log_mass)
    least = found[0].log_mass - run.settings.match.no_mass if found else 0.0
    return [peak for peak in found if peak.log_mass >= least]


def climb(run: Run, stream: RowsDensity, suspect: Gaussian) -> Peak | None:
    """Climb on all rows, and take the Hessian at the end; None where nothing is finite."""
    rows = run.settings.rows
    quick = replace(run.settings.climb, iterations=rows.climb, gradient=rows.gradient)
    top = maximize(run.counted, suspect, replace(run.settings, climb=quick))
    if top is None:
        return None
    near = stream.quadratic(top.x)
    run.counted.count(1 + stream.dim, 0)
    if not (np.isfinite(near.hessian).all() and np.isfinite(near.gradient).all()):
        return None
    gaussian, curved = _newton(top.x, near, suspect)
    return Peak(_centered(run, gaussian), top.x, near, top.converged and curved)


def _centered(run: Run, gaussian: Gaussian) -> Gaussian:
    """Move a Gaussian from the mode toward the mean, unless that is too far for one step."""
    z = even_draws(run.settings.rows.centering, run.target.dim, run.rng)
    scores = run.counted.value_and_grad(gaussian.color(np.concatenate([z, -z])))[1]
    step = gaussian.cholesky.T @ scores.mean(axis=0)
    if not np.sum(step**2) < 1.0:
        return gaussian
    return Gaussian(gaussian.mean + gaussian.cholesky @ step, gaussian.cholesky)


def _newton(x: np.ndarray, near: Quadratic, suspect: Gaussian) -> tuple[Gaussian, bool]:
    """The Gaussian of a quadratic; also whether it curves downwards in every direction."""
    chol = suspect.cholesky
    values, vectors = np.linalg.eigh(-chol.T @ near.hessian @ chol)
    largest = np.abs(values).max()
    curved = bool(values[0] > 0.0)
    # where it does not, no direction is believed to be wider than the sample has it
    values = values if curved else np.maximum(np.abs(values), min(1.0, largest))
    values = np.maximum(values, 1e-12 * largest)
    factor = chol @ (vectors * values**-0.5)
    step = factor @ (factor.T @ near.gradient)
    upper = np.asarray(scipy.linalg.qr(factor.T, mode="r")[0])[: len(x)]
    signs = np.where(np.diag(upper) < 0.0, -1.0, 1.0)
    moved = x + step if curved and step @ near.gradient < 1.0 else x
    return Gaussian(moved, upper.T * signs), curved


def _same(a: Gaussian, b: Gaussian, near: float) -> bool:
    return min(float(np.sum(g.whiten(h.mean[None]) ** 2)) for g, h in ((a, b), (b, a))) < near
