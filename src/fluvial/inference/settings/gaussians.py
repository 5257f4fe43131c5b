"""Which Gaussians ``fit`` begins with in many coordinates."""

from dataclasses import dataclass

__all__ = ["GaussianSettings"]


@dataclass(frozen=True)
class GaussianSettings:
    """Laplace's approximation given heads, and what moves a Gaussian on from there; by hand.

    ``benchmarks/large.py`` is where a change would show.

    Attributes:
        looks: at the heads' marginal density, the most for each head.
        head_step: of a head in the first of them, which is a logarithm or the like.
        head_steps: the shortest and the longest of a head in later ones, and its sd at the end.
        head_move: of a head from one look to the next, the longest.
        near: of its sd, below which a head no longer moves.
        newton: iterations in the others, the most.
        decrement: nats, at which Newton's method has arrived.
        curvature_draws: by which the expected curvature is measured.
        curvature_rounds: in which the precision's diagonal is moved, the most.
        climbs: natural-gradient steps of independent coordinates, the most.
        climb_step: sd a step, at first.
        climb_patience: looks without a gain.
        climb_shorter: times the step before, after a look that is no better.
    """

    looks: int = 12
    head_step: float = 0.3
    head_steps: tuple[float, float] = (1e-3, 1.0)
    head_move: float = 1.0
    near: float = 0.2
    newton: int = 60
    decrement: float = 1e-3
    curvature_draws: int = 128
    curvature_rounds: int = 8
    climbs: int = 60
    climb_step: float = 4.0
    climb_patience: int = 6
    climb_shorter: float = 0.7
