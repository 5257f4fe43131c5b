"""Functions that come with a gradient: fewer evaluations, and gradients that are wrong."""

import dataclasses

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.errors import InputError
from fluvial.inference.black_box.ascending import ascend
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit_budget import FitBudget
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress

_CENTERS = np.array([-2.0, 2.0])


def _terms(x):
    squares = np.sum((x[:, None] - _CENTERS[:, None]) ** 2, axis=2)
    return np.log([0.3, 0.7]) - 0.5 * squares / 0.3**2


def _modes(x):
    return np.logaddexp(*_terms(x).T) - x.shape[1] * np.log(0.3 * np.sqrt(2.0 * np.pi))


def _modes_gradient(x):
    shares = np.exp(_terms(x) - np.logaddexp(*_terms(x).T)[:, None])
    return (shares @ _CENTERS[:, None] - x) / 0.3**2


def test_two_modes_take_fewer_evaluations_with_a_gradient():
    fitted = {}
    black_box = dataclasses.replace(DEFAULT.black_box, hunting_seconds=0.0)
    settings = dataclasses.replace(DEFAULT, black_box=black_box)  # as of a function that is dear
    for gradient in (None, _modes_gradient):
        target = fluvial.Target.from_numpy(
            _modes, bounds=[(-5.0, 5.0)] * 5, vectorized=True, gradient=gradient
        )
        fitted[gradient] = fluvial.fit(target, progress=False, settings=settings)
        assert fitted[gradient].verdict is fluvial.Verdict.GOOD
        assert fitted[gradient].log_evidence == pytest.approx(0.0, abs=0.05)
    looks = DEFAULT.black_box.hunting_least  # as many of both
    counts = [posterior.provenance.evaluations - looks for posterior in fitted.values()]
    assert 0 < counts[1] < 0.6 * counts[0]
    assert np.mean(fitted[_modes_gradient].draws(2000)["x"][:, 0] > 0.0) == pytest.approx(
        0.7, abs=0.05
    )


@pytest.mark.parametrize("gradient", [lambda x: x, lambda x: -2.0 * x])
def test_a_gradient_of_another_function_is_refused(gradient):
    target = fluvial.Target.from_numpy(
        lambda x: -0.5 * float(np.sum(x**2)), prior=[st.norm(0.0, 3.0)] * 2, gradient=gradient
    )
    with pytest.raises(InputError, match="not that of the log density"):
        fluvial.fit(target, progress=False)


def test_a_gradient_that_is_nowhere_finite_is_refused():
    target = fluvial.Target.from_numpy(
        lambda x: -0.5 * float(np.sum(x**2)), dim=2, gradient=lambda x: np.full(2, np.nan)
    )
    with pytest.raises(InputError, match="gradient is not finite"):
        fluvial.fit(target, progress=False)


def _left(x):
    return _terms(x)[:, 0]


def _left_gradient(x):
    return (_CENTERS[0] - x) / 0.3**2


def _spending(function, gradient):
    bounds = [(-5.0, 5.0)] * 2
    target = fluvial.Target.from_numpy(function, bounds=bounds, vectorized=True, gradient=gradient)
    return Spending(CountedTarget(target), FitBudget(), Progress(shown=False))


def test_a_second_search_that_ends_in_the_same_modes_anneals_nothing():
    reference = Mixture((GaussianComponent(Gaussian(np.zeros(2), np.eye(2))),), np.ones(1))
    rng, both = np.random.default_rng(0), _spending(_modes, _modes_gradient)
    (first,) = ascend(reference, both, rng, DEFAULT)
    before = both.counted.evaluations
    own, same = ascend(reference, both, rng, DEFAULT, first)
    assert same is first
    assert own.history.counts == (96,)
    assert both.counted.evaluations - before < 0.8 * before
    one = _spending(_left, _left_gradient)
    (lost,) = ascend(reference, one, rng, DEFAULT)
    (other,) = ascend(reference, both, rng, DEFAULT, lost)  # it ends where that has no mass
    assert other.history.log_evidence == pytest.approx(first.history.log_evidence, abs=0.1)
    (fewer,) = ascend(reference, one, rng, DEFAULT, first)  # and here it misses a mode of that
    assert len(fewer.history.counts) > 1
