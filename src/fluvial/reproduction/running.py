"""From a study to its folder of results: run, judge, draw."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fluvial._version import __version__
from fluvial.reproduction import Budget, JudgedClaim, StudyResults
from fluvial.reproduction.study import Study
from fluvial.storage.machine import machine, packages, timestamp

__all__ = ["run_study"]


def run_study(
    study: Study,
    budget: Budget,
    directory: Path,
    *,
    resume: bool = False,
    command: str = "",
    on_unit: Callable[[int, int, str], None] = lambda done, total, unit: None,
) -> Sequence[JudgedClaim]:
    """Run what is not yet done of a study, then judge its claims and draw its figures.

    Args:
        study: what to run.
        budget: how much of it.
        directory: the results go to ``directory/<study's name>/``; see ``reproduction.results``.
        resume: go on with the results that are there.
        command: how to do it again, kept with the results.
        on_unit: called before each unit that runs, and once after the last, with the number of
            units done, that of all, and the name of the one that is next ("" after the last).

    Returns:
        The judged claims.

    Raises:
        InputError: if the folder is in use, holds something else, or cannot be written.
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
        done = len(units) - len(results.missing())
        for unit in units:
            if not results.done(unit.name):
                on_unit(done, len(units), unit.name)
                start = time.perf_counter()
                record = unit.run()
                results.write(unit.name, record, time.perf_counter() - start)
                done += 1
        on_unit(done, len(units), "")
        return _finish(study, results)


def _finish(study: Study, results: StudyResults) -> Sequence[JudgedClaim]:
    results.pack()
    claims = study.judge(results)
    results.write_claims(claims)
    pictures = results.folder / "figures"
    pictures.mkdir(exist_ok=True)
    figures = study.figures(results, pictures)
    results.write_shown(figures, study.curves(results), study.layers(results))
    return claims
