r"""Stage 2: a full-rank Gaussian by batch-and-match.

Batch-and-match (Cai et al. 2024, arXiv 2402.14758, Algorithm 1) fits N(μ, Σ) by matching scores
instead of climbing the ELBO. At each step it draws a batch from the current Gaussian, evaluates
the target's score g = ∇ln p there, and solves in closed form

.. math:: \min_q \; \widehat{D}(q; p) + \frac{2}{\lambda} \mathrm{KL}(q_t \| q)

where D̂ is the batch estimate of the score-based divergence. It needs no step size, is affine
invariant, and does not ask for a finite mode, which a Laplace approximation does.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.all_finite import all_finite
from fluvial.constants import LOG_2PI
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, MatchSettings
from fluvial.posterior.gaussian import Gaussian

__all__ = ["batch_and_match"]

# λ_t = B·D/(1 + t) is the schedule of the paper's experiments.


# Scores can be astronomical where a fit begins; a step that overflows is not taken.
@np.errstate(over="ignore", invalid="ignore")
def batch_and_match(
    counted: CountedTarget,
    start: Gaussian,
    rng: np.random.Generator,
    settings: MatchSettings = DEFAULT.match,
    *,
    until: Callable[[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]], bool] = lambda *_: False,
) -> Gaussian:
    """Fit a Gaussian to the target by matching scores, starting from ``start``.

    Draws at which the density or its score is not finite are left out of a step; a step whose
    covariance cannot be factored, or that has fewer than two usable draws, halves the scale of
    the Gaussian instead, so that it retreats toward where the target is finite.

    Args:
        counted: what to fit; evaluated in batches of max(2D, 32) draws, at most 256.
        start: the first Gaussian; its mean should have a finite density.
        rng: source of the draws.
        settings: among them the most steps; it stops before where the fit has settled, or is near
            the target and gains no more than noise.
        until: of the draws between two looks and their log densities, whether to stop there.

    Returns:
        The Gaussian of the steps' window with the highest mean log weight (a running ELBO), or
        ``start`` if that was better by more than a nat.
    """
    batch = int(np.clip(2 * start.dim, *settings.batch))
    current = best = start
    start_elbo, best_elbo, idle, window = -np.inf, -np.inf, 0, []
    for t in range(settings.steps):
        drawn, proposal = _step(counted, current, rng, batch, lam=batch * start.dim / (1.0 + t))
        if t == 0:
            start_elbo = _mean(drawn.log_w)
        window.append(drawn)
        if len(window) == settings.check_every:
            x, log_p, pooled = map(np.concatenate, zip(*window, strict=True))
            elbo, variance = _mean(pooled), np.var(pooled) if len(pooled) else np.inf
            gained = elbo > best_elbo + 2.0 * np.sqrt(variance / max(len(pooled), 1))
            idle = 0 if gained or variance > 2.0 * settings.near_kl else idle + 1
            if elbo > best_elbo:
                best_elbo, best = elbo, current
            if variance < 2.0 * settings.enough_kl:
                return current
            if idle == settings.patience or (len(pooled) and until(x, log_p)):
                break
            window = []
        if proposal is None or not abs(proposal.log_det) < settings.max_log_scale * start.dim:
            proposal = Gaussian(best.mean, 0.5 * current.cholesky)
        current = proposal
    return start if best_elbo < start_elbo - settings.lost else best


def _mean(log_w: np.ndarray) -> float:
    return float(np.mean(log_w)) if len(log_w) else -np.inf


class _StepDraws(NamedTuple):
    """The draws of one step at which all is finite."""

    x: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]
    log_w: Float[np.ndarray, " N"]


def _step(counted: CountedTarget, q: Gaussian, rng: np.random.Generator, batch: int, lam: float):
    """One step: its draws, and the next Gaussian or None."""
    z = rng.standard_normal((batch, q.dim))
    x = q.color(z)
    log_p, scores = counted.value_and_grad(x)
    if not (all_finite(log_p) and all_finite(scores)):
        usable = np.isfinite(log_p) & np.all(np.isfinite(scores), axis=1)
        z, x, log_p, scores = z[usable], x[usable], log_p[usable], scores[usable]
    # log q from z: its draws are at hand in whitened coordinates
    log_q = -0.5 * np.einsum("nd,nd->n", z, z) - 0.5 * q.dim * LOG_2PI - q.log_det
    drawn = _StepDraws(x, log_p, log_p - log_q)
    if len(x) < 2:
        return drawn, None
    # In the coordinates that whiten q_t the update is well conditioned whatever the target is.
    shift, factor = _match(z, scores @ q.cholesky, lam)
    if factor is None:
        return drawn, None
    return drawn, Gaussian(q.mean + q.cholesky @ shift, q.cholesky @ factor)


def _match(z: np.ndarray, scores: np.ndarray, lam: float):
    r"""The closed-form update (Cai et al. 2024, eqs. 9–12) from q_t = N(0, I).

    With batch means z̄, ḡ and covariances C, Γ, the new covariance solves ΣUΣ + Σ = V where

        U = λΓ + λ/(1+λ) ḡḡᵀ,    V = I + λC + λ/(1+λ) z̄z̄ᵀ.

    U = QQᵀ has rank at most min(B + 1, D), so its positive root needs an eigenproblem of that size
    only:

        Σ = V − VQ [½I + (QᵀVQ + ¼I)^½]⁻² QᵀV,    μ = λ(Σḡ + z̄) / (1 + λ).
    """
    z_bar, g_bar = z.mean(axis=0), scores.mean(axis=0)
    shrink = np.sqrt(lam / (1.0 + lam))
    spread = np.sqrt(lam / len(z))
    dz = np.vstack([(z - z_bar) * spread, shrink * z_bar])
    q_t = np.vstack([(scores - g_bar) * spread, shrink * g_bar])
    if len(q_t) > q_t.shape[1]:
        q_t = np.asarray(np.linalg.qr(q_t, mode="r"))
    v = np.eye(z.shape[1]) + dz.T @ dz
    vq = v @ q_t.T
    try:
        eigenvalues, vectors = np.linalg.eigh(q_t @ vq)
        scale = 1.0 / (0.5 + np.sqrt(np.maximum(eigenvalues, 0.0) + 0.25))
        low_rank = vq @ (vectors * scale)
        sigma = v - low_rank @ low_rank.T
        factor = np.linalg.cholesky(0.5 * (sigma + sigma.T))
    except (np.linalg.LinAlgError, ValueError):
        return None, None
    shift = lam / (1.0 + lam) * (sigma @ g_bar + z_bar)
    return (shift, factor) if np.all(np.isfinite(shift)) else (None, None)
