import re
import subprocess
import sys

import pytest

import fluvial
from fluvial.flows.families import FAMILIES
from fluvial.studies import STUDIES
from fluvial.targets import EXAMPLES

HEAVY = ("jax", "numpy", "scipy", "equinox", "matplotlib", "xarray", "rich")


def test_version(run):
    assert run("--version") == (0, f"fluvial {fluvial.__version__}\n", "")


def test_no_sentence_in_the_list_of_commands_is_cut(run):
    commands = run("-h")[1].split("Commands:")[1].strip().splitlines()
    assert len(commands) >= 10
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_the_commands(run, option):
    code, out, _ = run(option)
    assert code == 0
    for command in ("fit", "show", "train", "reproduce", "replicate", "report"):
        assert f"\n  {command} " in out


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("fit", (*EXAMPLES, *FAMILIES)),
        ("train", FAMILIES),
        ("reproduce", STUDIES),
    ],
)
def test_help_lists_what_there_is(run, command, names):
    _, out, _ = run(command, "-h")
    words = re.sub(r"-\n +", "-", out).replace(",", " ").replace(".", " ").split()
    assert set(names) <= set(words)


def test_it_completes_words_in_a_shell(run, monkeypatch):
    # else the shell is the one among the parents of this process, of which there may be none
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    _, out, _ = run("--show-completion", "bash")
    assert "_FLUVIAL_COMPLETE" in out


def test_verbose_shows_where_an_error_came_from(run):
    code, _, err = run("-v", "fit", "nowhere.stan")
    assert code == 1
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("fluvial: there is no Stan program")


@pytest.mark.parametrize("verbose", [(), ("-v",)])
def test_what_steers_a_terminal_is_in_no_error(run, verbose):
    code, _, err = run(*verbose, "fit", "no\x1b]0;owned\x07\x1b[31mwhere.stan")
    assert code == 1
    assert "\x1b" not in err
    assert err.splitlines()[-1].startswith("fluvial: there is no Stan program nowhere.stan")


def test_python_can_run_the_package():
    done = subprocess.run(
        [sys.executable, "-m", "fluvial", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"fluvial {fluvial.__version__}\n"


def test_an_interrupt_that_no_command_expects_is_a_sentence(run, monkeypatch):
    monkeypatch.setattr("fluvial.cli.backend.check_backend", _interrupted)
    assert run("fit", "--example", "funnel") == (130, "", "fluvial: interrupted.\n")


INTERRUPTED_IMPORT = """
import os, signal
from fluvial.cli.leaving import leaving_at_once

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
with leaving_at_once():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        [None for _ in range(10)]
    except KeyboardInterrupt:  # as a C extension does
        raise ImportError("initializing the extension") from None
"""


def test_so_is_one_while_modules_are_imported():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "fluvial: interrupted.\n")


def _interrupted(*_):
    raise KeyboardInterrupt


ARVIZ = """
import warnings

warnings.warn("ArviZ will be another one.", FutureWarning)
"""
MODEL = """
import warnings

import arviz

warnings.warn("Mine.", FutureWarning)
raise ValueError("enough")
"""


def test_what_arviz_says_of_its_own_future_is_not_shown(tmp_path):
    (tmp_path / "arviz.py").write_text(ARVIZ)
    (tmp_path / "model.py").write_text(MODEL)
    done = subprocess.run(
        [sys.executable, "-m", "fluvial", "fit", "model.py:target"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "another one" not in done.stderr
    assert "Mine." in done.stderr


@pytest.mark.parametrize("arguments", [["--nonsense"], ["nonsense"], ["fit", "--seed", "x"]])
def test_wrong_usage(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage: fluvial" in err


def test_help_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from fluvial.cli import main\n"
        "try: main(['fit', '--help'])\n"
        f"except SystemExit: print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_fit_imports_nothing_that_only_training_needs():
    program = (
        "import sys, fluvial.inference\n"
        "print([m for m in ('optax', 'scipy.stats', 'scipy.optimize') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
