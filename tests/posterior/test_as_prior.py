from dataclasses import replace

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.flows import build_flow
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.fit import _generator
from fluvial.inference.verdict.chained import carried_by
from fluvial.objectives import Importance
from fluvial.posterior import as_prior
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.handing_on import brought, later
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.links import Link, chain_evidence, chain_shift
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance
from fluvial.posterior.unsettled import Unsettled

Y = np.array([0.5, 1.0, -0.3])
POINTS = np.random.default_rng(0).normal(size=(5, 2))


def _joint(p):
    return -0.5 * p["mu"] ** 2 - 0.5 * p["tau"] ** 2


@pytest.fixture(scope="module")
def two(posterior_of):
    """A posterior of mu and tau on R^2 whose approximation is two Gaussians."""
    example = {"mu": 0.0, "tau": 0.0}
    components = [
        GaussianComponent(Gaussian(np.array(mean), np.array([[1.0, 0.0], [0.4, 0.7]])))
        for mean in ([0.0, 0.0], [1.0, 2.0])
    ]
    return posterior_of(fluvial.Target(_joint, example=example), components, size=2048)


def _flow():
    flow = build_flow("realnvp:2", 2, key=jax.random.key(0))
    return FlowComponent(flow, Gaussian(np.array([0.5, 0.0]), np.eye(2)))


def test_the_log_density_is_log_prob_and_can_be_transformed(two):
    values = jax.jit(jax.vmap(two.log_density))(jnp.asarray(POINTS, jnp.float32))
    np.testing.assert_allclose(values, two.log_prob(POINTS), rtol=1e-5)
    step = 1e-5 * np.array([1.0, 0.0])
    slope = (two.log_prob(POINTS + step) - two.log_prob(POINTS - step)) / 2e-5
    gradient = jax.vmap(jax.grad(two.log_density))(jnp.asarray(POINTS, jnp.float32))
    np.testing.assert_allclose(gradient[:, 0], slope, rtol=1e-4)


def test_the_density_of_a_flow_is_log_prob(posterior_of, jax_target, x64):
    posterior = posterior_of(jax_target, [_flow()])
    values = jax.vmap(posterior.log_density)(jnp.asarray(POINTS))
    np.testing.assert_allclose(values, posterior.log_prob(POINTS), rtol=1e-12)


def test_the_named_density_has_the_jacobian_of_the_models_map(posterior_of, jax_target, x64):
    posterior = posterior_of(jax_target)
    x = POINTS[0]
    named = posterior.log_density({"x": jnp.asarray(x[:1]), "scale": jnp.exp(x[1])})
    assert float(named) == pytest.approx(posterior.log_prob(x[None])[0] - x[1], rel=1e-12)


@pytest.mark.parametrize("scale", [-1.0, 0.0])
def test_out_of_its_bounds_the_named_density_is_zero_and_has_no_slope(
    posterior_of, jax_target, scale
):
    point = {"x": jnp.zeros(1), "scale": jnp.asarray(scale)}
    value, slope = jax.value_and_grad(posterior_of(jax_target).log_density)(point)
    assert value == -np.inf
    assert slope["scale"] == 0.0
    unknown = {"x": jnp.full(1, np.nan), "scale": jnp.asarray(1.0)}
    assert np.isnan(posterior_of(jax_target).log_density(unknown))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros(3), "shape (3,)"),
        ({"x": np.zeros(1)}, "lacks 'scale'"),
        ({"x": np.zeros(2), "scale": 1.0}, "'x' of shape (2,)"),
        ({"x": np.zeros(1), "scale": 1.0, "z": 1.0}, "'z', which is not a parameter"),
    ],
)
def test_a_wrong_point_is_refused_in_a_sentence(posterior_of, jax_target, value, said):
    with pytest.raises(InputError) as refused:
        posterior_of(jax_target).log_density(value)
    assert said in str(refused.value)


def test_a_log_likelihood_gets_the_old_density_added(two):
    new = fluvial.Target(
        lambda p: -0.5 * (p["tau"] - p["mu"] - p["more"]) ** 2,
        example={"more": 0.0, "mu": 0.0, "tau": 0.0},
    )
    given = new.given(two)
    x = np.random.default_rng(1).normal(size=(4, 3))  # more, mu, tau
    expected = new.values(x) + two.log_prob(x[:, 1:])
    np.testing.assert_allclose(given.values(x), expected, rtol=1e-12)
    gradient = given.value_and_grad(x)[1]
    np.testing.assert_allclose(gradient[:, 0], (x[:, 2] - x[:, 1] - x[:, 0]), rtol=1e-6)


