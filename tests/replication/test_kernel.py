import os
from contextlib import contextmanager
from pathlib import Path

from fluvial.replication.kernel import started_kernel


class Client:
    """Keeps the environment variables that a kernel is started with."""

    def __init__(self):
        self.started_with = {}

    @contextmanager
    def setup_kernel(self, env, **streams):
        self.started_with = env
        yield


def test_programs_that_cells_call_are_those_of_the_kernels_environment(tmp_path):
    client = Client()
    with started_kernel(client, "python3", tmp_path, tmp_path / "own"):
        pass
    first, *others = client.started_with["PATH"].split(os.pathsep)
    assert Path(first).parent == tmp_path / "own"
    assert others == os.environ["PATH"].split(os.pathsep)
