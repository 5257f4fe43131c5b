"""What must be here before a notebook is run: its kernel."""

from pathlib import Path

from fluvial.errors import InputError
from fluvial.replication.read import RecordedNotebook

__all__ = ["check_ready"]

_PYTHON = ("python", "python2", "python3", "ipython")
_KERNELS = {
    "r": "R's kernel, IRkernel",
    "julia": "Julia's kernel, IJulia",
    "scala": "Scala's kernel, Almond",
    "c++": "the kernel xeus-cling",
}


def check_ready(recorded: RecordedNotebook, kernel: str | None = None) -> str:
    """Check that a notebook can be run, and return the name of the kernel to do it with.

    Args:
        recorded: the notebook; it names the kernel that it was made with.
        kernel: another one to use instead.

    Raises:
        InputError: if there is no such kernel here, or what it starts is gone.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    own = recorded.notebook.metadata.get("kernelspec", {}).get("name")
    wanted = kernel or own or "python3"
    _check_language(recorded)
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


def _check_language(recorded: RecordedNotebook) -> None:
    metadata = recorded.notebook.metadata
    language = metadata.get("language_info", {}).get("name")
    language = language or metadata.get("kernelspec", {}).get("language") or "python"
    if str(language).lower() in _PYTHON:
        return
    name = str(language)
    raise InputError(
        f"{recorded.name} is a notebook in {name}, and notebooks in Python can be replicated: run "
        f"it again with {_KERNELS.get(name.lower(), 'the kernel of its language')} (jupyter "
        "nbconvert --execute --to notebook), and compare the two with nbdiff."
    )


def _advice(installed: list[str]) -> str:
    if not installed:
        return "install one (pip install ipykernel)"
    which = installed[0] if len(installed) == 1 else f"one of {', '.join(installed)}"
    return f"install it, or choose {which} with --kernel"
