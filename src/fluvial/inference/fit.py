"""The pipeline: from a target to a posterior, stage by stage."""

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.inference.concluding import conclude, fatal_reasons, without_draws
from fluvial.inference.correcting import correct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.matching import match
from fluvial.inference.refining import refine
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.starting import start
from fluvial.posterior.posterior import Posterior
from fluvial.progress import Progress
from fluvial.seeds import check_seed
from fluvial.targets import Target

__all__ = ["fit"]

_ONE_THREAD = 200  # coordinates up to which one thread is quicker


def fit(
    target: Target,
    flow: str | Flow = "auto",
    seed: int = 0,
    *,
    progress: bool = True,
    max_steps: int = 3000,
    every_device: bool | None = None,
    settings: Settings = DEFAULT,
) -> Posterior:
    """Fit a posterior, and say whether to trust it.

    The draws of training are split over all GPUs or TPUs, and over all processes if
    ``distributed.join`` was called first, which then all have to make the same calls; the numbers
    are those of one device but for rounding. CPU devices of one process share its cores: of those
    one is used, unless ``every_device`` is True. What the host computes, such as a Stan program,
    is not split.

    Args:
        target: what to infer.
        flow: "auto" trains a flow only if a Gaussian is not already right; otherwise a flow, or
            the text of one such as "realnvp:8" or "planar:32", that is always trained.
        seed: decides everything random; the same seed gives the same bits on the same machine.
        progress: show a progress line on the terminal.
        max_steps: the most training steps for one component.
        every_device: True splits over all devices, also where one process has several on one CPU
            (``XLA_FLAGS``, ``numpyro.set_host_device_count``); with False the first device of
            this process does all.
        settings: every threshold of the fit, which the posterior's provenance keeps.

    Returns:
        The posterior; its ``verdict`` says what its draws are worth. A density that is improper
        is FAILED before any training, and has none. Ctrl-C during training
        returns the best posterior so far, with ``interrupted`` set.

    Raises:
        InputError: if the flow cannot be built, the density is finite nowhere, or another process
            has stopped.

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
    build_flow(spec, target.dim, key=jax.random.key(seed))  # fail before any work is done
    # Threads cost more than they bring on matrices of this size, most of all on a busy machine.
    threads = 1 if target.dim <= _ONE_THREAD else None
    devices = Devices(every=False if target.on_host else every_device)
    progress = progress and devices.first
    with threadpool_limits(threads, "blas"), Progress(shown=progress) as shown:
        run = Run(
            counted=CountedTarget(target, settings),
            flow=spec,
            always_train=flow != "auto",
            seed=seed,
            max_steps=max_steps,
            settings=settings,
            rng=np.random.default_rng(seed),
            progress=shown,
            devices=devices,
        )
        return _fitted(run)


def _fitted(run: Run) -> Posterior:
    """Go through the stages in order; each is a file of its own, and hands on values."""
    with run.progress.stage("starts"):
        started = start(run)
    if started.improper:
        return without_draws(run, started, started.improper)
    with run.progress.stage("gaussian"):
        matched = match(run, started.starts, started.ends)
    if matched.improper:
        return without_draws(run, started, matched.improper)
    doubtful = started.missed > run.settings.explore.missed
    refined = refine(run, matched.fitted, doubtful=doubtful)
    corrected = correct(run, refined, fatal=bool(fatal_reasons(started, refined, run.settings)))
    return conclude(run, started, refined, corrected)
