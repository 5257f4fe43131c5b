"""The cache folder: what is fetched or compiled is kept there, so that the next run need not."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["cache_folder", "keep_compiled"]


def keep_compiled() -> None:
    """Switch JAX's persistent compilation cache on.

    Where the user has given JAX a folder, that one is used; one that cannot be written is done
    without.
    """
    import jax

    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        folder = cache_folder() / "compiled"
        if not _writable(folder):
            return
        jax.config.update("jax_compilation_cache_dir", str(folder))
    # By default JAX keeps only what took a second to compile; here many small programs add up.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def cache_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the user's cache folder for fluvial.

    Args:
        environment: its ``FLUVIAL_CACHE`` comes before the platform's custom; by default the
            process's own.
        platform: as ``sys.platform`` has it.

    Example:
        >>> cache_folder({"FLUVIAL_CACHE": "scratch"}).name
        'scratch'
    """
    if own := environment.get("FLUVIAL_CACHE"):
        return Path(own)
    if xdg := environment.get("XDG_CACHE_HOME"):
        return Path(xdg, "fluvial")
    if platform == "win32" and (local := environment.get("LOCALAPPDATA")):
        return Path(local, "fluvial", "Cache")
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fluvial"
    return Path.home() / ".cache" / "fluvial"
