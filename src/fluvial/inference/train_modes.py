"""Stage 3: a flow for each mode, where Gaussians will not do."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import build_flow
from fluvial.inference.responsibilities import Shared
from fluvial.inference.run import Run
from fluvial.inference.train import train
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["TrainedModes", "train_modes"]

_BLOCK = 100  # steps, as many as a chunk of training


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
    parts, keys = len(gaussians), run.keys(k)
    flow = build_flow(run.flow, run.target.dim, key=keys.flow, dtype=jnp.float32)
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
        )
    run.counted.count(result.evaluations, result.nonfinite)
    run.elbo_trace.append(_mean_elbos(result.free_energies))
    return FlowComponent(result.flow, gaussians[k]), result.interrupted


def _mean_elbos(free_energies: Float[np.ndarray, " steps"]) -> tuple[float, ...]:
    """The mean ELBO of each block of steps; NaN if none of its steps had a finite draw."""
    blocks = np.split(-free_energies, range(_BLOCK, len(free_energies), _BLOCK))
    finite = (block[np.isfinite(block)] for block in blocks if len(block))
    return tuple(float(block.mean()) if len(block) else float("nan") for block in finite)
