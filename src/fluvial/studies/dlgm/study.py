"""What a study of deep latent Gaussian models is, whatever the data."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from fluvial.reproduction import Budget, Claim, Curve, Figure, Story, StudyResults
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.dlgm.comparing import Compared
from fluvial.studies.dlgm.figures import against_length, learning_curves, pictures
from fluvial.studies.dlgm.measuring import measure
from fluvial.studies.dlgm.setting import TrainingPlan, unit_name

__all__ = ["dlgm_study"]


def dlgm_study(
    name: str,
    title: str,
    version: int,
    plans: Mapping[Budget, TrainingPlan],
    families: Sequence[str],
    claims: Callable[[Compared], Iterable[tuple[Claim, Iterable[float]]]],
    published: Mapping[str, Mapping[int, float]] | None = None,
    story: Story | None = None,
) -> Study:
    """Make a study with a unit for each posterior and seed.

    Args:
        name: of the study.
        title: with the source.
        version: of the study.
        plans: what each budget trains.
        families: of flows that are drawn against their length; planar is among them.
        claims: gives each claim with a value for each training.
        published: family -> layers -> −ln p(x), to be drawn where the data are the paper's own.
        story: what is said of it first.
    """

    def units(budget: Budget) -> Sequence[Unit]:
        plan = plans[budget]
        folder = f"{name}-{version}-{budget}"
        return [
            Unit(unit_name(setting, seed), partial(measure, folder, plan, setting, seed))
            for setting, seed in plan.runs()
        ]

    def compared(results: StudyResults) -> Compared:
        return Compared(results, plans[results.budget].settings)

    def figures(results: StudyResults, directory: Path) -> Sequence[Figure]:
        found = compared(results)
        shown = (published or {}) if results.budget is Budget.FULL else {}
        return [
            against_length(found, families, shown, directory),
            learning_curves(found, directory),
            pictures(found, found.family("planar")[-1], directory),
        ]

    return Study(
        name=name,
        title=title,
        version=version,
        seeds={budget: plan.seeds for budget, plan in plans.items()},
        units=units,
        claims=lambda results: claims(compared(results)),
        figures=figures,
        curves=_curves,
        story=story,
    )


def _curves(results: StudyResults) -> Sequence[Curve]:
    """Both bounds by the step, of each training."""
    return [
        Curve(
            unit,
            f"curve_{part}_bound",
            "bound, nats",
            label=f"{part} bound",
            steps=results.record(unit).values["steps"],
        )
        for unit in results.header["units"]
        for part in ("train", "validation")
    ]
