"""Every threshold of ``fit``, stage by stage, each with its source.

Where it says "by hand", neither a paper nor a search stands behind the value; a benchmark that is
named is the one in which a change would show.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluvial.errors import InputError

__all__ = [
    "DEFAULT",
    "AdaptiveSettings",
    "BlackBoxSettings",
    "ChainSettings",
    "ClimbSettings",
    "CollapseSettings",
    "ExploreSettings",
    "FlowSettings",
    "ImproperSettings",
    "MatchSettings",
    "ModeSettings",
    "RowsSettings",
    "SearchSettings",
    "Settings",
    "StartSettings",
    "VerdictSettings",
    "WeighSettings",
]


@dataclass(frozen=True)
class StartSettings:
    """The look at a target before any work is spent on it; by hand but for what names a source.

    Attributes:
        count: starts, half of them from (−2, 2)^D as in Stan.
        tries: rounds of points, ever wider and narrower, until enough are finite.
        difference: the step of central differences, in a random direction, and a hundredth of a
            second one: between the cube roots of float64's precision and of float32's, which data
            may have.
        gradient_tolerance: the relative error of a gradient that is called wrong.
        kept: points that were evaluated in any stage and are kept, the fewest and the most.
        kept_numbers: at most, of all their coordinates together: 8 MB.
    """

    count: int = 16
    tries: int = 10
    difference: float = 1e-4
    gradient_tolerance: float = 1e-2
    kept: tuple[int, int] = (64, 512)
    kept_numbers: int = 2**20


@dataclass(frozen=True)
class ClimbSettings:
    """L-BFGS, the modes that its ends fall into, and their Laplace approximations.

    Attributes:
        iterations: the most of one climb; by hand (``benchmarks/modes.py``).
        curvature_pairs: that L-BFGS keeps: SciPy's own default, 10.
        relative_gain: of ``log_p`` below which a climb ends (SciPy's ftol); by hand.
        gradient: below which a climb ends (SciPy's default for gtol, 1e-5).
        together: climbs that go on at once, in batches of one size; by hand.
        same: relative distance of two climbs' ends that are one optimum; by hand.
        barrier: nats of a dip between two optima that makes them two modes; by hand
            (``benchmarks/modes.py``).
        neighbors: the nearest optima of a mode, from which ways to another one are tried; by hand.
        segment_points: evaluated between two optima; by hand.
        first_step: of the first Hessian's differences, for coordinates of order one: Stan's.
        step: of later ones, in sd: what is left of the third derivative is 1e-3 of the second.
        passes: the most; by hand, since nearly all settle in two.
        settled: by which factor at most the last pass changed a variance; by hand.
        max_condition: of a Hessian, beyond which float64 has no digits left to invert it with.
    """

    iterations: int = 150
    curvature_pairs: int = 10
    relative_gain: float = 1e-10
    gradient: float = 1e-5
    together: int = 32
    same: float = 1e-3
    barrier: float = 1.0
    neighbors: int = 3
    segment_points: int = 24
    first_step: float = 1e-4
    step: float = 0.03
    passes: int = 5
    settled: float = 2.0
    max_condition: float = 1e12


@dataclass(frozen=True)
class ExploreSettings:
    """More climbs, and cooled populations, where climbs differ; by hand (``benchmarks/modes.py``).

    Attributes:
        first_climbs: in the first round; each has twice as many as the one before.
        most_climbs: of all rounds.
        most_evaluations: after which no other round is begun.
        most_on_host: the same where a density costs a call of its own.
        factors: of the widths of the laws that climbs start from.
        least_width: of the first of them: that of the starts.
        unseen: modes that may be expected beyond those that were seen (Boender & Rinnooy Kan 1987,
            Mathematical Programming 37, 59, stop below one half).
        log_widths: by how much a mode may be wider than another in each coordinate, and so, at the
            same mass, be lower.
        missed: modes like the known ones that may be expected beyond them: one fit in fifty has
            one. Lower than ``unseen``, since known modes are those that are easily found.
        least_hits: climbs that have to end in each mode that matters, where modes cannot be
            counted: a mode like one that was hit three times was missed with a probability of e^-3.
        well_seen: coordinates up to which looks see what climbs miss.
        narrowing: of planted modes, in standard deviations of the known modes' log widths ...
        least_narrowing: ... but no less than this.
        places: at which each mode is planted.
        planted_starts: by which the basins of planted modes are measured.
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
    most_climbs: int = 2**12
    most_evaluations: int = 2**18
    most_on_host: int = 2**13
    factors: tuple[float, ...] = (1.0, 0.5, 2.0, 4.0)
    least_width: float = 2.0
    unseen: float = 0.5
    log_widths: float = 3.0
    missed: float = 0.02
    least_hits: int = 3
    well_seen: int = 6
    narrowing: float = 4.0
    least_narrowing: float = 0.1
    places: int = 8
    planted_starts: int = 2048
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


@dataclass(frozen=True)
class ImproperSettings:
    """Which densities are called improper.

    Attributes:
        near: where along a ray a slope is taken first, in sd: a prior as vague as N(0, 10⁵) has
            fallen by 50 nats there.
        far: and last: a direction known to float64's precision has eight digits left there.
        deep: nats below what a tail of 1/distance would leave: e^-20 of the mass matters to nobody.
        max_dim: of which a singular value decomposition takes no more than a second.
        spreads: of the points at which gradients are compared; by hand.
        flat: of the largest singular value; what is merely wide is told apart along the ray.
        moderate: coordinates up to which rounding leaves the digits that the far point needs.
    """

    near: float = 1e6
    far: float = 1e8
    deep: float = 20.0
    max_dim: int = 512
    spreads: tuple[float, ...] = (0.1, 1.0, 10.0)
    flat: float = 1e-6
    moderate: float = 1e3


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


@dataclass(frozen=True)
class MatchSettings:
    """Gaussians by batch-and-match.

    Attributes:
        max_modes: that are matched; by hand.
        no_mass: nats below the largest mass, by Laplace's approximation, where a mode is left out:
            e^-30 is none.
        steps: the most; by hand.
        check_every: steps between two looks at the mean log weight; by hand.
        enough_kl: nats, at which matching stops: a tenth of
            ``VerdictSettings.accurate_half_variance``.
        max_log_scale: of ln|det L| for each coordinate, beyond which a Gaussian has run away.
        lost: nats below its start at which matching has gone astray, as it can with fewer draws
            than coordinates; by hand.
        poor_half_variance: nats, above which matching is tried again from the origin; by hand.
        dense: coordinates up to which a matrix is matched at once; above, coordinates are taken to
            be independent first, and a matrix is matched only where they are coupled.
        most_dense: coordinates above which no matrix of D x D is made: one of 3,000 is 72 MB.
    """

    max_modes: int = 64
    no_mass: float = 30.0
    steps: int = 200
    check_every: int = 10
    enough_kl: float = 0.002
    max_log_scale: float = 100.0
    lost: float = 1.0
    poor_half_variance: float = 1.0
    dense: int = 300
    most_dense: int = 3000


@dataclass(frozen=True)
class AdaptiveSettings:
    """Mixtures of Gaussians by adaptive importance sampling; by hand (``benchmarks/posteriordb``).

    Attributes:
        max_dim: coordinates, above which a flow is nearer than so few Gaussians.
        max_modes: that mixtures grow from.
        components: of the mixture in each round, at least one for each mode.
        draws: of each round.
        points: that a mixture is fitted to, resampled by their weights.
        em_steps: of one fit.
        defensive: share of a round's draws from wider Gaussians.
        least_ess: of the draws that judge a mixture, as a share of their number: below it a
            flow is worth its training.
        max_khat: of the draws that are handed out: a little below ``VerdictSettings.max_khat``,
            since the first of several mixtures that passes is taken.
        patience: rounds after which ...
        hopeless: ... a smaller share than this ends the attempt.
        agreement: of ln Z from two mixtures, in standard errors of the difference.
    """

    max_dim: int = 15
    max_modes: int = 4
    components: tuple[int, ...] = (4, 8, 8, 12, 12, 14)
    draws: tuple[int, ...] = (4096, 4096, 4096, 8192, 8192, 8192)
    points: int = 8192
    em_steps: int = 12
    defensive: float = 0.08
    least_ess: float = 0.6
    max_khat: float = 0.65
    patience: int = 3
    hopeless: float = 0.1
    agreement: float = 4.0


@dataclass(frozen=True)
class FlowSettings:
    """Which flow "auto" trains, and for how many modes; by hand (``benchmarks/families.py``).

    Attributes:
        one_dimension: the flow for D = 1.
        few_dimensions: for D up to ``few``.
        some_dimensions: up to ``some``.
        most_dimensions: up to ``many``.
        many_dimensions: beyond.
        few: see above.
        some: see above.
        many: see above.
        max_modes: that get a flow each: of more, the Gaussians are weighed as they are.
        degrees: of freedom of the Student-t densities by which modes share the target.
        least_weight: of a mode among them.
    """

    one_dimension: str = "sinh-arcsinh+planar:8+diagonal"
    few_dimensions: str = "realnvp:8+triangular"
    some_dimensions: str = "realnvp:12,width=48+sinh-arcsinh+triangular"
    most_dimensions: str = "realnvp:10,width=96+sinh-arcsinh+triangular"
    many_dimensions: str = "realnvp:8+sinh-arcsinh+diagonal"
    few: int = 4
    some: int = 20
    many: int = 200
    max_modes: int = 12
    degrees: float = 4.0
    least_weight: float = 1e-6

    def choose(self, dim: int) -> str:
        """Return the text of the flow for so many coordinates.

        Example:
            >>> FlowSettings().choose(2)
            'realnvp:8+triangular'
        """
        if dim == 1:
            return self.one_dimension
        if dim <= self.few:
            return self.few_dimensions
        if dim <= self.some:
            return self.some_dimensions
        return self.most_dimensions if dim <= self.many else self.many_dimensions


@dataclass(frozen=True)
class SearchSettings:
    """The search for what an approximation misses; by hand (``benchmarks/modes.py``).

    Attributes:
        rounds: of search and new components, before a fit is given up.
        excess: nats by which p exceeds Z q in the region that is missing.
        share: of the total mass: less is not worth a component ...
        small: ... unless places of less than that, but more than this ...
        small_total: ... hold more than this together.
        climbs: from far outside.
        leaps: climbs from draws with some coordinates moved, and as many from a mode moved by the
            difference of two others.
        leap_lengths: the shortest and the longest of coordinates' moves, in sd.
        chains: annealed, from far outside.
        spreads: of where both start, in sd.
        looks: points that are just looked at.
        look_spreads: of these, in sd.
        temperatures: of a chain.
        leapfrogs: at each.
        hottest: inverse temperature.
        stranded: nats below ln Z where a climb that did not converge is given up.
        match_steps: the most of batch-and-match at a place.
        draws: by which the mass at a place is measured.
        peaks: points that are apart from each other, of all that exceed q.
        suspects: climbed from, the highest and those with the largest excess first.
        sideways: looks with one or two coordinates moved.
        sideways_chunk: of these at once: 6 MB in 12 dimensions.
        sideways_kept: the best of these.
        sideways_dims: the fewest and the most coordinates: in fewer wide looks miss little, of
            more there are too many pairs.
    """

    rounds: int = 8
    excess: float = 3.0
    share: float = 0.005
    small: float = 1e-3
    small_total: float = 0.01
    climbs: int = 12
    leaps: int = 64
    leap_lengths: tuple[float, float] = (2.0, 32.0)
    chains: int = 32
    spreads: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0)
    looks: int = 8192
    look_spreads: tuple[float, ...] = (1.0, 2.0, 4.0)
    temperatures: int = 30
    leapfrogs: int = 4
    hottest: float = 0.03
    stranded: float = 1e5
    match_steps: int = 60
    draws: int = 1024
    peaks: int = 256
    suspects: int = 24
    sideways: int = 2**19
    sideways_chunk: int = 2**16
    sideways_kept: int = 2048
    sideways_dims: tuple[int, int] = (3, 12)


@dataclass(frozen=True)
class WeighSettings:
    """How draws and components are weighed.

    Attributes:
        draws: of the pool; at an efficiency of 5 % they are worth ``VerdictSettings.min_ess``.
        component_draws: by which components are weighed, of all together; by hand.
        em_steps: of their weights; by hand.
        sharpenings: rounds in which overlapping Gaussians are estimated anew from weighted draws;
            by hand.
        negligible: share of the mass below which a component is left out.
        inverse_draws: by which a flow is compared with its inverse.
        max_mismatch: nats between both, for the median draw: a tenth of ``max_evidence_se``.
    """

    draws: int = 8192
    component_draws: int = 2048
    em_steps: int = 100
    sharpenings: int = 8
    negligible: float = 1e-3
    inverse_draws: int = 512
    max_mismatch: float = 0.01


@dataclass(frozen=True)
class ChainSettings:
    """Hamiltonian chains in a flow's latent space.

    Attributes:
        chains: run at once: 64 halves, for which see ``VerdictSettings.max_rhat``.
        warmup: transitions; by hand.
        kept: transitions; by hand.
        rounds: of as many: chains that have just not mixed are run on, not thrown away.
        acceptance: that the step size aims for (Stan's adapt_delta, 0.8).
        max_leapfrogs: of a transition; by hand.
        trajectory: its length: π/2 is a quarter turn, after which the end in N(0, I) is independent
            of the start.
        gamma: of dual averaging (Hoffman & Gelman 2014, section 3.2), as are the next two.
        t0: see above.
        kappa: see above.
    """

    chains: int = 32
    warmup: int = 200
    kept: int = 256
    rounds: int = 4
    acceptance: float = 0.8
    max_leapfrogs: int = 24
    trajectory: float = 1.5707963267948966
    gamma: float = 0.05
    t0: float = 10.0
    kappa: float = 0.75


@dataclass(frozen=True)
class ModeSettings:
    """Which components are one mode; by hand (``benchmarks/modes.py``).

    Attributes:
        draws: that decide it.
        steps: of the way between two means.
        dip: nats on the way, up to which it is one mode: a tenth of the density.
        overlap: of the smaller component's mass that both claim, at least.
    """

    draws: int = 2048
    steps: int = 31
    dip: float = 0.1
    overlap: float = 0.05


@dataclass(frozen=True)
class RowsSettings:
    """Densities that are sums over many rows; by hand (``benchmarks/rows.py``).

    Attributes:
        few: rows up to which the density is fitted as any other.
        sample: rows among which modes are looked for: the fewest and the most ...
        sample_per_dim: ... and for each coordinate.
        looks: points of the search on the sample that are just looked at, and as many with one or
            two coordinates moved; see ``SearchSettings``.
        sample_draws: by which modes of the sample are weighed.
        max_modes: that are climbed to on all rows.
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
        batch: draws weighed in one pass over the rows.
        weigh_seconds: after which no further pass begins.
        worth: of the pilot's draws, the least share for which no flow is trained: of ``draws`` it
            leaves twice ``VerdictSettings.min_ess``.
        judges: draws by which a flow is judged while it is trained, on one sample of rows.
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
    sample_draws: int = 1024
    max_modes: int = 6
    climb: int = 60
    gradient: float = 1e-2
    max_dim: int = 2048
    centering: int = 64
    pilot: int = 512
    draws: int = 4096
    group_draws: int = 1024
    least_groups: int = 512
    batch: int = 1024
    weigh_seconds: float = 400.0
    worth: float = 0.2
    judges: int = 256
    step_draws: int = 64
    step_variance: float = 0.1
    step_rows: tuple[int, int] = (256, 8192)
    rate: float = 1.5e-3
    chunk: int = 50


@dataclass(frozen=True)
class BlackBoxSettings:
    """How a function without a gradient is fitted; by hand (``benchmarks/blackbox.py``).

    Attributes:
        round_base: points of a round ...
        round_per_dim: ... and so many more for each coordinate.
        first_rounds: rounds' worth of points from the prior, ...
        first_least: ... and not fewer than these.
        worth_base: the effective sample size that the next temperature has to leave ...
        worth_per_dim: ... and so much more for each coordinate.
        max_rounds: of a population.
        enough_efficiency: of a proposal, beyond which no round saves what it costs.
        wanted_ess: of the fresh draws: what ``VerdictSettings.max_standard_error`` asks for, and
            half as much again for the variance, which is estimated less well.
        max_fresh: fresh draws at most.
        max_evaluations: where no budget is given.
        populations: independent ones, the fewest and the most, until each mode that matters was
            found by two.
        matters: the least share of the mass of a mode that has to be found twice.
        missed: a population has missed a component if it holds less than this part of it.
        repeated: points that are evaluated again, to see whether the function is deterministic.
        noise: nats, relative to the value, below which two values differ by rounding only.
        cliff: nats by which the density falls within ``cliff_width`` where there is a cliff.
        cliff_width: in standard deviations.
        cliff_share: the least share of draws that have fallen off it.
        rough: nats by which the density differs within ``rough_width`` where it is noisy ...
        rough_rounding: ... beside rounding, as a share of its value: float32 keeps 1e-7.
        rough_width: in standard deviations.
        reference_sd: of the law from which a density without a prior is explored: that of
            ``ExploreSettings.least_spread``.
    """

    round_base: int = 100
    round_per_dim: int = 50
    first_rounds: int = 2
    first_least: int = 1000
    worth_base: int = 40
    worth_per_dim: int = 10
    max_rounds: int = 40
    enough_efficiency: float = 0.6
    wanted_ess: float = 1350.0
    max_fresh: float = 60000.0
    max_evaluations: int = 200000
    populations: tuple[int, int] = (2, 5)
    matters: float = 0.02
    missed: float = 0.1
    repeated: int = 8
    noise: float = 1e-8
    cliff: float = 10.0
    cliff_width: float = 1e-4
    cliff_share: float = 0.01
    rough: float = 0.01
    rough_rounding: float = 1e-6
    rough_width: float = 1e-6
    reference_sd: float = 4.0


@dataclass(frozen=True)
class VerdictSettings:
    """What a verdict asks for; the defaults are those that the benchmarks were run with.

    Attributes:
        min_ess: the least effective sample size of weights or chains that can be trusted at all.
            400 is what Vehtari et al. (2021, Bayesian Analysis 16) ask of chains.
        max_khat: the largest Pareto k-hat at which weights can be trusted, however many there are
            (Vehtari et al. 2024, arXiv 1507.02646); ``Importance.khat_threshold`` lowers it for
            small samples.
        even_share: weights whose effective sample size is this share of their number are even:
            then k-hat measures the shape of their noise. Of Gaussian approximations of Student-t
            densities (10 to 50 degrees of freedom, 8,192 draws) that reach it, nine in ten were
            within 0.1 sd of every moment once weighted, though k-hat was up to 4.
        small_largest: weights none of which is more than this many times their mean cannot
            dominate an estimate, whatever the shape of their tail: the 3√S in it hold at most
            9/√S of the mass, a tenth of that of 8,192 draws.
        max_standard_error: of every mean, in sd, and of every log sd, for GOOD. Three of them are
            the 0.1 sd that is the usual line where samplers are compared with references (a
            squared bias of 0.01 variances: Hoffman & Sountsov 2022, AISTATS).
        max_evidence_se: of ln Z, in nats, for GOOD. Three of them are a Bayes factor of 1.35,
            "not worth more than a bare mention" (Kass & Raftery 1995, JASA 90: below 3).
        max_shift: up to which the approximation itself is called right: of every mean, in sd,
            and of every log sd, unweighted against weighted. The same 0.1.
        max_missing_mass: the largest share of the mass around the approximation that may be
            missing. A share f at d sd moves a mean by f d: 0.02 at 5 sd is 0.1.
        least_visited: the least share of chains' draws in mass around the approximation, as a
            multiple of what the search measured there: it is right to a factor of a few. Chosen
            by hand.
        accurate_khat: of a Gaussian so right that no flow need be trained: weights below 0.5 have
            a variance (Vehtari et al. 2024).
        accurate_half_variance: Var(ln w)/2 of such a Gaussian, in nats. KL = δ²/2 is 0.02 for one
            mean that is 0.2 sd off.
        max_rhat: the largest R-hat of chains. R-hat is about sqrt(1 + m/ESS) for m half-chains
            (Vats & Knudson 2021, Statistical Science 36): for 64 this asks for an effective
            sample size of 1,600 in every coordinate.
    """

    min_ess: float = 400.0
    max_khat: float = 0.7
    even_share: float = 0.95
    small_largest: float = 3.0
    max_standard_error: float = 0.1 / 3.0
    max_evidence_se: float = 0.1
    max_shift: float = 0.1
    max_missing_mass: float = 0.02
    least_visited: float = 0.25
    accurate_khat: float = 0.5
    accurate_half_variance: float = 0.02
    max_rhat: float = 1.02


@dataclass(frozen=True)
class Settings:
    """Every threshold of ``fit``; the defaults are those that the benchmarks were run with.

    Attributes:
        start: see ``StartSettings``, and so on.
        climb: from the starts.
        explore: where climbs differ.
        improper: which densities have no draws.
        match: Gaussians.
        adaptive: mixtures of Gaussians, where few dimensions let them be enough.
        flow: where Gaussians will not do.
        search: for what is missed.
        weigh: draws.
        chain: where weights fail.
        mode: which components are one.
        rows: where the density is a sum over many.
        black_box: functions without a gradient.
        verdict: what is promised.

    Example:
        >>> settings = Settings(verdict=VerdictSettings(min_ess=1000.0))
        >>> Settings.of(settings.mapping()) == settings
        True
    """

    start: StartSettings = field(default_factory=StartSettings)
    climb: ClimbSettings = field(default_factory=ClimbSettings)
    explore: ExploreSettings = field(default_factory=ExploreSettings)
    improper: ImproperSettings = field(default_factory=ImproperSettings)
    collapse: CollapseSettings = field(default_factory=CollapseSettings)
    match: MatchSettings = field(default_factory=MatchSettings)
    adaptive: AdaptiveSettings = field(default_factory=AdaptiveSettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    weigh: WeighSettings = field(default_factory=WeighSettings)
    chain: ChainSettings = field(default_factory=ChainSettings)
    mode: ModeSettings = field(default_factory=ModeSettings)
    rows: RowsSettings = field(default_factory=RowsSettings)
    black_box: BlackBoxSettings = field(default_factory=BlackBoxSettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)

    def mapping(self) -> dict[str, dict[str, Any]]:
        """Return group -> name -> value as JSON has them, which ``Provenance`` saves."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def of(cls, mapping: Mapping[str, Mapping[str, Any]]) -> "Settings":
        """Return the settings of a mapping; what it lacks has its default.

        Args:
            mapping: such as ``posterior.provenance.settings``.

        Raises:
            InputError: if there is no setting of a name.
        """
        groups = {group.name: getattr(DEFAULT, group.name) for group in dataclasses.fields(cls)}
        for group, values in mapping.items():
            known = {f.name for f in dataclasses.fields(groups[group])} if group in groups else ()
            unknown = [name for name in values if name not in known]
            if unknown or group not in groups:
                name = ".".join([group, *unknown[:1]])
                raise InputError(f"there is no setting {name}: see fluvial.inference.Settings.")
            lists = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
            groups[group] = dataclasses.replace(groups[group], **lists)
        return cls(**groups)


DEFAULT = Settings()
"""What holds where nothing else is said."""
