"""Stage 3: train a flow by stochastic gradients of its free energy.

A chunk of steps is one compiled loop, ``training.scan_steps``; between chunks the host looks at the
free energies and decides the next step sizes (see stopping.py). The parameters travel as one flat
vector: the optimizer is then one fused kernel, whatever the flow is made of.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray

from fluvial.compiling import compiled
from fluvial.devices import Devices
from fluvial.flows import Flow
from fluvial.inference.flow_training.stopping import Best, Phase, Schedule
from fluvial.inference.settings import DEFAULT, TrainSettings
from fluvial.objectives import FreeEnergy, LogDensity, base_log_prob
from fluvial.training.adam import adam
from fluvial.training.loop import TrainingState, scan_steps, start_state
from fluvial.training.optimizer import Optimizer

__all__ = ["ChunkResult", "Training", "optimizer_of", "start_optimizer", "train", "train_chunk"]


def optimizer_of(settings: TrainSettings) -> Optimizer:
    """Return the rule from a step size to an optimizer; of equal settings it is one program."""
    options = {"b2": settings.decay, "clip": settings.clip, "skip": settings.skip}
    return jax.tree_util.Partial(adam, **options)


_DEFAULT = optimizer_of(DEFAULT.train)


class Training(NamedTuple):
    """What training returns.

    Attributes:
        flow: the best flow seen, in its own dtype.
        free_energies: one for each step, in nats; NaN where a step had no finite draw.
        nonfinite: draws left out because the density or a score was not finite.
        evaluations: points at which the target was evaluated.
        interrupted: True if Ctrl-C ended it.
    """

    flow: Flow
    free_energies: Float[np.ndarray, " steps"]
    nonfinite: int
    evaluations: int
    interrupted: bool


class ChunkResult(NamedTuple):
    """The state after a chunk of steps, and what the steps measured."""

    parameters: Float[Array, " P"]
    optimizer_state: optax.OptState
    free_energies: Float[Array, " chunk"]
    nonfinite: Int[Array, " chunk"]


@compiled
def train_chunk(
    parameters: Float[Array, " P"],
    optimizer_state: optax.OptState,
    key: PRNGKeyArray,
    rates: Float[Array, " chunk"],
    template: Flow,
    target: LogDensity,
    objective: FreeEnergy,
    optimizer: Optimizer = _DEFAULT,
) -> ChunkResult:
    """Take one step for each entry of ``rates``, inside one compiled scan.

    Args:
        parameters: the flow's, as one vector.
        optimizer_state: from ``start_optimizer``, or the last chunk.
        key: decides the chunk's draws.
        rates: step sizes, shape (chunk,).
        template: a flow whose structure the parameters fill.
        target: what is approximated.
        objective: the free energy to descend.
        optimizer: from ``optimizer_of``.
    """
    rebuild = flattened(template)[1]

    def loss(parameters, key):
        estimate = objective.estimate(rebuild(parameters), target, key)
        return estimate.free_energy, estimate.nonfinite

    start = TrainingState(parameters, optimizer_state, jnp.zeros((), jnp.int32))
    end, measured = scan_steps(loss, start, optimizer, rates, key)
    return ChunkResult(end.parameters, end.optimizer, *measured)


def start_optimizer(parameters: Float[Array, " P"]) -> optax.OptState:
    """Return the optimizer's state before the first step."""
    return start_state(parameters, adam).optimizer


def flattened(flow: Flow) -> tuple[Float[Array, " P"], Callable[[Float[Array, " P"]], Flow]]:
    """Split a flow into the vector of its trainable numbers and a function that puts them back."""
    trainable, fixed = eqx.partition(flow, eqx.is_inexact_array)
    vector, unravel = ravel_pytree(trainable)
    return vector, lambda vector: eqx.combine(unravel(vector), fixed)


@compiled
def _log_weights(parameters, z, template, target):
    flow = flattened(template)[1](parameters)
    x, log_det = jax.vmap(flow.forward)(z)
    log_p = jax.vmap(target.log_prob)(x)
    return log_p - (jax.vmap(base_log_prob)(z) - log_det).astype(log_p.dtype)


