"""The whole pipeline on problems with known answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.inference.flow_training import train
from fluvial.inference.settings import SearchSettings, Settings, VerdictSettings
from fluvial.targets.examples.registry import example

FUNNEL_2D = fluvial.Target(
    lambda x: -0.5 * x[0] ** 2 - 0.5 * x[1] ** 2 * jnp.exp(-2.0 * x[0]) - x[0] - np.log(2 * np.pi),
    dim=2,
)


@pytest.fixture(scope="module")
def funnel():
    return fluvial.fit(FUNNEL_2D, flow="realnvp:4,width=32", max_steps=900, progress=False)


def test_a_gaussian_is_right_without_a_flow():
    posterior = fluvial.fit(example("correlated").target, progress=False)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert posterior.provenance.flow == "gaussian"
    assert abs(posterior.log_evidence - example("correlated").log_evidence) < 1e-3


def test_a_flow_learns_what_a_gaussian_cannot(funnel):
    assert funnel.provenance.flow == "realnvp:4,width=32"
    assert funnel.verdict in (fluvial.Verdict.GOOD, fluvial.Verdict.USE_WEIGHTS)
    assert -0.05 < funnel.elbo < 0.01
    assert abs(funnel.log_evidence) < 0.02
    draws = funnel.draws(8000)["x"]
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=0.15)
    assert draws[:, 0].std() == pytest.approx(1.0, abs=0.05)


def test_the_density_of_the_posterior_is_normalized(funnel):
    grid = np.linspace(-6.0, 6.0, 241)
    wide = np.linspace(-60.0, 60.0, 1201)
    points = np.stack(np.meshgrid(grid, wide, indexing="ij"), axis=-1)
    density = np.exp(funnel.log_prob(points.reshape(-1, 2))).reshape(241, 1201)
    mass = np.trapezoid(np.trapezoid(density, wide, axis=1), grid)
    assert mass == pytest.approx(1.0, abs=0.02)


def test_the_same_seed_gives_the_same_bits_and_another_compiles_nothing_anew():
    """Of a target near which no search finds more mass: another component is another program."""
    bent = fluvial.Target(lambda x: -0.5 * (x[0] ** 2 + (x[1] - 0.2 * x[0] ** 2) ** 2), dim=2)

    def fit(seed):
        return fluvial.fit(bent, flow="realnvp:2,width=8", max_steps=100, seed=seed, progress=False)

    first = fit(3)
    compiled = train.train_chunk._cached._cache_size()
    other, again = fit(4), fit(3)
    assert train.train_chunk._cached._cache_size() == compiled
    assert first.elbo == again.elbo != other.elbo
    np.testing.assert_array_equal(first.draws(10)["x"], again.draws(10)["x"])


@pytest.mark.parametrize("name", ["mixture", "mixture_8d"])
def test_every_mode_has_its_weight(name):
    known = example(name)
    posterior = fluvial.fit(known.target, progress=False)
    assert posterior.verdict is fluvial.Verdict.GOOD
    np.testing.assert_allclose(np.sort(posterior.modes), [0.1, 0.3, 0.6], rtol=0.05)
    assert abs(posterior.log_evidence - known.log_evidence) < 0.01


def predator_and_prey(seed):
    """Ten noisy counts of each: a needle among false optima. Its log density, and the truth."""
    center = np.array([-0.2, -3.1, -0.2, -3.1])

    def slope(u, rates):
        grow, eaten, starve, feed = rates
        return jnp.stack([grow - eaten * jnp.exp(u[1]), feed * jnp.exp(u[0]) - starve])

    def solve(x):
        rates, h = jnp.exp(x), 0.05

        def step(u, _):
            k1 = slope(u, rates)
            k2 = slope(u + 0.5 * h * k1, rates)
            k3 = slope(u + 0.5 * h * k2, rates)
            u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(u + h * k3, rates))
            return u, u

        start = jnp.log(jnp.array([30.0, 1.0], x.dtype))
        return jax.lax.scan(step, start, None, length=400)[1][39::40]

    rng = np.random.default_rng(seed)
    truth = center + 0.5 * rng.normal(size=4)
    with jax.enable_x64(True):
        counts = np.asarray(solve(jnp.asarray(truth))) + 0.1 * rng.normal(size=(10, 2))

    def log_density(x):
        misfit = (jnp.clip(solve(x), -23.0, 9.2) - counts.astype(x.dtype)) / 0.1
        return -0.5 * jnp.sum(((x - center) / 0.5) ** 2) - 0.5 * jnp.sum(misfit**2)

    return fluvial.Target(log_density, dim=4), truth


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_needle_among_false_optima_is_found_and_trusted(seed):
    target, truth = predator_and_prey(seed)
    posterior = fluvial.fit(target, progress=False)
    assert posterior.verdict is not fluvial.Verdict.FAILED
    excess = target.values(truth[None]) - posterior.log_prob(truth[None]) - posterior.log_evidence
    assert excess[0] < 5.0


def core_in_a_wide_density(x):
    """Half N(0, I), half N(0, 0.03² I): every climb ends in the narrow half."""
    core = -0.5 * jnp.sum(x**2) / 0.03**2 - x.size * jnp.log(0.03)
    return jnp.logaddexp(-0.5 * jnp.sum(x**2), core) - jnp.log(2.0)


def test_a_wide_density_around_a_narrow_core_is_fitted_and_trusted():
    posterior = fluvial.fit(fluvial.Target(core_in_a_wide_density, dim=3), progress=False)
    assert posterior.verdict.name == "GOOD"
    assert abs(posterior.log_evidence - 1.5 * np.log(2.0 * np.pi)) < 0.02
    assert len(posterior.approximation.components) == 2


def test_a_fit_whose_last_search_still_found_mass_is_not_trusted():
    """One round is too few here: it finds the wide half, and no other says that this was all."""
    target = fluvial.Target(core_in_a_wide_density, dim=3)
    settings = Settings(search=SearchSettings(rounds=1))
    posterior = fluvial.fit(target, settings=settings, progress=False)
    assert posterior.verdict.name == "FAILED"
    assert "kept finding mass" in posterior.reasons[0]


def test_one_dimension_is_fitted_too():
    target = fluvial.Target(lambda x: jnp.sum(2.0 * x - jnp.exp(x)), dim=1)  # ln Gamma(2) draws
    posterior = fluvial.fit(target, max_steps=1000, progress=False)
    assert posterior.verdict is not fluvial.Verdict.FAILED
    assert abs(posterior.log_evidence) < 0.02  # ln Γ(2) = 0
    assert posterior.draws(4000)["x"].mean() == pytest.approx(1.0 - np.euler_gamma, abs=0.05)


def test_a_custom_flow_is_trained():
    flow = build_flow("realnvp:2,width=8", 2, key=jax.random.key(0))
    assert isinstance(flow, Flow)
    target = fluvial.Target(lambda x: -0.5 * jnp.sum((x - 1.0) ** 2), dim=2)
    posterior = fluvial.fit(target, flow=flow, max_steps=20, progress=False)
    assert posterior.provenance.flow == "custom"


def test_an_improper_density_fails_with_its_reason():
    posterior = fluvial.fit(fluvial.Target(lambda x: -0.5 * x[0] ** 2, dim=2), progress=False)
    assert posterior.verdict is fluvial.Verdict.FAILED
    assert "improper" in posterior.reasons[0]


def test_a_density_with_holes_is_counted_and_doubted():
    def log_density(x):
        return jnp.where(x[0] > -1.0, -0.5 * jnp.sum(x**2), jnp.nan)

    posterior = fluvial.fit(fluvial.Target(log_density, dim=2), max_steps=100, progress=False)
    assert posterior.verdict is not fluvial.Verdict.GOOD
    assert posterior.provenance.nonfinite > 0
    assert any("not finite" in reason for reason in posterior.reasons)


def test_thresholds_are_kept_and_saved(tmp_path):
    settings = Settings(verdict=VerdictSettings(min_ess=1e6))
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=2)
    posterior = fluvial.fit(target, progress=False, settings=settings)
    assert posterior.verdict is not fluvial.Verdict.GOOD
    again = fluvial.load(posterior.save(tmp_path / "run"), target=target)
    assert again.provenance == posterior.provenance
    assert Settings.of(again.provenance.settings) == settings


def test_a_setting_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"no setting verdict\.min_es:"):
        Settings.of({"verdict": {"min_es": 1.0}})


def test_ctrl_c_returns_the_best_so_far(monkeypatch):
    calls = []
    original = train.train_chunk

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(train, "train_chunk", interrupted)
    posterior = fluvial.fit(FUNNEL_2D, flow="realnvp:2,width=8", max_steps=900, progress=False)
    assert posterior.interrupted
    assert posterior.verdict is not fluvial.Verdict.GOOD
    assert posterior.elbo > -1.0
    assert any("interrupted" in reason for reason in posterior.reasons)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"flow": "realnvq:8"}, "realnvp"),
        ({"flow": "realnvp:0"}, "number of layers"),
        ({"max_steps": 0}, "max_steps is 0"),
    ],
)
def test_bad_arguments_are_named_before_any_work(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        fluvial.fit(FUNNEL_2D, progress=False, **arguments)
