"""Why a local output is not what was recorded."""

from enum import StrEnum

__all__ = ["Cause"]


class Cause(StrEnum):
    """What made a difference."""

    LIBRARY_VERSION = "library version"
    """Another version of a package computes or draws something else."""
    LIBRARY_PRINTING = "library printing"
    """The same values, written in another style."""
    RANDOMNESS = "randomness"
    """It varies from run to run: nothing fixes the seed."""
    ROUNDING = "rounding"
    """Floating-point arithmetic in another order, or on another processor."""
    WALL_TIME = "wall time"
    """How long something took, or when it ran."""
    DATA = "data"
    """A file or an address that the notebook reads is missing, or has other content."""
    ORDER = "order of execution"
    """The cells were recorded in another order than from top to bottom."""
    ENVIRONMENT = "environment"
    """Folders, packages, environment variables, the version of Python."""
    PLATFORM = "platform"
    """The operating system or the processor."""
    EARLIER_ERROR = "consequence of an earlier error"
    """It needs what a cell that failed should have made."""
