import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import example, from_numpyro
from fluvial.targets.examples.eight_schools import EFFECTS, ERRORS

from .conjugate import EXACT, A, B, Y, evidence

numpyro = pytest.importorskip("numpyro")
dist = numpyro.distributions
constraints = dist.constraints


def schools(y, sigma):
    mu = numpyro.sample("mu", dist.Normal(0.0, 5.0))
    tau = numpyro.sample("tau", dist.HalfCauchy(5.0))
    with numpyro.plate("J", len(y)):
        theta = numpyro.sample("theta", dist.Normal(mu, tau))
        numpyro.sample("y", dist.Normal(theta, sigma), obs=y)
    numpyro.deterministic("range", theta.max() - theta.min())


def many_kinds():
    numpyro.sample("simplex", dist.Dirichlet(np.ones(3)))
    numpyro.sample("cholesky", dist.LKJCholesky(2))
    numpyro.sample("bounded", dist.Uniform(-1.0, 3.0))
    numpyro.sample(
        "ordered",
        dist.TransformedDistribution(
            dist.Normal(0.0, 1.0).expand([2]).to_event(1), dist.transforms.OrderedTransform()
        ),
    )


def test_evidence_with_jacobian_and_constants():
    def model(y):
        precision = numpyro.sample("precision", dist.Gamma(A, B))
        numpyro.sample("y", dist.Normal(0.0, precision**-0.5), obs=y)

    assert evidence(from_numpyro(model, Y)) == pytest.approx(EXACT, abs=1e-9)


def test_density_equals_the_one_written_by_hand():
    target = from_numpyro(schools, EFFECTS, sigma=ERRORS)
    points = np.random.default_rng(0).normal(size=(7, 10))
    by_hand = points[:, [1, 0, *range(2, 10)]]  # log_tau comes before mu in the example
    exact, slopes = example("eight_schools_centered").target.value_and_grad(by_hand)
    values, gradients = target.value_and_grad(points)
    np.testing.assert_allclose(values, exact, rtol=1e-12)
    np.testing.assert_allclose(gradients[:, [1, 0, *range(2, 10)]], slopes, rtol=1e-9, atol=1e-9)


def test_names_shapes_and_draws():
    target = from_numpyro(schools, EFFECTS, ERRORS)
    assert target.variables == {"mu": (), "tau": (), "theta": (8,), "range": ()}
    assert target.parameters == ("mu", "tau", "theta")
    points = np.random.default_rng(0).normal(size=(7, 10))
    draws = target.constrain(points)
    np.testing.assert_array_equal(draws["mu"], points[:, 0])
    np.testing.assert_allclose(draws["tau"], np.exp(points[:, 1]), rtol=1e-14)
    np.testing.assert_allclose(draws["range"], np.ptp(draws["theta"], axis=1), rtol=1e-14)
    assert all(value.dtype == np.float64 for value in draws.values())


def test_log_likelihood():
    target = from_numpyro(schools, EFFECTS, ERRORS)
    points = np.random.default_rng(0).normal(size=(7, 10))
    z = (points[:, 2:] - EFFECTS) / ERRORS
    expected = -0.5 * z**2 - np.log(ERRORS) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(target.log_likelihood(points)["y"], expected, rtol=1e-12)


