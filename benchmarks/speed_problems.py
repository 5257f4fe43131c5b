"""What the speed benchmark trains: the same flow, target, batch and steps for every library."""

from typing import Any, NamedTuple

__all__ = ["PROBLEMS", "NotOfferedError", "Problem"]


class NotOfferedError(Exception):
    """A library is not installed, or has no such flow; the message says which."""


class Problem(NamedTuple):
    """A flow to be fitted by reverse KL with Adam, in float32."""

    flow: str
    """``"planar"`` or ``"realnvp"``."""
    layers: int
    dim: int
    draws: int = 256
    hidden: tuple[int, ...] = (64, 64)
    learning_rate: float = 1e-3

    @property
    def name(self) -> str:
        """As the table prints it."""
        return f"{self.flow} K = {self.layers}, D = {self.dim}, {self.draws} draws a step"

    def log_density(self, x: Any) -> Any:
        """Log density of points (..., D): arrays of JAX and of PyTorch alike.

        In the plane a ring of radius 2 and width 0.4 (the first term of the paper's U1), else a
        banana in the first two coordinates: cheap, so that the flow is what is timed.
        """
        if self.dim == 2:
            return -0.5 * (((x**2).sum(-1) ** 0.5 - 2.0) / 0.4) ** 2
        bend = x[..., 1] - x[..., 0] ** 2
        return -0.5 * (x[..., 0] ** 2 + bend**2 + (x[..., 2:] ** 2).sum(-1))


PROBLEMS = [
    Problem("planar", layers=2, dim=2),
    Problem("planar", layers=8, dim=2),
    Problem("planar", layers=32, dim=2),
    Problem("realnvp", layers=8, dim=20),
]
