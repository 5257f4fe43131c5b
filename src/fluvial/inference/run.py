"""What every stage of one fit is given besides the values that it works on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from fluvial.devices import Devices
from fluvial.flows import Flow
from fluvial.inference.checkpoint import Checkpoint
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import Settings
from fluvial.inference.warm import Warm
from fluvial.progress import Progress
from fluvial.targets import Target

__all__ = ["Keys", "Run", "component_keys"]


class Keys(NamedTuple):
    """The keys of one component: to build its flow, to train it, and to run chains in it."""

    flow: PRNGKeyArray
    train: PRNGKeyArray
    chain: PRNGKeyArray


@dataclass(frozen=True, eq=False)
class Run:
    """One fit: what was asked for, the counted target, and where randomness comes from.

    Attributes:
        counted: the target, counted.
        flow: what to train, or its text.
        always_train: whether it is trained where a Gaussian would do, too.
        seed: decides everything random.
        max_steps: of training, for one component.
        settings: the thresholds.
        rng: what the host draws from; every stage takes up where the last one left it.
        progress: what the terminal shows.
        devices: that train.
        budget: evaluations and seconds.
        checkpoint: where flows are kept as soon as they are trained.
        warm: the earlier fit that this one starts from, or None.
        elbo_trace: grows by a row for each training of a flow; see ``Provenance``.
    """

    counted: CountedTarget
    flow: str | Flow
    always_train: bool
    seed: int
    max_steps: int
    settings: Settings
    rng: np.random.Generator
    progress: Progress
    devices: Devices
    budget: FitBudget = field(default_factory=FitBudget)
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    warm: Warm | None = None
    elbo_trace: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def target(self) -> Target:
        """The target itself, whose evaluations are not counted."""
        return self.counted.target

    def left(self) -> str:
        """Return what is left of the budget, for the progress line."""
        return self.budget.left(self.counted.evaluations + self.counted.under_way)

    def keys(self, component: int) -> Keys:
        """Return the keys of a component, which no component of another seed has."""
        return component_keys(self.seed, component)


def component_keys(seed: int, component: int) -> Keys:
    """Return the keys of a component: folded into the seed's, never added to it.

    Example:
        >>> component_keys(0, 1) == component_keys(1, 0)
        False
    """
    key = jax.random.fold_in(jax.random.key(seed), component)
    return Keys(*jax.random.split(key, 3))
