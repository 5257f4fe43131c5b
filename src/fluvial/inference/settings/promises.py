"""What a verdict promises."""

from dataclasses import dataclass

__all__ = ["VerdictSettings"]


@dataclass(frozen=True)
class VerdictSettings:
    """What a verdict asks for; the defaults are those that the benchmarks were run with.

    Attributes:
        min_ess: the least effective sample size of weights or chains that can be trusted at all.
            400 is what Vehtari et al. (2021, Bayesian Analysis 16) ask of chains.
        max_khat: the largest Pareto k-hat at which weights can be trusted, however many there are
            (Vehtari et al. 2024, arXiv 1507.02646); ``Importance.khat_threshold`` lowers it for
            small samples.
        even_share: weights whose effective sample size is this share of what it would be if the
            approximation were right are even: then k-hat measures the shape of their noise. Of
            Gaussian approximations of heavy-tailed, skewed and funnel-like densities in 2 to 20
            dimensions (8,192 draws, k-hat above 0.7 in 266) all that reach it were within 0.1 of
            every moment once weighted; of 85 whose own draws reach 0.95 to 0.97 eight were not.
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
        chain_too_far: of ``max_shift``, by how much a chain of fits may have moved a mean: beyond
            it no standard error that is stated means much, and the result is FAILED.
        max_tail_shift: the most by which what lies beyond the draws of a coordinate, or where the
            approximation never draws, may move its mean, in sd, or its log sd: half of
            ``max_shift``, to which errors of draws add.
        max_missing_mass: the largest share of the mass around the approximation that may be
            missing. A share f at d sd moves a mean by f d: 0.02 at 5 sd is 0.1.
        least_visited: the least share of chains' draws in mass around the approximation, as a
            multiple of what the search measured there: it is right to a factor of a few. Chosen
            by hand.
        accurate_khat: of a Gaussian so right that no flow need be trained: weights below 0.5 have
            a variance (Vehtari et al. 2024).
        accurate_half_variance: Var(ln w)/2 of such a Gaussian, in nats. KL = δ²/2 is 0.02 for one
            mean that is 0.2 sd off.
        uneven_half_variance: nats, below which the approximation is right wherever it draws.
        wasted_below: nats below the mean weight, where a draw is one in whose place the target has
            its mass elsewhere; by hand.
        max_wasted: the largest share of such draws for which weights are trusted in more than
            ``FlowSettings.some`` coordinates; by hand.
        max_rhat: the largest R-hat of chains. R-hat is about sqrt(1 + m/ESS) for m half-chains
            (Vats & Knudson 2021, Statistical Science 36): for 64 this asks for an effective
            sample size of 900 in every coordinate, a standard error of ``max_standard_error``.
        least_outermost: the least acceptance of chains' transitions that begin in the outermost
            twentieth of a coordinate, as a share of all: less, and they were turned back where
            their step is too long. By hand (``benchmarks/results/large.md``).
    """

    min_ess: float = 400.0
    max_khat: float = 0.7
    even_share: float = 0.97
    small_largest: float = 3.0
    max_standard_error: float = 0.1 / 3.0
    max_evidence_se: float = 0.1
    max_shift: float = 0.1
    chain_too_far: float = 3.0
    max_tail_shift: float = 0.05
    max_missing_mass: float = 0.02
    least_visited: float = 0.25
    accurate_khat: float = 0.5
    accurate_half_variance: float = 0.02
    uneven_half_variance: float = 0.4
    wasted_below: float = 10.0
    max_wasted: float = 2e-3
    max_rhat: float = 1.035
    least_outermost: float = 0.5
