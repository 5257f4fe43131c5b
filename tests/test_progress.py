import io
import sys

import jax
import pytest

from fluvial.compile_clock import compile_clock
from fluvial.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_stages_that_are_entered_twice_add_up():
    with Progress(shown=False) as progress:
        for _ in range(2):
            with progress.stage("search"):
                pass
        with progress.stage("flow"):
            pass
    assert list(progress.seconds) == ["search", "flow"]
    assert all(seconds >= 0.0 for seconds in progress.seconds.values())


def test_a_stage_that_fails_still_has_its_seconds():
    progress = Progress(shown=False)
    with pytest.raises(KeyboardInterrupt), progress.stage("flow"):
        raise KeyboardInterrupt
    assert "flow" in progress.seconds


def test_without_a_terminal_a_plain_progress_writes_a_line_for_each_update(capsys):
    with Progress(shown=True, plain=True) as progress, progress.stage("kmeans"):
        progress.update(1, 3, "loops-2")
        progress.left = lambda: "3 s left"
        progress.update(2, note="loops-3")
    assert capsys.readouterr().err == "kmeans [1/3] loops-2\nkmeans [2/?] loops-3, 3 s left\n"


@pytest.mark.parametrize("options", [{"shown": True}, {"shown": False, "plain": True}])
def test_otherwise_nothing_is_written_without_a_terminal(options, capsys):
    with Progress(**options) as progress, progress.stage("fits"):
        progress.update(1, 3)
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_stage_and_note_and_the_bar_never_passes_its_end(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(shown=True) as progress, progress.stage("flow", total=10):
        progress.update(12, 10, "ELBO -3.2")
        assert progress._bar.tasks[0].completed == 10
        progress._bar.refresh()
    assert "flow" in terminal.getvalue()
    assert "[10/10]" in terminal.getvalue()
    assert "ELBO -3.2" in terminal.getvalue()


def test_what_is_left_of_a_budget_is_shown_in_a_stage_that_reports_nothing(monkeypatch):
    terminal, left = _Terminal(), 4
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(shown=True) as progress:
        progress.left = lambda: f"{left} s left"
        with progress.stage("chains"):
            progress._bar.refresh()
            left = 3
            progress._bar.refresh()
    assert "4 s left" in terminal.getvalue()
    assert "3 s left" in terminal.getvalue()


def test_what_a_stage_compiles_is_told_apart():
    with compile_clock() as compiling, Progress(shown=False, compiling=compiling) as progress:
        with progress.stage("sum"):
            jax.jit(lambda x: x + 17.5)(1.0)
        with progress.stage("idle"):
            pass
    assert list(progress.seconds) == ["sum", "sum compilation", "idle"]
    assert progress.seconds["sum compilation"] > 0.0
