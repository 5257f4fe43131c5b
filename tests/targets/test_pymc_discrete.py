"""Discrete variables of PyMC models, with pymc-extras and without it."""

import importlib.util
import itertools

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
    assert target.variables == {"mu": (), "z_probs": (5, 2)}
    assert target.parameters == ("mu",)
    for mu in (0.5, 1.9):
        terms = [np.log(p) + norm.logpdf(_Y, s * mu, 0.5) for p, s in ((0.3, 1.0), (0.7, -1.0))]
        expected = norm.logpdf(mu, 0.0, 3.0) + logsumexp(terms, axis=0).sum()
        assert target.values(np.array([[mu]]))[0] == pytest.approx(expected, rel=1e-6)
        found = target.constrain(np.array([[mu]]))["z_probs"][0]
        of_one = np.exp(terms[0] - logsumexp(terms, axis=0))
        assert found == pytest.approx(np.stack([1.0 - of_one, of_one], axis=1), abs=1e-5)


def test_probabilities_of_a_markov_chain_are_those_of_all_its_paths():
    pytest.importorskip("pymc_extras")
    from pymc_extras.distributions import (  # pyright: ignore[reportMissingImports]
        DiscreteMarkovChain,
    )

    moves, y = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0.2, 1.4, 2.1, -0.3])
    with pm.Model() as model:
        level = pm.Normal("level", 2.0, 1.0)
        start = pm.Categorical.dist([0.4, 0.6])
        state = DiscreteMarkovChain("state", P=moves, init_dist=start, shape=(4,))
        pm.Normal("y", level * state, 0.8, observed=y)
    target, mu = from_pymc(model), 1.7
    paths = np.array(list(itertools.product([0, 1], repeat=4)))
    log_p = np.log([0.4, 0.6])[paths[:, 0]] + norm.logpdf(y, mu * paths, 0.8).sum(axis=1)
    log_p += np.log(moves)[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    of_one = np.exp(log_p - logsumexp(log_p)) @ paths
    found = target.constrain(np.array([[mu]]))["state_probs"][0]
    assert found == pytest.approx(np.stack([1.0 - of_one, of_one], axis=1), abs=1e-5)


def test_probabilities_that_pymc_extras_cannot_have_are_left_out(monkeypatch):
    pytest.importorskip("pymc_extras")
    monkeypatch.setattr("pymc.Exponential", lambda *_, **__: 1 / 0)
    assert list(from_pymc(_mixture()).variables) == ["mu"]


def test_a_term_that_is_zero_leaves_the_gradient_finite():
    pytest.importorskip("pymc_extras")
    with pm.Model() as model:  # sites where nothing can be seen, unless they are occupied
        psi, p = pm.Beta("psi", 1.0, 1.0), pm.Beta("p", 1.0, 1.0)
        pm.Binomial("y", 3, pm.Bernoulli("z", psi, shape=3) * p, observed=[0, 2, 1])
    target, point = from_pymc(model), np.array([[0.3, -0.4]])
    steps = 1e-5 * np.eye(2)
    slopes = (target.values(point + steps) - target.values(point - steps)) / 2e-5
    assert target.value_and_grad(point)[1][0] == pytest.approx(slopes, rel=1e-5)
    found = target.constrain(point)
    occupied, seen = found["psi"][0], found["p"][0]
    unseen = occupied * (1.0 - seen) ** 3
    expected = [unseen / (unseen + 1.0 - occupied), 1.0, 1.0]
    assert found["z_probs"][0, :, 1] == pytest.approx(expected, abs=1e-5)


def test_what_it_cannot_sum_out_is_said_in_a_sentence():
    pytest.importorskip("pymc_extras")
    with pm.Model() as model:
        rate = pm.Exponential("rate")
        pm.Normal("y", pm.Poisson("count", rate), 1.0, observed=2.0)
    with pytest.raises(InputError, match="cannot sum out count of the PyMC model"):
        from_pymc(model)
