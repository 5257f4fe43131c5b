import json
import math
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.targets import example, from_stan
from fluvial.targets.examples.eight_schools import EFFECTS, ERRORS
from fluvial.targets.stan.compiler import stan_to_mir

from ..conjugate import EXACT, Y, evidence

EXAMPLES = Path(__file__).parents[3] / "examples"
SCHOOLS = """
data { int J; vector[J] y; vector[J] sigma; }
parameters { real mu; real<lower=0> tau; vector[J] theta_tilde; }
model {
  mu ~ normal(0, 5);
  tau ~ cauchy(0, 5);
  theta_tilde ~ std_normal();
  y ~ normal(mu + tau * theta_tilde, sigma);
}
"""
DATA = {"J": 8, "y": EFFECTS, "sigma": ERRORS}
SHAPES = """
parameters {
  matrix[2, 3] B;
  array[2] matrix[3, 2] A;
  array[2, 2] real<lower=0> r;
  simplex[3] s;
  cov_matrix[2] C;
  cholesky_factor_corr[3] L;
  ordered[2] o;
}
transformed parameters { matrix[3, 2] Bt = B'; array[2] matrix[2, 3] At = {A[1]', A[2]'}; }
model {
  to_vector(B) ~ std_normal();
  for (i in 1:2) to_vector(A[i]) ~ std_normal();
  to_array_1d(r) ~ exponential(1);
  C ~ wishart(4, identity_matrix(2));
  L ~ lkj_corr_cholesky(2);
  o ~ std_normal();
}
generated quantities { real trace = C[1, 1] + C[2, 2]; int k = poisson_rng(3); }
"""


def points_of(target, n=7, seed=0):
    return np.random.default_rng(seed).normal(size=(n, target.dim))


@pytest.fixture(scope="module")
def shapes():
    return from_stan(SHAPES)


def swapped(points):
    """From the order of the program, mu before tau, to that of the JAX example."""
    return points[:, [1, 0, *range(2, 10)]]


def test_density_equals_the_one_written_in_jax():
    stan, written = from_stan(SCHOOLS, DATA), example("eight_schools").target
    points = points_of(stan)
    values, gradients = stan.value_and_grad(points)
    exact, exact_gradients = written.value_and_grad(swapped(points))
    exact -= np.log(2)  # Stan does not know that tau's Cauchy is a half one
    np.testing.assert_allclose(values, exact, rtol=1e-12)
    np.testing.assert_allclose(gradients, swapped(exact_gradients), rtol=1e-9, atol=1e-11)


def test_the_example_file_keeps_its_constants():
    stan = from_stan(EXAMPLES / "eight_schools.stan", EXAMPLES / "eight_schools.json")
    points = points_of(stan)
    exact = example("eight_schools").target.values(swapped(points))
    np.testing.assert_allclose(stan.values(points), exact, rtol=1e-12)
    assert stan.parameters == ("mu", "tau", "theta_tilde")
    draws = stan.constrain(points)
    np.testing.assert_allclose(
        draws["theta"], draws["mu"][:, None] + draws["tau"][:, None] * draws["theta_tilde"]
    )
    z = (draws["theta"] - EFFECTS) / ERRORS
    expected = -0.5 * z**2 - np.log(ERRORS) - 0.5 * math.log(2 * math.pi)
    np.testing.assert_allclose(draws["log_lik"], expected, rtol=1e-12)


def test_evidence_with_jacobian_and_constants():
    code = """
    data { vector[4] y; }
    parameters { real<lower=0> precision; }
    model {
      target += gamma_lpdf(precision | 2, 3);
      target += normal_lpdf(y | 0, 1 / sqrt(precision));
    }
    """
    assert evidence(from_stan(code, {"y": Y})) == pytest.approx(EXACT, abs=1e-9)


def test_gradient_against_finite_differences(shapes):
    points = points_of(shapes, 3)
    _, gradients = shapes.value_and_grad(points)
    for i, step in enumerate(1e-6 * np.eye(shapes.dim)):
        slope = (shapes.values(points + step) - shapes.values(points - step)) / 2e-6
        np.testing.assert_allclose(gradients[:, i], slope, rtol=1e-5, atol=1e-6)


def test_names_and_shapes(shapes):
    assert shapes.variables == {
        "B": (2, 3),
        "A": (2, 3, 2),
        "r": (2, 2),
        "s": (3,),
        "C": (2, 2),
        "L": (3, 3),
        "o": (2,),
        "Bt": (3, 2),
        "At": (2, 2, 3),
        "trace": (),
        "k": (),
    }
    assert shapes.parameters == ("B", "A", "r", "s", "C", "L", "o")


def test_rows_and_columns(shapes):
    draws = shapes.constrain(points_of(shapes))
    np.testing.assert_array_equal(draws["Bt"], np.swapaxes(draws["B"], 1, 2))
    np.testing.assert_array_equal(draws["At"], np.swapaxes(draws["A"], 2, 3))
    np.testing.assert_array_equal(draws["C"], np.swapaxes(draws["C"], 1, 2))
    np.testing.assert_allclose(draws["trace"], np.trace(draws["C"], axis1=1, axis2=2))
    assert np.all(draws["L"][:, 0, 1:] == 0)
    np.testing.assert_allclose(draws["s"].sum(axis=1), 1)
    assert np.all(draws["r"] > 0)


