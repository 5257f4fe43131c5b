"""Stage 6: whether to trust the result, why, and what to try next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from fluvial.inference.chains import Chains
from fluvial.objectives import Importance

__all__ = ["Judgement", "Verdict", "is_accurate", "is_weighable", "judge"]

_GOOD_KHAT = 0.5
_GOOD_HALF_VARIANCE = 0.1  # nats: KL(q‖p) below this leaves means within a few percent of an sd
_MAX_AROUND = 0.02
_MIN_ESS = 400.0
_GAUSSIAN_HALF_VARIANCE = 0.02  # nats
_MAX_RHAT = 1.02
# Weights that all lie this close to their mean cannot dominate an estimate, whatever the shape
# of their tail is: k-hat then measures how noise of a few percent is distributed.
_SMALL_LARGEST = 3.0
# So do weights whose effective sample size is nearly their number.
_EVEN_SHARE = 0.95


class Verdict(Enum):
    """What the draws of a posterior are worth.

    Example:
        >>> Verdict("GOOD") is Verdict.GOOD
        True
    """

    GOOD = "GOOD"
    """The approximation is right: its draws, ELBO and evidence can be used as they are."""
    USE_WEIGHTS = "USE_WEIGHTS"
    """It is close: the draws are right once importance-weighted, which ``draws`` does."""
    USE_MCMC = "USE_MCMC"
    """It is not close enough to weigh: ``draws`` come from Hamiltonian chains run through it."""
    FAILED = "FAILED"
    """Nothing here should be relied on."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reasons, a sentence each, and the next thing to try."""

    verdict: Verdict
    reasons: tuple[str, ...]
    advice: str


_ADVICE = {
    Verdict.GOOD: "Use the draws.",
    Verdict.USE_WEIGHTS: (
        "Use posterior.draws(), which are already weighted, and log_evidence rather than the "
        "ELBO; a richer flow or more steps may make the approximation itself right."
    ),
    Verdict.USE_MCMC: (
        "Use posterior.draws() for expectations, but not the ELBO or the evidence; a "
        "reparameterized model (non-centered, bounded away from its edges) is worth trying."
    ),
    Verdict.FAILED: (
        "Check the model first: its support, its priors, its parameterization; then try a richer "
        'flow, such as flow="realnvp:12,width=128+triangular", or a sampler.'
    ),
}


def is_accurate(weights: Importance) -> bool:
    """Whether a Gaussian is right as it is, so that no flow need be trained.

    Example:
        >>> import numpy as np
        >>> is_accurate(Importance(np.random.default_rng(0).normal(0.0, 0.01, 4000)))
        True
    """
    return _tail(weights) < _GOOD_KHAT and weights.half_variance < _GAUSSIAN_HALF_VARIANCE


def is_weighable(weights: Importance, around: float = 0.0) -> bool:
    """Whether importance weighting makes the draws right, so that no chain need be run.

    Args:
        weights: of the approximation's own draws.
        around: the share of the mass around the approximation that it does not cover.
    """
    enough = weights.ess >= _MIN_ESS and around <= _MAX_AROUND
    return enough and (_tail(weights) <= weights.khat_threshold or _is_even(weights))


def _is_even(weights: Importance) -> bool:
    """Whether the weights are so even that what their tail carries is too little to matter."""
    return weights.ess >= _EVEN_SHARE * weights.size


def _tail(weights: Importance) -> float:
    """The k-hat that counts: none where no weight is large."""
    return -float("inf") if weights.largest <= _SMALL_LARGEST else weights.khat


def judge(
    weights: Importance,
    chains: Sequence[Chains] = (),
    *,
    around: float = 0.0,
    fatal: Sequence[str] = (),
    doubts: Sequence[str] = (),
) -> Judgement:
    """Turn diagnostics into a verdict.

    Args:
        weights: importance weights of the approximation's own draws.
        chains: of each mode, where the weights were not good enough; else empty.
        around: the share of the mass around the approximation that it does not cover.
        fatal: sentences, each of which means that no result can be right.
        doubts: sentences, each of which rules out GOOD.
    """
    if fatal:
        return _judgement(Verdict.FAILED, [*fatal, *doubts])
    measured = (
        f"Pareto k-hat is {weights.khat:.2f}, the largest weight is {weights.largest:.1f} times "
        f"the mean, {weights.size} weighted draws are worth {weights.ess:.0f}, and KL(q‖p) is "
        f"about {weights.half_variance:.3f} nat."
    )
    reasons = [measured, *doubts]
    if around > _MAX_AROUND:
        reasons.append(
            f"Mass around the approximation, about {around:.1%} of what it has found, is missing "
            "from it."
        )
    if is_weighable(weights, around):
        limit = weights.khat_threshold if _is_even(weights) else _GOOD_KHAT
        right = _tail(weights) <= limit and weights.half_variance <= _GOOD_HALF_VARIANCE
        return _judgement(Verdict.GOOD if right and not doubts else Verdict.USE_WEIGHTS, reasons)
    if not chains:
        return _judgement(Verdict.FAILED, reasons)
    rhat, ess = max(c.rhat for c in chains), min(c.ess for c in chains)
    reasons.append(
        f"Chains in the flow's latent space reached R-hat {rhat:.3f} and an effective sample "
        f"size of at least {ess:.0f}."
    )
    mixed = rhat <= _MAX_RHAT and ess >= _MIN_ESS
    return _judgement(Verdict.USE_MCMC if mixed else Verdict.FAILED, reasons)


def _judgement(verdict: Verdict, reasons: Sequence[str]) -> Judgement:
    return Judgement(verdict, tuple(reasons), _ADVICE[verdict])
