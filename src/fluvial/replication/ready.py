"""What must be here before a notebook is run: its kernel."""

import re
from pathlib import Path

from fluvial.errors import InputError
from fluvial.replication.read import RecordedNotebook

__all__ = ["check_ready"]

_PYTHON = ("python", "python2", "python3", "ipython")
# How the kernels of other languages are called by those who made them.
_NAMED = [
    ("R", re.compile(r"(?:ir|xr)(?![a-z])", re.IGNORECASE)),
    ("Julia", re.compile(r"i?julia", re.IGNORECASE)),
    ("Scala", re.compile(r"scala|almond|spylon", re.IGNORECASE)),
    ("C++", re.compile(r"xcpp|cling", re.IGNORECASE)),
    ("bash", re.compile(r"bash$", re.IGNORECASE)),
    ("JavaScript", re.compile(r"javascript|deno|jslab|tslab", re.IGNORECASE)),
]
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
    spec = metadata.get("kernelspec", {})
    language = metadata.get("language_info", {}).get("name") or spec.get("language")
    name = str(language or _language_of(str(spec.get("name", ""))))
    if name.lower() in _PYTHON:
        return
    raise InputError(
        f"{recorded.name} is a notebook in {name[:1].upper()}{name[1:]}, and only notebooks in "
        "Python can be replicated: run it again with "
        f"{_KERNELS.get(name.lower(), 'the kernel of its language')} (jupyter nbconvert --execute "
        "--to notebook), and compare the two with nbdiff."
    )


def _language_of(kernel: str) -> str:
    """Return the language that a kernel's name tells, where a notebook does not say it."""
    return next((name for name, found in _NAMED if found.match(kernel)), "python")


def _advice(installed: list[str]) -> str:
    if not installed:
        return "install one (pip install ipykernel)"
    which = installed[0] if len(installed) == 1 else f"one of {', '.join(installed)}"
    return f"install it, or choose {which} with --kernel"
