import io
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import fluvial.replication as package
from fluvial.replication import compare_runs
from fluvial.replication.notebook_run import NotebookRun, RunCell


@pytest.fixture
def book(tmp_path):
    """A notebook that recorded a loss of 0.25, and what it is called."""
    output = new_output("stream", name="stdout", text="loss 0.25\n")
    cell = new_code_cell("print('loss', 0.25)", outputs=[output], execution_count=1)
    path = tmp_path / "thesis.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    return path


@pytest.fixture
def machine(monkeypatch):
    """Stand in for running the notebook: say what this machine prints, and see the options."""

    def says(*texts, seen=None):
        def run_again(recorded, tolerance, metrics, **options):
            if seen is not None:
                seen.append((tolerance, options))
            outputs = [new_output("stream", name="stdout", text=text) for text in texts]
            cells = [(RunCell((output,), 0.5, "done"),) for output in outputs]
            runs = [NotebookRun(own, recorded.notebook) for own in cells]
            return compare_runs(recorded, runs, tolerance, metrics)

        monkeypatch.setattr(package, "replicate", run_again)

    return says


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_same(run, book, machine):
    machine("loss 0.25\n")
    code, out, err = run("replicate", book, "--yes")
    assert code == 0
    assert "cell 1  IDENTICAL" in out
    assert "local runs" not in out
    assert out.splitlines()[-1] == "verdict: IDENTICAL"
    assert "thesis.ipynb is a program" in err


def test_another_result_has_an_exit_code_of_its_own(run, book, machine):
    machine("loss 0.5\n")
    code, out, _ = run("replicate", book, "--yes")
    assert code == 3
    assert 'stdout line 1: recorded "0.25", here "0.5" (beyond the tolerance, 1 relative)' in out
    assert out.splitlines()[-1] == "verdict: DIFFERS"


def test_metrics_are_shown(run, book, machine):
    machine("loss 0.2\n")
    spec = {"loss": {"pattern": "loss (.*)", "higher_is": "worse"}}
    book.with_name("thesis.metrics.json").write_text(json.dumps(spec))
    code, out, _ = run("replicate", book, "--yes")
    assert code == 0
    assert "metric loss BETTER" in " ".join(out.split())


def test_cells_and_metrics_are_aligned(run, book, machine):
    machine("loss 0.25\n")
    names = ["loss", "the_loss_of_this_network_", "the_loss_of_this_other_network_of_ours"]
    spec = {name: {"pattern": "loss (.*)"} for name in names}
    book.with_name("thesis.metrics.json").write_text(json.dumps(spec))
    lines = run("replicate", book, "--yes")[1].splitlines()
    verdicts = [
        line.index(word) for line in lines for word in ("IDENTICAL ", "SAME ") if word in line
    ]
    assert len(verdicts) == 4
    assert len(set(verdicts)) == 1
    assert any(line.startswith("metric the_loss_of_this_other_…  SAME") for line in lines)


def test_what_varies_by_itself_is_told_from_what_differs(run, book, machine):
    ending = "".join(f"noise {i}\n" for i in range(5))
    other = ending.replace("noise ", "noise 1")
    machine(f"loss 0.75\n{ending}", f"loss 0.75\n{other}", f"loss 0.75\n{ending}")
    code, out, _ = run("replicate", book, "--yes", "--repeat", 3)
    assert code == 3
    lines = out.splitlines()
    varying = [line.strip() for line in lines if "varies by itself: " in line]
    assert varying[0] == "varies by itself: stdout line 2: 0, 10, 0"
    assert len(varying) == 3
    assert "    … and at 2 more places" in lines
    assert lines[-2:] == ["3 local runs: cell 1 varies by itself", "verdict: DIFFERS"]


def test_nothing_varies_by_itself(run, book, machine):
    machine("loss 0.25\n", "loss 0.25\n")
    out = run("replicate", book, "--yes", "--repeat", 2)[1]
    assert out.splitlines()[-2] == "2 local runs: nothing varies by itself"


def test_options_reach_the_run(run, book, machine):
    seen = []
    machine("loss 0.26\n", seen=seen)
    options = (
        "--rtol",
        0.1,
        "--time-ratio",
        3,
        "--repeat",
        4,
        "--timeout",
        9,
        "--kernel",
        "python3",
    )
    assert run("replicate", book, "-y", *options)[0] == 0
    ((tolerance, rest),) = seen
    assert (tolerance.rtol, tolerance.time_ratio) == (0.1, 3.0)
    assert (rest["repeat"], rest["timeout"], rest["kernel"]) == (4, 9, "python3")


def test_out_leaves_the_result(run, book, machine, tmp_path):
    machine("loss 0.25\n")
    code, out, _ = run("replicate", book, "--yes", "--out", tmp_path / "result")
    assert code == 0
    assert "replication.json, executed.ipynb" in out
    content = json.loads((tmp_path / "result" / "replication.json").read_text())["content"]
    assert (content["verdict"], content["notebook"]) == ("IDENTICAL", "thesis.ipynb")


@pytest.fixture
def no_run(monkeypatch):
    """Fail the test if the notebook is run."""
    monkeypatch.setattr(package, "replicate", lambda *_, **__: pytest.fail("it ran"))


def test_without_a_terminal_and_without_yes_it_refuses(run, book, no_run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, _, err = run("replicate", book)
    assert code == 1
    assert "is a program" in err
    assert "add --yes if you trust it" in err


@pytest.mark.parametrize("answer", ["n", ""])
def test_asked_and_declined(run, book, no_run, monkeypatch, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    code, _, err = run("replicate", book)
    assert code == 1
    assert "not run" in err


def test_asked_and_agreed(run, book, machine, monkeypatch):
    machine("loss 0.25\n")
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert run("replicate", book)[0] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rtol", "-1"], "rtol is -1.0"),
        (["--time-ratio", "0.5"], "time ratio is 0.5"),
        (["--similarity", "2"], "similarity is 2.0"),
        (["--metrics", "none.toml"], "none.toml cannot be read"),
        (["--kernel", "nonsense"], "there is no kernel nonsense"),
    ],
)
def test_wrong_options_are_noticed_before_the_run(run, book, no_run, options, words):
    code, _, err = run("replicate", book, *options)
    assert code == 1
    assert words in err
    assert "is a program" not in err


def test_somebody_elses_folder_is_noticed_before_the_run(run, book, no_run):
    code, _, err = run("replicate", book, "--yes", "--out", Path(book).parent)
    assert code == 1
    assert "holds no saved replication" in err


def test_interrupted(run, book, monkeypatch):
    def run_again(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "replicate", run_again)
    code, out, err = run("replicate", book, "--yes")
    assert (code, out) == (130, "")
    assert "interrupted" in err
