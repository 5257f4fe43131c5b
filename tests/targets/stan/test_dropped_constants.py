import math

import numpy as np
import pytest

import fluvial
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.storage import read
from fluvial.targets import from_stan
from fluvial.targets.examples.eight_schools import EFFECTS, ERRORS, eight_schools
from fluvial.targets.stan import dropped_constants

from ..conjugate import EXACT, Y, evidence

# The same density twice: as `~` statements, and with every constant written out.
PAIRS = {
    "regression": (
        """
        a ~ normal(0, 10); b ~ double_exponential(0, 1); s ~ inv_gamma(2, 3);
        z ~ normal(a + b * x, s); k ~ poisson_log(a);
        """,
        """
        target += normal_lpdf(a | 0, 10) + double_exponential_lpdf(b | 0, 1);
        target += inv_gamma_lpdf(s | 2, 3) + normal_lpdf(z | a + b * x, s);
        target += poisson_log_lpmf(k | a);
        """,
    ),
    "truncated": (
        "a ~ normal(0, 1); b ~ normal(0, 1); s ~ normal(1, 2) T[0, ];",
        """
        target += std_normal_lpdf(a) + std_normal_lpdf(b);
        target += normal_lpdf(s | 1, 2) - normal_lccdf(0 | 1, 2);
        """,
    ),
    "own density": (
        "a ~ mine(1); b ~ std_normal(); s ~ exponential(2);",
        "target += mine_lpdf(a | 1) + std_normal_lpdf(b) + exponential_lpdf(s | 2);",
    ),
}
PROGRAM = """
functions { real mine_lpdf(real x, real m) { return student_t_lpdf(x | 3, m, 1); } }
data { vector[3] x; vector[3] z; array[3] int k; }
parameters { real a; real b; real<lower=0> s; }
model { BODY }
"""
DATA = {"x": [1.0, 2.0, 4.0], "z": [0.3, -1.0, 2.0], "k": [2, 0, 3]}


@pytest.mark.parametrize("name", PAIRS)
def test_constants_are_put_back(name):
    short, long = (from_stan(PROGRAM.replace("BODY", body), DATA) for body in PAIRS[name])
    points = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(short.values(points), long.values(points), rtol=1e-12)


def test_evidence_of_sampling_statements():
    code = """
    data { vector[4] y; }
    parameters { real<lower=0> precision; }
    model { precision ~ gamma(2, 3); y ~ normal(0, 1 / sqrt(precision)); }
    """
    assert evidence(from_stan(code, {"y": Y})) == pytest.approx(EXACT, abs=1e-9)


def test_a_half_distribution_lacks_its_factor():
    code = """
    data { vector[8] y; vector[8] sigma; }
    parameters { real mu; real<lower=0> tau; vector[8] z; }
    model {
      mu ~ normal(0, 5); tau ~ cauchy(0, 5); z ~ std_normal(); y ~ normal(mu + tau * z, sigma);
    }
    """
    points = np.random.default_rng(0).normal(size=(3, 10))
    exact = eight_schools().target.values(points[:, [1, 0, *range(2, 10)]])
    values = from_stan(code, {"y": EFFECTS, "sigma": ERRORS}).values(points)
    np.testing.assert_allclose(values, exact - math.log(2), rtol=1e-12)


NORMAL = "parameters { real x; } model { x ~ normal(0, 2); }"


def test_an_unknown_format_leaves_the_density_as_stan_has_it(monkeypatch, tmp_path):
    monkeypatch.setattr(dropped_constants, "_FORMAT", "STANLI9:")
    target = from_stan(NORMAL)
    np.testing.assert_array_equal(target.values(np.zeros((1, 1))), 0.0)
    assert target.up_to_constant
    posterior = fluvial.fit(target, progress=False)
    assert "nats, up to a constant" in str(posterior.summary())
    assert posterior.to_arviz().attrs["evidence_up_to_constant"] == 1
    folder = posterior.save(tmp_path / "run")
    assert '"up_to_constant": true' in (folder / "posterior.json").read_text()
    without_target = Posterior.of(read(folder), None)
    assert without_target.evidence.unit == "nats, up to a constant"


def test_statements_that_not_every_point_reaches_have_no_one_constant():
    code = "parameters { real x; } model { if (x > 0) x ~ normal(0, 2); else x ~ normal(0, 1); }"
    target = from_stan(code)
    np.testing.assert_array_equal(target.values(np.zeros((1, 1))), 0.0)
    assert target.up_to_constant


@pytest.mark.parametrize(
    "model", ["x ~ normal(0, 2);", "target += -x^2;", "target += normal_lpdf(x | 0, 2);"]
)
def test_other_densities_are_known_with_their_constants(model):
    assert not from_stan(f"parameters {{ real x; }} model {{ {model} }}").up_to_constant


def test_a_density_that_is_nowhere_finite():
    code = "parameters { real x; } model { x ~ normal(0, 2); target += negative_infinity(); }"
    assert from_stan(code).values(np.zeros((1, 1)))[0] == -np.inf
