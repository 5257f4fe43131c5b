"""Train the same flow from several seeds at once, and measure its bound.

Adam on the free energy by its total gradient: of a Langevin, Hamiltonian or controlled flow in the
extended space, of a continuous-time flow in the target's own, in a quarter of the steps, since each
takes ten times as long. Gradients are shortened to a norm of 1, since a few draws whose ways part
early have most of the norm, and Adam would take long to forget them. The step size rises over the
first twentieth of the steps and falls to zero along a cosine. A draw whose density is not finite is
left out, and counted.

What a solver adds up is the determinant of the differential equation, not of its own steps: where
they are too long for the field, the bound is none, and training finds that. A continuous-time flow
is therefore measured with four times as many steps as it was trained with.
"""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from fluvial.compiling import compiled
from fluvial.flows import Chain, Continuous, Controlled, Diagonal, Flow, Hamiltonian, Langevin
from fluvial.objectives import Extended, FreeEnergy, base_log_prob
from fluvial.objectives.free_energy import LogDensity
from fluvial.studies.infinitesimal.plan import CONTINUOUS, FUNNEL, InfinitesimalSetting
from fluvial.targets import Target
from fluvial.targets.examples.energies import energy, log_normalizer
from fluvial.targets.examples.synthetic import funnel
from fluvial.training import step_sizes, train_steps, warmup_cosine

__all__ = ["Bounds", "trained_bounds"]

_RATE = 0.02
_LARGEST_NORM = 1.0
_WARM_UP = 0.05
_WIDTH = 32
_TRAINED_LESS, _MEASURED_FINER = 4, 4
_CHUNK = 256
_STEP_SIZE = 0.3
_FULL_STEPS = 8


class Bounds(NamedTuple):
    """The bounds of flows from S seeds.

    Attributes:
        gap: ln Z - ELBO in nats, shape (S,): the KL divergence, in the extended space if there
            is one, where it is at least that of the draws from the target.
        gap_se: its standard error, shape (S,).
        nonfinite: draws without a finite density, left out of the bound; shape (S,).
        nonfinite_training: the same, of all steps of training; shape (S,).
        free_energies: of each step, shape (S, steps).
        learned: what of the flow is of interest: of flows of K steps the
            ``step_sizes``, shape (S, K, D), and the inverse ``temperatures``, shape (S, K).
    """

    gap: np.ndarray
    gap_se: np.ndarray
    nonfinite: np.ndarray
    nonfinite_training: np.ndarray
    free_energies: np.ndarray
    learned: dict[str, np.ndarray]


def _target(name: str) -> Target:
    return funnel().target if name == FUNNEL else energy(name)


def _log_z(name: str) -> float:
    return funnel().log_evidence if name == FUNNEL else log_normalizer(name)


def trained_bounds(
    setting: InfinitesimalSetting, *, seeds: int, steps: int, draws: int, measuring_draws: int
) -> Bounds:
    """Train S flows under ``vmap``, and measure them.

    Args:
        setting: which flow, on which target.
        seeds: S.
        steps: of Adam.
        draws: from each flow in each step.
        measuring_draws: from each trained flow, for its bound; a multiple of 256.
    """
    if setting.family == CONTINUOUS:
        steps = max(1, steps // _TRAINED_LESS)
    schedule = warmup_cosine(_RATE, steps, round(_WARM_UP * steps))
    rates = step_sizes(schedule, np.arange(steps))
    keys = jax.random.split(jax.random.key(0), seeds)
    with jax.enable_x64(True):  # in which the targets are evaluated; the flows stay in float32
        results = _train(setting, keys, rates, draws, measuring_draws)
    values, nonfinite, trace, learned = jax.tree.map(np.asarray, results)
    log_weights = values.astype(np.float64)
    finite = np.isfinite(log_weights)
    counts = finite.sum(axis=1)
    elbo = np.where(finite, log_weights, 0.0).sum(axis=1) / counts
    squares = np.where(finite, log_weights - elbo[:, None], 0.0) ** 2
    se = np.sqrt(squares.sum(axis=1) / (counts - 1) / counts)
    gap = _log_z(setting.target) - elbo
    return Bounds(gap, se, measuring_draws - counts, nonfinite, trace, learned)


def _first_step(length: int) -> float:
    """Let a long flow start on a way no longer than that of a few steps; it learns to go farther.

    A diffusion's way is as long as the square of its steps. On a much longer one it settles in a
    part of the target.
    """
    return _STEP_SIZE * min(1.0, _FULL_STEPS / length) ** 0.5


def _start(setting: InfinitesimalSetting, key) -> tuple[Flow, LogDensity]:
    """Make the flow before training, and its target density."""
    target = _target(setting.target)
    if setting.family == CONTINUOUS:
        return Chain([Diagonal(target.dim), _ode(target.dim, key, setting.length)]), target

    def score(x: Float[Array, " D"]) -> Float[Array, " D"]:
        return jax.grad(target.log_prob)(x)

    families = {
        "langevin": Langevin,
        "hamiltonian": Hamiltonian,
        "controlled": partial(Controlled, key=key, width=_WIDTH),
    }
    flow = families[setting.family](
        score, target.dim, steps=setting.length, step_size=_first_step(setting.length)
    )
    return flow, Extended(target, target.dim, flow.dim)


def _ode(dim: int, key, steps: int) -> Continuous:
    return Continuous(dim, key=key, width=_WIDTH, steps=steps)


@compiled
def _train(setting: InfinitesimalSetting, keys, rates, draws: int, measuring_draws: int):
    """Return log weights, draws left out, free energies and what is learned, of each seed."""
    objective = FreeEnergy(draws, path=False)

    def one(key):
        start_key, train_key, measure_key = jax.random.split(key, 3)
        flow, target = _start(setting, start_key)

        def loss(flow, key):
            estimate = objective.estimate(flow, target, key)
            return estimate.free_energy, estimate.nonfinite

        trained, (trace, nonfinite) = train_steps(loss, flow, _adam, rates, train_key)
        log_weights = _log_weights(_finer(trained), target, measure_key, measuring_draws)
        return log_weights, nonfinite.sum(), trace, _learned(trained)

    return jax.vmap(one)(keys)


def _adam(rate: Float[Array, ""] | float) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(_LARGEST_NORM), optax.adam(rate))


def _finer(flow: Flow) -> Flow:
    """Follow a differential equation in shorter steps; leave other flows as they are."""
    if not (isinstance(flow, Chain) and isinstance(ode := flow.flows[-1], Continuous)):
        return flow
    fine = _ode(ode.dim, jax.random.key(0), _MEASURED_FINER * ode.steps)
    fine = eqx.tree_at(lambda f: f.velocity, fine, ode.velocity)
    return Chain([*flow.flows[:-1], fine])


def _learned(flow: Flow) -> dict[str, Array]:
    if not isinstance(flow, Langevin | Hamiltonian | Controlled):
        return {}
    schedule = flow.leapfrog.schedule()
    return {"step_sizes": schedule.delta, "temperatures": schedule.beta}


def _log_weights(flow, target, key, draws):
    def chunk(key):
        z = jax.random.normal(key, (_CHUNK, flow.dim), jnp.float32)
        x, log_det = jax.vmap(flow.forward)(z)
        return jax.vmap(target.log_prob)(x) - jax.vmap(base_log_prob)(z) + log_det

    return jax.lax.map(chunk, jax.random.split(key, draws // _CHUNK)).reshape(-1)
