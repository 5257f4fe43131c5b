"""The modulated flow that the structure of a target asks for, in whitened coordinates."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from fluvial.flows import Flow, Rotation, build_flow
from fluvial.flows.fixed import Fixed
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, StructureSettings
from fluvial.inference.structure.find_structure import modulation_basis
from fluvial.posterior.gaussian import Gaussian

__all__ = ["modulated_flow", "modulated_spec"]


def modulated_spec(heads: int) -> str:
    """Return the text of the flow: a layer for each of the two first heads, and one in z itself."""
    return f"modulated:{min(heads, 2) + 1},heads={heads}"


def modulated_flow(
    counted: CountedTarget,
    gaussian: Gaussian,
    heads: Sequence[int],
    key: PRNGKeyArray,
    settings: StructureSettings = DEFAULT.structure,
) -> Flow:
    """Build the flow of ``modulated_spec``, with the bases that the target's curvature asks for.

    Its points are those that whiten the Gaussian, z = L⁻¹(x − μ). Inside, the heads come first:
    with P their permutation and L' the Cholesky factor of P L Lᵀ Pᵀ, z' = L'⁻¹ P L z is a rotation.

    Args:
        counted: the target, asked for 4 D gradients for each of at most two heads.
        gaussian: what whitens the target.
        heads: the coordinates that modulate the rest, at least one of them, and not all.
        key: decides the networks' hidden layers.
        settings: the thresholds.
    """
    dim = gaussian.dim
    order = np.concatenate([list(heads), np.setdiff1d(np.arange(dim), heads)])
    factor = gaussian.cholesky[order]
    # By QR, without the product, whose condition number would be the factor's squared.
    q, r = np.linalg.qr(factor.T)
    signs = np.where(np.diag(r) < 0.0, -1.0, 1.0)
    frame = np.empty((dim, dim))
    frame[order] = r.T * signs
    turn = (q * signs).T
    flow = build_flow(modulated_spec(len(heads)), dim, key=key, dtype=jnp.float32)
    found = [
        modulation_basis(counted, gaussian.mean, frame, len(heads), head)
        for head in range(min(len(heads), 2))
    ]
    slopes = np.clip(found[0].slopes, -settings.steepest, settings.steepest)
    return _placed(flow, [basis.vectors for basis in found], slopes, turn)


def _placed(
    flow: Flow,
    bases: list[Float[np.ndarray, "rest rest"]],
    slopes: Float[np.ndarray, " rest"],
    turn: Float[np.ndarray, "D D"],
) -> Flow:
    """Put the bases, the last one being the coordinates' own, and the first slopes in a flow."""
    rest = len(slopes)
    rotations, before = [], np.eye(rest)
    for basis in (*bases, np.eye(rest)):
        rotations.append(_of_rest(basis.T @ before, len(turn)))
        before = basis
    stacked = Fixed(jnp.asarray(np.stack(rotations), jnp.float32))
    layers = flow.flows[1].layers  # pyright: ignore[reportAttributeAccessIssue]
    shortcut = np.array(layers.flows[1].conditioner.shortcut)
    shortcut[0, rest:, 0] = slopes
    return eqx.tree_at(
        lambda f: (
            f.flows[1].layers.flows[0].stored,
            f.flows[1].layers.flows[1].conditioner.shortcut,
            f.flows[2].stored,
        ),
        flow,
        (stacked, jnp.asarray(shortcut), Rotation(turn.T).stored),
    )


def _of_rest(matrix: Float[np.ndarray, "rest rest"], dim: int) -> Float[np.ndarray, "D D"]:
    whole = np.eye(dim)
    whole[dim - len(matrix) :, dim - len(matrix) :] = matrix
    return whole
