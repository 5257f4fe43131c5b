"""Train the same flow from several seeds at once.

Adam on the free energy's total gradient (eq. 15, or eq. 20 where it is annealed). The step size
rises over the first hundredth of the steps and falls to zero along a cosine. A draw whose density
is not finite is left out and counted.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from fluvial.flows import Flow, build_flow
from fluvial.objectives import FreeEnergy
from fluvial.targets.examples.energies import ENERGIES, energy
from fluvial.training import schedules, train_steps
from fluvial.xla import filter_jit

__all__ = ["TrainedFlows", "build_seeds", "inverse_temperatures", "step_sizes", "train_seeds"]

_WARM_UP = 0.01
_LONGEST_GRADIENT = 10.0


class TrainedFlows(NamedTuple):
    """Flows from S seeds.

    Attributes:
        flows: one flow whose arrays have a leading axis of length S.
        free_energies: of each step, in nats, at the step's inverse temperature.
        nonfinite: draws that were left out, of all steps.
    """

    flows: Flow
    free_energies: Float[Array, "S steps"]
    nonfinite: Int[Array, " S"]


def step_sizes(largest: float, steps: int) -> Float[np.ndarray, " steps"]:
    """Return the step sizes: a short linear rise, then a cosine down to zero.

    Example:
        >>> round(float(step_sizes(0.03, 1000).max()), 4)
        0.03
    """
    schedule = schedules.warmup_cosine(largest, steps, round(_WARM_UP * steps))
    return np.asarray(schedules.step_sizes(schedule, np.arange(steps)))


def inverse_temperatures(steps: int, ramp: int | None) -> Float[np.ndarray, " steps"]:
    """Return min(1, 0.01 + t / ramp), eq. 20 of the paper where ramp is 10,000; 1 if it is None.

    Example:
        >>> inverse_temperatures(5, 4).tolist()
        [0.01, 0.26, 0.51, 0.76, 1.0]
    """
    if ramp is None:
        return np.ones(steps)
    return np.minimum(1.0, 0.01 + np.arange(steps) / ramp)


def build_seeds(spec: str, seeds: int) -> Flow:
    """Build a flow of the plane from seeds 0, 1, ..: one flow, its arrays stacked.

    Args:
        spec: as `build_flow` reads it.
        seeds: S.
    """
    flows = [build_flow(spec, 2, key=jax.random.key(seed)) for seed in range(seeds)]
    arrays, statics = zip(*(eqx.partition(flow, eqx.is_array) for flow in flows), strict=True)
    return eqx.combine(jax.tree.map(lambda *leaves: jnp.stack(leaves), *arrays), statics[0])


def train_seeds(
    flows: Flow,
    energy_name: str,
    rates: Float[np.ndarray, " steps"],
    temperatures: Float[np.ndarray, " steps"],
    draws: int,
) -> TrainedFlows:
    """Train all seeds of a flow under ``vmap``, in one compiled program for all four energies.

    Args:
        flows: as `build_seeds` makes them.
        energy_name: "U1" to "U4".
        rates: step sizes.
        temperatures: inverse temperatures.
        draws: from the flow, in each step.
    """
    seeds = jax.tree.leaves(eqx.filter(flows, eqx.is_array))[0].shape[0]
    keys = jax.random.split(jax.random.key(1), seeds)
    which = jnp.asarray(ENERGIES.index(energy_name), jnp.int32)
    schedule = (jnp.asarray(rates, jnp.float32), jnp.asarray(temperatures, jnp.float32))
    return TrainedFlows(*_train_all(flows, keys, which, schedule, draws))


class _AnyEnergy(eqx.Module):
    """The energy of a number, so that a program is compiled for all four."""

    which: Int[Array, ""]

    def log_prob(self, x: Float[Array, " 2"]) -> Float[Array, ""]:
        return jax.lax.switch(self.which, [energy(name).log_prob for name in ENERGIES], x)


@filter_jit
def _train_all(flows, keys, which, schedule, draws):
    train = eqx.filter_vmap(_train_one, in_axes=(eqx.if_array(0), 0, None, None, None))
    return train(flows, keys, which, schedule, draws)


def _train_one(flow: Flow, key: PRNGKeyArray, which, schedule, draws: int):
    objective = FreeEnergy(draws, antithetic=False, path=False)
    target = _AnyEnergy(which)
    rates, temperatures = schedule

    def loss(flow, key, temperature):
        estimate = objective.estimate(flow, target, key, temperature)
        return estimate.free_energy, estimate.nonfinite

    flow, (trace, nonfinite) = train_steps(loss, flow, _adam, rates, key, batches=temperatures)
    return flow, trace, nonfinite.sum()


def _adam(rate: Float[Array, ""] | float) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(_LONGEST_GRADIENT), optax.adam(rate))
