"""Hamiltonian transitions of many chains at once, in a flow's latent space."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.compiling import compiled
from fluvial.flows import Flow
from fluvial.inference.settings import ChainSettings
from fluvial.objectives import LogDensity

__all__ = ["TransitionState", "kept_transitions", "started", "warmed"]


class TransitionState(NamedTuple):
    """Where C chains are, and the step size that they share.

    Attributes:
        z: latent points.
        value: the pulled-back log density at each.
        score: its gradient there.
        log_step: ln of the step size.
        log_step_mean: of dual averaging, which is kept after warm-up.
        error_sum: of acceptances so far.
        adapted: how often the step size was.
    """

    z: Float[Array, "C D"]
    value: Float[Array, " C"]
    score: Float[Array, "C D"]
    log_step: Float[Array, ""]
    log_step_mean: Float[Array, ""]
    error_sum: Float[Array, ""]
    adapted: Float[Array, ""]


@compiled
def started(flow: Flow, target: LogDensity, z: Float[Array, "C D"]) -> TransitionState:
    """The state before the first transition, from base points."""
    log_step = jnp.log(0.5 * z.shape[1] ** -0.25)
    return TransitionState(
        z, *_pulled_back(flow, target)(z), log_step, log_step, jnp.zeros(()), jnp.zeros(())
    )


@compiled
def warmed(
    flow: Flow,
    target: LogDensity,
    state: TransitionState,
    keys: Array,
    acceptance: Float[Array, ""],
    settings: ChainSettings,
):
    """Adapt the step size further; also how many leapfrogs that took."""
    value_and_score = _pulled_back(flow, target)

    def warm_up(state, key):
        state, accepted, count = _transition(value_and_score, state, key, settings)
        return _adapt(state, acceptance - jnp.mean(accepted), settings), count

    state, counts = jax.lax.scan(warm_up, state, keys)
    return state, counts.sum()


@compiled
def kept_transitions(
    flow: Flow, target: LogDensity, state: TransitionState, keys: Array, settings: ChainSettings
):
    """A piece of the chains, with the step size that was found; also how many leapfrogs it took."""
    value_and_score = _pulled_back(flow, target)
    adapting, state = state.log_step, state._replace(log_step=state.log_step_mean)

    def keep(state, key):
        state, acceptance, count = _transition(value_and_score, state, key, settings)
        x, log_det = jax.vmap(flow.forward)(state.z)
        return state, (x, state.value - log_det, acceptance, count)

    state, (x, log_p, accepted, counts) = jax.lax.scan(keep, state, keys)
    return state._replace(log_step=adapting), (x, log_p, accepted), counts.sum()


def _pulled_back(flow: Flow, target: LogDensity):
    """The log density of latent points, and its score, where both are finite."""

    def log_prob(z):
        x, log_det = flow.forward(z)
        return target.log_prob(x) + log_det

    def value_and_score(z):
        value, score = jax.vmap(jax.value_and_grad(log_prob))(z)
        usable = jnp.isfinite(value) & jnp.all(jnp.isfinite(score), axis=1)
        return jnp.where(usable, value, -jnp.inf), jnp.where(usable[:, None], score, 0.0)

    return value_and_score


def _transition(
    value_and_score, state: TransitionState, key: PRNGKeyArray, settings: ChainSettings
):
    """One Hamiltonian transition of every chain; also their acceptances, and the leapfrogs."""
    momentum_key, length_key, accept_key = jax.random.split(key, 3)
    step = jnp.exp(state.log_step)
    length = settings.trajectory * jax.random.uniform(length_key, (), state.z.dtype, 0.5, 1.5)
    count = jnp.clip(jnp.ceil(length / step), 1, settings.max_leapfrogs).astype(jnp.int32)
    momentum = jax.random.normal(momentum_key, state.z.shape, state.z.dtype)

    def leapfrog(_, carry):
        z, p, _, score = carry
        p = p + 0.5 * step * score
        z = z + step * p
        value, score = value_and_score(z)
        return z, p + 0.5 * step * score, value, score

    start = (state.z, momentum, state.value, state.score)
    z, p, value, score = jax.lax.fori_loop(0, count, leapfrog, start)
    log_ratio = (value - 0.5 * jnp.sum(p**2, axis=1)) - (
        state.value - 0.5 * jnp.sum(momentum**2, axis=1)
    )
    acceptance = jnp.minimum(1.0, jnp.exp(jnp.where(jnp.isnan(log_ratio), -jnp.inf, log_ratio)))
    take = jax.random.uniform(accept_key, acceptance.shape, acceptance.dtype) < acceptance
    moved = state._replace(
        z=jnp.where(take[:, None], z, state.z),
        value=jnp.where(take, value, state.value),
        score=jnp.where(take[:, None], score, state.score),
    )
    return moved, acceptance, count


def _adapt(
    state: TransitionState, error: Float[Array, ""], settings: ChainSettings
) -> TransitionState:
    """Dual averaging of the step size (Hoffman & Gelman 2014, eq. 6), shared by the chains."""
    t, error_sum = state.adapted + 1.0, state.error_sum + error
    anchor = jnp.log(10.0 * 0.5 * state.z.shape[1] ** -0.25)
    log_step = anchor - jnp.sqrt(t) / settings.gamma * error_sum / (t + settings.t0)
    eta = t**-settings.kappa
    mean = eta * log_step + (1.0 - eta) * state.log_step_mean
    return state._replace(log_step=log_step, log_step_mean=mean, error_sum=error_sum, adapted=t)
