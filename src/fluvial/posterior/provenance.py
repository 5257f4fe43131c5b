"""How a posterior came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Provenance"]


@dataclass(frozen=True)
class Provenance:
    """How a posterior came about.

    Attributes:
        flow: the text from which the flow was built, "gaussian" where one or more Gaussians do, or
            "custom" for a Flow that the caller made.
        seed: the seed.
        seconds: wall time by stage, in s; what a stage spends on compiling is listed by itself,
            such as "flow compilation", so that all add up to the total.
        evaluations: points at which the target was evaluated.
        nonfinite: at how many of these it was not finite.
        interrupted: whether Ctrl-C cut the fit short.
        version: of fluvial.
        settings: every threshold of the fit, group -> name -> value; empty in results of versions
            that did not save them.
        chain: the earlier fits that took the place of the prior, the first one first; see
            ``fluvial.posterior.links``.
        warm_start: what starting from an earlier fit has found and saved; empty without one.
        improper_priors: parameters whose prior has no finite integral, so the evidence cannot be
            compared with another.
        unnormalized_priors: parameters whose prior has an integral other than 1, such as one that
            Stan truncates at a bound; the evidence is then off by a factor.
        elbo_trace: for each training of a flow the mean ELBO of every 100 steps, in nats; NaN where
            no draw was finite.
    """

    flow: str
    seed: int
    seconds: dict[str, float]
    evaluations: int
    nonfinite: int
    interrupted: bool
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    chain: Sequence[Mapping[str, Any]] = ()
    warm_start: Mapping[str, Any] = field(default_factory=dict)
    improper_priors: Sequence[str] = ()
    unnormalized_priors: Sequence[str] = ()
    elbo_trace: tuple[tuple[float, ...], ...] = ()
