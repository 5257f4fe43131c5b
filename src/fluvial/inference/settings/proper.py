"""Which densities ``fit`` refuses, since they have no draws."""

from dataclasses import dataclass

__all__ = ["CollapseSettings", "ImproperSettings"]


@dataclass(frozen=True)
class ImproperSettings:
    """Which densities are called improper.

    Attributes:
        near: where along a ray a slope is taken first, in sd: a prior as vague as N(0, 10⁵) has
            fallen by 50 nats there.
        far: and last: a direction known to float64's precision has eight digits left there.
        deep: nats below what a tail of 1/distance would leave: e^-20 of the mass matters to nobody.
        max_dim: of which 3 D gradients, and their triangular factor, take no more than a second.
        spreads: of the points at which gradients are compared; by hand.
        flat: of the largest singular value; what is merely wide is told apart along the ray.
        moderate: coordinates up to which rounding leaves the digits that the far point needs.
        directions: at most, of those that gradients hardly see; by hand.
    """

    near: float = 1e6
    far: float = 1e8
    deep: float = 20.0
    max_dim: int = 1500
    spreads: tuple[float, ...] = (0.1, 1.0, 10.0)
    flat: float = 1e-6
    moderate: float = 1e3
    directions: int = 8


@dataclass(frozen=True)
class CollapseSettings:
    """Which densities are said to lose their mass in a funnel's neck.

    Attributes:
        heads: that are followed, the most influential first; by hand.
        max_dim: above which that would take too many gradients, 2 D at each of the steps; by hand.
        steps: units of a head, or of its sd if that is more, that it is followed: e^-40 of a scale.
        newton: the most of its iterations at each; by hand.
        difference: for second derivatives, in sd: half the digits of float64 are left.
        decrement: of Newton's method, in nats, at which it has arrived.
        deep: nats below the top of the profile from where on the rest of it does not matter.
        slope: of F against ln t above which the mass is infinite is -1; less by what Laplace's
            approximation may be off.
    """

    heads: int = 3
    max_dim: int = 64
    steps: int = 40
    newton: int = 8
    difference: float = 1e-3
    decrement: float = 1e-6
    deep: float = 20.0
    slope: float = 0.75
