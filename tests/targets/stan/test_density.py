import numpy as np
import pytest

from fluvial.targets.stan import density
from fluvial.targets.stan.compiler import stan_to_mir
from fluvial.targets.stan.density import StanDensity
from fluvial.targets.stan.inputs import compiled
from fluvial.targets.stan.model import StanModel

CODE = """
parameters { vector[3] x; }
model { x ~ student_t(4, 0, 1); target += sin(x[1] * x[2]); }
"""


@pytest.fixture(scope="module")
def make_model():
    mir = compiled(CODE, None)
    return lambda: StanModel(mir, "{}")


@pytest.mark.parametrize("n", [1, 2, 3, 100])
def test_threads_give_the_same_bits(make_model, monkeypatch, n):
    points = np.random.default_rng(0).normal(size=(n, 3))
    monkeypatch.setattr(density, "_CHEAP_SECONDS", np.inf)  # no gradient is worth a thread
    alone = StanDensity(make_model)
    assert len(alone._models) == 1
    monkeypatch.setattr(density, "_CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(density, "_LONG_BATCH_SECONDS", 0.0)
    monkeypatch.setattr(density.os, "cpu_count", lambda: 3)
    together = StanDensity(make_model)
    assert len(together._models) == 3
    for one, other in zip(
        alone.value_and_grad(points), together.value_and_grad(points), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(alone.values(points), together.values(points))


@pytest.mark.parametrize("n", [1, 5, 100])
def test_threads_give_the_same_generated_quantities(monkeypatch, n):
    code = "parameters { real x; } model { x ~ normal(0, 1); } "
    code += "generated quantities { real y = normal_rng(x, 1); }"
    mir = compiled(code, None)
    points = np.random.default_rng(0).normal(size=(n, 1))
    monkeypatch.setattr(density, "_CHEAP_SECONDS", np.inf)
    alone = StanDensity(lambda: StanModel(mir, "{}")).rows(points, 3)
    monkeypatch.setattr(density, "_CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(density, "_LONG_BATCH_SECONDS", 0.0)
    monkeypatch.setattr(density.os, "cpu_count", lambda: 3)
    together = StanDensity(lambda: StanModel(mir, "{}"))
    assert len(together._models) == 3
    np.testing.assert_array_equal(alone, together.rows(points, 3))
    assert len(np.unique(alone[:, 1] - alone[:, 0])) == n  # no two parts draw the same


def test_values_are_those_beside_the_gradients(make_model):
    points = np.random.default_rng(0).normal(size=(8, 3)) * 10.0 ** np.arange(-4, 4)[:, None]
    points[1, 0], points[2, 1] = np.nan, np.inf
    model = make_model()
    np.testing.assert_array_equal(model.values(points), model.value_and_grad(points)[0])


def test_where_stan_rejects_a_value_is_minus_infinity_too():
    mir = compiled("parameters { real x; } model { if (x > 0) reject(x); x ~ normal(0, 1); }", None)
    values = StanModel(mir, "{}").values(np.array([[1.0], [-1.0]]))
    assert values[0] == -np.inf
    assert np.isfinite(values[1])


def test_the_c_interface_agrees_with_the_public_method(make_model):
    """`StanModel` rests on names that stanli does not promise to keep: here it would show."""
    import stanli

    public = stanli.Model(mir=stan_to_mir(CODE, None))
    model = make_model()
    assert list(model.parameters) == public.constrained_names
    points = np.random.default_rng(1).normal(size=(5, 3))
    values, gradients = model.value_and_grad(points)
    for point, value, gradient in zip(points, values, gradients, strict=True):
        public_value, public_gradient = public.log_prob_grad(point)
        assert value == public_value
        np.testing.assert_array_equal(gradient, public_gradient)


def test_parameters_alone_are_constrained_as_with_quantities_derived_from_them():
    parameters = "parameters { real<lower=1> a; simplex[3] s; cholesky_factor_corr[2] L; } "
    model = "model { a ~ normal(0, 1); L ~ lkj_corr_cholesky(2); } "
    derived = "generated quantities { real b = a; }"
    points = np.random.default_rng(0).normal(size=(20, 4))
    alone, more = (
        StanModel(compiled(parameters + model + rest, None), "{}") for rest in ("", derived)
    )
    assert more.columns[: len(alone.columns)] == alone.columns
    rows = alone.rows(points, 0)
    np.testing.assert_array_equal(rows, more.rows(points, 0)[:, : rows.shape[1]])


def test_no_points(make_model):
    values, gradients = StanDensity(make_model).value_and_grad(np.zeros((0, 3)))
    assert values.shape == (0,)
    assert gradients.shape == (0, 3)


def test_points_that_are_not_contiguous(make_model):
    model = make_model()
    points = np.random.default_rng(0).normal(size=(3, 4)).T
    np.testing.assert_array_equal(
        model.value_and_grad(points)[0], model.value_and_grad(points.copy())[0]
    )


def test_parameters_alone_are_given_where_the_density_is_not():
    code = "parameters { real<lower=0> a; vector<lower=a>[2] v; } "
    code += 'model { if (a > 1) reject("no"); v ~ exponential(1); }'
    model = StanModel(compiled(code, None), "{}")
    points = np.array([[-1.0, 0.5, 1.5], [1.0, 0.5, 1.5], [0.0, np.nan, 0.0], [0.0, np.inf, 0.0]])
    assert np.isfinite(model.values(points)).tolist() == [True, False, False, False]
    a = np.exp(points[:2, :1])
    np.testing.assert_allclose(
        model.rows(points, 0)[:2], np.hstack([a, a + np.exp(points[:2, 1:])])
    )
    assert np.isnan(model.rows(points, 0)[2:]).all()