def test_draws_agree_with_those_of_nuts():
    """Stan's own draws, mapped to R^D and back, are the same in every variable."""
    import stanli

    model = stanli.Model(mir=stan_to_mir(SHAPES, None))
    fit = model.sample(chains=1, warmup=50, samples=5, refresh=0, seed=3)
    target = from_stan(SHAPES)
    for i in range(5):
        # Stan's order of elements is that of Fortran.
        values = {name: fit[name][i].ravel("F").tolist() for name in target.parameters}
        draws = target.constrain(model.unconstrain(values)[None])
        for name in target.variables:
            if name != "k":  # drawn at random
                np.testing.assert_allclose(draws[name][0], fit[name][i], rtol=1e-9, atol=1e-12)


def test_random_quantities_follow_the_seed():
    code = """
    parameters { real mu; }
    model { mu ~ std_normal(); }
    generated quantities { real y = normal_rng(mu, 2); }
    """
    target = from_stan(code)
    points = np.full((4000, 1), 3.0)
    one, again, other = (target.constrain(points, seed)["y"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.any(one == other)
    assert abs(one.mean() - 3) < 0.15
    assert abs(one.std() - 2) < 0.1


def test_a_generated_quantity_that_fails_is_nan():
    code = """
    parameters { real mu; real<lower=0> tau; }
    model { mu ~ std_normal(); tau ~ exponential(1); }
    generated quantities { real y = normal_rng(0, mu); }
    """
    draws = from_stan(code).constrain(np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]]))
    assert np.isnan(draws["y"]).tolist() == [False, True, False]
    np.testing.assert_array_equal(draws["mu"], [1, -1, 2])
    np.testing.assert_array_equal(draws["tau"], [1, 1, 1])


REJECTS = 'parameters { real x; } model { target += -0.5 * x^2; if (x > 1) reject("too large"); }'


def test_a_rejected_point_has_density_zero():
    target = from_stan(REJECTS)
    values, gradients = target.value_and_grad(np.array([[0.5], [2.0], [np.nan], [np.inf]]))
    np.testing.assert_array_equal(values, [-0.125, -np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(gradients, [[-0.5], [0], [0], [0]])
    value, gradient = jax.value_and_grad(target.log_prob)(jnp.array([2.0]))
    assert value == -jnp.inf
    assert gradient == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jit_vmap_scan_and_grad(dtype):
    target = from_stan(SCHOOLS, DATA)
    points = points_of(target)
    values, gradients = target.value_and_grad(points)
    with jax.enable_x64(dtype is np.float64):
        x = jnp.asarray(points, dtype)

        def mean_along(x):
            def step(carry, _):
                return carry, jnp.mean(jax.vmap(target.log_prob)(carry))

            return jnp.sum(jax.lax.scan(step, x, length=3)[1])

        total, slope = jax.jit(jax.value_and_grad(mean_along))(x)
        nested = jax.jit(jax.vmap(jax.vmap(target.log_prob)))(x.reshape(1, 7, -1))
        _, forward = jax.jvp(target.log_prob, (x[0],), (jnp.ones(target.dim, dtype),))
    assert total.dtype == slope.dtype == nested.dtype == forward.dtype == dtype
    rtol = 1e-12 if dtype is np.float64 else 1e-4
    np.testing.assert_allclose(total, 3 * values.mean(), rtol=rtol)
    np.testing.assert_allclose(slope, 3 * gradients / 7, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(nested[0], values, rtol=rtol)
    np.testing.assert_allclose(forward, gradients[0].sum(), rtol=10 * rtol)


def test_a_thread_that_stan_did_not_start(shapes):
    """JAX calls back on such threads; stanli's own gradient would end the process there."""
    points = points_of(shapes)
    results = []
    thread = threading.Thread(target=lambda: results.append(shapes.values(points)))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(results[0], shapes.values(points))
    called_back = jax.jit(jax.vmap(shapes.log_prob))(jnp.asarray(points, jnp.float32))
    np.testing.assert_allclose(called_back, results[0], rtol=1e-4, atol=1e-4)


def test_beyond_the_range_of_float32_the_value_is_infinite():
    target = from_stan("parameters { real x; } model { target += -1e10 * x^4; }")
    value, gradient = jax.value_and_grad(target.log_prob)(jnp.array([1e10], jnp.float32))
    assert value == -jnp.inf
    assert gradient == -jnp.inf


def test_numpy_and_json_data_agree(tmp_path):
    path = tmp_path / "data.json"
    path.write_text(json.dumps({name: np.asarray(value).tolist() for name, value in DATA.items()}))
    points = np.zeros((1, 10))
    assert from_stan(SCHOOLS, path).values(points) == from_stan(SCHOOLS, DATA).values(points)


def test_row_major_data():
    code = """
    data { matrix[2, 3] M; } parameters { real x; }
    model { target += -x^2; } generated quantities { real m = M[1, 3]; }
    """
    target = from_stan(code, {"M": np.arange(6.0).reshape(2, 3)})
    assert target.constrain(np.zeros((1, 1)))["m"] == 2


def test_included_files_are_looked_for_beside_the_program(tmp_path):
    (tmp_path / "part.stan").write_text("real x;")
    (tmp_path / "whole.stan").write_text(
        "parameters {\n#include part.stan\n}\nmodel { x ~ std_normal(); }"
    )
    assert from_stan(tmp_path / "whole.stan").variables == {"x": ()}
