import pytest

from fluvial import InputError
from fluvial.replication import patterns


def test_a_pattern_that_does_not_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(patterns, "_SECONDS", 1.0)
    with pytest.raises(InputError, match="metric slow does not end"):
        patterns.check_patterns({"fast": "a+", "slow": "(a+)+$"}, ["a" * 40 + "b"])


def test_patterns_that_end_pass():
    patterns.check_patterns({"loss": "loss (.*)"}, ["loss 0.5"])
