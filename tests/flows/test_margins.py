"""Splines through given knots."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Margins

KNOTS = np.array([[-3.0, -3.0], [-1.0, 0.0], [3.0, 3.0]])
HEIGHTS = np.array([[-3.0, -3.0], [2.0, 0.0], [3.0, 3.0]])
ONES = np.ones((3, 2))


def test_each_coordinate_goes_through_its_own_knots_with_the_slopes_there():
    with jax.enable_x64(True):
        slopes = np.array([[1.0, 1.0], [0.5, 2.0], [1.0, 1.0]])
        flow = Margins(KNOTS, HEIGHTS, slopes, dtype=jnp.float64)
        at = jnp.asarray(KNOTS[1])
        np.testing.assert_allclose(flow.forward(at)[0], HEIGHTS[1])
        slope = jax.jacfwd(lambda z: flow.forward(z)[0])(at)
        np.testing.assert_allclose(slope, np.diag([0.5, 2.0]), atol=1e-12)


def test_beyond_the_last_knot_nothing_changes():
    flow = Margins(KNOTS, HEIGHTS, ONES)
    z = jnp.array([-7.0, 50.0])
    x, log_det = flow.forward(z)
    np.testing.assert_array_equal(x, z)
    assert log_det == 0.0


@pytest.mark.parametrize(
    ("z", "x", "slopes", "sentence"),
    [
        (KNOTS + 1.0, HEIGHTS, ONES, "from −B to B"),
        (KNOTS[[0, 0, 2]], HEIGHTS, ONES, "must increase"),
        (KNOTS, HEIGHTS, 0.0 * ONES, "must be positive"),
    ],
)
def test_what_makes_no_spline_is_refused(z, x, slopes, sentence):
    with pytest.raises(InputError, match=sentence):
        Margins(z, x, slopes)
