"""How ``fit`` treats densities of many rows."""

from dataclasses import dataclass

__all__ = ["RowsSettings"]


@dataclass(frozen=True)
class RowsSettings:
    """Densities that are sums over many rows; by hand (``benchmarks/rows.py``).

    Attributes:
        few: rows up to which the density is fitted as any other.
        sample: rows among which modes are looked for: the fewest and the most ...
        sample_per_dim: ... and for each coordinate.
        looks: points of the search on the sample that are just looked at, and as many with one or
            two coordinates moved; see ``SearchSettings``.
        sample_climbs: evaluations on the sample, after which no other round of climbs is begun.
        sample_draws: by which modes of the sample are weighed.
        max_modes: that are climbed to on all rows, from one sample.
        far_rows: for each coordinate, of the posterior of few rows that a search starts from ...
        far_climbs: by so many climbs, half of them from around the origin ...
        far_spreads: from points of these laws, made so many times as wide ...
        far_leaps: and so many from the modes, with some coordinates moved.
        noise: standard errors by which a mode of the sample has to be too low to be ruled out.
        search_rounds: of search and new modes, before a fit is given up.
        looks_beside: draws around q that look for mass next to it, on all rows.
        checked_rows: of groups whose integrals over their latents are checked, ...
        checked_groups: ... the fewest and the most of these ...
        checked_draws: ... and at so many draws.
        checked_at_once: climbs, times rows of a group.
        integral_noise: standard errors by which an integral may differ from that by importance
            sampling.
        finer: times as many nodes, in the rule that a rule is compared with.
        left: of a budget, without which a fit is not begun again with more nodes.
        hasty: draws by which is judged what is there when a fit is cut short.
        climb: iterations on all rows, the most.
        gradient: of a climb's end, in units in which the posterior's sd is 1: what is left of the
            way is taken by one step of Newton's.
        max_dim: of a dense Hessian: 32 MB.
        centering: pairs of draws that tell a mode from the mean.
        pilot: draws that are weighed on all rows before a flow is thought of.
        draws: of the pool. Of 4,096 that are worth half of that, the errors of a mean are 0.022 sd
            and those of a log sd 0.016.
        group_draws: of the pool where groups have latents, each of whose terms is an integral:
            enough for ``VerdictSettings.max_standard_error``.
        least_groups: of a sample.
        batch: draws weighed in one pass over the rows ...
        replicate: ... and so many of one scrambled sequence: 32 of the pool's are enough for an
            error whose own error is an eighth.
        weigh_seconds: after which no further pass begins.
        worth: of the pilot's draws, the least share for which no flow is trained: of ``draws`` it
            leaves twice ``VerdictSettings.min_ess``.
        judges: draws by which a flow is judged while it is trained, on one sample of rows.
        variance_judges: of these, by which the variance of a step's log density is told.
        step_draws: of a training step.
        step_variance: of the log density that a step sees, in nats², which its rows are chosen for.
        step_rows: the fewest and the most.
        rate: step size.
        chunk: steps between two looks.
    """

    few: int = 8192
    sample: tuple[int, int] = (8192, 65536)
    sample_per_dim: int = 32
    looks: int = 2048
    sample_climbs: int = 2**15
    sample_draws: int = 1024
    max_modes: int = 6
    far_rows: int = 4
    far_climbs: int = 48
    far_spreads: tuple[float, ...] = (1.0, 0.5, 2.0, 4.0)
    far_leaps: int = 32
    noise: float = 6.0
    search_rounds: int = 4
    looks_beside: int = 96
    checked_rows: int = 2**14
    checked_groups: tuple[int, int] = (32, 512)
    checked_draws: int = 4
    checked_at_once: int = 2**17
    integral_noise: float = 5.0
    finer: float = 1.6
    left: float = 0.5
    hasty: int = 64
    climb: int = 60
    gradient: float = 1e-2
    max_dim: int = 2048
    centering: int = 64
    pilot: int = 512
    draws: int = 4096
    group_draws: int = 1024
    least_groups: int = 512
    batch: int = 1024
    replicate: int = 128
    weigh_seconds: float = 400.0
    worth: float = 0.2
    judges: int = 256
    variance_judges: int = 32
    step_draws: int = 64
    step_variance: float = 0.1
    step_rows: tuple[int, int] = (256, 8192)
    rate: float = 1.5e-3
    chunk: int = 50
