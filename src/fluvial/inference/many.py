"""Independent fits on whatever runs functions elsewhere: processes, a dask cluster, MPI."""

import multiprocessing
import traceback
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from fluvial.errors import InputError, described
from fluvial.flows import Flow
from fluvial.inference.fit import fit
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.storage import from_parts, to_parts
from fluvial.progress import Progress
from fluvial.targets import Target

__all__ = ["Failure", "Fits", "fit_many"]

_Parts = tuple[dict[str, Any], dict[str, bytes]]


@dataclass(frozen=True)
class Failure:
    """Why there is no posterior.

    Attributes:
        reason: a sentence.
        traceback: where it happened, if that was inside a fit and not the user's mistake.
    """

    reason: str
    traceback: str = ""


@dataclass(frozen=True, eq=False)
class Fits:
    """What became of many fits, in the order of the targets.

    Attributes:
        posteriors: of the fits that succeeded, by the target's name or number.
        failures: of the others.

    Printed, it is a line for each.
    """

    posteriors: dict[Hashable, Posterior]
    failures: dict[Hashable, Failure]

    def __str__(self) -> str:
        lines = [
            f"{name}: {posterior.verdict.value}, log evidence {posterior.log_evidence:.3f}"
            for name, posterior in self.posteriors.items()
        ]
        lines += [
            f"{name}: no posterior, {failure.reason}" for name, failure in self.failures.items()
        ]
        return "\n".join(lines)


def fit_many(
    targets: Mapping[Any, Target] | Sequence[Target],
    flow: str | Flow = "auto",
    seed: int = 0,
    *,
    executor: Executor,
    progress: bool = True,
    max_steps: int = 3000,
    settings: Settings = DEFAULT,
) -> Fits:
    """Fit many targets, each as ``fluvial.fit(target, flow, seed)`` on one device, to the bit.

    Any ``concurrent.futures.Executor`` will do: a ``ProcessPoolExecutor`` whose processes are
    spawned, a dask cluster's ``client.get_executor()``, mpi4py's ``MPIPoolExecutor``. A fit that
    fails does not stop the others.

    A target travels as what it was made of, and is made again where it is fitted: a Stan program
    and its data, a model and its arguments, or a log density with all that it refers to, functions
    of a notebook or of the main script included. Modules that it imports must be installed there.
    Posteriors come back as the files that ``Posterior.save`` writes.

    Args:
        targets: by name, or in a sequence, which numbers them from 0.
        flow: see ``fluvial.fit``.
        seed: the same for each.
        executor: is left open.
        progress: show a progress line on the terminal.
        max_steps: see ``fluvial.fit``.
        settings: see ``fluvial.fit``; the same for each.

    Returns:
        The posteriors, and why there is none where there is none. Ctrl-C returns what there is.

    Raises:
        InputError: if the executor forks, which hangs under JAX's threads.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> import fluvial
        >>> target = fluvial.Target(lambda x: -0.5 * (x**2).sum(), dim=1)
        >>> with ThreadPoolExecutor(1) as executor:
        ...     fits = fit_many({"a": target}, executor=executor)
        >>> fits.posteriors["a"].verdict.value, fits.failures
        ('GOOD', {})
    """
    _check_executor(executor)
    named = dict(targets) if isinstance(targets, Mapping) else dict(enumerate(targets))
    template = flow if isinstance(flow, Flow) else None
    outcomes: dict[Hashable, Posterior | Failure] = {}
    options = {"max_steps": max_steps, "settings": settings}
    with Progress(shown=progress) as shown, shown.stage("fits"):
        futures = {
            _submitted(executor, target, flow, seed, options): name
            for name, target in named.items()
        }
        try:
            for future in as_completed(futures):
                name = futures[future]
                outcomes[name] = _outcome(future, named[name], template)
                shown.update(len(outcomes), len(named), _note(outcomes))
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
    return _sorted(named, outcomes)


def _check_executor(executor: Executor) -> None:
    if not isinstance(executor, ProcessPoolExecutor):
        return
    context = getattr(executor, "_mp_context", None) or multiprocessing.get_context()
    if context.get_start_method() == "fork":
        raise InputError(
            "the executor forks its processes, which hang on the threads of JAX: make it with "
            'ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")).'
        )


def _submitted(
    executor: Executor, target: Target, flow: str | Flow, seed: int, options: dict[str, Any]
) -> Future:
    """Hand a fit to the executor; what cannot even be handed over is a future that failed."""
    try:
        return executor.submit(_fit, _packed(target, flow), seed, options)
    except Exception as error:  # of the executor's, or the user's, own kind
        failed: Future = Future()
        failed.set_exception(error)
        return failed


def _packed(target: Target, flow: str | Flow) -> bytes:
    """Pack a target here, so that all executors, whatever they pickle with, see bytes."""
    try:
        return cloudpickle.dumps((target, flow))
    except Exception as error:
        raise InputError(
            f"what the target refers to cannot be sent to another process ({described(error)}): "
            "make its log density of functions and arrays alone."
        ) from error


def _fit(cargo: bytes, seed: int, options: dict[str, Any]) -> _Parts | Failure:
    """Fit one target, wherever this runs; errors return as text, since not all can be sent."""
    try:
        target, flow = cloudpickle.loads(cargo)
        # Threads that compute at the same time on several devices would wait for each other.
        posterior = fit(target, flow, seed, progress=False, every_device=False, **options)
        return to_parts(posterior.parts(recorded=False))
    except InputError as error:
        return Failure(str(error))
    except Exception as error:
        return Failure(described(error), traceback.format_exc())


def _outcome(future: Future, target: Target, template: Flow | None) -> Posterior | Failure:
    try:
        result = future.result()
    except InputError as error:
        return Failure(str(error))
    except Exception as error:  # a process that died, a cluster that is gone
        return Failure(described(error))
    if isinstance(result, Failure):
        return result
    content, files = result
    return Posterior.of(from_parts(content, files, Path("the fit"), flow=template), target)


def _note(outcomes: Mapping[Hashable, Posterior | Failure]) -> str:
    failed = sum(isinstance(outcome, Failure) for outcome in outcomes.values())
    return f"{failed} of them failed" if failed else ""


def _sorted(named: Mapping[Any, Target], outcomes: Mapping[Any, Posterior | Failure]) -> Fits:
    interrupted = Failure("interrupted before it was done.")
    posteriors, failures = {}, {}
    for name in named:
        outcome = outcomes.get(name, interrupted)
        (failures if isinstance(outcome, Failure) else posteriors)[name] = outcome
    return Fits(posteriors, failures)
