"""Stage 4: a flow for each mode, where Gaussians will not do."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import Flow
from fluvial.inference.flow_training.choosing import Choice, choose, untrained
from fluvial.inference.flow_training.linear_steps import enough, steps_taken
from fluvial.inference.flow_training.responsibilities import SharedTarget
from fluvial.inference.flow_training.sparse_flow import most_inputs, sparse_spec, with_networks
from fluvial.inference.flow_training.train import Training, flattened, train
from fluvial.inference.natural_gradient.margin_moves import with_margins
from fluvial.inference.natural_gradient.whitening import Whitened
from fluvial.inference.run import Run
from fluvial.inference.spent import BudgetSpent
from fluvial.inference.structure.dependence import Dependence
from fluvial.objectives import FreeEnergy
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["TrainedModes", "train_modes"]

_Gaussians = list[Gaussian | DiagonalGaussian]
# What a sparse flow may be given, besides what is linear in hubs and heads.
_GROWTHS = ("", "margins", "all")


class TrainedModes(NamedTuple):
    """Components, whether Ctrl-C ended their training, and what flow they have."""

    components: list[Component]
    interrupted: bool
    choice: Choice


def train_modes(
    run: Run,
    q: Mixture,
    before: Choice | None = None,
    dependence: Dependence | None = None,
    choice: Choice | None = None,
) -> TrainedModes:
    """Put a trained flow in place of every Gaussian; what is a flow of this fit stays.

    Args:
        run: the fit.
        q: the Gaussians, and the flows of earlier rounds, or of the fit that this one started from.
        before: which flow those have; None if there are none yet.
        dependence: of the coordinates on each other, where it is known already.
        choice: which flow to train, where that is known already.
    """
    components: list[Component] = []
    interrupted = False
    first = before is None
    choice = before or choice or choose(run, q, dependence)
    for k, component in enumerate(q.components):
        # A sparse flow or a copula is of the whole; what a search adds to it stays a Gaussian.
        wanted = first or not (choice.bent or choice.dependence is not None)
        earlier = None if run.warm is None else run.warm.flow_of(component)
        trainable = isinstance(component, GaussianComponent) or earlier is not None
        if trainable and wanted and not interrupted:
            component, interrupted, choice = _trained(run, q, choice, k, earlier)
        components.append(component)
    return TrainedModes(components, interrupted, choice)


def _trained(
    run: Run, q: Mixture, choice: Choice, k: int, earlier: FlowComponent | None
) -> tuple[Component, bool, Choice]:
    flow, gaussians = untrained(run, choice, q, k, run.keys(k).flow)
    if earlier is not None:
        flow = earlier.trained
    objective = FreeEnergy()
    try:
        run.counted.spend(run.settings.train.chunk * objective.draws, _compiling(run))
    except BudgetSpent:
        return q.components[k], True, choice
    parameters, _ = flattened(flow)
    whole = True

    def trained():
        nonlocal whole
        stepped, result, grown = _train(
            run, q, choice, k, flow, gaussians, begun=earlier is not None
        )
        whole = not result.interrupted
        return {
            "parameters": np.asarray(flattened(result.flow)[0]),
            "grown": np.array(_GROWTHS.index(grown)),
            "counts": np.array([result.evaluations, result.nonfinite]),
            "elbos": _mean_elbos(result.free_energies, run.settings.train.chunk),
            "mean": stepped.mean,
            "factor": stepped.factor,
        }

    given = _given(run, q, choice, k, parameters, gaussians)
    kept = run.checkpoint.recall("flow", given, trained, lambda: whole)
    evaluations, nonfinite = kept["counts"]
    run.counted.count(int(evaluations), int(nonfinite))
    run.elbo_trace.append(tuple(map(float, kept["elbos"])))
    flow, choice = _grown(run, flow, choice, k, _GROWTHS[int(kept["grown"])])
    flow = flattened(flow)[1](jnp.asarray(kept["parameters"]))
    kind = DiagonalGaussian if kept["factor"].ndim == 1 else Gaussian
    return FlowComponent(flow, kind(kept["mean"], kept["factor"])), not whole, choice


def _compiling(run: Run) -> float:
    """How many seconds compiling the first training is expected to take; nothing cuts it short."""
    return 0.0 if run.elbo_trace else run.settings.train.compiling * run.progress.compiled


def _grown(run: Run, flow: Flow, choice: Choice, k: int, grown: str) -> tuple[Flow, Choice]:
    """Give a sparse flow what it was given while it was trained."""
    if choice.dependence is None or not grown:
        return flow, choice
    if grown == "margins":
        spec = sparse_spec(choice.dependence, margins=True)
        return with_margins(flow), choice._replace(flow=spec)
    spec = sparse_spec(choice.dependence, networks=True)
    return with_networks(flow, choice.dependence, run.keys(k).flow), choice._replace(flow=spec)


def _given(run: Run, q: Mixture, choice: Choice, k: int, parameters, gaussians: _Gaussians) -> list:
    """All that training a component depends on."""
    shapes = [array for g in gaussians for array in (g.mean, g.factor)]
    spec = choice.flow if isinstance(choice.flow, str) else repr(choice.flow)
    return [
        "and its margins",
        spec,
        run.seed,
        run.max_steps,
        k,
        q.weights,
        np.asarray(parameters),
        *shapes,
    ]


def _train(
    run: Run,
    q: Mixture,
    choice: Choice,
    k: int,
    flow: Flow,
    gaussians: _Gaussians,
    *,
    begun: bool,
) -> tuple[Gaussian | DiagonalGaussian, Training, str]:
    """Train; also the Gaussian that whitens the flow's target, of which steps may make another.

    A sparse flow gets margins of its own only where steps are not enough, and its networks where
    these are not enough either; which of them, is returned, too. What an earlier fit has begun to
    train is past such steps. What streams rows takes no others.
    """
    objective, parts, keys = FreeEnergy(), len(gaussians), run.keys(k)
    before, gaussian, grown, settings = 0, gaussians[k], "", run.settings.train

    def show(steps: int, elbo: float) -> None:
        made = before + steps * objective.draws
        run.counted.spend(made + run.settings.train.chunk * objective.draws)
        run.counted.under_way = made
        run.progress.update(steps, run.max_steps, f"part {k + 1} of {parts}, ELBO {elbo:.3f}")

    if choice.linear and parts == 1 and not begun:
        rng = np.random.default_rng(np.asarray(jax.random.key_data(keys.train)))
        stepped, grown = steps_taken(
            run,
            choice,
            flow,
            gaussian,
            rng,
            lambda evaluations, elbo: show(-(-evaluations // objective.draws), elbo),
        )
        flow, gaussian, before = stepped.flow, stepped.gaussian, stepped.evaluations
        done = choice.bent or stepped.weights.half_variance < enough(run)
        if stepped.interrupted or done or run.target.streamed is not None:
            elbo = np.array([-stepped.weights.elbo])
            return gaussian, Training(flow, elbo, 0, before, stepped.interrupted), grown
        settings = settings.after_steps()
        if choice.dependence is not None:
            flow, grown = with_networks(_straight(flow, grown), choice.dependence, keys.flow), "all"
    with jax.enable_x64(True):
        trained = train(
            flow,
            Whitened(run.target, gaussian)
            if parts == 1
            else SharedTarget(run.target, gaussians, q.weights, k, run.settings),
            keys.train,
            objective=objective,
            max_steps=run.max_steps,
            settings=settings,
            on_chunk=show,
            devices=run.devices,
            inputs=None if choice.dependence is None else most_inputs(choice.dependence),
        )
    return gaussian, trained._replace(evaluations=before + trained.evaluations), grown


def _straight(flow: Any, grown: str) -> Flow:
    """A sparse flow without the margins that were not enough."""
    return flow.flows[-1] if grown == "margins" else flow


def _mean_elbos(free_energies: Float[np.ndarray, " steps"], chunk: int) -> np.ndarray:
    """The mean ELBO of each chunk of steps; NaN if none of its steps had a finite draw."""
    chunks = np.split(-free_energies, range(chunk, len(free_energies), chunk))
    finite = [elbos[np.isfinite(elbos)] for elbos in chunks if len(elbos)]
    return np.array([elbos.mean() if len(elbos) else np.nan for elbos in finite])
