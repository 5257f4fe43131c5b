"""PyTensor's graphs as JAX functions, without the noise that PyMC and PyTensor make."""

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import jax

from fluvial.errors import InputError, described

__all__ = ["is_random", "jax_function", "quiet", "sampling"]


def is_random(graph) -> bool:
    """Return whether a graph draws random numbers."""
    from pytensor.graph.traversal import graph_inputs
    from pytensor.tensor.random.type import RandomType

    return any(isinstance(variable.type, RandomType) for variable in graph_inputs([graph]))


def jax_function(inputs: Sequence, outputs: Sequence) -> Callable:
    """Return a graph as a function that JAX can trace, from arrays to a tuple of arrays.

    Raises:
        InputError: if one of its operations has no JAX version.
    """
    try:
        with quiet():
            with _process_unchanged():
                from pymc.sampling.jax import get_jaxified_graph
            with jax.enable_x64(True):  # which the graph's constants need as well
                return get_jaxified_graph(inputs=list(inputs), outputs=list(outputs))
    except Exception as error:
        raise InputError(f"the PyMC model cannot run in JAX: {described(error)}") from error


@contextmanager
def _process_unchanged():
    """Undo what importing the JAX backends of PyTensor and PyMC does to the whole process.

    PyTensor's switches 64-bit types on; PyMC's asks XLA for 100 CPU devices, which XLA would make
    when it is first used.
    """
    # Another thread sees what holds for the process, not what a `with` has set for this one.
    with ThreadPoolExecutor(1) as other:
        enabled = other.submit(jax.config.read, "jax_enable_x64").result()
    flags = os.environ.get("XLA_FLAGS")
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", enabled)
        if flags is None:
            os.environ.pop("XLA_FLAGS", None)
        else:
            os.environ["XLA_FLAGS"] = flags


@contextmanager
def sampling():
    """Silence PyMC's log, which names the variables every time it samples."""
    log = logging.getLogger("pymc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        log.setLevel(level)


@contextmanager
def quiet():
    """Silence PyTensor's advice on its own C code, and pymc-extras' on the terms of its sums.

    That code does not run here, and of the terms all that matters is their total.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There are multiple dependent variables")
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
        yield
