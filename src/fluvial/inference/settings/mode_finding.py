"""How ``fit`` looks for what an approximation misses."""

from dataclasses import dataclass

__all__ = ["ModeSettings", "SearchSettings"]


@dataclass(frozen=True)
class SearchSettings:
    """The search for what an approximation misses; by hand (``benchmarks/modes.py``).

    Attributes:
        rounds: of search and new components, before a fit is given up.
        excess: nats by which p exceeds Z q in the region that is missing.
        share: of the total mass: less is not worth a component ...
        small: ... unless places of less than that, but more than this ...
        small_total: ... hold more than this together.
        moves: sd, or log sd, by which mass that has no place of its own may move a margin: what
            ``benchmarks/posteriordb.py`` calls right.
        climbs: from far outside.
        straight: cosine of the angle between a climb's first step and the way to the center of a
            known mode, below which the climb leads elsewhere: on the rim of a mode half as wide as
            another it is a half.
        unchecked: iterations after which a climb that is on the slopes of a known mode is ended,
            and steps between two such looks: by then three quarters have ended by themselves.
        leaps: climbs from draws with some coordinates moved, and as many from a mode moved by the
            difference of two others.
        leap_lengths: the shortest and the longest of coordinates' moves, in sd.
        leap_block: a block of coordinates is at most one in so many of all.
        symmetries: candidates, at most; as many as two parameters in ten have, and their labels.
        labels: of an axis, above which its slices are not taken for exchangeable, nor for factors.
        flipped_alone: coordinates, above which none is flipped alone.
        mirrored_draws: of q, mapped by each of them.
        mirrored_climbs: from where these map a mean to, the highest.
        chains: annealed, from far outside.
        spreads: of where both start, in sd.
        looks: points that are just looked at.
        look_spreads: of these, in sd.
        far_looks: at each of some distances, at least and at most, of a density that costs a call
            of its own, and is not looked at before the fit. In between, as many are made as see
            nearly all modes, with those around the approximation; with 512 at least, twice as many
            of the mixtures in 6 and 8 dimensions whose climbs end in one mode would be taken for
            it, by a simulation of 600 of each of three families ...
        far_width: ... so wide, compared with the approximation. They lie in a cone of 30 degrees
            from it, however far: in eight coordinates one look in 789 is in it, in ten one in
            3,528, in twelve one in 15,456. None are made in more coordinates than are looked along:
            in twenty, a hundred times as many looks see modes three quarters as wide.
        far_distances: of such modes, in sd, each of which is seen best from one of these distances
            of looks; between two both together see as much. By hand: a ladder of six steps needs no
            fewer looks in nine to twelve coordinates, one of four up to 1.6 times as many.
        far_kept: the highest of these looks, and as many of those with the largest excess.
        far_sample: of the looks of each kind, by which all of them are judged.
        far_nearest: sd, from which on it is said what they see: a mode that is nearer overlaps the
            approximation, whose own draws then see it.
        narrow_missed: the share of modes so wide that may be missed; and of those as wide as it is
            said that other modes may be.
        far_draws: of q, by which its spread is measured in many dimensions: to 3 %.
        far_suspects: places outside of q from which the rows' mass is measured.
        far_parts: of the way from there, at whose ends is looked whether it leads back into q, ...
        far_glance: ... by so many draws.
        temperatures: of a chain.
        leapfrogs: at each.
        hottest: inverse temperature.
        stranded: nats below ln Z where a climb that did not converge is given up.
        match_steps: the most of batch-and-match at a place.
        draws: by which the mass at a place is measured, and the covariance of q, ...
        draws_per_dim: ... for which there are at least so many for each coordinate.
        explained: quantiles of the excess at these, between which it has to be small if q is to
            have what is there: not the tails, of which so few draws say nothing.
        least_points: of which, in effect, a spread is estimated: fewer say nothing of it.
        suspect_width: of the Gaussian at a suspect from which no climb arrives, as a part of q's.
        peaks: points that are apart from each other, of all that exceed q.
        suspects: climbed from, the highest and those with the largest excess first.
        beside: whether mass next to the approximation is measured, besides that of other modes.
        sideways: looks with one or two coordinates moved, at most.
        sideways_per_pair: of these, for each coordinate and each pair of them: what the limit
            leaves for each in eight dimensions, by and large.
        sideways_chunk: of these at once: 1.5 MB in 12 dimensions.
        sideways_kept: the best of these.
        sideways_dims: the fewest and the most coordinates: in fewer wide looks miss little, of
            more there are too many pairs.
    """

    rounds: int = 8
    excess: float = 3.0
    share: float = 0.005
    small: float = 1e-3
    small_total: float = 0.01
    moves: float = 0.05
    climbs: int = 12
    straight: float = 0.8
    unchecked: int = 16
    leaps: int = 64
    leap_lengths: tuple[float, float] = (2.0, 32.0)
    leap_block: int = 4
    symmetries: int = 128
    labels: int = 12
    flipped_alone: int = 64
    mirrored_draws: int = 3
    mirrored_climbs: int = 12
    chains: int = 32
    spreads: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0)
    looks: int = 8192
    look_spreads: tuple[float, ...] = (1.0, 2.0, 4.0)
    far_looks: tuple[int, int] = (2**12, 2**16)
    far_width: float = 0.5
    far_distances: tuple[float, ...] = (4.4, 6.6, 9.9, 14.8, 22.0)
    far_kept: int = 1024
    far_sample: int = 128
    far_nearest: float = 4.0
    narrow_missed: float = 0.01
    far_draws: int = 512
    far_suspects: int = 4
    far_parts: int = 3
    far_glance: int = 64
    temperatures: int = 30
    leapfrogs: int = 4
    hottest: float = 0.03
    stranded: float = 1e5
    match_steps: int = 60
    draws: int = 1024
    draws_per_dim: int = 8
    explained: tuple[float, float] = (0.1, 0.99)
    least_points: int = 4
    suspect_width: float = 0.3
    peaks: int = 256
    suspects: int = 24
    beside: bool = True
    sideways: int = 2**19
    sideways_per_pair: int = 2**14
    sideways_chunk: int = 2**14
    sideways_kept: int = 2048
    sideways_dims: tuple[int, int] = (3, 12)


@dataclass(frozen=True)
class ModeSettings:
    """Which components are one mode; by hand (``benchmarks/modes.py``).

    Attributes:
        draws: that decide it.
        steps: of the way between two means.
        dip: nats on the way, up to which it is one mode: a tenth of the density.
        overlap: of the smaller component's mass that both claim, at least.
        border: the share that each of two has to claim of a draw between them.
    """

    draws: int = 2048
    steps: int = 31
    dip: float = 0.1
    overlap: float = 0.05
    border: float = 0.25
