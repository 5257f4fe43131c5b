"""``fluvial reproduce``: run published experiments again, and judge what they claimed."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.common_options import Quiet
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.known_names import STUDY_NAMES
from fluvial.cli.output import say

if TYPE_CHECKING:
    from fluvial.reproduction import JudgedClaim
    from fluvial.studies import Study

__all__ = ["reproduce"]


class _BudgetChoice(StrEnum):
    """A copy of ``fluvial.reproduction.Budget``, whose import would load NumPy."""

    smoke = "smoke"
    quick = "quick"
    full = "full"


def reproduce(
    studies: Annotated[
        list[str] | None,
        typer.Argument(metavar="STUDY", help=f"Any of {STUDY_NAMES}. By default, all of them."),
    ] = None,
    *,
    budget: Annotated[
        _BudgetChoice,
        typer.Option(
            help="smoke: seconds, without judging; quick: minutes; full: as published.",
        ),
    ] = _BudgetChoice.quick,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Keep the results in DIR/STUDY.")] = Path(
        "results"
    ),
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the results in DIR.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            min=1,
            help="Units of work to run at once, each in its own process.",
        ),
    ] = 1,
    quiet: Quiet = False,
) -> None:
    """Run published experiments again, and judge what they claimed."""
    from fluvial.cli.backend import prepare

    prepare("fluvial.studies")
    from fluvial.studies import STUDIES, load_study

    chosen = [load_study(name) for name in dict.fromkeys(studies or STUDIES)]
    judged, wrong = {}, False
    for study in chosen:
        claims = _claims(study, budget.value, out, resume, jobs, shown=not quiet)
        wrong = wrong or claims is None
        judged[study.name] = claims or []
    from fluvial.cli.claims_table import show_claims

    show_claims(judged)
    if wrong:
        raise typer.Exit(ExitCode.INPUT_WRONG)
    if any(claim.judgment == "NOT_REPRODUCED" for claims in judged.values() for claim in claims):
        raise typer.Exit(ExitCode.NEGATIVE)


def _claims(
    study: "Study", budget: str, out: Path, resume: bool, jobs: int, *, shown: bool
) -> "Sequence[JudgedClaim] | None":
    """Run one study; None, with a sentence on stderr, if it fails: the others still run."""
    from fluvial.errors import InputError
    from fluvial.progress import Progress
    from fluvial.reproduction import Budget
    from fluvial.reproduction.running import run_study

    progress = Progress(shown=shown, plain=True)

    def show_unit(done: int, total: int, unit: str) -> None:
        progress.update(done, total, unit or "all units are done")

    command = f"fluvial reproduce {study.name} --budget {budget}"
    try:
        with progress, progress.stage(study.name):
            return run_study(
                study,
                Budget(budget),
                out,
                resume=resume,
                jobs=jobs,
                command=command,
                on_unit=show_unit,
            )
    except InputError as error:
        say(f"fluvial: {error}", err=True)
        return None
    except KeyboardInterrupt:
        say(
            f"fluvial: interrupted; what is finished is kept in {out / study.name}, and --resume "
            "goes on with it.",
            err=True,
        )
        raise typer.Exit(ExitCode.INTERRUPTED) from None
