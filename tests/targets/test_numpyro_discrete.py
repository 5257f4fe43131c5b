"""Discrete latent sites of NumPyro models, against sums over all their values."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats as st

from fluvial.errors import InputError
from fluvial.targets import from_numpyro

numpyro = pytest.importorskip("numpyro")
dist = pytest.importorskip("numpyro.distributions")

_Y = np.array([-1.2, 0.8, 1.1, -0.4, 2.0])


def _mixture(y):
    mu = numpyro.sample("mu", dist.Normal(1.0, 1.0))
    with numpyro.plate("N", len(y)):
        z = numpyro.sample("z", dist.Categorical(probs=jnp.array([0.3, 0.7])))
        numpyro.sample("y", dist.Normal(jnp.array([-1.0, 0.0])[z] + z * mu, 1.0), obs=y)


def _markov(y):
    stay = numpyro.sample("stay", dist.Beta(2.0, 2.0))
    state = 0
    for t in range(len(y)):
        p = jnp.where(state == 0, 1.0 - stay, stay)
        state = numpyro.sample(f"s{t}", dist.Bernoulli(probs=p))
        numpyro.sample(f"y{t}", dist.Normal(2.0 * state - 1.0, 1.0), obs=y[t])


def _change(y):
    rate = numpyro.sample("rate", dist.Normal(0.0, 1.0))
    at = numpyro.sample("at", dist.DiscreteUniform(1, 4))
    numpyro.deterministic("twice", 2.0 * rate)
    numpyro.deterministic("moved", rate + at)
    with numpyro.plate("N", len(y)):
        numpyro.sample("y", dist.Normal(jnp.where(jnp.arange(5) < at, -rate, rate), 1.0), obs=y)


def _occupancy(seen):
    psi = numpyro.sample("psi", dist.Beta(1.0, 1.0))
    p = numpyro.sample("p", dist.Beta(1.0, 1.0))
    with numpyro.plate("site", len(seen)):
        z = numpyro.sample("z", dist.Bernoulli(psi))
        numpyro.sample("y", dist.Binomial(3, z * p), obs=seen)


def _mixture_terms(mu):
    z = np.array(list(itertools.product([0, 1], repeat=5)))
    prior = np.log(np.array([0.3, 0.7]))[z].sum(axis=1)
    return z, prior + st.norm.logpdf(_Y, np.array([-1.0, 0.0])[z] + z * mu, 1.0).sum(axis=1)


def _markov_terms(stay):
    z = np.array(list(itertools.product([0, 1], repeat=5)))
    before = np.column_stack([np.zeros(32, int), z[:, :-1]])
    p = np.where(before == 0, 1.0 - stay, stay)
    move = np.where(z == 1, np.log(p), np.log1p(-p)).sum(axis=1)
    return z, move + st.norm.logpdf(_Y, 2.0 * z - 1.0, 1.0).sum(axis=1)


def _change_terms(rate):
    at = np.arange(1, 5)
    mean = np.where(np.arange(5) < at[:, None], -rate, rate)
    return at[:, None] - 1, st.norm.logpdf(_Y, mean, 1.0).sum(axis=1) - np.log(4.0)


@pytest.mark.parametrize(
    ("model", "terms", "prior"),
    [
        (_mixture, _mixture_terms, st.norm(1.0, 1.0).logpdf),
        (_markov, _markov_terms, st.beta(2.0, 2.0).logpdf),
        (_change, _change_terms, st.norm(0.0, 1.0).logpdf),
    ],
)
def test_the_density_and_all_probabilities_are_those_of_the_whole_sum(model, terms, prior):
    target = from_numpyro(model, _Y)
    points = np.array([[-0.7], [0.3], [1.4]])
    values, found = target.values(points), target.constrain(points)
    name = next(iter(target.variables))
    for i, x in enumerate(found[name]):
        z, log_p = terms(x)
        jacobian = np.log(x * (1.0 - x)) if model is _markov else 0.0
        assert values[i] == pytest.approx(np.logaddexp.reduce(log_p) + prior(x) + jacobian)
        weights = np.exp(log_p - np.logaddexp.reduce(log_p))
        if model is _markov:
            sums = [found[f"s{t}_probs"][i, 1] for t in range(5)]
            assert sums == pytest.approx(weights @ z)
        elif model is _mixture:
            assert found["z_probs"][i, :, 1] == pytest.approx(weights @ z)
        else:
            assert found["at_probs"][i] == pytest.approx(weights)
    if model is _change:
        assert "twice" in found
        assert "moved" not in found


def test_gradients_go_through_the_sum():
    target = from_numpyro(_markov, _Y)
    point, step = np.array([[0.4]]), 1e-5
    slope = (target.values(point + step) - target.values(point - step)) / (2.0 * step)
    assert target.value_and_grad(point)[1][0] == pytest.approx(slope, rel=1e-5)


def test_the_posterior_of_occupancy_is_its_exact_probabilities():
    seen = np.array([0, 0, 2, 0, 1, 3])
    target = from_numpyro(_occupancy, seen)
    logits = np.linspace(-9.0, 9.0, 60)
    points = np.stack(np.meshgrid(logits, logits), axis=-1).reshape(-1, 2)
    weights = np.exp(target.values(points))
    grid = (np.arange(400) + 0.5) / 400.0
    psi, p = np.meshgrid(grid, grid, indexing="ij")
    empty, found = (1.0 - p) ** 3, [st.binom.pmf(k, 3, p) for k in seen]
    like = np.prod([psi * f + (1.0 - psi) * (k == 0) for f, k in zip(found, seen, strict=True)], 0)
    there = psi * empty / (psi * empty + 1.0 - psi)
    exact = float((like * there).sum() / like.sum())
    each = target.constrain(points)["z_probs"][..., 1]
    probabilities = weights @ each / weights.sum()
    assert probabilities[2] == pytest.approx(1.0)
    assert probabilities[0] == pytest.approx(exact, abs=0.01)
    assert weights.sum() * (logits[1] - logits[0]) ** 2 == pytest.approx(like.mean(), rel=0.01)


def test_what_cannot_be_summed_says_how_large_the_sum_is():
    def tied(y):
        mu = numpyro.sample("mu", dist.Normal())
        with numpyro.plate("N", 40):
            z = numpyro.sample("z", dist.Bernoulli(0.5))
        numpyro.sample("y", dist.Normal(mu + z.sum(), 1.0), obs=y)

    with pytest.raises(InputError, match=r"'z' cannot be summed out.*10\^12 terms"):
        from_numpyro(tied, 3.0)


def test_a_site_of_infinitely_many_values_is_refused():
    def model(y):
        rate = numpyro.sample("rate", dist.HalfNormal())
        n = numpyro.sample("n", dist.Poisson(rate))
        numpyro.sample("y", dist.Normal(n, 1.0), obs=y)

    with pytest.raises(InputError, match="'n' is discrete"):
        from_numpyro(model, 3.0)
