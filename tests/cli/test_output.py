import io
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import fluvial
from fluvial.cli.output import say

PRINTING = """
import pathlib, sys
from fluvial.cli.output import console, lasting_output, say

with lasting_output():
    sys.stderr.write("± fitting\\n")
    for line in range(20_000):
        say("ü±☃")
    console().print("verdict: ‖")
    pathlib.Path(sys.argv[1]).touch()
"""
WAITING = """
import sys
from fluvial.cli.output import lasting_output, say

with lasting_output():
    say("a program will be run", err=True)
    sys.stdin.read()
"""
MODEL = """
import jax.numpy as jnp
import fluvial

ü = fluvial.Target(lambda p: -0.5 * jnp.sum(p["ü±"] ** 2), example={"ü±": jnp.zeros(2)})
"""


class Terminal(io.StringIO):
    """A stream at which somebody looks."""

    def isatty(self):
        return True


@pytest.mark.parametrize("err", [False, True])
def test_sentences_are_wrapped_to_a_terminal_and_stay_a_line_for_programs(monkeypatch, err):
    monkeypatch.setenv("COLUMNS", "50")
    text = f"saved in {'deep/' * 12}run: posterior.json, summary.csv, summary.json, pair.png"
    streams = Terminal(), io.StringIO()
    for stream in streams:
        monkeypatch.setattr(sys, "stderr" if err else "stdout", stream)
        say(text, err=err)
    shown, piped = (stream.getvalue() for stream in streams)
    assert piped == f"{text}\n"
    assert shown.split() == text.split()
    assert [line for line in shown.splitlines() if len(line) > 50] == [f"{'deep/' * 12}run:"]


def test_what_is_said_before_something_long_is_read_before_it_by_programs_too():
    command = [sys.executable, "-c", WAITING]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as waiting:
        assert waiting.stdin
        assert waiting.stderr
        # It waits until this is read: a line that stays in a buffer would never come.
        ended = threading.Timer(20.0, waiting.kill)
        ended.start()
        assert waiting.stderr.readline() == "a program will be run\n"
        assert waiting.poll() is None
        ended.cancel()
        waiting.stdin.close()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    return f"{path}:ü"


def shell(line, command, **environment):
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.format(command=shlex.join(map(str, command)))],
        env=os.environ | {"PYTHONUTF8": "0"} | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{command} | head -1", 0),
        ("{command} | true", 0),
        ("{command} > /dev/full", 1),
        ("{command} >&-", 0),
        ("{command} 2>/dev/full", 0),
        ("{command} 2>&-", 0),
        ("{command} >&- 2>&-", 0),
    ],
)
def test_whatever_becomes_of_the_output_the_work_is_done(tmp_path, line, code):
    done = shell(line, [sys.executable, "-c", PRINTING, tmp_path / "done"])
    assert done.returncode == code
    assert (tmp_path / "done").is_file()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("ascii", "u+/-?"), ("cp1252", "ü±?"), ("latin-1", "ü±?"), ("utf-8", "ü±☃")],
)
def test_characters_that_an_encoding_lacks_are_written_in_ascii(tmp_path, encoding, text):
    command = [sys.executable, "-c", PRINTING, tmp_path / "done"]
    done = shell("{command}", command, PYTHONIOENCODING=encoding, COLUMNS="1")
    first, *_, last = done.stdout.decode(encoding).splitlines()
    assert (first, last) == (text, "verdict: ‖" if encoding == "utf-8" else "verdict: ||")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        pytest.param("{command} | head -1", 0, b"", marks=pytest.mark.slow),
        ("{command} > /dev/full", 1, b"fluvial: the output could not be written: No space"),
    ],
)
def test_a_fit_is_saved_whatever_becomes_of_its_output(tmp_path, model, line, code, said):
    command = [Path(sys.executable).parent / "fluvial", "fit", model, "--out", tmp_path / "run"]
    done = shell(line, command, PYTHONIOENCODING="ascii", COLUMNS="1")
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert b"Traceback" not in done.stderr
    assert fluvial.load(tmp_path / "run").verdict.value == "GOOD"
