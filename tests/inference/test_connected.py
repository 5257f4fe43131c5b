"""Connected components, against SciPy's."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from fluvial.inference.connected import connected


@pytest.mark.parametrize("density", [0.0, 0.02, 0.05, 1.0])
def test_components_are_those_of_scipy(density):
    touching = np.random.default_rng(0).uniform(size=(40, 40)) < density
    expected = connected_components(touching, directed=False)[1]
    np.testing.assert_array_equal(connected(touching), expected)
