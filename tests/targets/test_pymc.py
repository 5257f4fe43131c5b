import sys

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import example, from_pymc
from fluvial.targets.examples.eight_schools import EFFECTS, ERRORS
from fluvial.targets.pymc_model import PyMCModel

from .conjugate import EXACT, A, B, Y, evidence

pm = pytest.importorskip("pymc")


@pytest.fixture(scope="module")
def schools():
    with pm.Model(coords={"school": list("ABCDEFGH")}) as model:
        mu = pm.Normal("mu", 0.0, 5.0)
        tau = pm.HalfCauchy("tau", 5.0)
        theta = pm.Normal("theta", mu, tau, dims="school")
        pm.Deterministic("range", theta.max() - theta.min())
        pm.Normal("y", theta, ERRORS, observed=EFFECTS, dims="school")
    return from_pymc(model)


def points_of(target, n=7):
    return np.random.default_rng(0).normal(size=(n, target.dim))


def test_evidence_with_jacobian_and_constants():
    with pm.Model() as model:
        precision = pm.Gamma("precision", alpha=A, beta=B)
        pm.Normal("y", 0.0, tau=precision, observed=Y)
    assert evidence(from_pymc(model)) == pytest.approx(EXACT, abs=1e-6)


def test_density_equals_the_one_written_by_hand(schools):
    points = points_of(schools)
    order = [1, 0, *range(2, 10)]  # log_tau comes before mu in the example
    exact, slopes = example("eight_schools_centered").target.value_and_grad(points[:, order])
    values, gradients = schools.value_and_grad(points)
    np.testing.assert_allclose(values, exact, rtol=1e-8)
    np.testing.assert_allclose(gradients[:, order], slopes, rtol=1e-7, atol=1e-7)


def test_names_shapes_and_draws(schools):
    assert schools.variables == {"mu": (), "tau": (), "theta": (8,), "range": ()}
    assert schools.parameters == ("mu", "tau", "theta")
    points = points_of(schools)
    draws = schools.constrain(points)
    np.testing.assert_allclose(draws["tau"], np.exp(points[:, 1]), rtol=1e-14)
    np.testing.assert_array_equal(draws["theta"], points[:, 2:])
    np.testing.assert_allclose(draws["range"], np.ptp(draws["theta"], axis=1), rtol=1e-14)


