import sys
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.comparison.compare import _check, _check_prior, _check_trees
from fluvial.comparison.probabilities import model_probabilities
from fluvial.errors import InputError
from fluvial.extras import EXTRAS
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.provenance import Provenance

Y = np.array([0.3, -0.2, 1.1, 0.4, 0.9])
PROGRAM = """
data {{ int N; vector[N] {y}; }} parameters {{ real mu; }}
model {{ mu ~ normal(0, {sd}); {y} ~ normal(mu, 1); }}
generated quantities {{
  vector[N] log_lik; real log_prior = normal_lpdf(mu | 0, {sd});
  for (i in 1:N) log_lik[i] = normal_lpdf({y}[i] | mu, 1);
}}
"""


def conjugate(sd=1.0, y=Y, name="y", verdict="GOOD", se=1e-3, off=0.0):
    """The exact posterior and evidence of a normal mean with the prior N(0, sd²)."""
    target = fluvial.from_stan(PROGRAM.format(y=name, sd=sd), {"N": len(y), name: y})
    variance = 1.0 / (len(y) + sd**-2)
    q = GaussianComponent(Gaussian(variance * np.sum(y, keepdims=True), np.eye(1) * variance**0.5))
    x = q.sample_and_log_prob(np.random.default_rng(0).standard_normal((4000, 1)))[0]
    pool = Pool(x, target.values(x), np.full(4000, -np.log(4000.0)))
    exact = float(target.values(x[:1])[0] - q.log_prob(x[:1])[0]) + off
    return Posterior(
        Mixture((q,), np.ones(1)),
        pool,
        Evidence(exact, se, exact, se, 0.0, 0.1, 4000.0),
        Judgment(Verdict(verdict), ("A reason.",), ""),
        Provenance("gaussian", 0, {}, 1, 0, False, "0.1.0"),
        target,
    )


def test_probabilities_and_their_errors_are_those_of_the_evidences():
    p = model_probabilities(np.log([1.0, 2.0, 5.0]), np.array([0.1, 0.2, 0.0]), np.ones(3))
    np.testing.assert_allclose(p.values, [0.125, 0.25, 0.625])
    nudge = 1e-6
    slopes = [
        (model_probabilities(np.log([1, 2, 5]) + nudge * e, np.zeros(3), np.ones(3)).values - p[0])
        / nudge
        for e in np.eye(3)
    ]
    expected = np.sqrt((0.1 * slopes[0]) ** 2 + (0.2 * slopes[1]) ** 2)
    np.testing.assert_allclose(p.errors, expected, rtol=1e-4)
    assert ((p.low < p.values) & (p.values < p.high)).all()


def test_prior_probabilities_count():
    p = model_probabilities(np.zeros(2), np.zeros(2), np.array([1.0, 3.0]))
    np.testing.assert_allclose(p.values, [0.25, 0.75])


def test_models_are_ranked_by_their_exact_evidence_and_predict_alike():
    found = fluvial.compare({"tight": conjugate(1.0), "vague": conjugate(30.0)})
    assert found.ranking == (("tight",), ("vague",))
    tight, vague = found.rows
    # ln N(y; 0, 1 + sd² 11ᵀ)
    covariance = {sd: np.eye(5) + sd**2 for sd in (1.0, 30.0)}
    exact = {
        sd: -0.5 * (np.linalg.slogdet(2 * np.pi * c)[1] + Y @ np.linalg.solve(c, Y))
        for sd, c in covariance.items()
    }
    assert tight.log_evidence == pytest.approx(exact[1.0], abs=1e-9)
    assert vague.log_evidence == pytest.approx(exact[30.0], abs=1e-9)
    odds = np.exp(exact[30.0] - exact[1.0])
    assert vague.probability == pytest.approx(odds / (1 + odds), rel=1e-6)
    # leave-one-out of a normal mean: y_i has mean Σ_{j≠i} y_j / (4 + sd⁻²), variance 1 + 1/(…)
    mean, variance = (Y.sum() - Y) / 5.0, 1.0 + 1.0 / 5.0
    elpd = np.sum(-0.5 * (Y - mean) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance))
    assert tight.elpd == pytest.approx(elpd, abs=0.05)
    assert tight.elpd_difference == 0.0 or vague.elpd_difference == 0.0
    assert tight.stacking_weight + vague.stacking_weight == pytest.approx(1.0)
    assert tight.prior_sensitivity > vague.prior_sensitivity
    assert "tight > vague" in str(found)


def test_there_is_no_rank_inside_the_error():
    found = fluvial.compare({"a": conjugate(se=0.1), "b": conjugate(se=0.1, off=0.2)})
    assert found.ranking == (("b", "a"),)
    assert "neither is ranked before the other" in found.undecided[0]
    assert "ranking: none" in str(found)


def _constant(p):
    return replace(p, evidence=replace(p.evidence, up_to_constant=True))


