"""Published statements, how they are judged, and the results that judge them."""

from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import Claim, JudgedClaim
from fluvial.reproduction.records import Record
from fluvial.reproduction.repetition import Repetition
from fluvial.reproduction.results import Ledger
from fluvial.reproduction.rule import Judgement, Rule
from fluvial.reproduction.shown import Curve, Figure, Layers

__all__ = [
    "Budget",
    "Claim",
    "Curve",
    "Figure",
    "JudgedClaim",
    "Judgement",
    "Layers",
    "Ledger",
    "Record",
    "Repetition",
    "Rule",
]
