"""Published experiments, run again and judged.

A study is a module of its own, imported when it is asked for.
"""

import importlib

from fluvial.errors import InputError, nearest
from fluvial.extras import require
from fluvial.reproduction.study import Study, Unit

__all__ = ["STUDIES", "Study", "Unit", "load_study"]

STUDIES: dict[str, str] = {
    "energies": "fluvial.studies.energies.study:STUDY",
    "mnist": "fluvial.studies.mnist.study:STUDY",
    "cifar10": "fluvial.studies.cifar10.study:STUDY",
    "cifar10_pixels": "fluvial.studies.cifar10_pixels.study:STUDY",
    "infinitesimal": "fluvial.studies.infinitesimal.study:STUDY",
    "scaling": "fluvial.studies.scaling.study:STUDY",
    "kmeans": "fluvial.studies.kmeans.study:STUDY",
    "cnn_pil": "fluvial.studies.cnn_pil.study:STUDY",
    "vanishing_gradient": "fluvial.studies.vanishing_gradient.study:STUDY",
}
"""Name -> "module:attribute"; the paper's experiments come first."""


def load_study(name: str) -> Study:
    """Return the study of a name.

    Raises:
        InputError: if there is none, or a package that studies need is not installed.
    """
    if name not in STUDIES:
        near = nearest(name, STUDIES)
        advice = f'did you mean "{near}"?' if near else f"known are {', '.join(STUDIES)}."
        raise InputError(f'no study is called "{name}": {advice}')
    require("studies", "reproducing a study")
    module, _, attribute = STUDIES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
