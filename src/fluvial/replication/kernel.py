"""The kernel that a notebook runs in, with a folder of its own for what is not the notebook's."""

import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.errors import InputError
from fluvial.replication.children import MARK, end_children
from fluvial.replication.fonts import font_configuration
from fluvial.replication.plots import plot_configuration
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.tables import table_configuration

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

__all__ = [
    "environment_of",
    "kernel_client",
    "private_home",
    "started_kernel",
    "use_interpreter",
]

# How long output may lag behind the end of its cell: a million lines take a while.
_OUTPUT_SECONDS = 120


@contextmanager
def private_home(recorded: RecordedNotebook) -> Iterator[Path]:
    """Yield a folder for what is the kernel's own: sockets, settings, its log.

    The user's own startup files and history are not part of the notebook.
    """
    with tempfile.TemporaryDirectory(prefix="fluvial-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        profile = home / "ipython" / "profile_default"
        profile.mkdir(parents=True)
        if configuration := plot_configuration(recorded) + font_configuration(recorded):
            (profile / "ipython_kernel_config.py").write_text(configuration)
        if startup := table_configuration(recorded):
            (profile / "startup").mkdir()
            (profile / "startup" / "tables.py").write_text(startup)
        yield home


def kernel_client(
    notebook: "NotebookNode", kernel: str, timeout: int, folder: Path, home: Path
) -> "NotebookClient":
    """Return what runs the cells of a notebook in a kernel that starts in a folder."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    # Over TCP other users of the machine could listen; Windows has nothing else.
    sockets = {"transport": "ipc", "ip": str(home / "kernel")}
    return NotebookClient(
        notebook,
        config=Config({} if sys.platform == "win32" else {"KernelManager": sockets}),
        kernel_name=kernel,
        timeout=timeout,
        iopub_timeout=_OUTPUT_SECONDS,
        allow_errors=True,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )


def use_interpreter(client: "NotebookClient", python: Path, kernel: str, home: Path) -> None:
    """Let a client start the kernel of another environment."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    # Under the name of the kernel of this environment, that one would be started.
    kernel = client.kernel_name = f"restored-{kernel}"
    folder = home / "kernels" / kernel
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": kernel, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(home / "kernels")], ensure_native_kernel=False)
    client.km = AsyncKernelManager(
        kernel_name=kernel, kernel_spec_manager=specs, config=client.config
    )


def environment_of(kernel: str) -> Path:
    """Return the folder of the environment that a kernel runs in."""
    from jupyter_client.kernelspec import KernelSpecManager

    program = Path(KernelSpecManager().get_kernel_spec(kernel).argv[0])
    return program.parent.parent if program.is_absolute() else Path(sys.prefix)


@contextmanager
def started_kernel(
    client: "NotebookClient", kernel: str, home: Path, prefix: Path
) -> Iterator[None]:
    """Run a client's kernel; what it started and did not end is ended with it.

    Programs that its cells call, such as ``!pip``, are first those of its own environment.

    Args:
        client: from ``kernel_client``.
        kernel: its name, for a message.
        home: from ``private_home``.
        prefix: the folder of the environment that it runs in.

    Raises:
        InputError: if the kernel does not start.
    """
    mark = uuid.uuid4().hex
    programs = prefix / ("Scripts" if sys.platform == "win32" else "bin")
    path = os.pathsep.join(filter(None, (str(programs), os.environ.get("PATH"))))
    environment = os.environ | {"IPYTHONDIR": str(home / "ipython"), MARK: mark, "PATH": path}
    # What the kernel itself says, such as a traceback when it is stopped within a cell, is no
    # output of a cell, and would else appear on the terminal among ours.
    words = home / "kernel.log"
    with ExitStack() as stack:
        log = stack.enter_context(words.open("wb"))
        stack.callback(end_children, mark)
        try:
            stack.enter_context(client.setup_kernel(env=environment, stdout=log, stderr=log))
        except (RuntimeError, OSError) as error:
            said = words.read_text(errors="replace").strip().splitlines()
            raise InputError(
                f"the kernel {kernel} does not start ({said[-1].strip() if said else error}): try "
                f"it with jupyter console --kernel {kernel}."
            ) from error
        yield