def test_constrained_kinds():
    target = from_numpyro(many_kinds)
    assert target.dim == 2 + 1 + 1 + 2
    points = np.random.default_rng(0).normal(size=(5, target.dim))
    _, gradients = target.value_and_grad(points)
    for i, step in enumerate(1e-6 * np.eye(target.dim)):
        slope = (target.values(points + step) - target.values(points - step)) / 2e-6
        np.testing.assert_allclose(gradients[:, i], slope, rtol=1e-6, atol=1e-7)
    draws = target.constrain(points)
    np.testing.assert_allclose(draws["simplex"].sum(axis=1), 1, rtol=1e-14)
    assert draws["cholesky"].shape == (5, 2, 2)
    assert np.all(np.diff(draws["ordered"]) > 0)
    assert np.all((draws["bounded"] > -1) & (draws["bounded"] < 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inside_jit(dtype):
    target = from_numpyro(schools, EFFECTS, ERRORS)
    points = np.random.default_rng(0).normal(size=(7, 10))
    values, gradients = target.value_and_grad(points)
    with jax.enable_x64(dtype is np.float64):
        x = jnp.asarray(points, dtype)
        inside, slopes = jax.jit(jax.vmap(jax.value_and_grad(target.log_prob)))(x)
    assert inside.dtype == slopes.dtype == dtype
    rtol = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(inside, values, rtol=rtol)
    np.testing.assert_allclose(slopes, gradients, rtol=10 * rtol, atol=10 * rtol)


def test_sites_that_cannot_be_sampled():
    class Exponential(dist.Distribution):
        support = constraints.positive

        def log_prob(self, value):
            return -value

    def model(y):
        mu = numpyro.sample("mu", dist.ImproperUniform(constraints.real, (), ()))
        with numpyro.plate("J", 2):
            numpyro.sample("scale", Exponential())
        numpyro.sample("y", dist.Normal(mu, 1.0), obs=y)

    target = from_numpyro(model, np.array([0.5, 2.0]))
    assert target.variables == {"mu": (), "scale": (2,)}
    x = np.array([[0.3, -1.0, 0.7]])
    likelihood = -0.5 * (0.2**2 + 1.7**2) - np.log(2 * np.pi)
    exact = likelihood + np.sum(x[0, 1:] - np.exp(x[0, 1:]))
    np.testing.assert_allclose(target.values(x), exact, rtol=1e-12)


def nested(y):
    with numpyro.plate("school", 4, dim=-2):
        effect = numpyro.sample("effect", dist.Normal())
        with numpyro.plate("pupil", 3, dim=-1):
            share = numpyro.sample("share", dist.Dirichlet(jnp.ones(2)))
            numpyro.sample("place", dist.Normal().expand([2]).to_event(1))
            numpyro.deterministic("twice", 2 * share)
            numpyro.sample("y", dist.Normal(effect, 1.0), obs=jnp.log(y))
    numpyro.factor("more", -jnp.sum(effect**4))


def test_plates_name_dimensions():
    target = from_numpyro(nested, np.ones((4, 3)))
    found = target.annotations
    both = ("school", "pupil", None)
    assert found.dims == {
        "effect": ("school", None),
        "share": both,
        "place": both,
        "twice": both,
        "y": ("school", "pupil"),
    }
    np.testing.assert_array_equal(found.observed["y"], np.zeros((4, 3)))
    assert list(found.observed) == list(target.log_likelihood(np.zeros((1, target.dim)))) == ["y"]


def test_plates_of_what_is_reparameterized():
    centered = numpyro.handlers.reparam(
        schools, config={"theta": numpyro.infer.reparam.LocScaleReparam(0)}
    )
    target = from_numpyro(centered, EFFECTS, ERRORS)
    assert target.parameters == ("mu", "tau", "theta_decentered")
    assert target.annotations.dims["theta"] == target.annotations.dims["y"] == ("J",)


def test_what_follows_the_parameters_is_no_data():
    def model():
        x = numpyro.sample("x", dist.Normal())
        numpyro.sample("y", dist.Normal(x, 1.0), obs=2 * x)

    target = from_numpyro(model)
    assert target.annotations.observed == {}
    assert target.log_likelihood(np.ones((1, 1)))["y"] == pytest.approx(
        -0.5 - np.log(2 * np.pi) / 2
    )


MISSING = np.array([0.5, np.nan, 2.0])


def regression(y, **infer):
    mu = numpyro.sample("mu", dist.Normal())
    with numpyro.plate("N", len(y)):
        numpyro.sample("y", dist.Normal(mu, 1.0), obs=y, **infer)


def test_missing_observations_that_are_masked():
    def masked(y):
        mu = numpyro.sample("mu", dist.Normal())
        with numpyro.handlers.mask(mask=~np.isnan(y)):
            numpyro.sample("y", dist.Normal(mu, 1.0), obs=y)

    points = np.array([[0.3], [-1.0]])
    target = from_numpyro(masked, MISSING)
    expected = from_numpyro(regression, MISSING[[0, 2]])
    for found, exact in zip(
        target.value_and_grad(points), expected.value_and_grad(points), strict=True
    ):
        np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_missing_observations_that_are_inferred():
    target = from_numpyro(regression, MISSING, obs_mask=~np.isnan(MISSING))
    assert target.parameters == ("mu", "y_unobserved")
    values, gradients = target.value_and_grad(np.zeros((1, 4)))
    assert np.isfinite(values).all()
    assert np.isfinite(gradients).all()


def subsampled(y, size=2):
    scale = numpyro.sample("scale", dist.HalfNormal(1.0))
    with numpyro.plate("two", 2):
        mu = numpyro.sample("mu", dist.Normal(0.0, scale))
    with numpyro.plate("N", 4, subsample_size=size) as index:
        twice = numpyro.deterministic("twice", 2.0 * mu[0] + jnp.zeros(len(index)))
        numpyro.sample("y", dist.Normal(twice, scale), obs=y[index])


def subsampled_unseen():
    subsampled(jnp.ones(4))


def subsampled_latents(y):
    with numpyro.plate("N", 4, subsample_size=2) as index:
        u = numpyro.sample("u", dist.Normal(0.0, 1.0))
        numpyro.sample("y", dist.Normal(u, 1.0), obs=y[index])


def test_a_plate_that_subsamples_is_a_target_of_all_rows():
    y = np.array([0.3, -1.0, 2.0, 0.5])
    rows = from_numpyro(subsampled, y)
    whole = from_numpyro(subsampled, jnp.asarray(y), size=None)
    points = np.random.default_rng(0).normal(size=(6, 3))
    np.testing.assert_allclose(rows.values(points), whole.values(points), rtol=1e-6)
    assert rows.streamed.count == 4
    assert rows.variables == {"scale": (), "mu": (2,)}
    for name, values in rows.constrain(points).items():
        np.testing.assert_allclose(values, whole.constrain(points)[name])


def discrete():
    numpyro.sample("count", dist.Poisson(3.0))


def enumerated():
    with numpyro.plate("N", 3):
        numpyro.sample("kind", dist.Categorical(np.ones(2) / 2), infer={"enumerate": "parallel"})


class Unsupported(dist.Distribution):
    def log_prob(self, value):
        return -(value**2)


class Even(constraints.Constraint):
    event_dim = 0

    def __call__(self, x):
        return x % 2 == 0

    def tree_flatten(self):
        return (), ((), {})


class Unmapped(Unsupported):
    support = Even()


def of(distribution):
    with numpyro.plate("N", 3):
        numpyro.sample("x", distribution())


def observed_only():
    numpyro.sample("y", dist.Normal(0.0, 1.0), obs=1.0)


@pytest.mark.parametrize(
    ("model", "args", "sentence"),
    [
        (
            subsampled_unseen,
            (),
            "the NumPyro plate 'N' subsamples 4 rows, and none of the model's arguments has so",
        ),
        (
            subsampled_latents,
            (jnp.ones(4),),
            "the NumPyro site 'u' is a latent one of each row of the plate 'N'",
        ),
        (discrete, (), "the NumPyro site 'count' is discrete (Poisson)"),
        (enumerated, (), "the NumPyro model has no continuous latent site"),
        (of, (Unsupported,), "the NumPyro site 'x' has no support (Unsupported): give its class"),
        (
            of,
            (Unmapped,),
            "the NumPyro site 'x' has a support onto which NumPyro has no map (Even)",
        ),
        (regression, (MISSING,), "the NumPyro site 'y' has 1 NaN among its 3 values (the"),
        (regression, (jnp.asarray(MISSING),), "the NumPyro site 'y' has 1 NaN among its 3"),
        (schools, (EFFECTS, np.ones(3)), "the NumPyro model failed: "),
        (observed_only, (), "the NumPyro model has no latent site"),
        (schools, (EFFECTS,), "the NumPyro model failed: TypeError: schools() missing 1"),
    ],
)
def test_models_that_cannot_be_fitted(model, args, sentence):
    with pytest.raises(InputError) as error:
        from_numpyro(model, *args)
    assert str(error.value).startswith(sentence)


def test_numpyro_is_not_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "numpyro", None)
    with pytest.raises(InputError, match='its extra "numpyro"'):
        from_numpyro(schools, EFFECTS, ERRORS)


def test_it_travels_with_its_data():
    target = from_numpyro(schools, EFFECTS, sigma=ERRORS)
    again = cloudpickle.loads(cloudpickle.dumps(target))
    points = np.random.default_rng(0).normal(size=(5, target.dim))
    np.testing.assert_array_equal(again.values(points), target.values(points))
    assert again.log_likelihood(points)["y"].shape == (5, 8)
