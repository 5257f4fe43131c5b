"""What must be here before a notebook is run: its kernel, and what compares its outputs."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from fluvial.errors import InputError
from fluvial.replication.compare.outputs import IMAGES, displays
from fluvial.replication.read import Recorded

__all__ = ["check_ready", "find_kernel"]


def check_ready(recorded: Recorded, kernel: str | None = None) -> str:
    """Check that a notebook can be run and compared, and return the kernel to do it with.

    Args:
        recorded: the notebook.
        kernel: the name of a kernel to use instead of the notebook's own.

    Raises:
        InputError: if there is no such kernel, or the notebook holds pictures and scikit-image,
            which compares them, is not installed.
    """
    name = find_kernel(recorded, kernel)
    with_picture = next(_cells_with_pictures(recorded), None)
    if with_picture is not None and importlib.util.find_spec("skimage") is None:
        raise InputError(
            f"cell {with_picture} has a recorded picture, and comparing pictures needs "
            'scikit-image: pip install "fluvial[notebooks]".'
        )
    return name


def find_kernel(recorded: Recorded, kernel: str | None = None) -> str:
    """Return the name of the kernel to run a notebook with.

    Args:
        recorded: the notebook; it names the kernel that it was made with.
        kernel: another one to use instead.

    Raises:
        InputError: if there is no such kernel here, or what it starts is gone.
    """
    try:
        import ipykernel  # noqa: F401
        from jupyter_client.kernelspec import KernelSpecManager
    except ModuleNotFoundError as error:
        raise InputError('running notebooks needs: pip install "fluvial[notebooks]".') from error
    own = recorded.notebook.metadata.get("kernelspec", {}).get("name")
    wanted = kernel or own or "python3"
    specs = KernelSpecManager()
    installed = sorted(specs.find_kernel_specs())
    if wanted not in installed:
        whose = "there is no kernel" if kernel else "the notebook asks for the kernel"
        raise InputError(
            f"{whose} {wanted}{'' if kernel else ', which is not installed'}: {_advice(installed)}."
        )
    program = Path(specs.get_kernel_spec(wanted).argv[0])
    if program.is_absolute() and not program.exists():
        others = [name for name in installed if name != wanted]
        raise InputError(
            f"the kernel {wanted} starts {program}, which is not there: {_advice(others)}."
        )
    return wanted


def _advice(installed: list[str]) -> str:
    if not installed:
        return "install one (pip install ipykernel)"
    which = installed[0] if len(installed) == 1 else f"one of {', '.join(installed)}"
    return f"install it, or choose {which} with --kernel"


def _cells_with_pictures(recorded: Recorded) -> Iterator[int]:
    for number, cell in enumerate(recorded.cells, 1):
        if any(mime in IMAGES for data in displays(cell.outputs) for mime in data):
            yield number
