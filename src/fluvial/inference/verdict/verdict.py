"""Stage 7: whether to trust the result, why, and what to try next.

A verdict is a promise about what is handed out: the draws, their moments and the evidence. Draws
are weighted, so they can be right where the approximation is not; how far that one is off is
measured and said next to the verdict, and decides nothing.
"""

from collections.abc import Sequence

import numpy as np

from fluvial.inference.chains.chains import Chains
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.objectives import Importance
from fluvial.posterior.accuracy import ApproximationError, Precision
from fluvial.posterior.judgment import Judgment, Verdict

__all__ = [
    "evidence_se",
    "is_accurate",
    "is_enough",
    "is_precise",
    "is_weighable",
    "judge",
    "misses_tails",
    "tail_matters",
]


_MANY_TIMES = 10.0  # wording: as much mass as was found, beyond which a number says nothing
_ADVICE = {
    Verdict.GOOD: "Use the draws.",
    Verdict.USE_WEIGHTS: (
        "Use posterior.draws(), which are weighted already, and log_evidence, with their standard "
        "errors; a richer flow or more steps may make the weights more even."
    ),
    Verdict.USE_MCMC: (
        "Use posterior.draws() for expectations, but not the ELBO, nor the evidence where it is "
        "not by bridge sampling; a "
        "reparameterized model (non-centered, bounded away from its edges) is worth trying."
    ),
    Verdict.FAILED: (
        "Check the model first: its support, its priors, its parameterization; then try a richer "
        'flow, such as flow="realnvp:12,width=128+triangular", or a sampler.'
    ),
}


def is_accurate(weights: Importance, settings: Settings = DEFAULT) -> bool:
    """Whether a Gaussian is right as it is, so that no flow need be trained.

    Example:
        >>> import numpy as np
        >>> is_accurate(Importance(np.random.default_rng(0).normal(0.0, 0.01, 4000)))
        True
    """
    light = (
        weights.largest <= settings.verdict.small_largest
        or weights.khat < settings.verdict.accurate_khat
    )
    return light and weights.half_variance < settings.verdict.accurate_half_variance


def evidence_se(weights: Importance, missing_mass: float) -> float:
    """Return the standard error of ln Z, in nats.

    Where draws hardly reach, as far out in a tail that is heavier than that of the approximation,
    their weights neither hold the mass nor show that it is missing. Looks that are spread wider
    measure it without bias, as a share m of what was found: ln Z lacks up to ln(1 + m), which is
    added to the standard error of the weights as a second one.

    Args:
        weights: of the draws that are handed out.
        missing_mass: that a search has found outside the approximation, as a share.

    Example:
        >>> import numpy as np
        >>> float(round(evidence_se(Importance(np.zeros(4000)), 0.01), 4))
        0.01
    """
    return float(np.hypot(weights.log_evidence_se, np.log1p(missing_mass)))


def _share_of(missing_mass: float) -> str:
    """Of so much mass more than the order of magnitude is not known."""
    return f"about {missing_mass:.1%} of" if missing_mass < _MANY_TIMES else "many times"


def is_weighable(
    weights: Importance, missing_mass: float = 0.0, settings: Settings = DEFAULT
) -> bool:
    """Whether importance weighting makes the draws right, so that no chain need be run.

    Args:
        weights: of the draws that would be handed out.
        missing_mass: the share of the mass around the approximation that it does not cover.
        settings: the thresholds.
    """
    light = not tail_matters(weights.ess, weights.attainable_ess, weights.largest, settings)
    return is_enough(weights, missing_mass, settings) and (
        light or weights.khat <= min(weights.khat_threshold, settings.verdict.max_khat)
    )


def is_enough(weights: Importance, missing_mass: float, settings: Settings = DEFAULT) -> bool:
    """Whether weighted draws are many enough, and cover what was found, whatever their tail.

    Args:
        weights: see ``is_weighable``.
        missing_mass: see there.
        settings: see there.
    """
    return (
        weights.ess >= settings.verdict.min_ess
        and missing_mass <= settings.verdict.max_missing_mass
    )


def misses_tails(own: Importance, dim: int, settings: Settings = DEFAULT) -> bool:
    """Whether even weights may hide tails of the target, so that chains have to tell.

    Where a coordinate moves or scales many others, and does so otherwise in its tails than the
    approximation does, draws from there are so far from the target's that their weights are as good
    as zero; and what the target has there instead is never drawn. Such a draw stands out: ln w of
    an approximation that is merely not exact varies by a nat or two.

    Args:
        own: weights of the approximation's own draws.
        dim: D; in few dimensions the search after the fit sees tails.
        settings: the thresholds.
    """
    verdict, finite = settings.verdict, own.log_weights[np.isfinite(own.log_weights)]
    if dim <= settings.flow.some or own.half_variance < verdict.uneven_half_variance:
        return False
    wasted = finite < own.log_evidence - verdict.wasted_below
    return bool(np.sum(wasted) > verdict.max_wasted * own.size)


def tail_matters(
    ess: float, attainable: int | float, largest: float, settings: Settings = DEFAULT
) -> bool:
    """Whether k-hat is a finding: not where weights are even, nor where none of them is large.

    Args:
        ess: the effective sample size of the weights.
        attainable: what it would be if the approximation were right.
        largest: the largest of them, as a multiple of their mean.
        settings: the thresholds.

    Example:
        >>> tail_matters(8000.0, 8192, 12.0), tail_matters(7900.0, 8192, 12.0)
        (False, True)
    """
    return not (
        ess >= settings.verdict.even_share * attainable or largest <= settings.verdict.small_largest
    )


