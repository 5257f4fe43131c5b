"""Functions that come with a gradient: fewer evaluations, and gradients that are wrong."""

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.errors import InputError

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
    for gradient in (None, _modes_gradient):
        target = fluvial.Target.from_numpy(
            _modes, bounds=[(-5.0, 5.0)] * 5, vectorized=True, gradient=gradient, workers=2
        )
        fitted[gradient] = fluvial.fit(target, progress=False)
        assert fitted[gradient].verdict is fluvial.Verdict.GOOD
        assert fitted[gradient].log_evidence == pytest.approx(0.0, abs=0.05)
    counts = [posterior.provenance.evaluations for posterior in fitted.values()]
    assert counts[1] < 0.6 * counts[0]
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
