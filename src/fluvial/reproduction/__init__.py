"""Published statements, how they are judged, and the results that judge them."""

from fluvial.deprecated import moved
from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import Claim, JudgedClaim
from fluvial.reproduction.presentation import Curve, Figure, Layers, Story
from fluvial.reproduction.records import Record
from fluvial.reproduction.repetition import Repetition
from fluvial.reproduction.results import StudyResults
from fluvial.reproduction.rule import ClaimVerdict, Rule

__all__ = [
    "Budget",
    "Claim",
    "ClaimVerdict",
    "Curve",
    "Figure",
    "JudgedClaim",
    "Layers",
    "Record",
    "Repetition",
    "Rule",
    "Story",
    "StudyResults",
]

__getattr__ = moved(
    __name__,
    {
        "Judgement": "fluvial.reproduction.ClaimVerdict",
        "Ledger": "fluvial.reproduction.StudyResults",
    },
)
