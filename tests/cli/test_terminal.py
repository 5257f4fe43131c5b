import io
import sys

import pytest

from fluvial.cli.terminal import show_summary
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.summary import Summary

SECONDS = "seconds       9.0 (" + ", ".join(f"stage{k} 1.0" for k in range(9)) + ")"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_facts_are_wrapped_below_their_first_word_for_people_only(kind, monkeypatch):
    monkeypatch.setattr(sys, "stdout", kind())
    monkeypatch.setenv("COLUMNS", "60")
    judgment = Judgment(Verdict.FAILED, ("A reason.",), "Advice.")
    show_summary(Summary((), (SECONDS,), judgment), every=False)
    lines = sys.stdout.getvalue().splitlines()
    if kind is Terminal:
        first = lines.index(next(line for line in lines if line.startswith("seconds")))
        assert len(lines[first]) <= 60
        assert lines[first + 1].startswith(" " * 14 + "stage")
    else:
        assert SECONDS in lines