def test_log_likelihood(schools):
    points = points_of(schools)
    z = (points[:, 2:] - EFFECTS) / ERRORS
    expected = -0.5 * z**2 - np.log(ERRORS) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(schools.log_likelihood(points)["y"], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inside_jit(schools, dtype):
    points = points_of(schools)
    with jax.enable_x64(dtype is np.float64):
        inside = jax.jit(jax.vmap(schools.log_prob))(jnp.asarray(points, dtype))
    assert inside.dtype == dtype
    np.testing.assert_allclose(inside, schools.values(points), rtol=1e-5)


def test_shapes_that_follow_from_data_and_transforms():
    with pm.Model(coords={"group": ["a", "b", "c"]}) as model:
        scale = pm.Data("scale", np.arange(1.0, 4.0), dims="group")
        pm.Dirichlet("share", np.ones(3))
        pm.ZeroSumNormal("effect", dims="group")
        pm.Normal("x", 0.0, scale, dims="group")
    target = from_pymc(model)
    assert target.dim == 2 + 2 + 3
    assert target.variables == {"share": (3,), "effect": (3,), "x": (3,)}
    draws = target.constrain(points_of(target))
    np.testing.assert_allclose(draws["share"].sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(draws["effect"].sum(axis=1), 0, atol=1e-14)


def test_names_of_dimensions_and_data():
    with pm.Model(coords={"group": ["a", "b"], "share": ["p", "q", "r"]}) as model:
        model.add_coord("row", length=4)
        index = pm.Data("index", np.array([0, 1, 1, 0]), dims="row")
        effect = pm.Normal("effect", dims=("group", "share"))
        pm.Dirichlet("weight", np.ones(3), dims="share")
        pm.Deterministic("mean", effect.mean(axis=1), dims="group")
        pm.Normal("single", shape=1)
        pm.Normal("none", shape=0)
        pm.Normal("y", effect[index, 0], observed=np.arange(4.0), dims="row")
    target = from_pymc(model)
    assert target.variables["single"] == (1,)
    assert target.variables["none"] == (0,)
    found = target.annotations
    assert found.dims == {
        "effect": ("group", "share"),
        "weight": ("share",),
        "mean": ("group",),
        "index": ("row",),
        "y": ("row",),
    }
    assert {name: list(labels) for name, labels in found.coords.items()} == {
        "group": ["a", "b"],
        "share": ["p", "q", "r"],
    }
    np.testing.assert_array_equal(found.observed["y"], np.arange(4.0))
    np.testing.assert_array_equal(found.constant["index"], [0, 1, 1, 0])


def test_potentials_count():
    with pm.Model() as model:
        x = pm.Normal("x")
        pm.Potential("more", -(x**4))
    target = from_pymc(model)
    expected = -0.5 * 4 - 0.5 * np.log(2 * np.pi) - 16
    np.testing.assert_allclose(target.values(np.array([[2.0]])), expected, rtol=1e-12)


def test_the_64_bit_flag_is_left_alone(schools):
    assert not jax.config.read("jax_enable_x64")


def test_a_mode_of_the_users_thread_does_not_become_the_processs():
    with pm.Model() as model:
        pm.Normal("x")
    with jax.enable_x64(True):
        from_pymc(model)
    assert not jax.config.read("jax_enable_x64")


def test_a_discrete_variable():
    with pm.Model() as model:
        pm.Poisson("count", 3.0)
    with pytest.raises(InputError, match="the PyMC variable 'count' is discrete"):
        from_pymc(model)


def test_counts_that_are_missing():
    with pm.Model() as model, pytest.warns(match="missing values"):
        pm.Poisson("y", pm.Exponential("rate"), observed=np.ma.masked_values([1, 2, -1], -1))
    with pytest.raises(InputError, match=r"variable 'y_unobserved' is discrete \(Poisson\)"):
        from_pymc(model)


@pytest.mark.filterwarnings("ignore:total_size not provided")
@pytest.mark.parametrize("scaled", [False, True])
def test_minibatches_are_a_target_of_all_rows(scaled):
    x, y = np.arange(20.0).reshape(10, 2) / 10.0, np.linspace(-1.0, 1.0, 10)

    def model(x, y, **scaling):
        with pm.Model() as made:
            mean = pm.Deterministic("mean", x @ pm.Normal("slope", shape=2))
            pm.Normal("y", mean, pm.HalfNormal("scale"), observed=y, **scaling)
        return made

    batches = pm.Minibatch(x, y, batch_size=3)
    rows = from_pymc(model(*batches, **({"total_size": 10} if scaled else {})))
    whole = from_pymc(model(x, y))
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(rows.values(points), whole.values(points), rtol=1e-6)
    assert rows.streamed.count == 10
    assert rows.variables == {"slope": (2,), "scale": ()}


@pytest.mark.filterwarnings("ignore:total_size not provided")
def test_minibatches_that_are_no_rows():
    batch = pm.Minibatch(np.arange(10.0), batch_size=3)
    other = pm.Minibatch(np.arange(10.0), batch_size=3)
    with pm.Model() as potential:
        pm.Potential("y", -((batch - pm.Normal("mu")) ** 2).sum())
    with pytest.raises(InputError, match="the PyMC variable 'y' sees minibatches of its data"):
        from_pymc(potential)
    with pm.Model() as apart:
        pm.Normal("y", other * pm.Normal("mu"), observed=batch)
    with pytest.raises(InputError, match="the PyMC variable 'y' sees 2 draws of rows"):
        from_pymc(apart)


def test_missing_observations_are_inferred_or_refused():
    with pm.Model() as model, pytest.warns(match="missing values"):
        pm.Normal("y", pm.Normal("mu"), observed=[0.1, np.nan])
    target = from_pymc(model)
    assert target.variables == {"mu": (), "y_unobserved": (1,), "y": (2,)}
    with pm.Model() as model:
        data = pm.Data("data", np.zeros(3))
        pm.Normal("y", pm.Normal("mu"), observed=data)
    model.set_data("data", [0.1, np.nan, np.nan])
    with pytest.raises(InputError, match=r"'y' has 2 NaN among its 3 values .* at \[1\]"):
        from_pymc(model)


def test_no_free_variable():
    with pytest.raises(InputError, match="has no free variable"):
        from_pymc(pm.Model())


def test_an_operation_without_a_jax_version():
    import pytensor.tensor as pt
    from pytensor.graph.op import Op

    class Strange(Op):
        itypes, otypes = [pt.dscalar], [pt.dscalar]

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0]

    with pm.Model() as model:
        x = pm.Normal("x")
        pm.Potential("strange", Strange()(x))
    with pytest.raises(InputError, match="the PyMC model cannot run in JAX: NotImplementedError"):
        from_pymc(model)


def test_pymc_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymc", None)
    with pytest.raises(InputError, match='its extra "pymc"'):
        from_pymc(pm.Model())


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_model_whose_predictive_was_sampled():
    import arviz

    with pm.Model(coords={"group": ["a", "b"]}) as model:
        pm.Normal("y", pm.Normal("mu", dims="group"), 1.0, observed=[0.5, 1.0], dims="group")
    points = np.random.default_rng(0).normal(size=(3, 2))
    expected = from_pymc(model).values(points)
    data = arviz.from_dict(
        {"mu": np.zeros((1, 2, 2))},
        observed_data={"y": np.array([0.5, 1.0])},
        coords={"group": ["a", "b"]},
        dims={"mu": ["group"], "y": ["group"]},
    )
    pm.sample_posterior_predictive(
        data, model=model, progressbar=False, compile_kwargs={"mode": "FAST_COMPILE"}
    )
    target = from_pymc(model)
    np.testing.assert_array_equal(target.values(points), expected)
    assert target.log_likelihood(points)["y"].shape == (3, 2)


def test_it_travels_with_its_data(schools):
    again = cloudpickle.loads(cloudpickle.dumps(schools))
    points = points_of(schools)
    np.testing.assert_array_equal(again.values(points), schools.values(points))
    assert again.variables == schools.variables


def test_a_transform_that_leaves_out_a_part_of_the_support_is_told():
    with pm.Model() as model:
        pm.Normal("mu", 0.0, 1.0, shape=2, transform=pm.distributions.transforms.ordered)
        pm.Normal("cut", 0.0, 1.0, transform=pm.distributions.transforms.log)
        pm.HalfNormal("positive", 1.0)
        pm.Beta("share", 1.0, 1.0)
        pm.Normal("free", 0.0, 1.0)
    found = PyMCModel(model)
    assert [v.name for v in model.free_RVs if found._is_cut(v)] == ["mu", "cut"]
