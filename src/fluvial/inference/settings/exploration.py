"""How ``fit`` looks for modes before anything is fitted to them."""

from dataclasses import dataclass

__all__ = ["ExploreSettings"]


@dataclass(frozen=True)
class ExploreSettings:
    """More climbs, and cooled populations, where climbs differ; by hand (``benchmarks/modes.py``).

    Attributes:
        first_climbs: in the first round; each has twice as many as the one before.
        most_climbs: of all rounds: as many as leave half a mode to be expected beyond 89.
        most_evaluations: after which no other round is begun: some thirty for each of these.
        most_on_host: the same where a density costs a call of its own.
        factors: of the widths of the laws that climbs start from.
        look_factors: of those that looks are aimed with: in ten coordinates a law that is 1.4 times
            as wide as the best one finds half as much.
        least_width: of the first of them: that of the starts.
        neighbors: optima of a mode that are measured besides its highest: of a ridge there are
            hundreds.
        unseen: modes that may be expected beyond those that were seen (Boender & Rinnooy Kan 1987,
            Mathematical Programming 37, 59, stop below one half).
        log_widths: by how much a mode may be wider than another in each coordinate, and so, at the
            same mass, be lower.
        missed: modes like the known ones that may be expected beyond them, after which no more
            climbs are made: one fit in fifty has one. Lower than ``unseen``, since known
            modes are those that are easily found.
        missed_by_looks: modes of widths as they are predicted, in like places, that may be expected
            beyond the known ones after all looks have been made, where two are known, three, and
            more. Of 652 simulated mixtures in 6 to 20 dimensions 34 lacked a mode after them; these
            limits trust 346, of which one lacks a mode. The estimates of the others that lack one
            are 0.016 and more where two are known (widths 1.9 and 1.92, and 0.64 was missed), 0.13
            and more where three are, and 0.105 and more else.
        missed_again: the first of these where looks after the fit found the second mode.
        least_hits: climbs that have to end in each mode that matters, where modes cannot be
            counted: a mode like one that was hit three times was missed with a probability of e^-3.
        well_seen: coordinates up to which looks after the fit see what climbs miss; in 6 they have
            left out a mode half as wide as another.
        narrowest: of planted modes, one side of the prediction interval of the next log width.
        narrowest_sought: modes narrower than so many times those that are known, on average, are
            left out of what is expected, which the reasons say. Of 1,328 simulated mixtures in 6 to
            12 dimensions 22 lacked a mode, one of them one so narrow.
        widest_sought: the same where two are known, at most; no more where climbs found both: of
            those mixtures, and of fits, one each lacked a mode a third as wide.
        widest_again: the same where looks after the fit found the second: as wide as these see
            (``SearchSettings.far_width``), but less where the two differ more.
        prior_spread: of log widths, as it is thought to be before modes are found: a factor of 1.6
            or less. With it and that limit 222 of 375 of those mixtures were trusted, of which one
            lacks a mode; with 0.4 and no limit 186, of which one does.
        prior_modes: as many as that is worth; by hand.
        copies: of log widths, the largest difference between modes that are the same by symmetry.
        least_narrowing: by which planted modes are narrower at least than those they are like.
        places: at which each mode is planted, as narrow as the next one may be ...
        predicted: ... and in how many places of all modes, of all widths that it may have: with
            fewer than a thousand, chance decides whether a thousandth is missed.
        planted_starts: by which the basin of a planted mode is measured, ...
        predicted_starts: ... or that of each of many, ...
        planted_scales: ... from Gaussians as much wider than it.
        first_looks: where all climbs have ended in one mode. Of 3,000 simulated mixtures in 6 to 20
            dimensions 843 began so; 2^16 looks would miss all other modes in 51 of these, none of
            them in 6, 2 in 7 to 10, 49 in 12 and more; 2^18 in 32.
        first_places: where others like it are planted, of which these looks would miss 9 % in
            those mixtures, by estimate.
        looks: of a round, from where climbs start; each costs a tenth of a climb.
        looks_chunk: of these at once: 1.6 MB in 12 dimensions.
        looks_kept: the highest that no known mode explains ...
        suspects: ... and those of them that are climbed from.
        aimed: share of the looks that go where planted modes are seen best, ...
        aiming_steps: ... by so many steps of EM, which are nothing compared with a look.
        most_looks: of rounds that found nothing: twice as many as along coordinates
            (``SearchSettings.sideways``).
        settling_looks: are made instead where these will leave no other mode to be expected.
        look_rounds: of looks, before that; by hand.
        looking_seconds: that ``most_looks`` may take, by the fastest batch so far; of a density
            that takes longer modes are only climbed to, and the verdict says what may be missing.
        least_runs: populations that have to find each mode that matters: of one seen once others
            may be missing (Chao 1987, Biometrics 43, 783).
        most_runs: populations.
        peaks: of a population, climbed from.
        drifting: coordinates, above which warmer populations are climbed from, too.
        most_early: at most so many from each of them.
        matters: the least share of the mass of a mode that has to be found twice.
        size_per_dim: points of a population for each coordinate, ...
        sizes: ... within these bounds.
        moves: at each temperature.
        size_on_host: points, where a density costs a call of its own.
        moves_on_host: the same of moves.
        max_dim: differences of points are hardly ever accepted above.
        max_temperatures: until a population is given up.
        acceptance: at which the scale of moves is held: 0.44 is best for one coordinate and 0.23
            for many (Roberts & Rosenthal 2001, Statistical Science 16).
        scales: the smallest and the largest of moves.
        scatter: of the logarithm of a move's scale: modes differ in width.
        least_spread: of the law that populations begin with: that of the starts.
        noise: of a move, in sd of that law, so that moves span all directions.
    """

    first_climbs: int = 64
    most_climbs: int = 2**14
    most_evaluations: int = 2**19
    most_on_host: int = 2**15
    factors: tuple[float, ...] = (1.0, 0.5, 2.0, 4.0)
    look_factors: tuple[float, ...] = (1.0, 0.7, 0.5, 1.4, 2.0, 2.8, 4.0)
    least_width: float = 2.0
    neighbors: int = 3
    unseen: float = 0.5
    log_widths: float = 3.0
    missed: float = 0.02
    missed_by_looks: tuple[float, ...] = (0.015, 0.05, 0.1)
    missed_again: float = 0.03
    least_hits: int = 3
    well_seen: int = 5
    narrowest: float = 0.95
    narrowest_sought: float = 0.25
    widest_sought: float = 0.25
    widest_again: float = 0.5
    prior_spread: float = 0.5
    prior_modes: int = 3
    copies: float = 0.01
    least_narrowing: float = 0.1
    places: int = 8
    predicted: int = 1024
    planted_starts: int = 256
    predicted_starts: int = 64
    planted_scales: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    first_looks: int = 2**16
    first_places: int = 256
    looks: int = 2**17
    looks_chunk: int = 2**14
    looks_kept: int = 2**11
    suspects: int = 24
    aimed: float = 0.5
    aiming_steps: int = 50
    most_looks: int = 2**20
    settling_looks: int = 2**21
    look_rounds: int = 14
    looking_seconds: float = 60.0
    least_runs: int = 2
    most_runs: int = 6
    peaks: int = 64
    drifting: int = 4
    most_early: int = 12
    matters: float = 0.01
    size_per_dim: int = 256
    sizes: tuple[int, int] = (1024, 4096)
    moves: int = 8
    size_on_host: int = 512
    moves_on_host: int = 4
    max_dim: int = 24
    max_temperatures: int = 60
    acceptance: float = 0.25
    scales: tuple[float, float] = (1e-3, 2.0)
    scatter: float = 0.7
    least_spread: float = 4.0
    noise: float = 1e-6
