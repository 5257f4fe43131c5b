import importlib

import pytest

import fluvial

MOVED = [
    ("fluvial.amortized", "join", "fluvial.distributed"),
    *(
        ("fluvial.replication", name, "fluvial.reproduction")
        for name in ("Budget", "Claim", "Figure", "JudgedClaim", "Judgement", "Record", "Rule")
    ),
]


@pytest.mark.parametrize(("before", "name", "now"), MOVED)
def test_a_name_that_moved_is_found_where_it_was_with_a_warning(before, name, now):
    module = importlib.import_module(before)
    with pytest.warns(DeprecationWarning, match=rf"{before}.{name} is now {now}.{name}"):
        found = getattr(module, name)
    assert found is getattr(importlib.import_module(now), name)


def test_a_name_that_never_was_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = fluvial.amortized.nonsense
