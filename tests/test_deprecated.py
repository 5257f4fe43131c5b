import importlib

import pytest

import fluvial
from fluvial import Posterior
from fluvial.reproduction import JudgedClaim

MOVED = [
    ("fluvial.amortized.Gaussian", "fluvial.amortized.Normal"),
    ("fluvial.amortized.join", "fluvial.distributed.join"),
    ("fluvial.replication.Judgement", "fluvial.reproduction.ClaimVerdict"),
    ("fluvial.replication.Ledger", "fluvial.reproduction.StudyResults"),
    ("fluvial.replication.Recorded", "fluvial.replication.RecordedNotebook"),
    ("fluvial.reproduction.Judgement", "fluvial.reproduction.ClaimVerdict"),
    ("fluvial.reproduction.Ledger", "fluvial.reproduction.StudyResults"),
    *(
        (f"fluvial.replication.{name}", f"fluvial.reproduction.{name}")
        for name in ("Budget", "Claim", "Figure", "JudgedClaim", "Record", "Rule")
    ),
]


def found_at(place):
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("before", "now"), MOVED)
def test_a_name_that_moved_is_found_where_it_was_with_a_warning(before, now):
    with pytest.warns(DeprecationWarning, match=rf"{before} is now {now}"):
        found = found_at(before)
    assert found is found_at(now)


@pytest.mark.parametrize("owner", [JudgedClaim, Posterior])
def test_the_british_spelling_still_reads_a_judgment(owner):
    judged = object.__new__(owner)
    object.__setattr__(judged, "judgment", "as it was judged")
    with pytest.warns(DeprecationWarning, match=f"{owner.__name__}.judgement is now"):
        assert judged.judgement == "as it was judged"


def test_a_name_that_never_was_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = fluvial.amortized.nonsense
