"""Natural-gradient steps for a sparse flow, where Adam takes hundreds.

Adam moves all of ten thousand scales and shifts by the same amount at each step. Here each goes as
far at once as its own scores say (see natural_moves.py), from a batch that costs less than a step
of training does; the networks are left to training, where they are needed at all.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.compiling import compiled
from fluvial.flows import Flow
from fluvial.flows.precision import as_float64
from fluvial.flows.sparse_modulation import SparseModulation
from fluvial.inference.natural_gradient.absorbing import absorbed
from fluvial.inference.natural_gradient.natural_moves import Look, Modulated, moved
from fluvial.inference.natural_gradient.whitening import Whitened
from fluvial.inference.settings import DEFAULT, NaturalSettings
from fluvial.objectives import Importance, LogDensity, base_log_prob
from fluvial.posterior.colored import Colored
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

__all__ = ["Move", "Stepped", "looked", "natural_steps"]

_Whitening = Gaussian | DiagonalGaussian
Move = Callable[[Flow, Any, Look, float], tuple[Flow, Any]]
"""From a flow and the Gaussian that whitens its target, a look and a share of a step to both."""


class Stepped(NamedTuple):
    """What the steps returned.

    Attributes:
        flow: the best seen.
        gaussian: that whitens its target.
        weights: of a batch of its draws.
        evaluations: points at which the target was evaluated.
        interrupted: whether Ctrl-C, or a budget, has ended them.
    """

    flow: Flow
    gaussian: Gaussian | DiagonalGaussian
    weights: Importance
    evaluations: int
    interrupted: bool


def natural_steps(
    flow: Flow,
    gaussian: Gaussian | DiagonalGaussian,
    target: Target,
    rng: np.random.Generator,
    *,
    enough: float,
    settings: NaturalSettings = DEFAULT.natural,
    move: Move | None = None,
    on_step: Callable[[int, float], None] = lambda evaluations, elbo: None,
) -> Stepped:
    """Bring the scales and shifts of a sparse flow to where its scores vanish.

    Args:
        flow: as ``sparse_flow`` builds it, without networks.
        gaussian: that whitens its target.
        target: what is approximated.
        rng: decides the draws.
        enough: half the variance of the log weights, in nats, at which to stop.
        settings: the thresholds, among them how many looks and draws.
        move: of another kind of flow; by default the one of a sparse flow.
        on_step: called after each look with the evaluations so far and the best ELBO, in nats; a
            ``KeyboardInterrupt`` in it ends the steps.
    """
    move, draws = move or partial(_of_sparse, settings=settings), settings.draws
    look = looked(flow, gaussian, target, rng, draws)
    best = Stepped(flow, gaussian, Importance(look.log_weights), len(look.z), False)
    waited, share = 0, 1.0
    for _ in range(settings.most - 1):
        if best.weights.half_variance < enough or waited == settings.patience:
            break
        usable = np.isfinite(look.log_weights) & np.isfinite(look.scores).all(axis=1)
        if usable.sum() < settings.fewest:
            break
        flow, gaussian = move(flow, gaussian, _kept(look, usable), share)
        look = looked(flow, gaussian, target, rng, draws)
        weights = Importance(look.log_weights)
        best = best._replace(evaluations=best.evaluations + draws)
        noise = weights.elbo_se + best.weights.elbo_se
        gained = weights.elbo > best.weights.elbo + noise
        waited, share = (0, share) if gained else (waited + 1, settings.shorter * share)
        lost = settings.lost * (settings.lost_floor + noise)
        if weights.elbo > best.weights.elbo:
            best = best._replace(flow=flow, gaussian=gaussian, weights=weights)
        elif not weights.elbo > best.weights.elbo - lost:
            flow, gaussian = best.flow, best.gaussian
            look = looked(flow, gaussian, target, rng, draws)
        try:
            on_step(best.evaluations, best.weights.elbo)
        except KeyboardInterrupt:
            return best._replace(interrupted=True)
    return best


def _of_sparse(
    flow: Flow, gaussian: _Whitening, look: Look, share: float, settings: NaturalSettings
) -> tuple[Flow, Any]:
    turned = moved(flow, look, share, settings)
    if isinstance(gaussian, DiagonalGaussian):
        return absorbed(turned, gaussian)
    return turned, gaussian


def looked(
    flow: Flow,
    gaussian: Gaussian | DiagonalGaussian,
    target: Target,
    rng: np.random.Generator,
    draws: int = DEFAULT.natural.draws,
) -> Look:
    """Evaluate the scores of a batch, in the coordinates in which the flow begins."""
    z = rng.standard_normal((draws // 2, flow.dim))
    z = np.concatenate([z, -z])
    with jax.enable_x64(True):
        exact, base = as_float64(flow), jnp.asarray(z)
        if target.streamed is None:
            measured = _measured(exact, Whitened(target, gaussian), base)
        else:  # what reads rows is not part of a compiled program
            colored = Colored(gaussian)
            found = target.value_and_grad(np.asarray(_pushed(exact, colored, base)))
            measured = _measured_by_host(exact, colored, base, *map(jnp.asarray, found))
    log_weights, scores, layers = measured
    parts = [Modulated(*map(np.asarray, layer)) for layer in layers]
    return Look(z, np.asarray(log_weights), np.asarray(scores), parts)


@compiled
def _measured(flow: Any, target: LogDensity, z: Float[Array, "K D"]):
    def one(z):
        return _seen(flow, z, target.log_prob)

    return jax.vmap(one)(z)


@compiled
def _pushed(flow: Any, colored: Flow, z: Float[Array, "K D"]) -> Float[Array, "K D"]:
    return jax.vmap(lambda z: colored.forward(flow.forward(z)[0])[0])(z)


@compiled
def _measured_by_host(
    flow: Any,
    colored: Flow,
    z: Float[Array, "K D"],
    values: Float[Array, " K"],
    gradients: Float[Array, "K D"],
):
    """The same, from densities and gradients that the host has evaluated."""

    def one(z, value, gradient):
        there, _ = colored.forward(flow.forward(z)[0])

        def log_prob(y):  # has that value and gradient at z
            x, log_det = colored.forward(y)
            return value + gradient @ (x - there) + log_det

        return _seen(flow, z, log_prob)

    return jax.vmap(one)(z, values, gradients)


def _seen(flow: Any, z: Float[Array, " D"], log_prob: Callable):
    def pulled_back(z):
        x, log_det = flow.forward(z)
        return log_prob(x) + log_det

    value, score = jax.value_and_grad(pulled_back)(z)
    layers, at = [], z
    for layer in flow.flows:
        if isinstance(layer, SparseModulation):
            layers.append(layer.look(at))
        at, _ = layer.forward(at)
    return value - base_log_prob(z), score + z, layers


def _kept(look: Look, rows: np.ndarray) -> Look:
    if rows.all():
        return look
    layers = [Modulated(*(part[rows] for part in layer)) for layer in look.layers]
    return Look(look.z[rows], look.log_weights[rows], look.scores[rows], layers)
