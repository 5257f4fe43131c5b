"""What is trained and measured at which budget."""

from collections.abc import Iterator
from typing import NamedTuple

from fluvial.reproduction import Budget
from fluvial.targets.examples.energies import ENERGIES

__all__ = [
    "CONTINUOUS",
    "FAMILIES",
    "FUNNEL",
    "InfinitesimalPlan",
    "InfinitesimalSetting",
    "continuous_setting",
    "plan",
]

FAMILIES = ("langevin", "hamiltonian")
CONTINUOUS = "continuous"
FUNNEL = "funnel"
_SOLVER_STEPS = 4


class InfinitesimalSetting(NamedTuple):
    """One unit of work: all seeds of one flow on one target.

    Attributes:
        target: "U1" to "U4", or "funnel".
        family: "langevin", "hamiltonian", or "continuous".
        length: K, the number of steps; of the solver, for a continuous-time flow.
    """

    target: str
    family: str
    length: int

    @property
    def name(self) -> str:
        """What the unit is called."""
        return f"bound-{self.target}-{self.family}-{self.length}"


class InfinitesimalPlan(NamedTuple):
    """The work of a budget.

    Attributes:
        seeds: how many flows are trained of each setting, and how many diffusions are run.
        families: of flows of K steps.
        lengths: K, in rising order.
        continuous: whether continuous-time flows are trained too.
        targets: on which bounds are measured.
        steps: of Adam.
        draws: from the flow in each step.
        measuring_draws: from the trained flow, to measure its bound; a multiple of 256.
        energies: on which the diffusion is run, without learning.
        checkpoints: numbers of its steps at which its divergence is measured, rising.
        particles: that follow it.
        measuring_particles: as many more, at which the densities are compared.
    """

    seeds: int
    families: tuple[str, ...]
    lengths: tuple[int, ...]
    continuous: bool
    targets: tuple[str, ...]
    steps: int
    draws: int
    measuring_draws: int
    energies: tuple[str, ...]
    checkpoints: tuple[int, ...]
    particles: int
    measuring_particles: int

    def settings(self) -> Iterator[InfinitesimalSetting]:
        """List the settings."""
        for family in self.families:
            for length in self.lengths:
                for target in self.targets:
                    yield InfinitesimalSetting(target, family, length)
        if self.continuous:
            yield from map(continuous_setting, self.targets)


def continuous_setting(target: str) -> InfinitesimalSetting:
    """Return the continuous-time flow that is trained on a target."""
    return InfinitesimalSetting(target, CONTINUOUS, _SOLVER_STEPS)


def plan(budget: Budget) -> InfinitesimalPlan:
    """Return the work of a budget.

    Example:
        >>> plan(Budget.QUICK).lengths
        (2, 8, 32)
    """
    everything = (*ENERGIES, FUNNEL)
    to_the_end = (1, 4, 16, 64, 256, 1024, 4096)
    return {
        Budget.SMOKE: InfinitesimalPlan(
            2, FAMILIES[:1], (1, 2), False, ("U2",), 5, 32, 256, ("U2",), (1, 4, 16), 512, 128
        ),
        Budget.QUICK: InfinitesimalPlan(
            3,
            FAMILIES,
            (2, 8, 32),
            True,
            everything,
            2000,
            128,
            2**14,
            ENERGIES,
            to_the_end,
            4000,
            2000,
        ),
        Budget.FULL: InfinitesimalPlan(
            5,
            FAMILIES,
            (2, 8, 32, 128),
            True,
            everything,
            3000,
            256,
            2**15,
            ENERGIES,
            to_the_end,
            50_000,
            5000,
        ),
    }[budget]
