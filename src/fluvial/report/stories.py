"""What is said of a study first: what was claimed, what was found, how sure that is, a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fluvial.report.claims import ClaimRow
from fluvial.reproduction import ClaimVerdict
from fluvial.reproduction.presentation import Story

__all__ = ["Told", "told"]

_MOST_TELLING = 3


@dataclass(frozen=True)
class Told:
    """A story as the page shows it.

    Attributes:
        claimed: what was published; "" if the results do not say.
        found: the claims that say most.
        sure: how many claims were decided, and by how much repetition.
        picture: the figure that says most; None if there is none.
    """

    claimed: str
    found: Sequence[ClaimRow]
    sure: str
    picture: Mapping[str, str] | None


def told(
    story: Story | None, claims: Sequence[ClaimRow], figures: Sequence[Mapping[str, str]]
) -> Told:
    """Tell the story of a study; results of earlier versions have none, and begin with theirs.

    Args:
        story: as the study declared it.
        claims: all of the study.
        figures: all of the study, each with its ``file``.
    """
    by_name = {row.claim["name"]: row for row in claims}
    names = story.telling if story else list(by_name)[:_MOST_TELLING]
    wanted = story.picture if story else ""
    pictures = [figure for figure in figures if figure["file"] == wanted] or [*figures[:1]]
    return Told(
        claimed=story.claimed if story else "",
        found=[by_name[name] for name in names if name in by_name],
        sure=_sure(claims),
        picture=pictures[0] if pictures else None,
    )


def _sure(claims: Sequence[ClaimRow]) -> str:
    """Count what was decided; say why nothing was, where that has one reason."""
    if not claims:
        return ""
    counts = Counter(row.claim["judgement"] for row in claims)
    decided = len(claims) - counts[ClaimVerdict.INCONCLUSIVE]
    reasons = {row.claim["reason"] for row in claims}
    if not decided and len(reasons) == 1:
        return f"Nothing was decided: {reasons.pop()}"
    parts = [
        f"{counts[verdict]} {words}"
        for verdict, words in (
            (ClaimVerdict.REPRODUCED, "reproduced"),
            (ClaimVerdict.NOT_REPRODUCED, "not reproduced"),
            (ClaimVerdict.INCONCLUSIVE, "left open"),
        )
        if counts[verdict]
    ]
    return (
        f"Of {_claims(len(claims))}, each judged by the 95 % interval of a mean over "
        f"{_repeated(claims)}: {', '.join(parts)}."
    )


def _claims(count: int) -> str:
    return f"{count} claim{'' if count == 1 else 's'}"


def _repeated(claims: Sequence[ClaimRow]) -> str:
    """Say how often what was repeated, as "5 to 20 trainings or 5 repeats"."""
    kinds: dict[str, list[ClaimRow]] = {}
    for row in claims:
        kinds.setdefault(row.claim.get("each", "seeds"), []).append(row)
    said = []
    for rows in kinds.values():
        fewest, most = (end(rows, key=lambda row: row.claim["seeds"]) for end in (min, max))
        few = fewest.claim["seeds"]
        said.append(most.repeated if few == most.claim["seeds"] else f"{few} to {most.repeated}")
    return " or ".join(said)
