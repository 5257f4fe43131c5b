"""The pipeline: from a target to a posterior, stage by stage."""

import dataclasses
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
from threadpoolctl import threadpool_limits

from fluvial.compile_clock import compile_clock
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.inference.checkpoint import Checkpoint
from fluvial.inference.concluding import conclude, fatal_reasons, without_draws
from fluvial.inference.correcting import Corrected, correct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.hasty import hasty
from fluvial.inference.matching import match
from fluvial.inference.memory import memory_for
from fluvial.inference.refining import Refined, refine
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.spent import BudgetSpent
from fluvial.inference.starting import begin
from fluvial.inference.warm import fewer_moves, warm_from
from fluvial.inference.warm_match import warm_match
from fluvial.posterior.as_prior import PriorPosterior
from fluvial.posterior.posterior import Posterior
from fluvial.progress import Progress
from fluvial.seeds import check_seed
from fluvial.storage.cache import compiled_kept
from fluvial.targets import Target

__all__ = ["fit"]

_ONE_THREAD = 1000  # speed: coordinates up to which one thread is quicker


def fit(
    target: Target,
    flow: str | Flow = "auto",
    seed: int = 0,
    *,
    start: Posterior | None = None,
    progress: bool = True,
    max_steps: int = 3000,
    max_seconds: float | None = None,
    max_evaluations: int | None = None,
    checkpoint: str | Path | None = None,
    every_device: bool | None = None,
    settings: Settings = DEFAULT,
) -> Posterior:
    """Fit a posterior, and say whether to trust it.

    The draws of training are split over all GPUs or TPUs, and over all processes if
    ``distributed.join`` was called first, which then all have to make the same calls; the numbers
    are those of one device, up to rounding. CPU devices of one process share its cores, so only one
    of them is used unless ``every_device`` is True. What the host computes, such as a Stan program,
    is not split.

    What is compiled is kept in the cache folder (``FLUVIAL_CACHE``, or the platform's own), where
    other processes find it, unless ``FLUVIAL_KEEP_COMPILED=0`` is set.

    Args:
        target: what to infer.
        flow: "auto" trains a flow only if neither a Gaussian nor, in few dimensions, a mixture of
            Gaussians is right already; otherwise a flow, or the text of one such as "realnvp:8" or
            "planar:32", that is always trained. For a function that JAX cannot trace it has no
            effect: ``settings.black_box.flow`` is trained where mixtures will not do.
        seed: decides everything random; the same seed gives the same bits on the same machine.
        start: an earlier fit of nearly the same target, with more data, another prior, or
            parameters added: its modes and components are where this one starts. New modes are
            still searched for. ``posterior.provenance.warm_start`` says what was saved.
        progress: show a progress line on the terminal.
        max_steps: the most training steps for one component.
        max_seconds: of wall time, after which the best so far is returned with its verdict.
        max_evaluations: of the log density, likewise. For a function that JAX cannot trace, the
            last third of either limit is spent on fresh draws, which judge the rest.
        checkpoint: a folder in which expensive intermediate results are saved as soon as they are
            done. A fit that was killed, and is called again with the same arguments, continues
            from there and ends with the same bits.
        every_device: True splits over all devices, also where one process has several on one CPU
            (``XLA_FLAGS``, ``numpyro.set_host_device_count``); False uses only the first device
            of this process.
        settings: every threshold and budget that decides what the fit does or says; the
            posterior's provenance keeps them.

    Returns:
        The posterior; its ``verdict`` says what its draws are worth. An improper density is FAILED
        before any training, and has no draws. Ctrl-C during training returns the best posterior so
        far, with ``interrupted`` set.

    Raises:
        InputError: if the flow cannot be built, the density is finite nowhere, ``start`` has
            FAILED or shares no parameter with the target, memory runs out, or another process has
            stopped.

    Example:
        >>> import jax.numpy as jnp
        >>> import fluvial
        >>> target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=3)
        >>> posterior = fluvial.fit(target, progress=False)
        >>> abs(posterior.log_evidence - 1.5 * 1.837877) < 0.01
        True
    """
    if max_steps < 1:
        raise InputError(f"max_steps is {max_steps}: give at least 1.")
    spec = settings.flow.choose(target.dim) if flow == "auto" else flow
    check_seed(seed)
    budget = FitBudget(max_seconds, max_evaluations)
    settings = _affordable(settings, max_evaluations, target.dim)
    if flow != "auto" or target.dim > settings.flow.many:
        # Fail before any work is done, and without compiling what draws a flow's parameters.
        eqx.filter_eval_shape(lambda: build_flow(spec, target.dim, key=jax.random.key(0)))
    warm = None if start is None else warm_from(target, start, spec)
    settings = settings if warm is None else fewer_moves(settings)
    # Threads cost more than they bring on matrices of this size, most of all on a busy machine.
    threads = 1 if target.dim <= _ONE_THREAD else None
    whole = target.on_host and target.streamed is None
    devices = Devices(every=False if whole else every_device)
    progress = progress and devices.first
    folder = None if checkpoint is None else Path(checkpoint)
    with (
        threadpool_limits(threads, "blas"),
        compiled_kept(),
        compile_clock() as compiling,
        Progress(shown=progress, compiling=compiling) as shown,
        memory_for(target.dim, folder, settings.weigh.draws),
    ):
        run = Run(
            counted=CountedTarget(
                target, settings, None if target.black_box is not None else budget
            ),
            flow=spec,
            always_train=flow != "auto",
            seed=seed,
            max_steps=max_steps,
            settings=settings,
            rng=_generator(target, seed),
            progress=shown,
            devices=devices,
            budget=budget,
            checkpoint=Checkpoint(folder, [settings.mapping()]),
            warm=warm,
        )
        shown.left = run.left
        if target.black_box is not None:
            if run.checkpoint.folder is not None:
                target.black_box.keep(run.checkpoint.folder / "evaluations")
            from fluvial.inference.black_box.lane import fit_black_box

            return fit_black_box(run, target.black_box)
        with devices.together("fit again"):
            if target.streamed is None:
                return _fitted(run)
            from fluvial.inference.rows.pipeline import fit_rows

            return fit_rows(run, _fitted)


