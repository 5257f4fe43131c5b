"""Published statements, how they are judged, and the results that judge them."""

from fluvial.replication.budget import Budget
from fluvial.replication.claim import Claim, JudgedClaim, Judgement, Rule
from fluvial.replication.ledger import Figure, Ledger, Record

__all__ = ["Budget", "Claim", "Figure", "JudgedClaim", "Judgement", "Ledger", "Record", "Rule"]
