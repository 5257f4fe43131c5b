"""Stage 3: a flow for each mode, where Gaussians will not do."""

from typing import NamedTuple

import jax

from fluvial.inference.choosing import Choice, choose, untrained
from fluvial.inference.dependence import Dependence
from fluvial.inference.responsibilities import Shared
from fluvial.inference.run import Run
from fluvial.inference.sparse_flow import most_inputs
from fluvial.inference.train import train
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["TrainedModes", "train_modes"]


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
    """Put a trained flow in the place of every Gaussian; what is a flow stays.

    Args:
        run: the fit.
        q: the Gaussians, and the flows of earlier rounds.
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
        if isinstance(component, GaussianComponent) and wanted and not interrupted:
            component, interrupted = _trained(run, q, choice, k)
        components.append(component)
    return TrainedModes(components, interrupted, choice)


def _trained(run: Run, q: Mixture, choice: Choice, k: int) -> tuple[Component, bool]:
    keys = run.keys(k)
    flow, gaussians = untrained(run, choice, q, k, keys.flow)
    parts = len(gaussians)
    with jax.enable_x64(True):
        result = train(
            flow,
            Whitened(run.target, gaussians[0])
            if parts == 1
            else Shared(run.target, gaussians, q.weights, k, run.settings),
            keys.train,
            objective=FreeEnergy(),
            max_steps=run.max_steps,
            on_chunk=lambda steps, elbo: run.progress.update(
                steps, run.max_steps, f"part {k + 1} of {parts}, ELBO {elbo:.3f}"
            ),
            devices=run.devices,
            inputs=None if choice.dependence is None else most_inputs(choice.dependence),
        )
    run.counted.count(result.evaluations, result.nonfinite)
    return FlowComponent(result.flow, gaussians[k]), result.interrupted
