"""What the likelihood of a whole test set takes, in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import jax, numpy as np
from fluvial.amortized import DLGM
from fluvial.amortized.evaluate import log_likelihoods

dlgm = DLGM().with_flow("planar:10")
rows = (np.random.default_rng(0).random((10_000, 784)) < 0.1).astype(np.float32)
log_likelihoods(dlgm, rows, int(sys.argv[1]), jax.random.key(0))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def megabytes(samples):
    arguments = [sys.executable, "-c", PROGRAM, str(samples)]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_samples():
    few, many = megabytes(50), megabytes(150)
    assert many < 2000
    assert many - few < 100