def _generator(target: Target, seed: int) -> np.random.Generator:
    """Another one for each fit of a chain: errors that are all the same would not average out."""
    prior = target.prior
    if not isinstance(prior, PriorPosterior):
        return np.random.default_rng(seed)
    return np.random.default_rng((seed, 1 + len(prior.posterior.provenance.chain)))


def _affordable(settings: Settings, evaluations: int | None, dim: int) -> Settings:
    """Weigh no more draws than memory and parts of a budget allow."""
    weigh, chain = settings.weigh, settings.chain
    draws = min(weigh.draws, max(weigh.numbers // dim, weigh.component_draws))
    component_draws = weigh.component_draws
    if evaluations is not None:
        draws = min(draws, max(1, evaluations // weigh.budget_part))
        least = max(1, evaluations // weigh.component_budget_part)
        component_draws = min(component_draws, least)
    weigh = dataclasses.replace(weigh, draws=draws, component_draws=component_draws)
    kept = max(weigh.numbers // (dim * chain.chains), chain.least_kept)
    kept -= kept % chain.pieces
    chain = dataclasses.replace(chain, kept=min(chain.kept, kept))
    return dataclasses.replace(settings, weigh=weigh, chain=chain)


def _fitted(run: Run) -> Posterior:
    """Go through the stages in order; each is a file of its own, and hands on values."""
    started = None
    try:
        with run.progress.stage("starts"):
            started = begin(run)
        if started.improper:
            return without_draws(run, started, started.improper)
        with run.progress.stage("gaussian"):
            if started.product is not None:
                matched = started.product
            elif run.warm is None:
                matched = match(run, started.starts, started.ends, doubtful=started.doubtful)
            else:
                matched = warm_match(run, run.warm, started.starts, started.ends)
    except BudgetSpent:
        started, fitted = hasty(run, started)
        refined = Refined(fitted, None, 0.0, 0.0, None, (), (), True)
        return conclude(run, started, refined, Corrected(fitted, [], True))
    if matched.improper:
        return without_draws(run, started, matched.improper)
    ends = started.ends if started.product is None else []
    refined = refine(run, matched, started.starts, ends, doubtful=started.doubtful)
    corrected = correct(run, refined, fatal=bool(fatal_reasons(started, refined)))
    return conclude(run, started, refined, corrected)