def train(
    flow: Flow,
    target: LogDensity,
    key: PRNGKeyArray,
    *,
    objective: FreeEnergy,
    max_steps: int = 3000,
    settings: TrainSettings = DEFAULT.train,
    on_chunk: Callable[[int, float], None] = lambda steps, elbo: None,
    devices: Devices | None = None,
    inputs: int | None = None,
) -> Training:
    """Train a flow until it stops improving, starting with the largest step size that works.

    A step size under which the ELBO falls by more than a nat below the best seen, or is no longer
    finite, is given up: training returns to the best parameters with a smaller one. Ctrl-C ends
    training and keeps the best flow so far.

    Args:
        flow: where to start; near the identity if the target is whitened.
        target: what to approximate.
        key: decides every random draw.
        objective: the free energy to descend.
        max_steps: the most steps to take, those of step sizes that were given up included.
        settings: the thresholds.
        on_chunk: called after each chunk with the steps taken and the best ELBO, in nats.
        devices: over which the draws are split; the rest is on each. By default one.
        inputs: the most that a layer adds up; by default D. Of many, steps are smaller.

    Raises:
        InputError: if another process, of several that have the devices, has stopped.
    """
    devices = devices or Devices(every=False)
    with devices.together("fit again"):
        many = flow.dim if inputs is None else inputs
        return _train(flow, target, key, objective, max_steps, settings, on_chunk, devices, many)


def _train(
    flow: Flow,
    target: LogDensity,
    key: PRNGKeyArray,
    objective: FreeEnergy,
    max_steps: int,
    settings: TrainSettings,
    on_chunk: Callable[[int, float], None],
    devices: Devices,
    inputs: int,
) -> Training:
    check_key, run_key = jax.random.split(key)
    parameters, rebuild = flattened(flow)
    if devices.rows is not None:
        objective = dataclasses.replace(objective, rows=devices.rows)
        parameters, flow, target = (_on_each(tree, devices) for tree in (parameters, flow, target))
    # Drawn by NumPy: compiling JAX's generator for one more shape would take longer than a chunk.
    host = np.random.default_rng(np.asarray(jax.random.key_data(check_key)))
    draws = host.standard_normal((devices.padded(settings.check_draws), flow.dim))
    z = devices.split(draws.astype(parameters.dtype), axis=0)
    best = Best(parameters, devices.fetch(_log_weights(parameters, z, flow, target)))
    evaluations, free_energies, nonfinite, taken = len(draws), [], 0, 0
    interrupted = False
    shrink = min(1.0, (settings.dimensions / inputs) ** 0.5)
    rates, chunk = [rate * shrink for rate in settings.rates], settings.chunk
    schedule = Schedule(rates.pop(0), chunk, max_steps, settings)
    state, optimizer = start_optimizer(parameters), optimizer_of(settings)
    try:
        while schedule.phase is not Phase.DONE:
            result = train_chunk(
                parameters,
                state,
                jax.random.fold_in(run_key, len(free_energies)),
                jnp.asarray(schedule.rates(), jnp.float32),
                flow,
                target,
                objective,
                optimizer,
            )
            parameters, state = result.parameters, result.optimizer_state
            log_weights = devices.fetch(_log_weights(parameters, z, flow, target))
            gain = best.offer(parameters, log_weights)
            free_energies.append(np.asarray(result.free_energies)[: schedule.steps])
            taken += schedule.steps
            nonfinite += int(np.asarray(result.nonfinite).sum())
            evaluations += chunk * objective.draws + len(draws)
            on_chunk(taken, float(np.mean(best.log_weights)))
            if not gain > -settings.worse and rates and taken < max_steps:
                schedule = Schedule(rates.pop(0), chunk, max_steps - taken, settings)
                parameters, state = best.parameters, start_optimizer(parameters)
                continue
            schedule.report(free_energies[-1], log_weights)
    except KeyboardInterrupt:
        interrupted = True
    trace = np.concatenate(free_energies) if free_energies else np.empty(0)
    # Whatever follows is done by one device.
    parameters = (
        best.parameters if devices.rows is None else jnp.asarray(np.asarray(best.parameters))
    )
    return Training(rebuild(parameters), trace, nonfinite, evaluations, interrupted)


def _on_each(tree: Any, devices: Devices) -> Any:
    """Put the arrays of a tree on every device."""
    arrays, rest = eqx.partition(tree, eqx.is_array)
    return eqx.combine(devices.replicate(arrays), rest)
