"""A real process, killed at random moments."""

import random
import subprocess
import sys
import time

import numpy as np
import pytest

import fluvial
from fluvial.datasets import load_digits

PROGRAM = """
import sys
from fluvial.amortized import DLGM, Recipe, train
from fluvial.datasets import load_digits
train(
    DLGM(64, 3, 8), load_digits(), "planar:2", recipe=Recipe(epochs=150), checkpoint=sys.argv[1],
    resume=True, checkpoint_seconds=0.0, progress=False,
)
"""


def start(folder):
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)])


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_to_the_same_bits(tmp_path):
    begin = time.monotonic()
    assert start(tmp_path / "whole").wait() == 0
    whole = time.monotonic() - begin
    moments = random.Random(0)
    kills = 0
    for _ in range(40):
        process = start(tmp_path / "killed")
        try:
            code = process.wait(timeout=moments.uniform(0.3, 1.0) * whole)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            continue
        assert code == 0
        break
    assert kills > 0
    one, other = (fluvial.load(tmp_path / name) for name in ("whole", "killed"))
    x = load_digits().test
    np.testing.assert_array_equal(one.bound(x), other.bound(x))
    bounds = [[line["validation_bound"] for line in t.history] for t in (one, other)]
    assert bounds[0] == bounds[1]
    assert not list((tmp_path / "killed" / "checkpoints").glob(".*"))
