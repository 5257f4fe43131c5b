"""Discrete variables of PyMC models, with pymc-extras and without it."""

import importlib.util

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from fluvial.errors import InputError
from fluvial.targets import from_pymc

pm = pytest.importorskip("pymc")
_Y = np.array([-2.1, -1.9, 2.0, 2.2, 1.8])


def _mixture():
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 3.0)
        z = pm.Bernoulli("z", 0.3, shape=5)
        pm.Normal("y", mu * (2 * z - 1), 0.5, observed=_Y)
    return model


def test_without_pymc_extras_the_sentence_names_it(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *p: None if "extras" in name else found(name, *p)
    )
    with pytest.raises(InputError, match=r"'z' is discrete \(Bernoulli\): install pymc-extras"):
        from_pymc(_mixture())


def test_with_it_they_are_summed_out():
    pytest.importorskip("pymc_extras")
    target = from_pymc(_mixture())
    assert list(target.variables) == ["mu"]
    for mu in (0.5, 1.9):
        terms = [np.log(p) + norm.logpdf(_Y, s * mu, 0.5) for p, s in ((0.3, 1.0), (0.7, -1.0))]
        expected = norm.logpdf(mu, 0.0, 3.0) + logsumexp(terms, axis=0).sum()
        assert target.values(np.array([[mu]]))[0] == pytest.approx(expected, rel=1e-6)


def test_a_term_that_is_zero_leaves_the_gradient_finite():
    pytest.importorskip("pymc_extras")
    with pm.Model() as model:  # sites where nothing can be seen, unless they are occupied
        psi, p = pm.Beta("psi", 1.0, 1.0), pm.Beta("p", 1.0, 1.0)
        pm.Binomial("y", 3, pm.Bernoulli("z", psi, shape=3) * p, observed=[0, 2, 1])
    target, point = from_pymc(model), np.array([[0.3, -0.4]])
    steps = 1e-5 * np.eye(2)
    slopes = (target.values(point + steps) - target.values(point - steps)) / 2e-5
    assert target.value_and_grad(point)[1][0] == pytest.approx(slopes, rel=1e-5)


def test_what_it_cannot_sum_out_is_said_in_a_sentence():
    pytest.importorskip("pymc_extras")
    with pm.Model() as model:
        rate = pm.Exponential("rate")
        pm.Normal("y", pm.Poisson("count", rate), 1.0, observed=2.0)
    with pytest.raises(InputError, match="cannot sum out count of the PyMC model"):
        from_pymc(model)
