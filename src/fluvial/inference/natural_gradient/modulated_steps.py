"""Natural-gradient steps for the first layer of a modulated flow.

In the basis of that layer the rest is what a sparse flow's is, whose hubs are the heads: each
coordinate has a scale and a shift of its own, linear in the heads. So the steps are taken there,
and what they find is put back. The other layers are left to training.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from fluvial.flows import Chain, Flow, Rotation, build_flow
from fluvial.flows.linear import Triangular
from fluvial.inference.natural_gradient.natural_steps import Stepped, natural_steps
from fluvial.inference.settings import DEFAULT, NaturalSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

__all__ = ["modulated_steps"]


def modulated_steps(
    flow: Flow,
    gaussian: Gaussian,
    target: Target,
    rng: np.random.Generator,
    *,
    enough: float,
    settings: NaturalSettings = DEFAULT.natural,
    on_step: Callable[[int, float], None] = lambda evaluations, elbo: None,
) -> Stepped:
    """Take the steps of ``natural_steps`` with the first layer of a flow of ``modulated_flow``.

    Args:
        flow: the flow, whose networks are zero.
        gaussian: that whitens its target.
        target: what is approximated.
        rng: decides the draws.
        enough: half the variance of the log weights, in nats, at which to stop.
        settings: the thresholds.
        on_step: see ``natural_steps``.
    """
    linear = _first_alone(flow)
    stepped = natural_steps(
        linear, gaussian, target, rng, enough=enough, settings=settings, on_step=on_step
    )
    return stepped._replace(flow=_put_back(flow, stepped.flow))


def _first_alone(flow: Any) -> Chain:
    """A sparse flow that is the modulated one without its other layers."""
    modulation = _modulation(flow)
    heads, dim = modulation.heads, flow.dim
    rotations = np.asarray(flow.flows[1].layers.flows[0].stored.value, float)
    total = np.asarray(flow.flows[2].stored.value, float)
    for rotation in rotations[:0:-1]:
        total = total @ rotation
    spec = f"sparse,hubs={heads},heads=0,width=0"
    layers: list[Any] = list(build_flow(spec, dim, key=jax.random.key(0)).flows)  # pyright: ignore[reportAttributeAccessIssue]
    layers[-1] = Rotation(total)
    shortcut = modulation.conditioner.shortcut[0].reshape(2, dim - heads, heads)
    layers[1] = eqx.tree_at(lambda f: f.shortcut, layers[1], shortcut)
    return Chain(layers)


def _put_back(flow: Any, linear: Any) -> Flow:
    """The modulated flow with the scales and shifts of the other one, and its heads."""
    layer, conditioner = linear.flows[1], _modulation(flow).conditioner
    shortcut = conditioner.shortcut.at[0].set(layer.shortcut.reshape(-1, layer.heads))
    bias = conditioner.biases[-1].at[0].set(layer.constant.ravel())
    flow = eqx.tree_at(
        lambda f: (_modulation(f).conditioner.shortcut, _modulation(f).conditioner.biases[-1]),
        flow,
        (shortcut, bias),
    )
    found = linear.flows[0].flow.flows[-1]
    last = flow.flows[0].flow.flows[-1]
    if not isinstance(last, Triangular):  # one head
        found = eqx.tree_at(
            lambda f: (f.shift, f.raw_log_scale), last, (found.shift, found.raw_log_scale)
        )
    return eqx.tree_at(lambda f: f.flows[0].flow.flows[-1], flow, found)


def _modulation(flow: Any) -> Any:
    """The modulations of all layers, stacked."""
    return flow.flows[1].layers.flows[1]
