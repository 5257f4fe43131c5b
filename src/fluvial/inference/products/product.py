r"""Where a density is a product: too many modes to be listed are a few in each factor.

A density of D factors with two modes each has 2^D modes, which no search can count; but as

.. math:: \ln p(x) = \sum_b f_b(x_b) + \text{const}

its D margins are known from values along D lines, on which nothing is missed that is wider than a
thousandth of the line. A flow then takes each coordinate by :math:`F_i^{-1} \circ \Phi` (see
``Margins``). A factor of several coordinates is its Laplace approximation, if it has one mode, and
else a mixture of Gaussians, if it has few coordinates (see ``Mixtures``). Where the density is a
product in other coordinates (see separating.py), these are turned back. Weights, and the search for
mass outside, judge the whole as they judge any other.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from fluvial.flows import Chain, Flow, Margins, Mixtures, Orthogonal
from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.matching import Matched
from fluvial.inference.products.basis import Basis
from fluvial.inference.products.factor_mixtures import fit_factor
from fluvial.inference.products.factors import heads_of
from fluvial.inference.products.margin_integrals import BINS, Margin, margins_along, straight
from fluvial.inference.run import Run
from fluvial.inference.settings import Settings
from fluvial.inference.verdict.weighing import weigh
from fluvial.posterior.gaussian import Gaussian, lower_root, merged
from fluvial.posterior.mixture import FlowComponent, Mixture

__all__ = ["Product", "match_product"]

_NOTE = (
    "The density is a product of {} factors{}, so modes need not be counted: each "
    "coordinate's own density was integrated along a line"
)
_TURNED = " in coordinates that Hessians have in common"
_FITTED = ", and each factor of several coordinates fitted by itself"


class Product(NamedTuple):
    """What was matched factor by factor, and a sentence on it."""

    matched: Matched
    note: str


class _KnownFactors(NamedTuple):
    """What is known of the factors, in the coordinates in which they are factors.

    Attributes:
        base: Laplace's approximation at the highest mode.
        margins: of the coordinates that are factors by themselves.
        mixtures: of several coordinates, with these.
    """

    base: Gaussian
    margins: dict[int, Margin]
    mixtures: list[tuple[Int[np.ndarray, " d"], Mixture]]


def match_product(
    run: Run,
    labels: Int[np.ndarray, " D"],
    starts: Float[np.ndarray, "N D"],
    ends: list[Optimum],
    basis: Basis | None = None,
) -> Product | None:
    """Match each factor of a product.

    Args:
        run: the fit.
        labels: for each coordinate the factor that it belongs to.
        starts: points far apart.
        ends: of climbs.
        basis: the coordinates, if they are not the target's own.

    Returns:
        What was matched; or None where a factor of several coordinates is neither a Gaussian nor a
        mixture of some.
    """
    top = max((end for end in ends if end.converged), key=lambda end: end.log_p)
    base = laplace_or(run.counted, top.x, top.gaussian, run.settings)
    heads = heads_of(ends)
    if basis is not None:
        base, heads, starts = basis.gaussian_of(base), basis.of(heads), basis.of(starts)
    view = basis or run.counted
    several = _of_several_modes(labels, heads, run.settings)
    if any(len(own) > run.settings.explore.well_seen for own in several):
        return None
    alone = np.flatnonzero(np.bincount(labels)[labels] == 1)
    margins = margins_along(view, heads, base.sd, alone, run.settings.product)
    if margins is None or not (len(margins) or several):
        return None
    mixtures = []
    for own in several:
        mixture = fit_factor(run, view, heads, starts, own)
        if mixture is None:
            return None
        mixtures.append((own, mixture))
    component, spec = _component(_KnownFactors(base, margins, mixtures)), _spec(mixtures)
    if basis is not None:
        component, spec = _turned(component, basis), f"{spec}+orthogonal"
    fitted = weigh([component], run)
    if fitted.weights.ess < run.settings.adaptive.least_ess * fitted.weights.size:
        return None
    note = _NOTE.format(labels.max() + 1, "" if basis is None else _TURNED)
    note = f"{note}{_FITTED if mixtures else ''}."
    return Product(Matched(fitted, None, choice=Choice(spec)), note)


def _of_several_modes(
    labels: Int[np.ndarray, " D"], heads: Float[np.ndarray, "M D"], settings: Settings
) -> list[Int[np.ndarray, " d"]]:
    """The factors of several coordinates in which not all climbs agree."""
    same, found = settings.climb.same, []
    for factor in range(labels.max() + 1):
        own = np.flatnonzero(labels == factor)
        rest = heads[:, own]
        if len(own) > 1 and not np.allclose(rest, rest[:1], rtol=same, atol=same):
            found.append(own)
    return found


def _component(parts: _KnownFactors) -> FlowComponent:
    """A flow of all margins and mixtures, with a Gaussian for what is neither."""
    base, margins = parts.base, parts.margins
    columns = [margins.get(i) or straight(float(base.mean[i])) for i in range(base.dim)]
    z, x, slopes = (np.stack([margin[part] for margin in columns], axis=1) for part in (2, 3, 4))
    mean = np.array([margin.middle for margin in columns])
    covariance = base.cholesky @ base.cholesky.T
    scales = {i: margin.scale for i, margin in margins.items()}
    for own, mixture in parts.mixtures:
        whole = merged(mixture.gaussians, mixture.weights)
        mean[own] = whole.mean
        scales |= dict(zip(own.tolist(), whole.sd, strict=True))
    alone = list(scales)
    covariance[alone] = covariance[:, alone] = 0.0
    covariance[alone, alone] = np.square(list(scales.values()))
    gaussian = Gaussian(mean, np.linalg.cholesky(covariance))
    flow: Flow = Margins(z, x, slopes)
    if parts.mixtures:
        flow = Chain([flow, _mixtures(parts.mixtures, gaussian)])
    return FlowComponent(flow, gaussian)


def _shape(mixtures: list[tuple[Int[np.ndarray, " d"], Mixture]]) -> tuple[int, int]:
    """The most coordinates of a factor, and the most components."""
    return (
        max(len(own) for own, _ in mixtures),
        max(len(mixture.components) for _, mixture in mixtures),
    )


def _spec(mixtures: list[tuple[Int[np.ndarray, " d"], Mixture]]) -> str:
    spec = f"margins,bins={BINS}"
    if not mixtures:
        return spec
    size, parts = _shape(mixtures)
    return f"{spec}+mixtures,groups={len(mixtures)},size={size},parts={parts}"


def _mixtures(mixtures: list[tuple[Int[np.ndarray, " d"], Mixture]], scaled: Gaussian) -> Mixtures:
    """The mixtures in coordinates that a Gaussian of independent ones scales and shifts."""
    size, parts = _shape(mixtures)
    groups = np.full((len(mixtures), size), -1)
    weights = np.zeros((len(mixtures), parts))
    means = np.zeros((len(mixtures), parts, size))
    roots = np.tile(np.eye(size), (len(mixtures), parts, 1, 1))
    for g, (own, mixture) in enumerate(mixtures):
        groups[g, : len(own)] = own
        weights[g, : len(mixture.weights)] = mixture.weights
        for k, gaussian in enumerate(mixture.gaussians):
            means[g, k, : len(own)] = (gaussian.mean - scaled.mean[own]) / scaled.sd[own]
            roots[g, k, : len(own), : len(own)] = gaussian.cholesky / scaled.sd[own][:, None]
    return Mixtures(scaled.dim, groups, weights, means, roots)


def _turned(component: FlowComponent, basis: Basis) -> FlowComponent:
    """The flow x = B y of what was matched in y: B times a lower triangle is another, times Q."""
    gaussian = component.gaussian
    assert isinstance(gaussian, Gaussian)
    root = basis.matrix @ gaussian.cholesky
    lower = lower_root(root.T)
    turn = Orthogonal(basis.dim, key=jax.random.key(0)).of(np.linalg.solve(lower, root))
    turned = Gaussian(basis.matrix @ gaussian.mean, lower)
    before = component.trained.flows if isinstance(component.trained, Chain) else ()
    return FlowComponent(Chain([*(before or [component.trained]), turn]), turned)
