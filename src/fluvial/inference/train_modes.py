"""Stage 3: a flow for each mode, where Gaussians will not do."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.flows import Flow, build_flow
from fluvial.inference.responsibilities import Shared
from fluvial.inference.run import Run
from fluvial.inference.spent import BudgetSpent
from fluvial.inference.train import Training, flattened, train
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["TrainedModes", "train_modes"]

_CHUNK = 100  # steps between two looks at what is left


class TrainedModes(NamedTuple):
    """Components, and whether Ctrl-C ended their training."""

    components: list[Component]
    interrupted: bool


def train_modes(run: Run, q: Mixture) -> TrainedModes:
    """Put a trained flow in the place of every Gaussian; what is a flow stays."""
    components: list[Component] = []
    interrupted = False
    for k, component in enumerate(q.components):
        if isinstance(component, GaussianComponent) and not interrupted:
            component, interrupted = _trained(run, q, k)
        components.append(component)
    return TrainedModes(components, interrupted)


def _trained(run: Run, q: Mixture, k: int) -> tuple[Component, bool]:
    gaussians = [component.gaussian for component in q.components]
    flow = build_flow(run.flow, run.target.dim, key=run.keys(k).flow, dtype=jnp.float32)
    objective = FreeEnergy()
    try:
        run.counted.spend(_CHUNK * objective.draws)
    except BudgetSpent:
        return q.components[k], True
    parameters, rebuild = flattened(flow)
    whole = True

    def trained():
        nonlocal whole
        result = _train(run, q, k, flow, objective)
        whole = not result.interrupted
        return {
            "parameters": np.asarray(flattened(result.flow)[0]),
            "counts": np.array([result.evaluations, result.nonfinite]),
        }

    kept = run.checkpoint.recall("flow", _parts(run, q, k, parameters), trained, lambda: whole)
    evaluations, nonfinite = kept["counts"]
    run.counted.count(int(evaluations), int(nonfinite))
    flow = rebuild(jnp.asarray(kept["parameters"]))
    return FlowComponent(flow, gaussians[k]), not whole


def _parts(run: Run, q: Mixture, k: int, parameters) -> list:
    """All that training a component depends on."""
    gaussians = [component.gaussian for component in q.components]
    shapes = [array for g in gaussians for array in (g.mean, g.cholesky)]
    spec = run.flow if isinstance(run.flow, str) else repr(run.flow)
    return [spec, run.seed, run.max_steps, k, q.weights, np.asarray(parameters), *shapes]


def _train(run: Run, q: Mixture, k: int, flow: Flow, objective: FreeEnergy) -> Training:
    gaussians = [component.gaussian for component in q.components]
    parts, keys = len(gaussians), run.keys(k)
    with jax.enable_x64(True):
        return train(
            flow,
            Whitened(run.target, gaussians[0])
            if parts == 1
            else Shared(run.target, gaussians, q.weights, k, run.settings),
            keys.train,
            objective=objective,
            max_steps=run.max_steps,
            chunk=_CHUNK,
            on_chunk=lambda steps, elbo: run.progress.update(
                steps,
                run.max_steps,
                run.note(
                    f"part {k + 1} of {parts}, ELBO {elbo:.3f}",
                    steps * objective.draws,
                    _CHUNK * objective.draws,
                ),
            ),
            devices=run.devices,
        )
