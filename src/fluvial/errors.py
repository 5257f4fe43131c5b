"""The exceptions that fluvial raises on purpose."""

__all__ = ["InputError", "LostProcessError"]


class InputError(ValueError):
    """Something the user gave is wrong.

    The message is one sentence that names what was wrong, where, and what to do. The command
    line prints it without a traceback and leaves with exit code 1.

    Example:
        >>> raise InputError("--steps is 0: give a number of at least 1.")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: --steps is 0: give a number of at least 1.
    """


class LostProcessError(InputError):
    """Another process, of several that compute together, has stopped."""
