"""What a command does before anything else: import, and check that JAX can compute at all."""

import importlib
import os

from fluvial.cli.importing import importing
from fluvial.errors import InputError, first_line

__all__ = ["check_backend", "prepare"]


def prepare(*modules: str) -> None:
    """Import JAX, with a cache for what it compiles, and modules; then check the backend.

    Raises:
        InputError: as ``check_backend`` does.
    """
    with importing():
        from fluvial.storage.cache import keep_compiled

        keep_compiled()
        check_backend()
        for module in modules:
            importlib.import_module(module)


def check_backend() -> None:
    """Check that JAX finds a device.

    Raises:
        InputError: if it does not, as with ``JAX_PLATFORMS=cuda`` where there is no GPU.
    """
    import jax

    try:
        jax.devices()
    # Without a plugin, a driver or a device; each is an error of another kind.
    except Exception as error:
        told = os.environ.get("JAX_PLATFORMS")
        asked = f"JAX_PLATFORMS={told}" if told else "the default platform"
        reason = first_line(error)[:200].rstrip(".")
        raise InputError(
            f"JAX cannot use {asked} ({reason}): set JAX_PLATFORMS=cpu, or install what it lacks."
        ) from error
