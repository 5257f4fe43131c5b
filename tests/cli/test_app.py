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
