from typing import Any

import pytest

from fluvial.distributed import _known, join
from fluvial.errors import InputError

SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_STEP_NODELIST": "node[1-2]",
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
}
JAX = {"JAX_COORDINATOR_ADDRESS": "a:1", "JAX_NUM_PROCESSES": "4", "JAX_PROCESS_ID": "3"}
Given = tuple[Any, Any, Any]  # coordinator, processes, and which one this is


@pytest.mark.parametrize(
    ("given", "environment", "known"),
    [
        ((None, None, None), {}, None),
        (("host:9", 2, 1), {}, ("host:9", 2, 1)),
        ((None, None, None), JAX, ("a:1", 4, 3)),
        (("b:2", None, 0), JAX, ("b:2", 4, 0)),
        ((None, None, None), SLURM | {"SLURM_NTASKS": "2"}, (None, None, None)),
        ((None, None, None), SLURM | {"SLURM_NTASKS": "1"}, None),
        ((None, None, None), {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2"}, None),  # no srun
    ],
)
def test_arguments_come_before_the_environment(given: Given, environment, known):
    assert _known(*given, environment) == known


@pytest.mark.parametrize(
    ("given", "environment", "complaint"),
    [
        (("host:9", None, None), {}, "belong together: give all three"),
        (("host", 2, 1), {}, "the coordinator is 'host': give HOST:PORT"),
        (("host:9", 2, 2), {}, "this is process 2 of 2: number them from 0 to 1"),
        ((None, None, None), JAX | {"JAX_PROCESS_ID": "x"}, "JAX_PROCESS_ID is 'x'"),
    ],
)
def test_what_makes_no_sense(given: Given, environment, complaint):
    with pytest.raises(InputError, match=complaint):
        _known(*given, environment)


def test_joining_after_something_was_computed():
    import jax

    jax.devices()
    with pytest.raises(InputError, match="before anything is computed"):
        join("127.0.0.1:1", 2, 0)
