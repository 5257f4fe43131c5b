"""A pool of the user's that calls a function: an executor, or whatever has a ``map`` like one."""

import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fluvial.errors import InputError, described
from fluvial.evaluating.calling import Caught

__all__ = ["called_by_pool"]


def called_by_pool(
    pool: Any, function: Callable, arguments: Sequence[Any], name: str
) -> Iterator[Any]:
    """Yield the result of each argument in turn, a ``CallFailure`` where the function raised.

    Args:
        pool: has a method ``map``.
        function: of one argument.
        arguments: for it.
        name: what the function is called in sentences.

    Raises:
        InputError: if the pool cannot be sent the function, has failed, or loses results.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor(2) as pool:
        ...     list(called_by_pool(pool, abs, [-1.5, "a"], "log density"))
        [1.5, "raised TypeError: bad operand type for abs(): 'str'"]
    """
    if not arguments:
        return
    found = 0
    try:  # some pools return what went wrong right here, others as it is asked for
        with warnings.catch_warnings():
            # JAX warns where a pool forks; those processes call the user's function alone.
            warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
            results = pool.map(Caught(function), arguments)
        for result in results:
            found += 1
            if found <= len(arguments):
                yield result
    except Exception as error:
        raise _failed(function, error, name) from error
    if found != len(arguments):
        raise InputError(
            f"the pool's map returned {found} results for {len(arguments)} points: it is to "
            "return one for each, in their order, as Python's own map does."
        )


def _failed(function: Callable, error: Exception, name: str) -> InputError:
    try:
        pickle.dumps(function)
    except Exception as reason:
        if (type(reason), str(reason)) == (type(error), str(error)):  # rather than of another thing
            return InputError(
                f"the {name} cannot be sent to the processes of the pool ({described(reason)}): "
                "define it in a module that can be imported, or give `workers` instead, which "
                "takes any function."
            )
    return InputError(
        f"the pool that calls the {name} raised {described(error).rstrip('.')}: give another, or "
        "`workers` instead."
    )
