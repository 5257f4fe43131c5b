import subprocess
import sys

import pytest

import fluvial

HEAVY = ("jax", "numpy", "scipy", "equinox", "matplotlib", "xarray", "rich")


def test_version(run):
    assert run("--version") == (0, f"fluvial {fluvial.__version__}\n", "")


def test_help_names_the_commands(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "fit" in out


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
