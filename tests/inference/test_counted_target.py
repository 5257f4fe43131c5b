import time

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.targets import Target


def slow(x):
    time.sleep(0.002 * len(x))
    return -0.5 * np.sum(x**2, axis=1)


def test_it_knows_how_long_a_point_of_the_fastest_batch_took():
    target = Target.from_numpy(slow, bounds=[(-5.0, 5.0)] * 2, vectorized=True)
    counted = CountedTarget(target)
    assert counted.seconds_each == np.inf
    counted.values(np.empty((0, 2)))
    assert counted.seconds_each == np.inf
    counted.values(np.zeros((3, 2)))
    once = counted.seconds_each
    assert 0.002 <= once < np.inf
    counted.values(np.zeros((20, 2)))
    assert 0.002 <= counted.seconds_each <= once
    assert counted.evaluations == 23
