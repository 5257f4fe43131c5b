"""Which calls read a clock, and how finely it ticks."""

import ast
import re
from collections.abc import Iterable

from fluvial.replication.names import plain_source

__all__ = ["MEASURED", "Clocks", "parsed_code", "reads_clock"]

# In seconds: what PEP 418 lists for the coarsest system that a notebook may have been recorded on,
# and of CPU time the ticks that times(2) counts.
_WALL, _CPU, _FINE = 2.0**-6, 0.01, 0.0
_CALLS = {
    "time": {
        **dict.fromkeys(("time", "time_ns", "monotonic", "monotonic_ns"), _WALL),
        **dict.fromkeys(("process_time", "process_time_ns", "clock_gettime"), _WALL),
        **dict.fromkeys(("clock", "thread_time", "thread_time_ns", "clock_gettime_ns"), _WALL),
        **dict.fromkeys(("perf_counter", "perf_counter_ns"), _FINE),
    },
    "timeit": dict.fromkeys(("default_timer", "timeit", "repeat", "Timer"), _FINE),
    "os": {"times": _CPU},
    "resource": {"getrusage": _CPU},
    "psutil": {"cpu_times": _CPU, "Process.cpu_times": _CPU},
    "datetime": dict.fromkeys(
        ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"), _WALL
    ),
    "pandas": dict.fromkeys(("Timestamp.now", "Timestamp.utcnow", "Timestamp.today"), _WALL),
    "arrow": {"now": _WALL, "utcnow": _WALL},
    "pendulum": {"now": _WALL},
    "cv2": {"getTickCount": _FINE},
    "torch": {"cuda.Event": _FINE},
    "tensorflow": {"timestamp": _FINE},
}
_RESOLUTIONS = {f"{module}.{name}": s for module, own in _CALLS.items() for name, s in own.items()}
MEASURED = frozenset(
    (
        *("fit_time", "score_time", "mean_fit_time", "std_fit_time", "mean_score_time"),
        *("std_score_time", "refit_time_"),
    )
)
"""Fields in which scikit-learn keeps how long it took."""

_READS = re.compile(
    r"\b(?:time\(\)|perf_counter|process_time|thread_time|monotonic|default_timer|now\(\)|today\(\)"
    r"|utcnow\(\)|Timer\(|timeit|clock\(|clock_gettime|times\(\)|cpu_times|getrusage)"
)
_TIMED_MAGIC = re.compile(r"^(\s*\w+\s*=\s*)%timeit\b.*$", re.MULTILINE)
_TIME_MAGIC = re.compile(r"^(\s*)%time[ \t]+(?=\S)", re.MULTILINE)


def parsed_code(source: str) -> ast.Module | None:
    """Read code as Python does, what ``%timeit -o`` returns being a time; None if it cannot be.

    Lines that only IPython understands are left out.
    """
    plain = _TIMED_MAGIC.sub(r"\1timeit.timeit()", source)
    plain = _TIME_MAGIC.sub(r"\1", plain)
    try:
        return ast.parse(plain_source(plain))
    except (SyntaxError, ValueError, RecursionError):
        return None


def reads_clock(source: str) -> bool:
    """Whether code reads a clock, under whatever name.

    Example:
        >>> reads_clock("from timeit import default_timer as tick; print(tick())")
        True
    """
    if _READS.search(source) or any(name in source for name in MEASURED):
        return True
    if (code := parsed_code(source)) is None:
        return False
    clocks = Clocks(code)
    calls = (node for node in ast.walk(code) if isinstance(node, ast.Call))
    return any(clocks.resolution(call) is not None for call in calls)


class Clocks:
    """The clocks that code can read, by the names that it imports them by.

    Args:
        code: of which the imports are read, wherever they are.

    Example:
        >>> tree = ast.parse("from time import perf_counter as now; now()")
        >>> Clocks(tree).resolution(tree.body[1].value)
        0.0
    """

    def __init__(self, code: ast.AST):
        self._means: dict[str, str] = {}
        for node in ast.walk(code):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname:
                        self._means[alias.asname] = alias.name
            elif isinstance(node, ast.ImportFrom) and node.module:
                self._means |= dict(_imported(node.module, node.names))

    def resolution(self, call: ast.Call) -> float | None:
        """Return how finely the clock ticks that a call reads, in seconds; None if it reads none.

        A method of what a call returns, such as ``Timer(f).timeit()``, reads what that call reads.
        """
        name = _dotted(call.func)
        if name is None:
            inner = call.func.value if isinstance(call.func, ast.Attribute) else None
            return self.resolution(inner) if isinstance(inner, ast.Call) else None
        root, _, rest = name.partition(".")
        full = f"{self._means.get(root, root)}.{rest}".rstrip(".")
        # "from datetime import datetime" is so common that notebooks leave it out of sight.
        return _RESOLUTIONS.get(full, _RESOLUTIONS.get(f"datetime.{full}"))


def _imported(module: str, names: Iterable[ast.alias]) -> Iterable[tuple[str, str]]:
    for alias in names:
        if alias.name == "*":
            yield from ((name, f"{module}.{name}") for name in _CALLS.get(module, ()))
        else:
            yield alias.asname or alias.name, f"{module}.{alias.name}"


def _dotted(node: ast.expr) -> str | None:
    """Return a name with dots as it is written; None for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])