def _improper(p):
    return replace(p, provenance=replace(p.provenance, improper_priors=["mu"]))


def _older(p):
    return replace(p, provenance=replace(p.provenance, version="0.0.9"))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: conjugate(2.0, verdict="FAILED"), "The fit of b has FAILED"),
        (lambda: conjugate(2.0, verdict="USE_MCMC"), "does not vouch for the evidence"),
        (lambda: _constant(conjugate(2.0)), "known up to a constant only"),
        (lambda: _improper(conjugate(2.0)), "The prior of mu in b has no finite integral"),
        (lambda: _older(conjugate(2.0)), "different versions of fluvial (0.0.9, 0.1.0)"),
    ],
)
def test_evidences_that_cannot_be_compared_are_not_ranked(make, said):
    found = fluvial.compare({"a": conjugate(), "b": make()})
    assert found.ranking == ()
    (refusal,) = found.refusals
    assert said in refusal
    assert found.rows[0].probability is None


def test_different_data_are_refused_under_whatever_name():
    with pytest.raises(InputError, match="a has 5 observed values and b has 4"):
        fluvial.compare({"a": conjugate(), "b": conjugate(y=Y[:4])})
    with pytest.raises(InputError, match="observed values of a and b differ"):
        fluvial.compare({"a": conjugate(), "b": conjugate(y=Y + 0.1)})
    assert fluvial.compare({"a": conjugate(), "b": conjugate(3.0, name="z")}).ranking


def test_unknown_data_are_said_to_be_unknown():
    target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=1)
    found = fluvial.compare({"a": conjugate(), "b": replace(conjugate(), target=target)})
    assert "What b observed is not known" in found.notes[-1]


def _cut(p, *names):
    return replace(p, provenance=replace(p.provenance, unnormalized_priors=names))


def test_priors_that_bounds_cut_off_are_told_and_models_still_ranked():
    found = fluvial.compare({"a": conjugate(), "b": _cut(conjugate(3.0), "sigma")})
    assert found.ranking == (("a",), ("b",))
    assert found.notes[0].startswith("The prior of sigma in b is not normalized within")
    both = fluvial.compare({"a": _cut(conjugate(), "s", "t"), "b": _cut(conjugate(3.0), "s")})
    assert both.notes[0].startswith("The priors of s and t in a, s in b are not normalized")
    assert "normalized" not in str(fluvial.compare({"a": conjugate(), "b": conjugate(3.0)}))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "given a list: give a dictionary"),
        ({1: "run/a"}, "the name 1 is of type 'int'"),
        ({"a": "run/a"}, "given as 'a' is of type 'str'"),
        ({}, "given no posterior: give at least two"),
    ],
)
def test_what_is_no_dictionary_of_posteriors_is_refused(value, said):
    with pytest.raises(InputError, match=said):
        _check(value)


@pytest.mark.parametrize(
    ("names", "prior", "said"),
    [
        ("a", None, "give at least two"),
        ("ab", {"a": 1.0}, "give one number for each"),
        ("ab", {"a": 1.0, "b": 0.0}, "prior probability of b is 0.0"),
    ],
)
def test_wrong_input_is_one_sentence(names, prior, said):
    with pytest.raises(InputError, match=said):
        fluvial.compare({name: conjugate() for name in names}, prior=prior)


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ({"a": 1.0, "b": "half"}, "prior probability of b is 'half'"),
        ({"a": 1.0, 2: 1.0}, "prior is for a, 2, and"),
        ([1.0, 1.0], "prior is of type 'list'"),
    ],
)
def test_a_prior_of_the_wrong_type_is_refused(prior, said):
    with pytest.raises(InputError, match=said):
        _check_prior(prior, {"a": conjugate(), "b": conjugate()})


@pytest.mark.parametrize(
    ("trees", "said"), [({"c": None}, "a tree for c, and the posteriors are a, b"), ([], "'list'")]
)
def test_trees_of_no_model_are_refused(trees, said):
    with pytest.raises(InputError, match=said):
        _check_trees(trees, {"a": conjugate(), "b": conjugate()})


def test_the_picture_is_a_png(tmp_path):
    path = fluvial.compare({"a": conjugate(), "b": conjugate(2.0)}).plot(tmp_path / "c.png")
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_without_arviz_evidences_are_compared_and_a_note_says_what_is_missing(monkeypatch):
    for module in EXTRAS["arviz"]:
        monkeypatch.setitem(sys.modules, module, None)
    found = fluvial.compare({"narrow": conjugate(), "wide": conjugate(sd=10.0)})
    assert found.ranking == (("narrow",), ("wide",))
    assert found.rows[0].elpd is None
    assert found.notes[-1].startswith("Comparing models by prediction, or by how much")
    assert 'its extra "arviz"' in found.notes[-1]
    with pytest.raises(InputError, match="a tree for ArviZ needs arviz-base and xarray, which are"):
        conjugate().to_arviz(8)