def test_what_only_the_posterior_names_is_integrated_out(two):
    new = fluvial.Target(lambda p: 0.0 * p["tau"], example={"tau": 0.0})
    given = new.given(two)
    grid = np.linspace(-9.0, 11.0, 2001)
    both = np.stack(np.meshgrid(grid[::20], [0.0, 1.5]), -1).reshape(-1, 2)
    density = np.exp(two.log_prob(both)).reshape(2, -1).sum(1) * (grid[20] - grid[0])
    np.testing.assert_allclose(np.exp(given.values(np.array([[0.0], [1.5]]))), density, rtol=1e-6)


def test_what_a_flow_alone_names_is_carried_along(posterior_of):
    old = posterior_of(fluvial.Target(_joint, example={"mu": 0.0, "tau": 0.0}), [_flow()])
    given = fluvial.Target(lambda p: 0.0 * p["tau"], example={"tau": 0.0}).given(old)
    assert given.dim == 2
    assert given.variables == {"tau": ()}
    np.testing.assert_allclose(given.values(POINTS), old.log_prob(POINTS[:, ::-1]), rtol=1e-6)
    np.testing.assert_array_equal(given.constrain(POINTS)["tau"], POINTS[:, 0])


def test_numpyro_and_pymc_leave_out_the_prior_alone(posterior_of):
    numpyro, pymc = pytest.importorskip("numpyro"), pytest.importorskip("pymc")
    distributions = numpyro.distributions

    def model():
        mu = numpyro.sample("mu", distributions.Normal(0.0, 2.0))
        tau = numpyro.sample("tau", distributions.HalfNormal(1.0))
        numpyro.sample("y", distributions.Normal(mu, tau), obs=Y)

    with pymc.Model() as pymc_model:
        mu, tau = pymc.Normal("mu", 0, 2), pymc.HalfNormal("tau", 1)
        pymc.Normal("y", mu, tau, observed=Y)
    target, mu, tau = fluvial.from_numpyro(model), POINTS[:, :1], np.exp(POINTS[:, 1:])
    posterior = posterior_of(target)
    likelihood = -0.5 * ((Y - mu) / tau) ** 2 - np.log(tau) - 0.5 * np.log(2 * np.pi)
    expected = likelihood.sum(axis=1) + posterior.log_prob(POINTS)
    for new in (target, fluvial.from_pymc(pymc_model)):
        np.testing.assert_allclose(new.given(posterior).values(POINTS), expected, rtol=1e-6)


def test_a_stan_program_must_leave_the_prior_out(posterior_of):
    program = "parameters {{ real mu; real<lower=0> tau; }} model {{ {} 1.0 ~ normal(mu, tau); }}"
    target = fluvial.from_stan(program.format("tau ~ exponential(1);"))
    posterior = posterior_of(target)
    with pytest.raises(InputError, match="has a prior for tau"):
        target.given(posterior)
    given = fluvial.from_stan(program.format("")).given(posterior)
    mu, tau = POINTS[:, 0], np.exp(POINTS[:, 1])
    likelihood = -0.5 * ((1.0 - mu) / tau) ** 2 - np.log(tau) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(given.values(POINTS), likelihood + posterior.log_prob(POINTS))


@pytest.mark.parametrize(
    ("example", "constrain", "said"),
    [
        ({"nu": 0.0}, None, "share no parameter: the model has nu, the posterior mu, tau"),
        ({"mu": np.zeros(3)}, None, "mu has 3 unconstrained coordinates in the model, and 1"),
        ({"mu": np.zeros(1)}, None, r"mu has shape \(1,\) in the model, and \(\)"),
        ({"mu": 0.0}, lambda p: {"mu": jnp.exp(p["mu"])}, "mu is bounded, or mapped"),
    ],
)
def test_parameters_that_are_not_the_same_are_refused(two, example, constrain, said):
    new = fluvial.Target(
        lambda p: 0.0 * jnp.sum(p[next(iter(p))]), example=example, constrain=constrain
    )
    with pytest.raises(InputError, match=said):
        new.given(two)


def test_a_function_of_numpy_arrays_is_refused_in_a_sentence(two):
    black_box = fluvial.Target.from_numpy(lambda x: 0.0, names=["mu"], bounds=[(0.0, 1.0)])
    with pytest.raises(InputError, match="parameters of the model lie on"):
        black_box.given(two)
    with pytest.raises(InputError, match="parameters of the posterior lie"):
        fluvial.Target(_joint, example={"mu": 0.0, "tau": 0.0}).given(
            replace(two, target=black_box)
        )


