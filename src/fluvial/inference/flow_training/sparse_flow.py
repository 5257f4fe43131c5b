"""The sparse modulated flow that the dependence between coordinates asks for."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from fluvial.flows import Chain, Flow, Permutation, SinhArcsinh, build_flow
from fluvial.flows.sparse_modulation import SparseModulation
from fluvial.inference.settings import DEFAULT, StructureSettings
from fluvial.inference.structure.dependence import Dependence
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

__all__ = [
    "is_coupled",
    "is_sparse",
    "most_inputs",
    "sparse_flow",
    "sparse_spec",
    "widened_hubs",
    "with_networks",
]


def is_sparse(dependence: Dependence, settings: StructureSettings = DEFAULT.structure) -> bool:
    """Whether hubs and heads are there, and explain how the coordinates depend on each other."""
    ruled = len(dependence.hubs) + len(dependence.heads) > 0
    return ruled and not is_coupled(dependence, settings)


def is_coupled(dependence: Dependence, settings: StructureSettings = DEFAULT.structure) -> bool:
    """Whether coordinates are coupled besides, so that they need a matrix.

    What a flow without the coupling may lose is about D coupling²/4 nats.
    """
    dim = len(dependence.parents)
    most = min(settings.coupling_each * dim, settings.coupling_most)
    return dim * dependence.coupling**2 / 4.0 > most


def sparse_spec(dependence: Dependence, *, networks: bool = False, margins: bool = False) -> str:
    """Return the text of the flow: with networks, or linear in hubs and heads, maybe bent before.

    Args:
        dependence: what the flow is for.
        networks: as ``with_networks`` adds them.
        margins: as ``margin_moves.with_margins`` adds them.
    """
    hubs, heads = len(dependence.hubs), len(dependence.heads)
    before, after = "sinh-arcsinh+diagonal+" * margins, "" if networks else ",width=0"
    return f"{before}sparse,hubs={hubs},heads={heads}{after}"


def most_inputs(dependence: Dependence) -> int:
    """How many coordinates a layer of the flow adds up, at most."""
    return max(len(dependence.hubs), 1)


def widened_hubs(gaussian: DiagonalGaussian, dependence: Dependence) -> DiagonalGaussian:
    """Give hubs the spread that they have by themselves, rather than with all others held."""
    sd = gaussian.sd.copy()
    sd[dependence.hubs] *= dependence.hub_widths
    return DiagonalGaussian(gaussian.mean, sd)


def sparse_flow(dependence: Dependence, key: PRNGKeyArray) -> Flow:
    """Build the flow of ``sparse_spec``, with scales and shifts from the target's derivatives.

    Its points are those that whiten the Gaussian of ``widened_hubs``.

    Args:
        dependence: with a hub or a head.
        key: decides what its hubs have among themselves.
    """
    d, dim = dependence, len(dependence.parents)
    rest = np.setdiff1d(np.arange(dim), np.concatenate([d.hubs, d.heads]))
    order = np.concatenate([d.hubs, d.heads, rest])
    flow = build_flow(sparse_spec(d), dim, key=key, dtype=jnp.float32)
    layers = list(flow.flows)  # pyright: ignore[reportAttributeAccessIssue]
    if len(d.hubs):
        under = order[len(d.hubs) :]
        layers[1] = _started(
            layers[1], d.hub_slopes[under] * d.hub_widths, d.hub_shifts[under] * d.hub_widths
        )
    if len(d.heads):
        place = np.empty(dim, int)
        place[order] = np.arange(dim)
        # What has no parent is given one with no effect at the start.
        parents = np.where(d.parents[rest] >= 0, place[d.parents[rest]], len(d.hubs))
        layer = eqx.tree_at(lambda f: f.parents, layers[-2], jnp.asarray(parents[:, None], "int32"))
        slopes = d.slopes[rest, None]
        layers[-2] = _started(layer, slopes, np.zeros_like(slopes))
    layers[-1] = Permutation(np.argsort(order))
    return eqx.tree_at(lambda f: tuple(f.flows), flow, tuple(layers))


def with_networks(flow: Flow, dependence: Dependence, key: PRNGKeyArray) -> Flow:
    """Give a flow of ``sparse_flow`` networks and tails, which change nothing before training.

    Args:
        flow: the flow.
        dependence: that it was built for.
        key: decides the networks' hidden layers.
    """
    spec = sparse_spec(dependence, networks=True)
    fresh = build_flow(spec, flow.dim, key=key, dtype=jnp.float32)
    own = iter(flow.flows)  # pyright: ignore[reportAttributeAccessIssue]
    layers = [
        layer if isinstance(layer, SinhArcsinh) else _filled(layer, next(own))
        for layer in fresh.flows  # pyright: ignore[reportAttributeAccessIssue]
    ]
    return Chain(layers)


def _filled(fresh: Flow, linear: Flow) -> Flow:
    """What is linear, with the networks of a fresh layer where it has some."""
    if not (isinstance(fresh, SparseModulation) and isinstance(linear, SparseModulation)):
        return linear
    return eqx.tree_at(
        lambda f: (f.parents, f.constant, f.shortcut),
        fresh,
        (linear.parents, linear.constant, linear.shortcut),
    )


def _started(
    layer: SparseModulation,
    slopes: Float[np.ndarray, "rest m"],
    shifts: Float[np.ndarray, "rest m"],
) -> SparseModulation:
    """Put slopes in a layer, and let scales make up for the spread that shifts add."""
    constant = np.stack([np.zeros(len(shifts)), -0.5 * np.log1p(np.sum(shifts**2, axis=1))])
    dtype = layer.shortcut.dtype
    return eqx.tree_at(
        lambda f: (f.shortcut, f.constant),
        layer,
        (jnp.asarray(np.stack([shifts, slopes]), dtype), jnp.asarray(constant, dtype)),
    )
