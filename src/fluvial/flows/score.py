r"""The score of a flow's density, carried along with a point.

If z has a density with score :math:`s = \nabla_z \ln q_0(z)`, then x = f(z) has one with score

.. math:: \nabla_x \ln q(x) = J^{-\top}\bigl(s - \nabla_z \ln|\det J|\bigr),
          \qquad J = \frac{\partial f}{\partial z}

(Vaitl et al. 2022, arXiv 2207.08219, section 4). Layer by layer this costs one backward pass
through each conditioner; differentiating :math:`\ln q(f^{-1}(x))` costs the whole inverse besides.
"""

from functools import singledispatch

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.flows.coupling import Coupling
from fluvial.flows.flow import Chain, Flow, Stacked
from fluvial.flows.planar import Planar
from fluvial.flows.scan import scan_layers

__all__ = ["forward_with_score"]

_Pushed = tuple[Float[Array, " D"], Float[Array, ""], Float[Array, " D"]]


@singledispatch
def forward_with_score(flow: Flow, z: Float[Array, " D"], score: Float[Array, " D"]) -> _Pushed:
    """Map z forward, and with it the score of its density.

    Families without a rule of their own go through their inverse, which is always right.

    Args:
        flow: any flow.
        z: a point, shape (D,).
        score: gradient of the log density of z at z, shape (D,), in nats per unit.

    Returns:
        x, ln|det dx/dz| and the score at x. No gradient flows through the score.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import SinhArcsinh
        >>> from fluvial.flows.score import forward_with_score
        >>> z = jnp.array([1.0, 2.0])
        >>> x, log_det, score = forward_with_score(SinhArcsinh(2), z, -z)
        >>> bool(jnp.allclose(score, -z))  # SinhArcsinh starts at the identity
        True
    """
    x, log_det = flow.forward(z)
    fixed, at, score = jax.lax.stop_gradient((flow, x, score))
    _, pull = jax.vjp(fixed.inverse, at)
    (pushed,) = pull((score, jnp.ones((), x.dtype)))
    return x, log_det, pushed


@forward_with_score.register
def _(flow: Chain, z, score):
    log_det = jnp.zeros((), z.dtype)
    for member in flow.flows:
        z, term, score = forward_with_score(member, z, score)
        log_det = log_det + term
    return z, log_det, score


@forward_with_score.register
def _(flow: Stacked, z, score):
    arrays, static = eqx.partition(flow.layers, eqx.is_array)

    def step(carry, layer_arrays):
        z, log_det, score = carry
        z, term, score = forward_with_score(eqx.combine(layer_arrays, static), z, score)
        return (z, log_det + term, score), None

    start = (z, jnp.zeros((), z.dtype), score)
    return scan_layers(step, start, arrays, checkpoint=flow.checkpoint)


@forward_with_score.register
def _(flow: Coupling, z, score):
    # With b' = tau(b; c(a)): s_b' = (s_b - d ln det / db) / tau'(b), and a, which stays where it
    # is, gives up the share that b' and the log determinant pass back to it.
    x, log_det = flow.forward(z)
    fixed, at, score = jax.lax.stop_gradient((flow, z, score))
    half = flow.dim // 2
    parameters, pull_parameters = jax.vjp(fixed.parameters, at[:half])
    (_, slopes), pull = jax.vjp(fixed.transformer.forward, at[half:], parameters)
    none, one = jnp.zeros_like(slopes), jnp.ones_like(slopes)
    steeper, _ = pull((none, one))
    moved = jnp.exp(-slopes) * (score[half:] - steeper)
    _, owed = pull((-moved, -one))
    (owed,) = pull_parameters(owed)
    return x, log_det, jnp.concatenate([score[:half] + owed, moved])


@forward_with_score.register
def _(flow: Planar, z, score):
    # J = I + u psi', whose inverse is I - u psi' / (1 + psi'u) (Sherman and Morrison).
    x, log_det = flow.forward(z)
    fixed, at, score = jax.lax.stop_gradient((flow, z, score))
    u_hat, _ = fixed.constrained()
    slope = jax.grad(lambda z: jnp.tanh(jnp.sum(fixed.w * z) + fixed.b))(at)
    steeper = score - jax.grad(lambda z: fixed.forward(z)[1])(at)
    shrink = jnp.exp(-jax.lax.stop_gradient(log_det))
    return x, log_det, steeper - slope * jnp.sum(u_hat * steeper) * shrink
