"""A user's function of NumPy arrays, called for many points: one by one, at once, or elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Float64

from fluvial.errors import InputError, described
from fluvial.evaluating.calling import CallFailure, called
from fluvial.evaluating.fingerprint import fingerprint
from fluvial.evaluating.log import EvaluationLog
from fluvial.evaluating.pools import called_by_pool
from fluvial.evaluating.processes import Processes

__all__ = ["Evaluator", "told"]

_LARGEST_CALL = 4096  # points, of a vectorized function
_SAME = 1e-9  # relative: what differs by less differs by rounding


@final
class Evaluator:
    """Calls a function at points, checks what it returns, and keeps it.

    Args:
        function: from a point (D,) to a number or, if vectorized, from (N, D) to (N,).
        vectorized: which of them.
        processes: that call it; None calls it here.
        pool: or whatever has a ``map`` like Python's own, such as a ``ProcessPoolExecutor``.
        failures: "raise"; "nan" for a value where a call fails; or "-inf" for one where it fails or
            returns NaN.
        name: what the function is called in sentences.

    Attributes:
        calls: how many points it was called for; those found in the log do not count.
        failed: values that count as −inf by ``failures``.
        failure: what went wrong last, a clause; "" if nothing did.
    """

    def __init__(
        self,
        function: Callable,
        *,
        vectorized: bool = False,
        processes: Processes | None = None,
        workers: int = 1,
        pool: Any = None,
        failures: str = "raise",
        name: str = "log density",
    ):
        self._function, self._vectorized = function, vectorized
        self._processes, self._workers, self._pool = processes, workers, pool
        self._failures, self._name = failures, name
        self._log: EvaluationLog | None = None
        self.calls = self.failed = 0
        self.failure = ""

    @property
    def spared(self) -> bool:
        """Whether calls seem to be dear: they are kept on disk, or made by others."""
        elsewhere = self._processes is not None or self._pool is not None
        return self._log is not None or elsewhere

    def keep(self, path: Path, dim: int) -> None:
        """Keep values in a file, and take them from there, unless there is one already.

        Args:
            path: of the file.
            dim: D.

        Raises:
            InputError: if it is of another function, or cannot be written.
        """
        if self._log is not None:
            return
        digest, complete = fingerprint(self._function)
        self._log = EvaluationLog(path, dim, digest)
        if not (self._log.known and complete):
            self._check_log()

    def _check_log(self) -> None:
        """Compare one value that was kept with what the function says now."""
        first = None if self._log is None else self._log.first()
        if self._log is None or first is None:
            return
        point, kept = first
        (_, value), *_ = self._computed(point[None], np.ones(1, bool))
        if not abs(value - kept) <= _SAME * max(1.0, abs(kept)):
            raise InputError(
                f"the cache {self._log.path} says {kept:.10g} at {told(point)} where the "
                f"{self._name} says {value:.10g}: it is of another function, or of other data; "
                "choose another file."
            )

    def __call__(
        self, points: Float[np.ndarray, "N D"], repetition: int = 0
    ) -> Float64[np.ndarray, " N"]:
        """Return values (N,) at points (N, D); NaN, or −inf, where a call failed and may.

        The log keeps NaN in either case, so that one file serves both.

        Args:
            points: in the space of the function.
            repetition: values of one repetition are never looked up for another.

        Raises:
            InputError: if the function raises, or returns anything but real numbers.
        """
        points = np.ascontiguousarray(points, np.float64)
        values = np.full(len(points), np.nan)
        missing = np.ones(len(points), bool)
        if self._log is not None:
            for i, point in enumerate(points):
                kept = self._log.get(point, repetition)
                if kept is not None:
                    values[i], missing[i] = kept, False
        for found, value in self._computed(points, missing):
            values[found] = value
            if self._log is not None:
                found = np.atleast_1d(found)
                self._log.add_all(points[found], np.atleast_1d(np.asarray(value)), repetition)
        if self._failures == "-inf":
            self.failed += int(np.isnan(values).sum())
            values[np.isnan(values)] = -np.inf
        return values

    def _computed(
        self, points: Float[np.ndarray, "N D"], missing: Bool[np.ndarray, " N"]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield (row or rows, value or values) of those missing, as soon as they are known."""
        if self._vectorized:
            # Cut before what is known is left out: a fit that was killed makes the same calls, of
            # which a matrix product may return other bits for other sizes.
            pieces = [piece[missing[piece]] for piece in self._pieces(len(points))]
            pieces = [piece for piece in pieces if len(piece)]
            for i, result in self._results([points[piece] for piece in pieces]):
                self.calls += len(points[pieces[i]])
                yield pieces[i], self._checked_many(result, points[pieces[i]])
        else:
            rows = np.flatnonzero(missing)
            for i, result in self._results(list(points[rows])):
                self.calls += 1
                yield rows[i], self._checked(result, points[rows[i]])

    def _pieces(self, count: int) -> list[np.ndarray]:
        parts = max(self._workers, -(-count // _LARGEST_CALL))
        return [piece for piece in np.array_split(np.arange(count), parts) if len(piece)]

    def _results(self, arguments: Sequence[np.ndarray]) -> Iterator[tuple[int, Any]]:
        if self._processes is not None:
            yield from self._processes.map(arguments)
        elif self._pool is not None:
            results = called_by_pool(self._pool, self._function, arguments, self._name)
            yield from enumerate(results)
        else:
            for i, argument in enumerate(arguments):
                yield i, self._called(argument)

    def _called(self, argument: np.ndarray) -> Any:
        try:
            return called(
                self._function, argument.copy()
            )  # what it does to its argument is its own
        except (Exception, SystemExit) as error:
            if self._failures != "raise":
                return CallFailure(f"raised {described(error)}")
            how = ""
            if isinstance(error, TypeError | LookupError | AttributeError):  # as of another habit
                how = f" (it is called with one array, of shape {argument.shape})"
            raise self._failed(f"raised {described(error)}{how}", argument) from error

    def _failed(self, what: str, argument: np.ndarray) -> InputError:
        where = told(argument[0] if argument.ndim == 2 and len(argument) else argument)
        many = " and others" if argument.ndim == 2 and len(argument) > 1 else ""
        return InputError(
            f"the {self._name} {what.rstrip('.')}, at {where}{many}: mend it, return -inf where "
            'there is no density, or give failures="-inf" if it fails nowhere else, or "nan" if it '
            "may."
        )

    def _checked(self, result: Any, point: np.ndarray) -> float:
        if isinstance(result, CallFailure):
            if self._failures == "raise":
                raise self._failed(result, point)
            self.failure = str(result)
            return np.nan
        array = _real(result, self._name)
        if array.size != 1:
            raise InputError(
                f"the {self._name} returned an array of shape {array.shape} for one point: return "
                "one number, or give vectorized=True if it takes points of shape (N, D)."
            )
        return float(array.reshape(()))

    def _checked_many(self, result: Any, points: np.ndarray) -> Float64[np.ndarray, " N"]:
        if isinstance(result, CallFailure):
            if self._failures == "raise":
                raise self._failed(result, points)
            self.failure = str(result)
            return np.full(len(points), np.nan)
        array = _real(result, self._name)
        one = len(points) == 1 and array.shape == ()  # as NumPy's own functions return it
        if array.shape not in ((len(points),), (len(points), 1)) and not one:
            raise InputError(
                f"the {self._name} returned an array of shape {array.shape} for points of shape "
                f"{points.shape}: return one number for each, in shape ({len(points)},), or leave "
                "out vectorized=True."
            )
        return array.reshape(-1)


def _real(result: Any, name: str) -> Float64[np.ndarray, "..."]:
    try:
        array = np.asarray(_unmasked(result))
        if array.dtype.kind not in "fiu":
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"the {name} returned {_kind(result)}: return a real floating-point number."
        ) from None


def _unmasked(result: Any) -> Any:
    """What is masked has no value."""
    masked = isinstance(result, np.ma.MaskedArray)
    return np.ma.filled(result.astype(np.float64), np.nan) if masked else result


def _kind(result: Any) -> str:
    if result is None:
        return "None"
    if isinstance(result, np.ndarray):
        return f"an array of type {result.dtype}"
    return f"a {type(result).__name__}"


def told(point: np.ndarray) -> str:
    """Return the first coordinates of a point, for a sentence."""
    values = ", ".join(f"{value:.6g}" for value in point[:8])
    return f"[{values}, ...]" if len(point) > 8 else f"[{values}]"
