"""How much of a fit is done again when it starts from an earlier one."""

from dataclasses import dataclass

__all__ = ["WarmSettings"]


@dataclass(frozen=True)
class WarmSettings:
    """A fit from an earlier one; by hand (``benchmarks/workflow.py``).

    Attributes:
        share: of a cold fit's moves along coordinates, leaps and chains. The moves are nine tenths
            of the evaluations of a fit that needs no flow, and look for what the earlier one has
            looked for.
        climbs: how many times those of a cold search. Per evaluation, in 3 to 15 dimensions, looks
            hit a mode within ten sd 4 to 22 times as often as chains do, and climbs one that is
            further out.
        sparse: coordinates below which each fewer halves the wide looks. One meets a mode of half
            the width of q and a fifth of its mass, 10 sd away, with a probability of 0.024, 0.012,
            0.0070, 0.0040, 0.0031, 0.0014 in one to six coordinates (computed).
        far: of the wide looks, those far out, where a cold fit makes such. Of 16 new modes of half
            the width, 10 sd away in 8 coordinates, all were met; with one half, 12.
        futile: by which wide looks are divided in more coordinates than moves along them serve.
        gone: the share of the mass below which an earlier mode is said to be gone.
        glance: of the draws of a cold fit, those by which a mixture is moved.
        judged: of the same, those by which it is judged. What is right by them is worth at least
            0.6 of their number (``AdaptiveSettings.least_ess``): of 4,096, standard errors of 0.02
            sd, of the 0.033 that GOOD asks for.
        suspect: of ``VerdictSettings.max_missing_mass``, beyond which the full search measures what
            may be missing.
    """

    share: float = 0.125
    climbs: int = 3
    sparse: int = 6
    far: float = 0.75
    futile: int = 2
    gone: float = 1e-3
    glance: float = 0.25
    judged: float = 0.5
    suspect: float = 0.25
