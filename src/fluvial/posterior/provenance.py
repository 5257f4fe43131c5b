"""How a posterior came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Provenance"]


@dataclass(frozen=True)
class Provenance:
    """How a posterior came about.

    Attributes:
        flow: the text from which the flow was built, "gaussian" where none was needed, or
            "custom" for a Flow that the caller made.
        seed: the seed.
        seconds: wall time by stage.
        evaluations: points at which the target was evaluated.
        nonfinite: at how many of these it was not finite.
        interrupted: whether Ctrl-C cut the fit short.
        version: of fluvial.
        settings: every threshold of the fit, group -> name -> value; empty in results of versions
            that did not save them.
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
    elbo_trace: tuple[tuple[float, ...], ...] = ()
