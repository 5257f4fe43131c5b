"""A mixture as the bytes of a safetensors file, and back.

The file holds ``weights`` and, for the k-th component, ``{k}.mean`` and ``{k}.cholesky`` of its
Gaussian, or ``{k}.sd`` where its coordinates are independent, and, if it has a trained flow, that
flow's arrays, each under its path in the module.
"""

from typing import Any

import numpy as np

from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture
from fluvial.storage.array_files import from_safetensors, to_safetensors
from fluvial.storage.arrays import filled, named

__all__ = ["mixture_from_bytes", "mixture_to_bytes"]

_FLOW = "flow."


def mixture_to_bytes(mixture: Mixture) -> bytes:
    """Put all arrays of a mixture in one file."""
    arrays = {"weights": mixture.weights}
    for k, component in enumerate(mixture.components):
        arrays |= {f"{k}.{name}": array for name, array in _arrays(component).items()}
    return to_safetensors(arrays)


def mixture_from_bytes(data: bytes, template: Flow | None, origin: str) -> Mixture:
    """Rebuild a mixture.

    Args:
        data: from ``mixture_to_bytes``.
        template: a flow of the trained flows' structure, whose arrays do not matter and may be
            ``jax.ShapeDtypeStruct``; None if no component has a flow.
        origin: what the complaint names.

    Raises:
        InputError: if they are not a mixture, or the template's arrays do not match those in the
        file.
    """
    arrays = from_safetensors(data, origin)
    weights = arrays.pop("weights", np.empty(0))
    if weights.ndim != 1 or not len(weights) or weights.dtype != np.float64:
        raise _no_mixture(origin, "weights")
    components = []
    for k in range(len(weights)):
        own = {
            name.partition(".")[2]: array
            for name, array in arrays.items()
            if name.partition(".")[0] == str(k)
        }
        _check_gaussian(own, f"{origin}, component {k}")
        components.append(_component(own, template, f"{origin}, component {k}"))
    if len({component.gaussian.mean.size for component in components}) > 1:
        raise _no_mixture(origin, "dimensions")
    return Mixture(tuple(components), weights)


def _arrays(component: Component) -> dict[str, Any]:
    match component:
        case GaussianComponent(gaussian):
            return _of_gaussian(gaussian)
        case FlowComponent(trained, gaussian):
            flow = {f"{_FLOW}{name}": leaf for name, leaf in named(trained).items()}
            return _of_gaussian(gaussian) | flow
    raise TypeError(f"a {type(component).__name__} cannot be saved")


def _of_gaussian(gaussian: Gaussian | DiagonalGaussian) -> dict[str, np.ndarray]:
    name = "sd" if isinstance(gaussian, DiagonalGaussian) else "cholesky"
    return {"mean": gaussian.mean, name: gaussian.factor}


def _component(arrays: dict[str, np.ndarray], template: Flow | None, origin: str) -> Component:
    mean = arrays.pop("mean")
    if "sd" in arrays:
        gaussian = DiagonalGaussian(mean, arrays.pop("sd"))
    else:
        gaussian = Gaussian(mean, arrays.pop("cholesky"))
    if not arrays or template is None:
        return GaussianComponent(gaussian)
    flow = {name.removeprefix(_FLOW): array for name, array in arrays.items()}
    return FlowComponent(filled(template, flow, origin), gaussian)


def _check_gaussian(arrays: dict[str, np.ndarray], origin: str) -> None:
    mean, cholesky = arrays.get("mean"), arrays.get("cholesky")
    if mean is None or mean.ndim != 1 or not mean.size or mean.dtype != np.float64:
        raise _no_mixture(origin, "mean")
    sd = arrays.get("sd")
    if sd is not None:
        if cholesky is not None or sd.shape != mean.shape or sd.dtype != np.float64:
            raise _no_mixture(origin, "sd")
    elif cholesky is None or cholesky.shape != 2 * mean.shape or cholesky.dtype != np.float64:
        raise _no_mixture(origin, "cholesky")


def _no_mixture(origin: str, what: str) -> InputError:
    return InputError(
        f"{origin} is not a mixture that fluvial saved, for its {what}: restore it, or fit again."
    )
