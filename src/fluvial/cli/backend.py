"""A check that JAX can compute at all, made before anything else."""

import os

from fluvial.errors import InputError, first_line

__all__ = ["check_backend"]


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
