"""How ``fit`` treats functions without a gradient."""

from dataclasses import dataclass

__all__ = ["BlackBoxSettings"]


@dataclass(frozen=True)
class BlackBoxSettings:
    """How a function without a gradient is fitted; by hand (``benchmarks/blackbox.py``).

    Attributes:
        round_base: points of a round ...
        round_per_dim: ... and so many more for each coordinate.
        first_rounds: rounds' worth of points from the prior, ...
        first_least: ... and not fewer than these.
        first_part: at most one in so many of a budget's evaluations that are left.
        worth_base: the effective sample size that the next temperature has to leave ...
        worth_per_dim: ... and so much more for each coordinate.
        max_rounds: of a population.
        exploring: part of a budget for all that comes before fresh draws.
        clocked: part of the seconds that are left for what is worth doing only if it is quick.
        stuck: times the last inverse temperature, below which a round has not cooled; ...
        growth: times the effective sample size that is asked for after such a round, ...
        growth_part: ... but no more than one in so many of all points.
        patience: ... after so many of these a population is stuck.
        enough_efficiency: of a proposal, beyond which no round saves what it costs.
        wanted_ess: of the fresh draws: what ``VerdictSettings.max_standard_error`` asks for, and
            half as much again for the variance, which is estimated less well.
        max_fresh: fresh draws at most.
        told: part of these by which it is told how many are needed.
        spare: times as many fresh draws as seem to be needed.
        more_fresh: of the draws so far, made at least where they were not enough.
        least_fresh: draws, fewer of which allow no judgment.
        probes: looks at fresh draws for spikes.
        hopeless: effective sample size, as a share of the draws, that a poor mixture does not have.
        hunting_seconds: that draws from the prior may take, among which peaks are looked for that
            populations missed: where they would take longer there are fewer, which the reasons
            say. With a budget of evaluations alone, a quarter of what is left is the limit instead,
            and no clock has a part in it. None are made of a function whose evaluations are kept,
            or that other processes are called for.
        hunting_draws: the most of them, for 1, 2, … coordinates: a second or three of those where
            so many more find so much more; in many it is hopeless.
        hunting_least: of them with those that populations begin with, however long they take, but
            for a budget: nested samplers take two to three times as many evaluations. A mode that
            rises from 1/5,000 of the prior's volume is missed by e^-4
            (``benchmarks/blackbox_widths.py``).
        hunting_rest: of what a budget leaves for the search these draws take all but one in so
            many, for what they lead to, ...
        hunting_reserve: ... if so many times the fresh draws that seem to be needed are left then,
            and no more than half if they are not.
        hunting_climbs: hills that each half of the draws climbs.
        negligible: nats below the evidence, where a hill's mass is no matter: e^-10, with room for
            what a Gaussian is off.
        planted_volume: of the peaks that these draws are to meet, each as heavy as all that was
            found, as a part of that of the largest peak, ...
        planted_width: ... or of its width, where that is more, ...
        planted_least: ... with a probability below which nothing is GOOD.
        planted_stated: probability with which modes of the width that the reasons state are met.
        planted: the fewest and the most that are planted, ...
        planted_pairs: ... with all draws, so that many draws take no more than a second.
        planted_higher: nats by which a draw has to be higher for a planted peak.
        planted_hits: draws that have to be: a peak that one alone has met is found by one half of
            them.
        planted_outermost: standard deviations of the prior, beyond which a peak is taken to be
            there.
        expected: draws of which there are none at 5 %: so many times 2^D are asked whether they lie
            on a peak's hill, ...
        most_asked: ... but no more than six coordinates' worth.
        ascending_base: points from the prior where there is a gradient, ...
        ascending_per_dim: ... and so many more for each coordinate.
        ascending_climbs: climbs from them, at least.
        heavy: nats by which the density at a fresh draw exceeds the approximation's, ...
        heavy_share: ... and its share of all weight, from which a spike is looked for there.
        populations: independent ones, the fewest and the most, until each mode that matters was
            found by two.
        matters: the least share of the mass of a mode that has to be found twice.
        missed: a population has missed a component if it holds less than this part of it.
        repeated: points that are evaluated again, to see whether the function is deterministic.
        noise: nats, relative to the value, below which two values differ by rounding only.
        cliff: nats by which the density falls within ``cliff_width`` where there is a cliff.
        cliff_width: in standard deviations.
        cliff_share: the least share of draws that have fallen off it.
        plateau: the share of the mass on which a function that is constant says too little.
        rough: nats by which the density differs within the first of ``rough_widths``, or from the
            mean of both sides within the others, where it is noisy ...
        rough_rounding: ... besides rounding, as a share of its value: float32 keeps 1e-7.
        rough_widths: in standard deviations. Within the last one a density whose own features are
            a hundredth of a standard deviation wide is smooth.
        flow: what is trained on weighted points where mixtures of Gaussians will not do, ...
        flow_rounds: ... in so many rounds at most, ...
        flow_size: ... of so many times the points of a mixture's round, ...
        flow_worth: ... where the next temperature leaves so many times its effective sample size.
        flow_steps: of a training, ...
        flow_chunk: ... between two looks at points that are held out; ...
        flow_batch: points of a step.
        flow_rate: the largest step size of Adam.
        flow_held_out: of how many points one is held out.
        flow_judges: batches of these by which flows are compared.
        flow_warmup: steps over which the step size rises, as in ``TrainSettings``.
        flow_worse: nats above the least cross entropy of these, where points are being learned by
            heart, and training ends.
        reference_sd: of the law from which a density without a prior is explored: that of
            ``ExploreSettings.least_spread``.
    """

    round_base: int = 100
    round_per_dim: int = 50
    first_rounds: int = 2
    first_least: int = 1000
    first_part: int = 4
    worth_base: int = 40
    worth_per_dim: int = 10
    max_rounds: int = 40
    exploring: float = 2.0 / 3.0
    clocked: float = 0.1
    stuck: float = 1.05
    growth: float = 2.0
    growth_part: int = 4
    patience: int = 8
    enough_efficiency: float = 0.6
    wanted_ess: float = 1350.0
    max_fresh: float = 60000.0
    told: float = 0.1
    spare: float = 1.1
    more_fresh: float = 0.5
    least_fresh: int = 100
    probes: int = 3
    hopeless: float = 0.3
    hunting_seconds: float = 5.0
    hunting_draws: tuple[int, ...] = (4096, 131072, 1 << 20, 1 << 20, 1 << 20, 131072, 4096)
    hunting_least: int = 20_000
    hunting_rest: int = 4
    hunting_reserve: float = 2.0
    hunting_climbs: int = 6
    negligible: float = 10.0
    planted_volume: float = 1e-3
    planted_width: float = 0.05
    planted_least: float = 0.8
    planted_stated: float = 0.95
    planted: tuple[int, int] = (64, 400)
    planted_pairs: int = 1 << 22
    planted_higher: float = 3.0
    planted_hits: int = 2
    planted_outermost: float = 2.0
    expected: int = 3
    most_asked: int = 192
    ascending_base: int = 64
    ascending_per_dim: int = 16
    ascending_climbs: int = 8
    heavy: float = 3.0
    heavy_share: float = 0.005
    populations: tuple[int, int] = (2, 5)
    matters: float = 0.02
    missed: float = 0.1
    repeated: int = 8
    noise: float = 1e-8
    cliff: float = 10.0
    cliff_width: float = 1e-4
    cliff_share: float = 0.01
    plateau: float = 0.9
    rough: float = 0.01
    rough_rounding: float = 1e-6
    rough_widths: tuple[float, ...] = (1e-6, 1e-4, 1e-3)
    flow: str = "maf:6,width=32"
    flow_rounds: int = 24
    flow_size: int = 2
    flow_worth: int = 3
    flow_steps: int = 1500
    flow_chunk: int = 250
    flow_batch: int = 256
    flow_rate: float = 1e-3
    flow_held_out: int = 5
    flow_judges: int = 4
    flow_warmup: int = 50
    flow_worse: float = 1.0
    reference_sd: float = 4.0