@pytest.mark.parametrize("verdict", ["USE_MCMC", "FAILED"])
def test_a_posterior_without_a_density_to_trust_is_no_prior(posterior_of, jax_target, verdict):
    with pytest.raises(InputError, match=f"verdict is {verdict}"):
        jax_target.given(posterior_of(jax_target, verdict=verdict))


def _one(target, component, log_evidence_se=0.01):
    exact = 0.5 * np.log(2 * np.pi)
    evidence = Evidence(exact, 0.01, exact, log_evidence_se, 0.001, 0.1, 4000.0)
    provenance = Provenance("gaussian", 0, {}, 1, 0, False, "0.1.0")
    pool = Pool(np.zeros((1, 1)), np.zeros(1), np.zeros(1))
    judgment = Judgment(Verdict.GOOD, (), "")
    q = Mixture((component,), np.ones(1))
    return Posterior(q, pool, evidence, judgment, provenance, target)


def _gaussian_chain(bias, log_evidence_se=0.01):
    """A posterior N(0, 1) whose approximation is N(bias, 1), as the prior of one more."""
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=1)
    x = bias + np.random.default_rng(0).standard_normal((8192, 1))
    log_p = target.values(x)
    weights = Importance(log_p + 0.5 * (x[:, 0] - bias) ** 2).smoothed
    q = GaussianComponent(Gaussian(np.array([bias]), np.eye(1)))
    old = _one(target, q, log_evidence_se)
    return target.given(replace(old, pool=Pool(x, log_p, weights)))


def _draws(mean, sd):
    x = mean + sd * np.random.default_rng(1).standard_normal((4000, 1))
    return Pool(x, -0.5 * x[:, 0] ** 2, np.full(4000, -np.log(4000.0)))


@pytest.fixture
def untilted(monkeypatch):
    """Approximations are handed on as they are."""
    monkeypatch.setattr(as_prior, "fitted_tilt", lambda *_: None)


def _carried(target, pool):
    return carried_by(CountedTarget(target), pool)


def test_the_error_that_a_prior_carries_is_measured_where_the_new_posterior_lies(untilted):
    # ln p − ln q = bias²/2 − bias x: under N(0, 1/2), half its variance is bias²/4, and the mean
    # moves by bias times the variance, which is bias √½ standard deviations.
    found = _carried(_gaussian_chain(0.05), _draws(0.0, 0.5**0.5))
    (link,) = found.links
    assert link.kl == pytest.approx(0.05**2 / 4, rel=0.1)
    assert link.moved[0] == pytest.approx(0.05 * 0.5**0.5, rel=0.15)
    assert abs(link.moved[1]) < 3.0 * link.moved_se[1] < 0.01
    assert not found.doubts
    assert not found.fatal
    assert "can follow" in found.said[-1]
    assert _carried(_gaussian_chain(0.3), _draws(0.0, 0.5**0.5)).doubts
    assert _carried(_gaussian_chain(0.9), _draws(0.0, 0.5**0.5)).fatal


def test_an_approximation_is_handed_on_with_what_it_lacks():
    given = _gaussian_chain(0.3)
    x = np.linspace(-2.0, 2.0, 5)[:, None]
    exact = -(x[:, 0] ** 2) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(given.values(x), exact, atol=0.01)
    found = _carried(given, _draws(0.0, 0.5**0.5))
    assert chain_shift(found.links) < 0.001
    assert not found.doubts


@pytest.mark.parametrize("bias", [-0.2, 0.1])
def test_what_an_approximation_takes_from_the_next_evidence_is_put_back(untilted, bias):
    # ∫ N(x; m, 1) exp(−x²/2) dx = √½ exp(−m²/4), for m = 0 and m = bias.
    (link,) = _carried(_gaussian_chain(bias), _draws(0.5 * bias, 0.5**0.5)).links
    assert link.correction == pytest.approx(bias**2 / 4, abs=3 * link.correction_se)
    assert 0.0 < link.correction_se < 0.02


def test_too_few_draws_where_the_new_posterior_lies_make_a_bound():
    x = np.linspace(-3.0, 3.0, 4001)[:, None]
    log_w, r = -0.5 * x[:, 0] ** 2, 0.01 * x[:, 0]
    narrow = brought(x, log_w, r, -0.5 * ((x[:, 0] - 2.5) / 0.005) ** 2, 0.0)
    assert narrow.correction == 0.0
    assert 0.025 < narrow.correction_se < 1.0  # r is 0.025 there
    assert narrow.bound >= 0.025
    wide = brought(x, log_w, r, 0.0 * r, 0.0)
    assert wide.bound == 0.0
    assert wide.moved[0] == pytest.approx(-0.01, rel=0.1)


