"""When ``fit`` takes a density for a product."""

from dataclasses import dataclass

__all__ = ["ProductSettings"]


@dataclass(frozen=True)
class ProductSettings:
    """Densities that are products, in their own coordinates or in others; by hand.

    ``benchmarks/modes.py`` has products among its targets.

    Attributes:
        pairs: of points, half of them modes, between which coordinates are exchanged one at a time.
        rounding: of a score, relative, beyond which it has changed.
        rounds: of climbs, until no other mode of any factor is to be expected.
        optima: of a factor, at most: they may be one ridge.
        deep: nats below the highest density on its line, where a margin ends: e^-50 is nothing.
        heads: modes that a line has to span, at most.
        scores: of a pass that looks for other coordinates, which decide at how many points, ...
        points: ... but at most at so many.
        ways: between modes, along which points are chosen, ...
        way_steps: ... on each of them.
        passes: each of which squares what is left of wrong directions.
        sums: of Hessians, of which the one is taken that tells factors apart best.
    """

    pairs: int = 4
    rounding: float = 1e-6
    rounds: int = 4
    optima: int = 64
    deep: float = 50.0
    heads: int = 64
    scores: int = 4096
    points: int = 128
    ways: int = 16
    way_steps: int = 64
    passes: int = 3
    sums: int = 8
