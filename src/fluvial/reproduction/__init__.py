"""Published statements, how they are judged, and the results that judge them."""

from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import Claim, JudgedClaim, Judgement, Rule
from fluvial.reproduction.results import Figure, Ledger, Record

__all__ = ["Budget", "Claim", "Figure", "JudgedClaim", "Judgement", "Ledger", "Record", "Rule"]