def judge(
    weights: Importance,
    chains: Sequence[Chains] = (),
    *,
    missing_mass: float = 0.0,
    visited: float = 0.0,
    fatal: Sequence[str] = (),
    doubts: Sequence[str] = (),
    notes: Sequence[str] = (),
    precise: Precision | None = None,
    confirmed: str | None = None,
    error: ApproximationError | None = None,
    settings: Settings = DEFAULT,
) -> Judgment:
    """Turn diagnostics into a verdict.

    Args:
        weights: importance weights of the draws that would be handed out.
        chains: of each mode, where the weights were not good enough, or could not tell; else empty.
        missing_mass: the share of the mass around the approximation that it does not cover.
        visited: the share of the chains' draws in that mass. Chains that have mixed and hardly
            been there were kept from it, however well they agree.
        fatal: sentences, each of which means that no result can be right.
        doubts: sentences, each of which rules out GOOD.
        notes: sentences on what was looked for, which decide nothing.
        precise: what the draws are worth in the worst coordinate; by default what the weights are.
        confirmed: how chains confirm these weights, however heavy their tail; None if none do.
        error: how far the approximation itself is off; it is said, and decides nothing.
        settings: the thresholds.
    """
    if fatal:
        return _judgment(Verdict.FAILED, [*fatal, *doubts])
    precise = precise or Precision(weights.ess, weights.ess)
    reasons = [_measured(weights, settings), *doubts]
    if missing_mass > settings.verdict.max_missing_mass:
        reasons.append(
            f"Mass around the approximation, {_share_of(missing_mass)} what it has found, is "
            "missing from it."
        )
    if not chains and (confirmed or is_weighable(weights, missing_mass, settings)):
        reasons += [confirmed] if confirmed else []
        reasons.append(
            f"Standard errors are at most {precise.mean_se:.3f} sd of a mean, "
            f"{precise.log_sd_se:.3f} of a log sd, {evidence_se(weights, missing_mass):.3f} nat of "
            "the log evidence."
        )
        reasons += [*_approximation(error, settings), *notes]
        right = is_precise(weights, precise, settings) and not doubts
        return _judgment(Verdict.GOOD if right else Verdict.USE_WEIGHTS, reasons)
    if not chains:
        return _judgment(Verdict.FAILED, reasons)
    rhat, ess = max(c.rhat for c in chains), min(c.ess for c in chains)
    reasons.append(
        f"Chains in the flow's latent space reached R-hat {rhat:.3f} and an effective sample "
        f"size of at least {ess:.0f}."
    )
    outermost = min(c.outermost for c in chains)
    if outermost < settings.verdict.least_outermost:
        reasons.append(
            f"At the ends of some coordinate they accept {outermost:.0%} as many of their moves as "
            "elsewhere: what lies beyond was hardly seen."
        )
    if not all(c.mixed(settings) for c in chains):
        return _judgment(Verdict.FAILED, reasons)
    if (
        missing_mass > settings.verdict.max_missing_mass
        and visited < settings.verdict.least_visited * missing_mass
    ):
        reasons.append(f"Only {visited:.1%} of their draws are where that mass was found.")
        return _judgment(Verdict.FAILED, reasons)
    return _judgment(Verdict.USE_MCMC, [*reasons, *_approximation(error, settings), *notes])


def _measured(weights: Importance, settings: Settings) -> str:
    worth = f"{weights.size} weighted draws are worth {weights.ess:.0f}"
    if not tail_matters(weights.ess, weights.attainable_ess, weights.largest, settings):
        return f"{worth}, and no weight dominates."
    largest = f"the largest weight is {weights.largest:.1f} times the mean"
    if np.isfinite(weights.khat):
        return f"{worth}, {largest}, and Pareto k-hat is {weights.khat:.2f}."
    tail = "are all equal" if weights.khat < 0 else "are too few to fit a Pareto tail to"
    return f"{worth}, {largest}, and the largest weights {tail}."


def is_precise(weights: Importance, precise: Precision, settings: Settings = DEFAULT) -> bool:
    """Whether standard errors are small enough for GOOD."""
    moments = max(precise.mean_se, precise.log_sd_se)
    return (
        moments <= settings.verdict.max_standard_error
        and weights.unstratified_se <= settings.verdict.max_evidence_se
    )


def _approximation(error: ApproximationError | None, settings: Settings) -> list[str]:
    """Say what ``approximation``, ``log_prob`` and the ELBO are worth."""
    if error is None:
        return []
    measured = (
        f"{error.mean_shift:.3f} ± {error.mean_shift_se:.3f} sd in a mean and "
        f"{error.log_sd_shift:.3f} ± {error.log_sd_shift_se:.3f} in a log sd"
    )
    if error.bound <= settings.verdict.max_shift:
        return [f"The approximation itself is right, too: it is off by at most {measured}."]
    return [
        f"The approximation itself, unweighted, is off by up to {measured}: use draws() and "
        "log_evidence rather than log_prob and the ELBO."
    ]


def _judgment(verdict: Verdict, reasons: Sequence[str]) -> Judgment:
    return Judgment(verdict, tuple(reasons), _ADVICE[verdict])
