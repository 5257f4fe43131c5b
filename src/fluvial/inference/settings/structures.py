"""What counts as structure, and how ``fit`` follows it by natural gradients."""

from dataclasses import dataclass

__all__ = ["NaturalSettings", "StructureSettings"]


@dataclass(frozen=True)
class StructureSettings:
    """Which coordinates modulate or depend on which; by hand (``benchmarks/large.py``).

    Attributes:
        probes: random moves of all coordinates, by which heads are told from the rest.
        least_influence: of a head, as a share of the largest: the heads of a centered hierarchy, a
            funnel and a model of stochastic volatility are above 0.07, other coordinates below
            0.01.
        negligible: influence, in (nats per sd³)², summed over coordinates, below which there is no
            head: a Gaussian target's is rounding.
        steepest: log scale for each sd of a head, as a flow begins.
        bending_looks: points at which is asked whether coordinates bend each by itself.
        alone: correlation of two random moves, above which they do: then no more than a third of it
            is another's doing.
        moved_probes: the fewest and the most points at which each coordinate is moved by itself.
        moved_numbers: of all scores of a block, which decide how many: 256 MB in float64.
        hub: nats that a hub is worth: KL of a Gaussian that leaves out n couplings c is about
            n c²/2.
        hub_others: that a hub acts on, in effect.
        most_hubs: that a sparse flow is given.
        hub_flattest: curvature of a hub by itself, as a share of the largest of all others held: a
            tenth of the width.
        flattest: curvature, in units of sd: where scales vary, matching ends far below the mean
            curvature.
        parent: change of the curvature, relative, for each sd of a head: less is no head's.
        suspect_sums: random sums of coordinates by which suspects are found, ...
        suspects: ... so many for each hub that there may be.
        scan_probes: points at which all coordinates are moved at once.
        scan_moves: random signs of these, twice as many as are enough if nothing else changes.
        scan_signs: of which the variance of the diagonal is taken.
        scan_steepest: change of the curvature, relative, for each sd of a head, at most.
        alike: correlation of a head's signs with the changes of the diagonal.
        far: of a hub, which is a logarithm or the like, where its sd is less: it is moved so far to
            see whether others are independent there, too.
        coupling_each: nats a coordinate that a flow without coupling may lose, about a quarter of
            the mean square of the coupling, ...
        coupling_most: ... and nats in all, beyond which chains through the flow are slow to mix.
    """

    probes: int = 128
    least_influence: float = 0.03
    negligible: float = 1e-3
    steepest: float = 2.0
    bending_looks: int = 32
    alone: float = 0.7
    moved_probes: tuple[int, int] = (4, 16)
    moved_numbers: int = 2**25
    hub: float = 0.05
    hub_others: float = 6.0
    most_hubs: int = 8
    hub_flattest: float = 1e-2
    flattest: float = 0.02
    parent: float = 0.2
    suspect_sums: int = 32
    suspects: int = 4
    scan_probes: int = 4
    scan_moves: int = 64
    scan_signs: int = 8
    scan_steepest: float = 4.0
    alike: float = 0.6
    far: float = 1.0
    coupling_each: float = 1e-3
    coupling_most: float = 1.0


@dataclass(frozen=True)
class NaturalSettings:
    """Natural-gradient steps; by hand (``benchmarks/large.py``).

    Attributes:
        draws: of a look, half of them the other half's mirror images, ...
        bent_draws: ... and of a copula, whose margins are all moved at once.
        most: looks.
        patience: looks without a gain, after which steps end, ...
        shorter: ... and after each of which they are shorter, so that they average over batches.
        lost: standard errors below the best mean log weight, where a step was too long.
        lost_floor: nats that are added to such a standard error.
        fewest: usable draws, fewer than which say nothing.
        farthest: root mean square of a displacement, in sd: beyond, what is linear says little.
        flattest: curvature in units in which q's is 1: what is less cannot be told from noise.
        most_skew: of one step; what is linear in a move says little beyond.
        most_tail: the same, of tails, which are seen with the most noise.
    """

    draws: int = 256
    bent_draws: int = 1024
    most: int = 64
    patience: int = 6
    shorter: float = 0.7
    lost: float = 3.0
    lost_floor: float = 0.1
    fewest: int = 32
    farthest: float = 1.0
    flattest: float = 0.02
    most_skew: float = 0.3
    most_tail: float = 0.1
