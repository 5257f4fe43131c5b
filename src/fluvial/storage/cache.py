"""The cache folder: what is fetched or compiled is kept there, so that the next run need not."""

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

__all__ = ["cache_folder", "compiled_kept", "keep_compiled"]


_FORGET = "FLUVIAL_KEEP_COMPILED"


def keep_compiled() -> None:
    """Switch JAX's persistent compilation cache on, for the rest of the process.

    Where the user has given JAX a folder, that one is used; one that cannot be written is done
    without. ``FLUVIAL_KEEP_COMPILED=0`` keeps nothing.
    """
    _told(_options())


@final
class _Inside:
    """How many fits are under way that keep what they compile, and how JAX was before them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._count = 0
        self._before: dict[str, Any] = {}

    def enter(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._before = _told(_options())

    def leave(self) -> None:
        from jax.experimental.compilation_cache import compilation_cache

        with self._lock:
            self._count -= 1
            if self._count == 0 and self._before:
                _told(self._before)
                compilation_cache.reset_cache()


_inside = _Inside()


@contextmanager
def compiled_kept() -> Iterator[None]:
    """Keep on disk what is compiled meanwhile; afterwards JAX is as it was.

    Where JAX has a folder already, nothing is changed. ``FLUVIAL_KEEP_COMPILED=0`` keeps nothing.

    Example:
        >>> import jax
        >>> before = jax.config.jax_compilation_cache_dir
        >>> with compiled_kept():
        ...     total = jax.numpy.ones(3).sum()
        >>> jax.config.jax_compilation_cache_dir == before
        True
    """
    _inside.enter()
    try:
        yield
    finally:
        _inside.leave()


def _options() -> dict[str, Any]:
    """What JAX is to be told; nothing where it has been told by others, or must not keep."""
    import jax

    if os.environ.get(_FORGET) == "0":
        return {}
    # By default JAX keeps only what took a second to compile; here many small programs add up.
    options: dict[str, Any] = {
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return options
    folder = cache_folder() / "compiled"
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if chosen or not _writable(folder):
        return {}
    return options | {"jax_compilation_cache_dir": str(folder)}


def _told(options: dict[str, Any]) -> dict[str, Any]:
    """Tell JAX, and return what it had been told before."""
    import jax

    before = {name: getattr(jax.config, name) for name in options}
    for name, value in options.items():
        jax.config.update(name, value)
    return before


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
