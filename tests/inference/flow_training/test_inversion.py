"""Whether a flow and its inverse agree."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Flow, build_flow
from fluvial.inference.flow_training.inversion import inverse_complaint
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import FlowComponent


class Flattering(Flow):
    """A shift whose log determinant is a little too large one way, as that of a poor solver."""

    shift: jax.Array
    dim: int = eqx.field(static=True, default=2)

    def forward(self, z):
        return z + self.shift, 0.05 + 0.0 * jnp.sum(z)

    def inverse(self, x):
        return x - self.shift, 0.0 * jnp.sum(x)


def test_a_flow_that_its_inverse_does_not_undo_is_complained_of():
    whitened = Gaussian(np.zeros(2), np.eye(2))
    complaint = inverse_complaint(
        FlowComponent(Flattering(jnp.ones(2)), whitened), np.random.default_rng(0)
    )
    assert complaint is not None
    assert "ln q differs by 0.05 nat" in complaint


@pytest.mark.parametrize("spec", ["planar:4", "realnvp:2", "continuous"])
def test_a_flow_with_an_inverse_is_not(spec):
    flow = build_flow(spec, 2, key=jax.random.key(0))
    component = FlowComponent(flow, Gaussian(np.ones(2), np.eye(2)))
    assert inverse_complaint(component, np.random.default_rng(0)) is None
