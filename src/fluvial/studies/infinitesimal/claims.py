"""What section 3.2 of the paper says, as claims that can be measured."""

from collections.abc import Iterator

import numpy as np

from fluvial.reproduction import Claim, Repetition, Rule, StudyResults
from fluvial.studies.infinitesimal.plan import (
    FUNNEL,
    InfinitesimalPlan,
    InfinitesimalSetting,
    continuous_setting,
    plan,
)

__all__ = ["diffusion_unit", "measured_claims"]

_PAPER = "Rezende & Mohamed 2015, arXiv 1505.05770, section 3.2 (without an experiment)"
_BEYOND = "this project's own goal, beyond the paper"
_CONTROL = "Vargas et al. 2024, arXiv 2307.01050 (on other targets)"
_SOURCES = {"langevin": _PAPER, "hamiltonian": _PAPER, "controlled": f"{_CONTROL}; {_BEYOND}"}
_LABELS = {
    "langevin": "Langevin",
    "hamiltonian": "Hamiltonian",
    "controlled": "controlled Langevin",
}
_ARRIVED = 0.02
_NEAR = 0.05


def measured_claims(results: StudyResults) -> Iterator[tuple[Claim, np.ndarray]]:
    """Measure the claims whose settings the budget has run."""
    measured = plan(results.budget)
    yield from _of_bounds(results, measured)
    yield from _of_control(results, measured)
    yield from _of_continuous(results, measured)
    yield from _of_diffusion(results, measured)


def diffusion_unit(energy: str) -> str:
    """Return the name of the unit that follows the diffusion on an energy."""
    return f"diffusion-{energy}"


def _of_bounds(
    results: StudyResults, measured: InfinitesimalPlan
) -> Iterator[tuple[Claim, np.ndarray]]:
    for family in measured.families:
        for target in measured.targets:
            gaps = np.stack([_gaps(results, target, family, length) for length in measured.lengths])
            yield _rises(target, family, measured), (gaps[:-1] - gaps[1:]).min(axis=0)
            yield _toward(target, family, measured), gaps[-1] / gaps[0]


def _of_control(
    results: StudyResults, measured: InfinitesimalPlan
) -> Iterator[tuple[Claim, np.ndarray]]:
    if {"langevin", "controlled"} <= set(measured.families):
        steps = measured.lengths[-1]
        for target in measured.targets:
            without = _gaps(results, target, "langevin", steps)
            controlled = _gaps(results, target, "controlled", steps)
            seeds = min(len(without), len(controlled))
            yield _tightens(target, steps), without[:seeds] - controlled[:seeds]


def _gaps(results: StudyResults, target: str, family: str, length: int) -> np.ndarray:
    setting = InfinitesimalSetting(target, family, length)
    return np.asarray(results.record(setting.name).values["gap"], float)


def _of_continuous(
    results: StudyResults, measured: InfinitesimalPlan
) -> Iterator[tuple[Claim, np.ndarray]]:
    for target in measured.targets if measured.continuous else ():
        gaps = results.record(continuous_setting(target).name).values["gap"]
        yield _follows(target), np.asarray(gaps, float)


def _of_diffusion(
    results: StudyResults, measured: InfinitesimalPlan
) -> Iterator[tuple[Claim, np.ndarray]]:
    for energy in measured.energies:
        kl = np.asarray(results.record(diffusion_unit(energy)).values["kl"], float)
        falls = np.where(kl[:, :-1] > _NEAR, kl[:, :-1] - kl[:, 1:], np.inf)
        yield _falls(energy), falls.min(axis=1)
        yield _arrives(energy, measured), kl[:, -1]


def _rises(target: str, family: str, measured: InfinitesimalPlan) -> Claim:
    steps = ", ".join(str(length) for length in measured.lengths)
    return Claim(
        name=f"{target.lower()}-{family}-rises",
        statement=f"On {_named(target)} the bound of {_LABELS[family]} flows rises with the "
        "number of steps.",
        source=_SOURCES[family],
        published="",
        quantity=f"least rise of the bound from one number of steps to the next, of {steps}",
        rule=Rule(low=0.0, ordering=True),
        unit="nat",
    )


def _toward(target: str, family: str, measured: InfinitesimalPlan) -> Claim:
    first, last = measured.lengths[0], measured.lengths[-1]
    return Claim(
        name=f"{target.lower()}-{family}-toward-log-z",
        statement=f"On {_named(target)} the bound of {_LABELS[family]} flows tends to ln Z.",
        source=_SOURCES[family],
        published="",
        quantity=f"ln Z - ELBO with {last} steps over ln Z - ELBO with {first}",
        rule=Rule(high=0.5),
    )


def _tightens(target: str, steps: int) -> Claim:
    return Claim(
        name=f"{target.lower()}-control-tightens",
        statement=f"On {_named(target)} a learned drift tightens the bound of Langevin flows.",
        source=_CONTROL,
        published="",
        quantity=f"ln Z - ELBO without a drift less that with one, {steps} steps",
        rule=Rule(low=0.0, ordering=True),
        unit="nat",
    )


def _follows(target: str) -> Claim:
    return Claim(
        name=f"{target.lower()}-continuous-near-log-z",
        statement=f"On {_named(target)} a continuous-time flow, trained by the free energy, has a "
        "bound near ln Z.",
        source=f"{_PAPER}; how near: {_BEYOND}",
        published="",
        quantity="ln Z - ELBO",
        rule=Rule(high=_NEAR),
        unit="nat",
    )


def _falls(energy: str) -> Claim:
    return Claim(
        name=f"{energy.lower()}-diffusion-falls",
        statement=f"Langevin dynamics bring any density closer to that of {energy}, step by step.",
        source=_PAPER,
        published="",
        quantity=f"least fall of KL(q_k || p) between checkpoints, from where it is above {_NEAR}",
        rule=Rule(low=0.0),
        unit="nat",
        each=Repetition.REPEATS,
    )


def _arrives(energy: str, measured: InfinitesimalPlan) -> Claim:
    last = measured.checkpoints[-1]
    return Claim(
        name=f"{energy.lower()}-diffusion-arrives",
        statement=f"With small steps, and nothing learned, the Langevin flow tends to {energy}.",
        source=f"{_PAPER}; the size of what is left: {_BEYOND}",
        published="",
        quantity=f"KL(q_k || p) at k = {last}",
        rule=Rule(high=_ARRIVED),
        unit="nat",
        each=Repetition.REPEATS,
    )


def _named(target: str) -> str:
    return "a funnel of 10 dimensions" if target == FUNNEL else target
