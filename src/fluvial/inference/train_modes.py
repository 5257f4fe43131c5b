"""Stage 3: a flow for each mode, where Gaussians will not do."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import Flow
from fluvial.inference.choosing import Choice, choose, untrained
from fluvial.inference.dependence import Dependence
from fluvial.inference.responsibilities import Shared
from fluvial.inference.run import Run
from fluvial.inference.sparse_flow import most_inputs
from fluvial.inference.spent import BudgetSpent
from fluvial.inference.train import Training, flattened, train
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["TrainedModes", "train_modes"]

_Gaussians = list[Gaussian | DiagonalGaussian]


class TrainedModes(NamedTuple):
    """Components, whether Ctrl-C ended their training, and what flow they have."""

    components: list[Component]
    interrupted: bool
    choice: Choice


def train_modes(
    run: Run,
    q: Mixture,
    choice: Choice | None = None,
    dependence: Dependence | None = None,
) -> TrainedModes:
    """Put a trained flow in the place of every Gaussian; what is a flow of this fit stays.

    Args:
        run: the fit.
        q: the Gaussians, and the flows of earlier rounds, or of the fit that this one started from.
        choice: which flow those have; None if there are none yet.
        dependence: of the coordinates on each other, where it is known already.
    """
    components: list[Component] = []
    interrupted = False
    first = choice is None
    choice = choice or choose(run, q, dependence)
    for k, component in enumerate(q.components):
        # A sparse flow is of the whole; what a search adds to it stays a Gaussian.
        wanted = first or choice.dependence is None
        earlier = None if run.warm is None else run.warm.flow_of(component)
        trainable = isinstance(component, GaussianComponent) or earlier is not None
        if trainable and wanted and not interrupted:
            component, interrupted = _trained(run, q, choice, k, earlier)
        components.append(component)
    return TrainedModes(components, interrupted, choice)


def _trained(
    run: Run, q: Mixture, choice: Choice, k: int, earlier: FlowComponent | None
) -> tuple[Component, bool]:
    flow, gaussians = untrained(run, choice, q, k, run.keys(k).flow)
    if earlier is not None:
        flow = earlier.trained
    objective = FreeEnergy()
    try:
        run.counted.spend(run.settings.train.chunk * objective.draws)
    except BudgetSpent:
        return q.components[k], True
    parameters, rebuild = flattened(flow)
    whole = True

    def trained():
        nonlocal whole
        result = _train(run, q, choice, k, flow, gaussians)
        whole = not result.interrupted
        return {
            "parameters": np.asarray(flattened(result.flow)[0]),
            "counts": np.array([result.evaluations, result.nonfinite]),
            "elbos": _mean_elbos(result.free_energies, run.settings.train.chunk),
        }

    given = _given(run, q, choice, k, parameters, gaussians)
    kept = run.checkpoint.recall("flow", given, trained, lambda: whole)
    evaluations, nonfinite = kept["counts"]
    run.counted.count(int(evaluations), int(nonfinite))
    run.elbo_trace.append(tuple(map(float, kept["elbos"])))
    flow = rebuild(jnp.asarray(kept["parameters"]))
    return FlowComponent(flow, gaussians[k]), not whole


def _given(run: Run, q: Mixture, choice: Choice, k: int, parameters, gaussians: _Gaussians) -> list:
    """All that training a component depends on."""
    shapes = [array for g in gaussians for array in (g.mean, g.factor)]
    spec = choice.flow if isinstance(choice.flow, str) else repr(choice.flow)
    return [spec, run.seed, run.max_steps, k, q.weights, np.asarray(parameters), *shapes]


def _train(
    run: Run, q: Mixture, choice: Choice, k: int, flow: Flow, gaussians: _Gaussians
) -> Training:
    objective, parts, keys = FreeEnergy(), len(gaussians), run.keys(k)
    with jax.enable_x64(True):
        return train(
            flow,
            Whitened(run.target, gaussians[0])
            if parts == 1
            else Shared(run.target, gaussians, q.weights, k, run.settings),
            keys.train,
            objective=objective,
            max_steps=run.max_steps,
            settings=run.settings.train,
            on_chunk=lambda steps, elbo: run.progress.update(
                steps,
                run.max_steps,
                run.note(
                    f"part {k + 1} of {parts}, ELBO {elbo:.3f}",
                    steps * objective.draws,
                    run.settings.train.chunk * objective.draws,
                ),
            ),
            devices=run.devices,
            inputs=None if choice.dependence is None else most_inputs(choice.dependence),
        )


def _mean_elbos(free_energies: Float[np.ndarray, " steps"], chunk: int) -> np.ndarray:
    """The mean ELBO of each chunk of steps; NaN if none of its steps had a finite draw."""
    chunks = np.split(-free_energies, range(chunk, len(free_energies), chunk))
    finite = [elbos[np.isfinite(elbos)] for elbos in chunks if len(elbos)]
    return np.array([elbos.mean() if len(elbos) else np.nan for elbos in finite])
