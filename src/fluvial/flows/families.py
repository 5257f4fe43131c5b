"""The names of the families of flows, and how each is made."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.flows.conjugated import Conjugated
from fluvial.flows.continuous import Continuous
from fluvial.flows.coupling import Coupling
from fluvial.flows.flow import Flow, Stacked
from fluvial.flows.linear import Diagonal, Triangular
from fluvial.flows.orthogonal import Householder, Orthogonal
from fluvial.flows.orthonormal import Frame, Orthogonalized, Reflected
from fluvial.flows.permutation import Permutation
from fluvial.flows.planar import Planar
from fluvial.flows.radial import Radial
from fluvial.flows.sinh_arcsinh import SinhArcsinh
from fluvial.flows.spline import RationalQuadratic
from fluvial.flows.stacking import (
    autoregressive,
    couplings,
    inverted,
    single,
    stacked,
    transformed,
)
from fluvial.flows.sylvester import Sylvester
from fluvial.flows.transformers import Additive, Affine
from fluvial.flows.unfitted import (
    any_copula,
    any_margins,
    any_mixtures,
    any_modulated,
    any_sparse,
)

__all__ = ["FAMILIES", "Family"]


class Family(NamedTuple):
    """A name's meaning.

    ``build(dim, layers, *, key, dtype, **options)`` makes the flow; the options are its other
    keyword arguments, whose defaults say whether they are whole numbers.
    ``layers`` is the number of layers where the text gives none; None for a family that has
    one layer by nature.

    Example:
        >>> from fluvial.flows.families import FAMILIES
        >>> FAMILIES["realnvp"].layers
        8
    """

    build: Callable[..., Flow]
    layers: int | None = None


def _permutation(dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    del dtype
    return Permutation(jax.random.permutation(key, dim))


def _nice(mixing: Callable[..., Flow]) -> Callable[..., Flow]:
    """NICE as in Rezende & Mohamed 2015: each layer has its own fixed random mixing."""

    def build(
        dim: int,
        layers: int,
        *,
        key: PRNGKeyArray,
        dtype: DTypeLike,
        width: int = 64,
        depth: int = 2,
    ) -> Flow:
        def layer(key):
            mixing_key, net_key = jax.random.split(key)
            mix = mixing(dim, key=mixing_key, dtype=dtype)
            coupling = Coupling(Additive(), dim, key=net_key, width=width, depth=depth, dtype=dtype)
            return Conjugated(coupling, mix)

        return Stacked([layer(layer_key) for layer_key in jax.random.split(key, layers)])

    return build


def _sylvester(frame: Callable[..., Frame] = Reflected) -> Callable[..., Flow]:
    """M columns, as many as fit up to ``columns``."""

    def build(
        dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, columns: int = 32
    ) -> Flow:
        layer = functools.partial(Sylvester, columns=columns, frame=frame)
        return stacked(layer)(dim, layers, key=key, dtype=dtype)

    return build


def _sylvester_householder(
    dim: int, layers: int, *, key: PRNGKeyArray, dtype: DTypeLike, reflections: int = 8
) -> Flow:
    """All D columns, from a few reflections."""
    frame = functools.partial(Reflected, reflections=reflections)
    layer = functools.partial(Sylvester, columns=dim, frame=frame)
    return stacked(layer)(dim, layers, key=key, dtype=dtype)


def _continuous(
    dim: int, *, key: PRNGKeyArray, dtype: DTypeLike, width: int = 64, steps: int = 4
) -> Flow:
    return Continuous(dim, key=key, width=width, steps=steps, dtype=dtype)


_NICE_PERM = Family(_nice(_permutation), layers=8)

FAMILIES: dict[str, Family] = {
    "continuous": Family(_continuous),
    "copula": Family(any_copula),
    "diagonal": Family(single(Diagonal)),
    "householder": Family(stacked(Householder), layers=4),
    "iaf": Family(transformed(autoregressive, Affine), layers=4),
    "iaf-spline": Family(transformed(autoregressive, RationalQuadratic), layers=2),
    "maf": Family(inverted(transformed(autoregressive, Affine)), layers=4),
    "maf-spline": Family(inverted(transformed(autoregressive, RationalQuadratic)), layers=2),
    "margins": Family(any_margins),
    "mixtures": Family(any_mixtures),
    "modulated": Family(any_modulated, layers=2),
    "nice": _NICE_PERM,
    "nice-orth": Family(_nice(Orthogonal), layers=8),
    "nice-perm": _NICE_PERM,
    "orthogonal": Family(Orthogonal),
    "permutation": Family(_permutation),
    "planar": Family(stacked(Planar), layers=32),
    "radial": Family(stacked(Radial), layers=8),
    "realnvp": Family(transformed(couplings, Affine), layers=8),
    "sinh-arcsinh": Family(single(SinhArcsinh)),
    "sparse": Family(any_sparse),
    "spline": Family(transformed(couplings, RationalQuadratic), layers=6),
    "sylvester": Family(_sylvester(), layers=4),
    "sylvester-householder": Family(_sylvester_householder, layers=4),
    "sylvester-orth": Family(_sylvester(Orthogonalized), layers=4),
    "triangular": Family(single(Triangular)),
}
"""The one place where a family gets its name."""