def test_errors_of_the_evidence_add_up_along_a_chain():
    first = Link(0.02, -5.0, 0.03, 1, 0.1, 0.04, unsettled=Unsettled(0.04))
    last = Link(0.5, -3.0, 0.0, 1, -0.3, 0.0, unsettled=Unsettled(1.0))
    total, se = chain_evidence([first, last], -2.0, 0.1)
    assert total == pytest.approx(-10.2)
    assert se == pytest.approx((0.04**2 + 0.1**2) ** 0.5)
    unit, half = (Gaussian(np.zeros(1), np.array([[sd]])) for sd in (1.0, 0.5))
    moved = later(first, unit, half, np.arange(1), np.arange(1))
    # the mean of x given more data varies by 1 − 0.5² of the variance of x
    assert moved.correction_se == pytest.approx((0.04**2 + 0.75 * 0.04) ** 0.5)
    assert moved.unsettled.known == pytest.approx(0.25 * 0.04)


def test_moves_of_a_chain_become_what_they_are_in_the_last_posterior():
    # ln p − ln q = −(a x + b y), of independent coordinates, moves the mean by the covariance
    # times (a, b); new data make the first narrower, and a third coordinate is new.
    before = Gaussian(np.zeros(2), np.diag([2.0, 1.0]))
    a, b = 0.02, 0.05
    link = Link(0.0, 0.0, 0.0, 1, moved=(2.0 * a, b, 0.0, 0.01), moved_se=(0.0,) * 4)
    covariance = np.array([[1.0, 0.3, 0.5], [0.3, 0.8, 0.2], [0.5, 0.2, 2.0]])
    now = Gaussian(np.zeros(3), np.linalg.cholesky(covariance))
    moved = later(link, before, now, np.arange(2), np.array([0, 1])).moved
    expected = covariance[:, :2] @ np.array([a, b]) / np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(moved[:3], expected, rtol=1e-12)
    assert moved[4] == pytest.approx(0.01 * 0.8)


def test_moves_that_cancel_do_not_add_up():
    one, other = (
        Link(0.0, 0.0, 0.0, 1, moved=(m, 0.0), moved_se=(0.003, 0.0)) for m in (0.08, -0.07)
    )
    assert chain_shift([one]) == pytest.approx(0.086)
    assert chain_shift([one, other]) == pytest.approx(0.01 + 0.006 * 2.0**0.5)
    assert chain_shift([one, other, Link(0.0, 0.0, 0.0, 1, bound=0.05)]) > 0.06


def test_an_evidence_too_uncertain_rules_out_good():
    target = _gaussian_chain(0.01)
    link = {"kl": 0.0, "log_evidence": 0.0, "log_evidence_se": 0.0, "evaluations": 1}
    chain = [{**link, "correction_se": 0.2}]
    assert isinstance(target.prior, as_prior.PriorPosterior)
    earlier = target.prior.posterior
    assert isinstance(earlier, Posterior)
    longer = replace(earlier, provenance=replace(earlier.provenance, chain=chain))
    found = _carried(
        fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=1).given(longer), _draws(0.0, 0.5**0.5)
    )
    assert "with a standard error of 0.2 nat" in found.doubts[0]
    assert found.added_to(Judgment(Verdict.USE_WEIGHTS, (), "")).advice.startswith("Fit all")


def test_each_fit_of_a_chain_draws_numbers_of_its_own(two):
    target = fluvial.Target(_joint, example={"mu": 0.0, "tau": 0.0})
    longer = replace(two, provenance=replace(two.provenance, chain=[{}]))
    fits = (target, target.given(two), target.given(longer))
    assert len({_generator(fit, 0).normal() for fit in fits}) == 3


def test_draws_beyond_the_earlier_posterior_are_noticed():
    found = _carried(_gaussian_chain(0.0), _draws(5.0, 0.7))
    assert "was never checked" in found.fatal[0]
    judged = found.added_to(Judgment(Verdict.FAILED, (), ""))
    assert judged.advice.startswith("Fit all the data at once")


