"""Which flow follows from what structure."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

import fluvial
from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training.choosing import Choice, choose
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress

GROUPS = 24


def groups(p):
    """Independent groups given their common scale."""
    scaled = norm.logpdf(p["effect"], 0, jnp.exp(p["log_scale"])).sum()
    return norm.logpdf(p["log_scale"]) + scaled + norm.logpdf(p["effect"], 1.0, 0.5).sum()


def steps(p):
    """A random walk whose steps have one scale."""
    moves = jnp.diff(p["effect"], prepend=0.0)
    scaled = norm.logpdf(moves, 0, jnp.exp(p["log_scale"])).sum()
    return norm.logpdf(p["log_scale"]) + scaled + norm.logpdf(p["effect"], 1.0, 1.0).sum()


def curved(p):
    """Each coordinate skewed by itself."""
    return -(jnp.exp(p["effect"]) - p["effect"]).sum() - 0.5 * p["log_scale"] ** 2


def target_of(log_density):
    return fluvial.Target(log_density, example={"log_scale": 0.0, "effect": np.zeros(GROUPS)})


def choice_for(log_density, *, always_train=False):
    target, rng = target_of(log_density), np.random.default_rng(0)
    counted = CountedTarget(target)
    run = Run(
        counted,
        "realnvp:8",
        always_train,
        seed=0,
        max_steps=100,
        settings=DEFAULT,
        rng=rng,
        progress=Progress(shown=False),
        devices=Devices(every=False),
    )
    unit = Gaussian(np.zeros(target.dim), np.eye(target.dim))
    gaussian = batch_and_match(counted, unit, rng)
    return choose(run, Mixture((GaussianComponent(gaussian),), np.ones(1)))


def test_groups_with_one_scale_get_a_sparse_flow():
    choice = choice_for(groups)
    assert choice.flow == "sparse,hubs=1,heads=0,width=0"
    assert str(choice.structure) == "1 of 25 coordinates modulates the rest: log_scale"


def test_coupled_steps_with_one_scale_get_a_modulated_flow():
    choice = choice_for(steps)
    assert choice.flow == "modulated:2,heads=1"
    assert choice.structure is not None
    assert choice.structure.names == ("log_scale",)


def test_without_few_that_rule_the_rest_the_flow_is_the_one_for_so_many_coordinates():
    choice = choice_for(curved)
    assert choice.flow == "realnvp:8"
    assert str(choice.structure) == "no few of 25 coordinates modulate the rest"


def test_a_flow_that_was_asked_for_is_trained_without_a_look():
    assert choice_for(groups, always_train=True) == Choice("realnvp:8")


@pytest.fixture(scope="module")
def fitted():
    return fluvial.fit(target_of(groups), max_steps=300, progress=False)


def test_a_fit_says_which_parameters_modulate_the_rest_and_what_follows(fitted):
    assert fitted.structure.names == ("log_scale",)
    assert fitted.provenance.flow == "sparse,hubs=1,heads=0,width=0"
    said = "1 of 25 coordinates modulates the rest: log_scale; hence sparse,hubs=1,heads=0,width=0"
    assert said in str(fitted.summary())


def test_a_sparse_posterior_is_saved_and_loaded(fitted, tmp_path):
    loaded = fluvial.load(fitted.save(tmp_path / "run"))
    assert loaded.structure == fitted.structure
    points = fitted.pool.points[:100]
    np.testing.assert_array_equal(loaded.log_prob(points), fitted.log_prob(points))
