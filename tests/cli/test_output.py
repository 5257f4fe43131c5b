import os
import subprocess
import sys
from pathlib import Path

import pytest

import fluvial

PROGRAM = """
import sys
import numpy as np
from fluvial.cli import cache, main
from fluvial import inference, targets

cache.keep_compiled = lambda: None
fit = inference.fit
def quick(target, flow, seed, *, progress, max_steps):
    sys.stderr.write("± fitting\\n")
    return fit(target, flow, seed, progress=False, max_steps=max_steps)
inference.fit = quick
main(sys.argv[1:])
"""
MODEL = """
import jax.numpy as jnp
import fluvial

ü = fluvial.Target(lambda p: -0.5 * jnp.sum(p["ü±"] ** 2), example={"ü±": jnp.zeros(2)})
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    return f"{path}:ü"


def shell(line, model, out, **environment):
    command = f'"{sys.executable}" -c "$PROGRAM" fit "$MODEL" --out "{out}"'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line.format(command=command)],
        env=os.environ | {"PROGRAM": PROGRAM, "MODEL": model, "PYTHONUTF8": "0"} | environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("{command} | head -1", 0, b""),
        ("{command} | true", 0, b""),
        ("{command} > /dev/full", 1, b"could not be: No space left on device."),
        ("{command} >&-", 0, b""),
        ("{command} 2>/dev/full", 0, b""),
        ("{command} 2>&-", 0, b""),
    ],
)
def test_whatever_becomes_of_the_output_the_posterior_is_saved(tmp_path, model, line, code, said):
    done = shell(line, model, tmp_path / "run")
    assert done.returncode == code
    assert said in done.stderr
    assert b"Traceback" not in done.stderr
    assert fluvial.load(tmp_path / "run").verdict.value == "GOOD"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
def test_characters_that_an_encoding_lacks_are_written_in_ascii(tmp_path, model, encoding):
    done = shell("{command}", model, tmp_path / "run", PYTHONIOENCODING=encoding, COLUMNS="1")
    assert done.returncode == 0
    name = {"ascii": "u+/-[0]", "utf-8": "ü±[0]"}.get(encoding, "ü±[0]")
    assert name in done.stdout.decode(encoding)
    assert Path(tmp_path, "run", "posterior.json").is_file()
