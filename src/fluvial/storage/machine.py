"""On what machine, with which packages, and when something was measured."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path

import jax

__all__ = ["machine", "packages", "timestamp"]

_PACKAGES = (
    "diffrax",
    "equinox",
    "jax",
    "jaxlib",
    "numpy",
    "optax",
    "scikit-learn",
    "scipy",
    "statsmodels",
)


def machine() -> dict[str, str | int]:
    """Describe the machine: system, processor, number of cores that this process may use.

    Where JAX computes on an accelerator, that is named too.

    Example:
        >>> machine()["cores"] >= 1
        True
    """
    found: dict[str, str | int] = {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": _cores(),
        "python": platform.python_version(),
    }
    if jax.default_backend() != "cpu":
        found["accelerator"] = jax.devices()[0].device_kind
    return found


def packages() -> dict[str, str]:
    """Return name -> version of those packages that a result can depend on.

    Example:
        >>> "jax" in packages()
        True
    """
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an extra that is not installed
    return versions


def timestamp() -> str:
    """Return the time, UTC, in ISO 8601 to the second.

    Example:
        >>> timestamp().endswith("Z")
        True
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the model's name: where Linux keeps it, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
