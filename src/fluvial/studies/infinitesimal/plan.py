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

FAMILIES = ("langevin", "hamiltonian", "controlled")
CONTINUOUS = "continuous"
FUNNEL = "funnel"
_SOLVER_STEPS = 4
_SPREAD = {
    ("U3", "langevin"),
    ("U2", "hamiltonian"),
    ("U3", "hamiltonian"),
    ("U4", "hamiltonian"),
    ("funnel", "hamiltonian"),
    ("U1", "continuous"),
    ("U2", "continuous"),
    ("U3", "continuous"),
}


class InfinitesimalSetting(NamedTuple):
    """One unit of work: all seeds of one flow on one target.

    Attributes:
        target: "U1" to "U4", or "funnel".
        family: one of ``FAMILIES``, or "continuous".
        length: K, the number of steps; of the solver, for a continuous-time flow.
    """

    target: str
    family: str
    length: int

    @property
    def name(self) -> str:
        """What the unit is called."""
        return f"bound-{self.target}-{self.family}-{self.length}"

    @property
    def spread(self) -> bool:
        """Whether a claim rests on it that three seeds leave open and twenty decide."""
        return (self.target, self.family) in _SPREAD


class InfinitesimalPlan(NamedTuple):
    """The work of a budget.

    Attributes:
        seeds: how many flows are trained of the settings that need more (see
            `InfinitesimalSetting.spread`), from seed 0 on.
        other_seeds: how many of each of the others.
        repeats: how many diffusions are run on each energy.
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
    other_seeds: int
    repeats: int
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

    def seeds_of(self, setting: InfinitesimalSetting) -> int:
        """Count the flows that are trained of a setting."""
        return self.seeds if setting.spread else self.other_seeds

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
    quick = InfinitesimalPlan(
        seeds=3,
        other_seeds=3,
        repeats=3,
        families=FAMILIES,
        lengths=(2, 8, 32),
        continuous=True,
        targets=(*ENERGIES, FUNNEL),
        steps=2000,
        draws=128,
        measuring_draws=2**14,
        energies=ENERGIES,
        checkpoints=(1, 4, 16, 64, 256, 1024, 4096),
        particles=4000,
        measuring_particles=2000,
    )
    return {
        Budget.SMOKE: InfinitesimalPlan(
            seeds=2,
            other_seeds=2,
            repeats=2,
            families=FAMILIES[:1],
            lengths=(1, 2),
            continuous=False,
            targets=("U2",),
            steps=5,
            draws=32,
            measuring_draws=256,
            energies=("U2",),
            checkpoints=(1, 4, 16),
            particles=512,
            measuring_particles=128,
        ),
        Budget.QUICK: quick,
        # The paper has no experiment to ask for anything: this decides what three seeds leave open.
        Budget.FULL: quick._replace(seeds=20, repeats=5),
    }[budget]
