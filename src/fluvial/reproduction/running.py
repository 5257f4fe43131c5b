"""From a study to its folder of results: run, judge, draw."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fluvial._version import __version__
from fluvial.reproduction import Budget, JudgedClaim, StudyResults
from fluvial.reproduction.study import Study
from fluvial.reproduction.workers import run_units
from fluvial.storage.machine import machine, packages, timestamp

__all__ = ["run_study"]


def run_study(
    study: Study,
    budget: Budget,
    directory: Path,
    *,
    resume: bool = False,
    jobs: int = 1,
    command: str = "",
    on_unit: Callable[[int, int, str], None] = lambda done, total, unit: None,
) -> Sequence[JudgedClaim]:
    """Run what is not yet done of a study, then judge its claims and draw its figures.

    Args:
        study: what to run.
        budget: how much of it.
        directory: the results go to ``directory/<study's name>/``; see ``reproduction.results``.
        resume: go on with the results that are there.
        jobs: units at a time, each in a process of its own; with 1 they run in this one.
        command: how to do it again, kept with the results.
        on_unit: called before each unit that runs, or of several jobs after each that is done, and
            once after the last, with the number of units done, that of all, and the name of the
            one that is next, or that is done ("" after the last).

    Returns:
        The judged claims.

    Raises:
        InputError: if the folder is in use, holds something else, or cannot be written, or one of
            several processes was killed.
        KeyboardInterrupt: on Ctrl-C; finished units are kept.
    """
    units = study.units(budget)
    header = {
        "study": study.name,
        "title": study.title,
        "version": study.version,
        "fluvial": __version__,
        "budget": budget.value,
        "seeds": list(range(study.seeds[budget])),
        "units": [unit.name for unit in units],
        "command": command,
        "machine": machine(),
        "packages": packages(),
        "started": timestamp(),
    }
    folder = directory / study.name
    with StudyResults.writing(folder, header, resume=resume) as results:
        missing = [unit for unit in units if not results.done(unit.name)]
        before = len(units) - len(missing)
        if jobs > 1 and len(missing) > 1:
            for done, finished in enumerate(run_units(missing, jobs), start=before + 1):
                results.write(*finished)
                on_unit(done, len(units), finished.unit)
        else:
            for done, unit in enumerate(missing, start=before):
                on_unit(done, len(units), unit.name)
                start = time.perf_counter()
                results.write(unit.name, unit.run(), time.perf_counter() - start)
        on_unit(len(units), len(units), "")
        return _finish(study, results)


def _finish(study: Study, results: StudyResults) -> Sequence[JudgedClaim]:
    results.pack()
    claims = study.judge(results)
    results.write_claims(claims)
    pictures = results.folder / "figures"
    pictures.mkdir(exist_ok=True)
    figures = study.figures(results, pictures)
    results.write_shown(figures, study.curves(results), study.layers(results))
    results.write_story(study.story)
    return claims
