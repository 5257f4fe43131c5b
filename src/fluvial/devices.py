"""All devices of all processes in one mesh: a batch is split over it, the rest is on each."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import distributed as runtime  # whose state has no public name
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree, Shaped

from fluvial.errors import InputError, LostProcessError, first_line

__all__ = ["Devices"]

_AXIS = "data"


@final
class Devices:
    """The devices on which a computation runs; with one of them nothing is done but to use it.

    Every process makes the same calls in the same order: most of them wait for the others.

    CPU devices of one process share its cores, so that a computation gains nothing from a second
    one. Other libraries make many of them for their own ends, PyMC a hundred when its JAX samplers
    are imported; hence they are used only where someone asks.

    Args:
        every: True for all devices of all processes; False for the first of this process; None
            for all of all processes but, of CPU devices, only the first of each process.

    Attributes:
        count: how many devices.
        processes: how many processes have them.
        first: whether this process is the one that reads and writes files.
        local: those of them that this process has.
        rows: how the first axis of an array is split, for ``with_sharding_constraint``; None for
            one device.

    Example:
        >>> devices = Devices(every=False)
        >>> devices.count, devices.processes, devices.first
        (1, 1, True)
    """

    def __init__(self, *, every: bool | None):
        used = _used(every)
        mesh = Mesh(np.array(used), (_AXIS,))
        self._whole = NamedSharding(mesh, PartitionSpec())
        self.rows = NamedSharding(mesh, PartitionSpec(_AXIS)) if len(used) > 1 else None
        self.count = len(used)
        self.local = tuple(d for d in used if d.process_index == jax.process_index())
        alone = every is False
        self.processes = 1 if alone else jax.process_count()
        self.first = alone or jax.process_index() == 0

    def check_batch(self, batch: int) -> None:
        """Check that a batch can be split evenly.

        Raises:
            InputError: if it cannot.
        """
        if batch % self.count:
            raise InputError(
                f"a batch of {batch} cannot be split evenly over {self.count} devices: choose one "
                f"of {self.padded(batch)}, or to resume a number of devices that divides it."
            )

    def padded(self, rows: int) -> int:
        """The next number, from ``rows`` on, that can be split evenly."""
        return -(-rows // self.count) * self.count

    def replicate(self, tree: PyTree) -> PyTree:
        """Put all arrays of a tree, the same in every process, whole on every device."""
        if self.count == 1:
            return jax.tree.map(jnp.array, tree)
        return jax.tree.map(lambda leaf: self._placed(leaf, self._whole), tree)

    def split(self, array: Shaped[np.ndarray, "..."], axis: int) -> Shaped[jax.Array, "..."]:
        """Put an array, the same in every process, on all devices, a piece of an axis on each."""
        if self.rows is None:
            return jnp.asarray(array)
        spec = PartitionSpec(*[None] * axis, _AXIS)
        return self._placed(array, NamedSharding(self.rows.mesh, spec))

    def fetch(self, array: Shaped[jax.Array, "..."]) -> Shaped[np.ndarray, "..."]:
        """Return all of an array, wherever its pieces are, to every process."""
        if self.processes == 1:
            return np.asarray(array)
        return multihost_utils.process_allgather(array, tiled=True)

    def share(self, data: bytes) -> bytes:
        """Return to every process what the first one gives."""
        if self.processes == 1:
            return data
        length = int(multihost_utils.broadcast_one_to_all(np.int32(len(data))))
        given = np.frombuffer(data, np.uint8) if self.first else np.zeros(length, np.uint8)
        # The sum over processes, which it is, comes in a wider type.
        return multihost_utils.broadcast_one_to_all(given).astype(np.uint8).tobytes()

    def any(self, flag: bool) -> bool:
        """Whether a flag is set in any process."""
        if self.processes == 1:
            return flag
        return bool(np.any(multihost_utils.process_allgather(np.uint8(flag))))

    def check_same(self, digest: int, what: str) -> None:
        """Check that all processes have the same.

        Args:
            digest: of what has to be the same, in 32 bits.
            what: what the complaint calls it.

        Raises:
            InputError: in every process, if they have not.
        """
        if self.processes == 1:
            return
        digests = np.ravel(multihost_utils.process_allgather(np.uint32(digest)))
        others = np.flatnonzero(digests != digests[0])
        if len(others):
            raise InputError(
                f"process {others[0]} has not the same {what} as process 0: start all processes "
                "with the same command."
            )

    @contextmanager
    def together(self, advice: str) -> Iterator[None]:
        """Say what has happened where a computation fails since a process is gone.

        Args:
            advice: what to do then.

        Raises:
            LostProcessError: in place of the runtime's own error, if there are several processes,
                which this one no longer waits for when it ends.
        """
        try:
            yield
        except jax.errors.JaxRuntimeError as error:
            if self.processes == 1:
                raise
            _abandon()
            raise LostProcessError(
                f"a step failed, most likely since another of the {self.processes} processes has "
                f"stopped ({first_line(error)}): {advice}."
            ) from error

    def _placed(self, array: Any, sharding: NamedSharding) -> jax.Array:
        whole = np.asarray(array)
        # Each process copies its own devices' pieces; device_put would compare all processes'.
        return jax.make_array_from_callback(whole.shape, sharding, lambda place: whole[place])


def _abandon() -> None:
    """Let this process end without the others, one of which is gone, with its own exit code.

    JAX's way out waits for all of them: for more than a minute, until it misses the one that is
    gone, and then aborts. What would wait is kept for good, so that nothing takes it down either.
    """
    state = runtime.global_state
    for held in (state.client, state.service):
        if held is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(held))
    state.client = state.service = None


def _used(every: bool | None) -> list[Any]:
    if every is False:
        return jax.local_devices()[:1]
    if every:
        return jax.devices()
    firsts = {device.process_index: device for device in reversed(jax.devices())}
    return [d for d in jax.devices() if d.platform != "cpu" or d == firsts[d.process_index]]
