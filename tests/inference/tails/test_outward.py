import numpy as np

from fluvial.inference.tails.outward import Coordinates, Ensemble, moved


class Steep(Coordinates):
    held = 0

    def at(self, y):
        return Ensemble(y, np.zeros(len(y)), -1e200 * y)


def test_a_momentum_that_overflows_is_not_accepted_and_warns_of_nothing():
    frame, y = Steep(), np.ones((8, 3))
    now, leap = moved(frame, frame.at(y), 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(now.y, y)
    assert leap < 1.0
