"""Which sizes are timed at which budget."""

from typing import NamedTuple

from fluvial.reproduction import Budget

__all__ = ["ScalingPlan", "Sweep", "plan"]


class Sweep(NamedTuple):
    """One size that grows while all others stay.

    Attributes:
        what: "planar", "radial", "planar-checkpoint", "dense" (a general flow whose Jacobian has
            no structure), or "network" (the inference network's hidden layers).
        axis: "K" (layers), "D" (dimension) or "N" (units of a hidden layer).
        sizes: the values of the axis.
        layers: K; where it is the axis, ignored. For a network L, its hidden layers.
        dim: D, likewise.
        batch: points that a step takes.
    """

    what: str
    axis: str
    sizes: tuple[int, ...]
    layers: int
    dim: int
    batch: int

    @property
    def name(self) -> str:
        """What the unit of work is called."""
        return f"{self.what}-by-{self.axis}"


class ScalingPlan(NamedTuple):
    """The work of a budget.

    Attributes:
        seeds: how many parameters and draws each size is timed with.
        repeats: timings, of which the least counts.
        sweeps: what is timed.
        memory_dims: dimensions at which memory is measured.
        memory_lengths: values of K at which it is.
    """

    seeds: int
    repeats: int
    sweeps: tuple[Sweep, ...]
    memory_dims: tuple[int, ...]
    memory_lengths: tuple[int, ...]


def plan(budget: Budget) -> ScalingPlan:
    """Return the work of a budget.

    Example:
        >>> plan(Budget.QUICK).sweeps[0].name, plan(Budget.QUICK).sweeps[0].sizes[-1]
        ('planar-by-K', 512)
    """
    return {Budget.SMOKE: _SMOKE, Budget.QUICK: _QUICK, Budget.FULL: _FULL}[budget]


# Of a smaller step the fixed cost of a call, a tenth of a millisecond, is a large part; and LAPACK
# is the faster the larger a matrix is, which hides the cube of a small one.
_LENGTHS = (32, 64, 128, 256, 512)
_DIMS = (256, 512, 1024, 2048, 4096)
_FLOWS = ("planar", "radial")

_SWEEPS = (
    *(Sweep(what, "K", _LENGTHS, 0, 64, 100) for what in (*_FLOWS, "planar-checkpoint")),
    *(Sweep(what, "D", _DIMS, 8, 0, 100) for what in _FLOWS),
    Sweep("dense", "D", (512, 1024, 2048, 4096), 1, 0, 1),
    Sweep("network", "N", (512, 1024, 2048, 4096), 2, 0, 100),
)
_SMOKE = ScalingPlan(
    seeds=2,
    repeats=2,
    sweeps=tuple(
        Sweep(sweep.what, sweep.axis, (8, 16), 2, 4, 4)
        for sweep in _SWEEPS
        if sweep.what != "radial"
    ),
    memory_dims=(8, 16),
    memory_lengths=(16, 64),
)
_QUICK = ScalingPlan(
    seeds=3,
    repeats=5,
    sweeps=_SWEEPS,
    memory_dims=(16, 64, 256),
    memory_lengths=(16, 64, 256),
)
_FULL = ScalingPlan(
    seeds=5,
    repeats=20,
    sweeps=_SWEEPS,
    memory_dims=(16, 32, 64, 128, 256),
    memory_lengths=(16, 64, 256, 1024),
)
