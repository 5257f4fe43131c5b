"""Published experiments, run again and judged.

A study is a module of its own, imported when it is asked for.
"""

import difflib
import importlib

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.reproduction.study import Study, Unit

__all__ = ["STUDIES", "Study", "Unit", "load_study"]

STUDIES: dict[str, str] = {
    "cifar10": "fluvial.studies.cifar10.study:Cifar10",
    "cnn_pil": "fluvial.studies.cnn_pil.study:CnnPil",
    "energies": "fluvial.studies.energies.study:Energies",
    "infinitesimal": "fluvial.studies.infinitesimal.study:Infinitesimal",
    "kmeans": "fluvial.studies.kmeans.study:KMeans",
    "mnist": "fluvial.studies.mnist.study:Mnist",
    "scaling": "fluvial.studies.scaling.study:Scaling",
    "vanishing_gradient": "fluvial.studies.vanishing_gradient.study:VanishingGradient",
}
"""Name -> "module:class"."""


def load_study(name: str) -> Study:
    """Return the study of a name.

    Raises:
        InputError: if there is none, or a package that studies need is not installed.
    """
    if name not in STUDIES:
        near = difflib.get_close_matches(name, STUDIES, n=1)
        advice = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(STUDIES)}."
        raise InputError(f'no study is called "{name}": {advice}')
    require("studies", "reproducing a study")
    module, _, attribute = STUDIES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()