def test_a_chain_is_saved_and_loaded(two, tmp_path):
    link = {"kl": 0.1, "shift": 0.2, "log_evidence": -1.0, "log_evidence_se": 0.3, "evaluations": 7}
    chained = replace(two, provenance=replace(two.provenance, chain=[link]))
    again = fluvial.load(chained.save(tmp_path / "run"))
    assert again.chain == chained.chain
    assert again.coordinates == {"mu": (0, 1), "tau": (1, 1)}
    total, se = again.chain_log_evidence
    assert (total, se) == (-1.0 + again.log_evidence, pytest.approx(0.02))
    assert again.chain[0].shift == 0.2
    target = fluvial.Target(_joint, example={"mu": 0.0, "tau": 0.0})
    np.testing.assert_allclose(
        target.given(again).values(POINTS), target.values(POINTS) + two.log_prob(POINTS)
    )


def test_a_target_with_a_posterior_for_its_prior_travels(posterior_of):
    target = fluvial.targets.example("banana").target
    posterior = posterior_of(target)
    posterior.log_density(POINTS[0])  # whose trace cannot be pickled
    given = target.given(posterior)
    again = cloudpickle.loads(cloudpickle.dumps(given))
    np.testing.assert_array_equal(again.values(POINTS), given.values(POINTS))


def test_what_differs_between_the_models_is_said(two):
    renamed = {"mu": 0.0, "sigma": 0.0}
    target = fluvial.Target(lambda p: -0.5 * (p["mu"] ** 2 + p["sigma"] ** 2), example=renamed)
    x = np.random.default_rng(0).standard_normal((1000, 2))
    pool = Pool(x, target.values(x), np.full(1000, -np.log(1000.0)))
    found = _carried(target.given(two), pool)
    said = [*found.said, *found.doubts, *found.fatal]
    assert any("no parameter tau, which the earlier posterior has: it is inte" in s for s in said)
    assert any("no parameter sigma, which the model has: it keeps its own pri" in s for s in said)
    assert any("call it the same in both models" in s for s in said)
    assert any("was made by fluvial 0.1.0, this one by" in s for s in said) == (
        fluvial.__version__ != "0.1.0"
    )


def test_data_that_count_twice_are_noticed(two):
    again = fluvial.Target(_joint, example={"mu": 0.0, "tau": 0.0})
    other = fluvial.Target(lambda p: 3.0 * _joint(p), example={"mu": 0.0, "tau": 0.0})
    for target, twice in ((again, True), (other, False)):
        found = _carried(target.given(two), two.pool)
        assert any("then count twice" in s for s in found.said) == twice


def test_rows_that_are_given_a_posterior_stay_rows():
    rows = np.random.default_rng(0).normal(size=20)
    target = fluvial.Target.from_rows(
        lambda t: 0.0 * t[0], lambda t, y: -0.5 * (y - t[0]) ** 2, rows, dim=1
    )
    old = _one(target, GaussianComponent(Gaussian(np.array([0.5]), np.eye(1))), 0.01)
    old = replace(old, pool=Pool(np.zeros((9, 1)), np.zeros(9), np.full(9, -np.log(9.0))))
    given = target.given(old)
    assert given.streamed is not None
    x = np.array([[0.3], [-1.0]])
    expected = target.values(x) + old.log_prob(x)
    np.testing.assert_allclose(given.values(x), expected)
    np.testing.assert_allclose(given.streamed.quadratic(x[0]).hessian, [[-21.0]])


def test_groups_that_are_given_a_posterior_keep_their_latents():
    target = fluvial.Target.from_groups(
        lambda t: 0.0 * t["mu"],
        lambda t, u: -0.5 * (u[0] - t["mu"]) ** 2,
        lambda t, u, y: -0.5 * (y - u[0]) ** 2,
        np.array([0.0, 2.0, 1.0]),
        np.array([0, 0, 1]),
        example={"mu": 0.0},
    )
    example = {"mu": 0.0, "nu": 0.0}
    wider = fluvial.Target(lambda p: -0.5 * (p["mu"] ** 2 + p["nu"] ** 2), example=example)
    old = _one(wider, _flow(), 0.01)
    old = replace(old, pool=Pool(np.zeros((9, 2)), np.zeros(9), np.full(9, -np.log(9.0))))
    given = target.given(old)
    assert given.dim == 2
    x = np.array([[0.3, 1.0], [-1.0, 0.2]])
    np.testing.assert_allclose(
        given.values(x), target.values(x[:, :1]) + old.log_prob(x), rtol=1e-6
    )
    assert given.streamed.local_draws(x, np.array([1]), 0).shape == (2, 1, 1)
