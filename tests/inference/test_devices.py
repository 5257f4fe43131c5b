import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fluvial
from fluvial.targets.examples.registry import example
from tests.inference.fitting_program import measured

PROGRAM = Path(__file__).with_name("fitting_program.py")
FRONT_ENDS = Path(__file__).with_name("front_ends_program.py")
ALL = "pymc,numpyro,jax,stan"  # PyMC first: it would change the process
QUICK = os.environ["XLA_FLAGS"]  # as the tests themselves


@pytest.fixture(scope="module")
def alone():
    return measured()


@pytest.fixture(scope="module")
def front_ends():
    """What a process finds in which nothing asks for devices."""
    return json.loads(_start(ALL, program=FRONT_ENDS, flags=QUICK).communicate(timeout=300)[0])


def _start(*arguments, flags: str = "", program: Path = PROGRAM) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, program, *(str(argument) for argument in arguments)],
        env={**os.environ, "XLA_FLAGS": flags},
        stdout=subprocess.PIPE,
        text=True,
    )


def _assert_same(process, alone, devices):
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    found = json.loads(output.splitlines()[-1])  # Gloo says something before
    assert found["devices"] == devices
    np.testing.assert_allclose(found["free_energies"], alone["free_energies"], atol=2e-3)
    assert alone["free_energies"][-1] < alone["free_energies"][0] - 5  # it has learned something
    for name in ("elbo", "log_evidence"):
        assert found[name] == pytest.approx(alone[name], abs=1e-3)


@pytest.mark.slow
def test_four_devices_fit_what_one_does_and_share_its_draws(alone, tmp_path):
    flags = (
        f"--xla_force_host_platform_device_count=4 --xla_dump_to={tmp_path} "
        "--xla_dump_hlo_module_re=.*train_chunk.*"
    )
    _assert_same(_start(flags=flags), alone, devices=4)
    (*_, program) = tmp_path.glob("*train_chunk*after_optimizations.txt")
    assert "all-reduce" in program.read_text()


@pytest.mark.slow
def test_two_processes_fit_what_one_does(alone):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    for process in [_start(address, 2, rank) for rank in range(2)]:
        _assert_same(process, alone, devices=2)


def test_what_the_host_computes_is_not_split():
    assert fluvial.from_stan(
        "examples/eight_schools.stan", data="examples/eight_schools.json"
    ).on_host
    assert not example("banana").target.on_host


def _assert_front_ends_use_one(found, alone, devices):
    assert found["devices"] == devices
    assert found["used"] == {"None": 1, "True": devices, "False": 1}
    for name, fit in found["fits"].items():
        for quantity, value in fit.items():
            np.testing.assert_allclose(value, alone["fits"][name][quantity], rtol=1e-6)


def test_no_front_end_changes_the_process(front_ends):
    assert front_ends["devices"] == 1
    assert front_ends["flags"] == QUICK


@pytest.mark.slow
def test_the_hundred_devices_that_pymc_makes_are_not_used(front_ends):
    process = _start("jax", "pymc.sampling.jax", program=FRONT_ENDS, flags=QUICK)
    found = json.loads(process.communicate(timeout=300)[0])
    _assert_front_ends_use_one(found, front_ends, devices=100)


@pytest.mark.slow
def test_four_devices_that_the_user_has_for_other_ends_are_not_used(front_ends):
    flags = f"{QUICK} --xla_force_host_platform_device_count=4"
    found = json.loads(_start(ALL, program=FRONT_ENDS, flags=flags).communicate(timeout=300)[0])
    _assert_front_ends_use_one(found, front_ends, devices=4)
    assert found["flags"] == flags
