from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

import fluvial
from fluvial.amortized import DLGM, Recipe, Trained, train
from fluvial.amortized.architecture import describe, rebuild
from fluvial.errors import InputError
from fluvial.flows import Triangular

MEAN = np.array([1.0, -2.0])
CHOLESKY = np.array([[1.0, 0.0], [1.5, 1.0]])
POINTS = np.array([[0.0, 0.0], [3.0, -4.0]])


def gaussian_prior():
    """The flow whose prior is N(MEAN, CHOLESKY CHOLESKY'), built from its parts."""
    flow = Triangular(2)
    parts = (jnp.asarray(MEAN, jnp.float32), jnp.asarray(CHOLESKY, jnp.float32))
    return eqx.tree_at(lambda f: (f.shift, f.lower), flow, parts)


def model(**options):
    return DLGM(data_dim=6, latent=2, hidden=4, **options)


def trained(dlgm):
    return Trained(dlgm, Recipe(), (2, 3), -27.0, 100, skipped=0, history=({"step": 1},))


def test_the_log_prior_is_that_of_the_flow():
    dlgm = model(prior=gaussian_prior())
    found = [dlgm.log_joint(jnp.zeros(6), jnp.asarray(z, jnp.float32))[1] for z in POINTS]
    exact = scipy.stats.multivariate_normal(MEAN, CHOLESKY @ CHOLESKY.T).logpdf(POINTS)
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_latent_vectors_are_drawn_from_it():
    dlgm = model(prior=gaussian_prior())
    noise = jax.random.normal(jax.random.key(0), (20_000, 2))
    z = np.asarray(jax.vmap(dlgm.draw_latent)(noise))
    np.testing.assert_allclose(z.mean(0), MEAN, atol=0.06)
    np.testing.assert_allclose(np.cov(z.T), CHOLESKY @ CHOLESKY.T, rtol=0.05, atol=0.05)


def test_without_one_latent_vectors_are_the_noise():
    noise = jnp.array([1.0, 2.0])
    assert (model().draw_latent(noise) == noise).all()


def test_a_coupling_prior_starts_at_the_standard_normal():
    z, x = jnp.array([0.3, -1.0]), jnp.zeros(6)
    plain, learned = model(), model(prior="realnvp:2")
    np.testing.assert_allclose(learned.log_joint(x, z)[1], plain.log_joint(x, z)[1], atol=1e-5)


def test_a_prior_of_another_dimension_is_refused():
    with pytest.raises(InputError, match="dimension 2, but 3"):
        DLGM(data_dim=6, latent=3, hidden=4, prior=Triangular(2))


def test_it_is_saved_and_loaded(tmp_path):
    dlgm = model().with_flow("planar:2").with_prior("realnvp:2", key=jax.random.key(3))
    before = trained(dlgm)
    after = fluvial.load(before.save(tmp_path / "model"))
    assert describe(after.dlgm)["prior"] == "realnvp:2"
    np.testing.assert_array_equal(after.sample(5), before.sample(5))


def test_a_prior_of_ones_own_is_loaded_with_the_model(tmp_path):
    folder = trained(model(prior=gaussian_prior())).save(tmp_path / "model")
    with pytest.raises(InputError, match="a prior of your own"):
        fluvial.load(folder)
    loaded = fluvial.load(folder, model=model(prior=Triangular(2)))
    np.testing.assert_allclose(loaded.dlgm.prior.flow.shift, MEAN)


def test_training_moves_the_prior():
    rng = np.random.default_rng(0)
    images = rng.random((60, 2, 3)) < 0.5
    recipe = Recipe(epochs=3, batch=10, warmup=1, annealing="none")
    start = model(prior="triangular")
    moved = train(start, images, seed=0, recipe=recipe, progress=False).dlgm
    change = [
        float(jnp.abs(a - b).max())
        for a, b in zip(*(jax.tree.leaves(m.prior) for m in (start, moved)), strict=True)
    ]
    assert max(change) > 1e-3


@pytest.mark.parametrize("which", ["flow", "prior"])
def test_a_model_whose_flow_has_changed_since_is_refused(which):
    spec = "modulated:1,heads=1,width=8"
    dlgm = model(prior=spec) if which == "prior" else model().with_flow(spec)
    description = describe(dlgm)
    assert describe(rebuild(description, Path("run"), model=None, flow=None)) == description
    del description["flows"]  # as it was before
    with pytest.raises(InputError, match="run has a modulated flow of an earlier version"):
        rebuild(description, Path("run"), model=None, flow=None)


def test_a_model_of_other_flows_says_nothing_of_them():
    assert "flows" not in describe(model(prior="planar:2").with_flow("planar:2"))
