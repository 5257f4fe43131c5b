"""Signs that are flipped and labels that are swapped, and the modes that lie there."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

import fluvial
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.symmetries import mirrored, symmetries
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets import Target, from_stan

RNG = np.random.default_rng(0)


def maps(coordinates, shapes, dim):
    x = 1.0 + np.arange(dim)
    return {tuple(one.of(x[None])[0].tolist()) for one in symmetries(coordinates, shapes, dim)}


def test_parameters_are_flipped_alone_and_in_pairs():
    found = maps({"l": (0, 2), "f": (2, 1), "s": (3, 1)}, {"l": (2,), "f": (), "s": ()}, 4)
    assert {(-1, -2, 3, 4), (-1, -2, -3, 4), (1, 2, -3, -4), (-1, -2, -3, -4)} <= found


def test_labels_are_swapped_in_all_parameters_that_have_them():
    found = maps({"mu": (0, 3), "s": (3, 3)}, {"mu": (3,), "s": (3,)}, 6)
    assert (2, 1, 3, 5, 4, 6) in found
    assert (2, 1, 3, 4, 5, 6) not in found


def test_a_column_is_flipped_in_either_order_of_the_elements():
    found = maps({"loadings": (0, 6)}, {"loadings": (3, 2)}, 6)
    assert {(-1, 2, -3, 4, -5, 6), (-1, -2, -3, 4, 5, 6)} <= found


def test_labels_along_both_axes_of_a_matrix_are_swapped_together():
    found = maps({"moves": (0, 4)}, {"moves": (2, 2)}, 4)
    assert (4, 3, 2, 1) in found  # as of the states of a hidden Markov model


def test_each_candidate_comes_once_and_leaves_something_changed():
    found = list(symmetries({"x": (0, 3)}, {"x": (3,)}, 3))
    keys = {one.of(np.arange(1.0, 4.0)[None]).tobytes() for one in found}
    assert len(keys) == len(found)
    assert np.arange(1.0, 4.0)[None].tobytes() not in keys


def test_shapes_that_are_not_those_of_the_coordinates_are_no_matter():
    found = maps({"w": (0, 2), "mu": (2, 3)}, {"w": (3,), "mu": (3,)}, 5)
    assert (1, 2, 4, 3, 5) in found


@pytest.mark.parametrize("kind", ["dense", "diagonal"])
def test_the_image_of_a_gaussian_is_the_gaussian_of_the_images(kind):
    root = RNG.normal(size=(3, 3))
    mean = np.array([1.0, 2.0, 3.0])
    g = Gaussian(mean, np.linalg.cholesky(root @ root.T))
    if kind == "diagonal":
        g = DiagonalGaussian(mean, np.array([0.5, 1.0, 2.0]))
    x = RNG.normal(size=(5, 3))
    for one in symmetries({"a": (0, 2), "b": (2, 1)}, {"a": (2,)}, 3):
        np.testing.assert_allclose(one.image(g).log_prob(one.of(x)), g.log_prob(x), rtol=1e-10)


def test_what_a_symmetry_leads_to_is_offered_and_what_q_covers_is_not():
    counted = CountedTarget(Target(lambda p: -50.0 * (jnp.sum(p**2) / 2.0 - 1.0) ** 2, dim=2))
    q = Mixture((GaussianComponent(Gaussian(np.ones(2), 0.05 * np.eye(2))),), np.ones(1))
    images = [g.mean.tolist() for g in mirrored(counted, q).images]
    assert [-1.0, -1.0] in images  # both flipped
    assert [1.0, 1.0] not in images  # both swapped


@pytest.mark.slow
def test_both_signs_of_a_factor_are_found():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20, 1))
    y = scores * [1.0, 0.8, 0.6, -0.7] + 0.4 * rng.normal(size=(20, 4))
    code = """
        data { int N; int P; matrix[N, P] y; }
        parameters { vector[P] l; vector[N] f; vector<lower=0>[P] s; }
        model {
          l ~ normal(0, 1); f ~ std_normal(); s ~ exponential(1);
          for (p in 1:P) y[, p] ~ normal(l[p] * f, s[p]);
        }
    """
    target = from_stan(code, {"N": 20, "P": 4, "y": y})
    posterior = fluvial.fit(target, seed=0, progress=False)
    np.testing.assert_allclose(posterior.modes, [0.5, 0.5], atol=0.03)
    assert posterior.verdict is not Verdict.FAILED
    np.testing.assert_allclose(posterior.draws(4000)["l"].mean(axis=0), 0.0, atol=0.1)


def test_a_mixture_with_exchangeable_components_has_all_of_its_modes():
    y = np.concatenate([RNG.normal(-2.0, 0.5, 20), RNG.normal(2.0, 0.5, 20)])

    def log_density(p):
        prior = jnp.sum(norm.logpdf(p["mu"], 0.0, 3.0) + norm.logpdf(p["log_sd"]))
        each = norm.logpdf(jnp.asarray(y)[:, None], p["mu"], jnp.exp(p["log_sd"]))
        return prior + jnp.sum(logsumexp(each, axis=1))

    target = Target(log_density, example={"mu": np.zeros(2), "log_sd": np.zeros(2)})
    posterior = fluvial.fit(target, seed=0, progress=False)
    np.testing.assert_allclose(posterior.modes, [0.5, 0.5], atol=0.03)
    assert posterior.verdict is Verdict.GOOD
