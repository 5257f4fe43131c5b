"""Several processes, on one host or on many, as one computation."""

import os
from collections.abc import Mapping

import jax

from fluvial.errors import InputError, first_line

__all__ = ["join"]

_COORDINATOR, _PROCESSES, _PROCESS = (
    "JAX_COORDINATOR_ADDRESS",
    "JAX_NUM_PROCESSES",
    "JAX_PROCESS_ID",
)
_SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_PROCID", "SLURM_LOCALID")


def join(
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
    *,
    timeout: int = 300,
) -> None:
    """Join the other processes of a training, before anything is computed.

    Every process runs the same program; ``amortized.train`` then uses the devices of all. What is
    not given comes from the environment: ``JAX_COORDINATOR_ADDRESS``, ``JAX_NUM_PROCESSES`` and
    ``JAX_PROCESS_ID``, or the step of SLURM (``srun``) that the process is a task of. Where
    neither says that there is another process, nothing happens.

    Args:
        coordinator: HOST:PORT of process 0, a free port that all others can reach.
        processes: how many there are.
        process: which one this is, from 0.
        timeout: seconds to wait for the others.

    Raises:
        InputError: if only some of the three are known, they make no sense, JAX has computed
            already, or the others do not come.

    Example:
        >>> join()  # alone: nothing happens
    """
    known = _known(coordinator, processes, process, os.environ)
    if known is None:
        return
    try:
        jax.distributed.initialize(*known, initialization_timeout=timeout)
    except RuntimeError as error:
        raise InputError(
            f"this process could not join the others ({first_line(error)}): start every process, "
            "with the same coordinator and before anything is computed in it."
        ) from error


def _known(
    coordinator: str | None,
    processes: int | None,
    process: int | None,
    environment: Mapping[str, str],
) -> tuple[str | None, int | None, int | None] | None:
    """What is known of the processes; three times None leaves it to JAX to ask SLURM."""
    coordinator = coordinator or environment.get(_COORDINATOR) or None
    processes = _number(processes, _PROCESSES, environment)
    process = _number(process, _PROCESS, environment)
    given = (coordinator, processes, process)
    if given == (None, None, None):
        tasks = environment.get("SLURM_NTASKS", "1") if _in_slurm(environment) else "1"
        return given if tasks != "1" else None
    if coordinator is None or processes is None or process is None:
        raise InputError(
            "coordinator, processes and process belong together: give all three, as arguments or "
            f"as {_COORDINATOR}, {_PROCESSES} and {_PROCESS}."
        )
    host, _, port = coordinator.rpartition(":")
    if not (host and port.isdecimal()):
        raise InputError(f"the coordinator is {coordinator!r}: give HOST:PORT of process 0.")
    if not 0 <= process < processes:
        raise InputError(
            f"this is process {process} of {processes}: number them from 0 to {processes - 1}."
        )
    return given


def _in_slurm(environment: Mapping[str, str]) -> bool:
    return all(name in environment for name in _SLURM)


def _number(given: int | None, name: str, environment: Mapping[str, str]) -> int | None:
    text = environment.get(name)
    if given is not None or not text:
        return given
    if not text.isdecimal():
        raise InputError(f"{name} is {text!r}: give a whole number.")
    return int(text)
