"""Modes are looked for once more where only a search has found a second one."""

import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.exploring_again import explore_again
from fluvial.inference.settings import Settings
from fluvial.targets import Target

FEW = Settings.of({"explore": {"looks": 2**15, "most_looks": 2**15, "settling_looks": 2**15}})


def mixture(dim, apart=4.0):
    """A wide mode in the middle, and two narrower ones on either side of it."""
    means = np.zeros((3, dim))
    means[1], means[2] = apart, -apart
    widths = np.array([[2.0], [1.0], [1.0]])

    def log_density(x):
        return logsumexp(norm.logpdf(x, means.astype(x.dtype), widths.astype(x.dtype)).sum(axis=1))

    return CountedTarget(Target(log_density, dim)), means


@pytest.fixture(scope="module")
def six():
    counted, means = mixture(6)
    starts = np.random.default_rng(0).uniform(-2.0, 2.0, (8, 6))
    return counted, starts, climb_from(counted, starts), means


def again(counted, starts, ends, places):
    return explore_again(counted, starts, ends, places, np.random.default_rng(0), FEW)


def test_where_a_search_has_found_one_mode_another_is_found(six):
    counted, starts, ends, means = six
    assert len(distinct(counted, ends)) == 1
    found = again(counted, starts, ends, means[1:2] + 0.3)
    assert found is not None
    heads = np.stack([top.x for top in distinct(counted, found.ends)])
    for mean in means:
        assert np.min(np.linalg.norm(heads - mean, axis=1)) < 0.1
    assert found.sentence.startswith(
        "Climbs had not ended in all modes, and others were looked for"
    )


def test_what_lies_in_a_mode_that_is_known_is_no_reason_to_look_again(six):
    counted, starts, ends, means = six
    before = counted.evaluations
    assert again(counted, starts, ends, means[:1] + 1.0) is None
    assert counted.evaluations - before < 500


def test_in_few_coordinates_the_search_itself_sees_other_modes():
    counted, means = mixture(5)
    ends = climb_from(counted, means[:1])
    before = counted.evaluations
    assert again(counted, means[:1], ends, means[1:2]) is None
    assert counted.evaluations == before
