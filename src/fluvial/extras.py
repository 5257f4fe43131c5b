"""The optional dependencies: which extra brings which package, and the sentence that asks for one.

Each verb asks for what it needs before it begins, so that no work is lost for want of a package.
"""

import importlib.util
from types import MappingProxyType

from fluvial.errors import InputError

__all__ = ["EXTRAS", "advice", "lacking", "require"]

EXTRAS = MappingProxyType(
    {
        "arviz": {
            "arviz_base": "arviz-base",
            "arviz_plots": "arviz-plots",
            "h5netcdf": "h5netcdf",
            "matplotlib": "matplotlib",
            "xarray": "xarray",
            "xarray_einstats": "xarray-einstats",
        },
        "dask": {"distributed": "distributed"},
        "numpyro": {"numpyro": "numpyro"},
        "pymc": {"pymc": "pymc"},
        "replicate": {
            "ipykernel": "ipykernel",
            "nbclient": "nbclient",
            "nbformat": "nbformat",
            "PIL": "pillow",
            "psutil": "psutil",
            "yaml": "pyyaml",
        },
        "report": {"jinja2": "jinja2", "matplotlib": "matplotlib", "PIL": "pillow"},
        "studies": {
            "diffrax": "diffrax",
            "matplotlib": "matplotlib",
            "PIL": "pillow",
            "pooch": "pooch",
            "sklearn": "scikit-learn",
            "statsmodels": "statsmodels",
        },
        "train": {
            "matplotlib": "matplotlib",
            "PIL": "pillow",
            "pooch": "pooch",
            "sklearn": "scikit-learn",
        },
    }
)
"""Extra -> the modules that it brings, each with the name of its package."""


def require(extra: str, purpose: str, *modules: str) -> None:
    """Check that optional dependencies can be imported, without importing them.

    Args:
        extra: one of ``EXTRAS``.
        purpose: what they are needed for: the subject of "needs".
        modules: some of the extra's modules; all of them by default.

    Raises:
        InputError: if one is not installed; the sentence names the packages and the extra.

    Example:
        >>> require("report", "a report")
    """
    complaint = lacking(extra, purpose, *modules)
    if complaint:
        raise InputError(complaint)


def lacking(extra: str, purpose: str, *modules: str) -> str:
    """Say what ``require`` raises, for what can be left out; "" if nothing is missing.

    Example:
        >>> lacking("report", "a report")
        ''
    """
    packages = EXTRAS[extra]
    missing = [packages[m] for m in modules or packages if importlib.util.find_spec(m) is None]
    if not missing:
        return ""
    are = "is" if len(missing) == 1 else "are"
    return (
        f"{purpose} needs {_listed(missing)}, which {are} not installed: {_advice(extra, missing)}."
    )


def advice(module: str) -> str:
    """Say how to get a module that cannot be imported; "" if no extra brings it.

    Example:
        >>> advice("pymc")
        'run `pip install pymc`, or install fluvial with its extra "pymc"'
        >>> advice("antigravity")
        ''
    """
    for extra, packages in EXTRAS.items():
        if module in packages:
            return _advice(extra, [packages[module]])
    return ""


def _advice(extra: str, packages: list[str]) -> str:
    return f'run `pip install {" ".join(packages)}`, or install fluvial with its extra "{extra}"'


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
