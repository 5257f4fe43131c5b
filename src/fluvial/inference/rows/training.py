"""A flow for a posterior of many rows, each step of which sees some of them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray, PyTree

from fluvial.compiling import compiled
from fluvial.flows import Flow, build_flow
from fluvial.inference.flow_training.stopping import Best, Phase, Schedule
from fluvial.inference.flow_training.train import flattened, optimizer_of, start_optimizer
from fluvial.inference.rows.control_variate import ControlVariate, remainder_variance
from fluvial.inference.rows.streamed_climb import Peak
from fluvial.inference.run import Run
from fluvial.objectives import FreeEnergy, base_log_prob
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent
from fluvial.targets.rows_density import RowsDensity
from fluvial.training.loop import TrainingState, scan_steps

__all__ = ["TrainedOnRows", "train_on_rows"]


class TrainedOnRows(NamedTuple):
    """A trained flow.

    Attributes:
        component: the flow.
        batch: rows that a step has seen.
        variance: of the estimate of the log density from so many, in nats².
        interrupted: whether Ctrl-C ended the training.
    """

    component: FlowComponent
    batch: int
    variance: float
    interrupted: bool


def train_on_rows(
    run: Run, stream: RowsDensity, peak: Peak, gaussian: Gaussian, part: int
) -> TrainedOnRows:
    """Train a flow that starts at a Gaussian, by steps on rows drawn afresh for each.

    How many rows a step takes follows from the measured variance of the control variate. What a
    chunk of steps has gained is judged on one sample of rows, which stays.

    Args:
        run: the fit.
        stream: the density.
        peak: around which the density of all rows is known to second order.
        gaussian: what whitens the target.
        part: the number of the component.
    """
    keys, given = run.keys(part), _given(run, peak, gaussian, part)
    flow = build_flow(run.flow, stream.dim, key=keys.flow, dtype=jnp.float32)
    rebuild = flattened(flow)[1]
    whole = True

    def trained() -> dict[str, np.ndarray]:
        nonlocal whole
        with jax.enable_x64(True):
            found, whole = _train(run, stream, peak, gaussian, flow, keys.train)
        return found

    kept = run.checkpoint.recall("flow", given, trained, lambda: whole)
    evaluations, nonfinite = map(int, kept["counts"])
    run.counted.count(evaluations, nonfinite)
    run.elbo_trace.append(tuple(map(float, kept["elbos"])))
    component = FlowComponent(rebuild(jnp.asarray(kept["parameters"])), gaussian)
    return TrainedOnRows(component, int(kept["batch"]), float(kept["variance"]), not whole)


def _given(run: Run, peak: Peak, gaussian: Gaussian, part: int) -> list[Any]:
    """All that the training of a component depends on."""
    spec = run.flow if isinstance(run.flow, str) else repr(run.flow)
    near = peak.quadratic
    arrays = [peak.point, near.gradient, near.hessian, gaussian.mean, gaussian.cholesky]
    return [spec, run.seed, run.max_steps, part, near.value, *arrays]


def _train(
    run: Run, stream: RowsDensity, peak: Peak, gaussian: Gaussian, flow: Flow, key: PRNGKeyArray
) -> tuple[dict[str, np.ndarray], bool]:
    """Return what is kept of a training, and whether it came to its end."""
    rows, rng = run.settings.rows, np.random.default_rng(np.asarray(jax.random.key_data(key)))
    judge = ControlVariate.around(stream, peak, gaussian, stream.sample(rows.sample[0], rng))
    z = rng.standard_normal((rows.judges, stream.dim))
    variance = remainder_variance(judge, z[: rows.variance_judges])
    batch = int(np.clip(variance / rows.step_variance, *rows.step_rows))
    parameters, objective = flattened(flow)[0], FreeEnergy(draws=rows.step_draws)
    base = jnp.asarray(z, jnp.float32)
    best = Best(parameters, np.asarray(_log_weights(parameters, base, flow, judge)))
    schedule = Schedule(rows.rate, rows.chunk, run.max_steps, run.settings.train)
    state, optimizer = start_optimizer(parameters), optimizer_of(run.settings.train)
    taken, nonfinite, elbos, whole = 0, 0, [], True
    try:
        while schedule.phase is not Phase.DONE:
            drawn = _batches(stream, rows.chunk, batch, rng)
            rates = jnp.asarray(schedule.rates(), jnp.float32)
            parameters, state, energies, bad = _chunk(
                parameters,
                state,
                jax.random.fold_in(key, taken),
                rates,
                drawn,
                flow,
                judge,
                objective,
                optimizer,
            )
            log_weights = np.asarray(_log_weights(parameters, base, flow, judge))
            best.offer(parameters, log_weights)
            taken += schedule.steps
            nonfinite += int(np.asarray(bad).sum())
            seen = np.asarray(energies)[: schedule.steps]
            elbos.append(-float(np.mean(seen)))
            schedule.report(seen, log_weights)
            elbo = float(np.mean(best.log_weights))
            run.progress.update(taken, run.max_steps, f"{batch} rows a step, ELBO {elbo:.3f}")
    except KeyboardInterrupt:
        whole = False
    found = {
        "parameters": np.asarray(best.parameters),
        "counts": np.array([taken * rows.step_draws, nonfinite]),
        "elbos": np.array(elbos),
        "batch": np.array(batch),
        "variance": np.array(variance / batch),
    }
    return found, whole


def _batches(stream: RowsDensity, steps: int, batch: int, rng: np.random.Generator) -> PyTree:
    """Rows for each of some steps, shape (steps, batch, ...)."""
    whole = stream.draw(steps * batch, rng)
    return jax.tree.map(
        lambda leaf: jnp.asarray(leaf.reshape(steps, batch, *leaf.shape[1:])), whole
    )


@compiled
def _chunk(parameters, state, key, rates, batches, template, judge, objective, optimizer):
    rebuild = flattened(template)[1]

    def loss(parameters, key, rows):
        estimate = objective.estimate(rebuild(parameters), judge.on(rows), key)
        return estimate.free_energy, estimate.nonfinite

    start = TrainingState(parameters, state, jnp.zeros((), jnp.int32))
    end, (energies, bad) = scan_steps(loss, start, optimizer, rates, key, batches)
    return end.parameters, end.optimizer, energies, bad


@compiled
def _log_weights(parameters, z, template, judge):
    flow = flattened(template)[1](parameters)
    x, log_det = jax.vmap(flow.forward)(z)
    log_p = jax.vmap(judge.log_prob)(x)
    return log_p - (jax.vmap(base_log_prob)(z) - log_det).astype(log_p.dtype)
