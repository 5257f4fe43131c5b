"""Importance weights against densities whose evidence is known."""

import numpy as np
import pytest
from scipy import stats

from fluvial.objectives import Importance, importance_weighted_bound
from fluvial.posterior.defense import widened
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture


def gaussian_weights(scale: float, size: int, seed: int = 0) -> np.ndarray:
    """ln of 5·N(x; 0, 1) / N(x; 0, scale²) for x from the latter: the evidence is 5."""
    x = np.random.default_rng(seed).normal(0.0, scale, size)
    return np.log(5.0) + stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=scale)


def test_the_evidence_is_right_within_its_standard_error():
    weights = Importance(gaussian_weights(1.3, 50_000))
    assert abs(weights.log_evidence - np.log(5.0)) < 3.0 * weights.log_evidence_se < 0.02


def test_the_elbo_is_the_evidence_less_the_divergence():
    weights = Importance(gaussian_weights(1.3, 200_000))
    divergence = 0.5 * (1.3**2 - 1.0) - np.log(1.3)  # KL(N(0, 1.3²) ‖ N(0, 1))
    assert abs(weights.elbo - (np.log(5.0) - divergence)) < 4.0 * weights.elbo_se


def test_the_effective_sample_size_is_that_of_kish():
    weights = Importance(np.log([1.0, 2.0, 3.0]))
    assert weights.ess == pytest.approx(36.0 / 14.0)


def test_khat_tells_light_from_heavy_tails():
    wide, narrow = gaussian_weights(1.5, 20_000), gaussian_weights(0.5, 20_000)
    # p/q ∝ exp(x²/2 · (1/s² − 1)): bounded for s > 1, of Pareto shape 1 − s² for s < 1.
    assert Importance(wide).khat < 0.2
    assert Importance(narrow).khat == pytest.approx(0.75, abs=0.25)


def test_weights_keep_their_order_when_smoothed():
    log_weights = gaussian_weights(0.8, 5_000)
    smoothed = Importance(log_weights).smoothed
    assert np.argmax(smoothed) == np.argmax(log_weights)
    assert np.exp(smoothed).sum() == pytest.approx(1.0)


def test_what_is_not_finite_is_counted_and_weighs_nothing():
    weights = Importance(np.array([0.0, -np.inf, np.nan, np.inf, 0.0, 0.1, 0.2, 0.3, 0.4]))
    assert weights.nonfinite == 3
    assert np.isneginf(weights.smoothed[1:4]).all()
    assert np.isfinite([weights.elbo, weights.log_evidence, weights.ess]).all()


def test_nothing_finite_gives_no_evidence():
    weights = Importance(np.full(10, np.nan))
    assert weights.log_evidence == weights.elbo == -np.inf
    assert weights.khat == weights.half_variance == np.inf
    assert weights.ess == 0.0


def test_equal_weights_have_no_tail():
    assert Importance(np.zeros(100)).khat == -np.inf


def test_the_importance_weighted_bound_rises_to_the_evidence():
    log_weights = gaussian_weights(1.8, 60_000)
    bounds = [importance_weighted_bound(log_weights, k) for k in (1, 5, 50)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < np.log(5.0) < bounds[-1] + 0.05


@pytest.mark.parametrize("samples", [0, -1, 4])
def test_a_bound_needs_as_many_draws_as_samples(samples):
    with pytest.raises(ValueError, match="between 1 and 3"):
        importance_weighted_bound(np.zeros(3), samples)


def test_what_differs_between_strata_is_no_noise():
    strata = np.repeat([0, 1], [600, 200])
    weights = Importance(np.log(np.where(strata == 0, 1.0, 3.0)), strata)
    assert weights.log_evidence == pytest.approx(np.log(1.5))
    assert weights.log_evidence_se < 1e-12 < 0.01 < weights.unstratified_se


def test_a_draw_alone_in_its_stratum_is_held_against_all_others():
    weights = Importance(np.log([1.0, 2.0, 3.0]), np.array([0, 1, 2]))
    assert weights.log_evidence_se == pytest.approx(weights.unstratified_se)


@pytest.mark.parametrize("wider", [False, True])
def test_the_stated_error_of_the_evidence_is_that_of_repeated_draws(wider):
    """Draws of a mixture are stratified, by component and by scale."""
    gaussians = [Gaussian(np.array([at]), np.eye(1)) for at in (-4.0, 4.0)]
    q = Mixture(tuple(GaussianComponent(g) for g in gaussians), np.array([0.5, 0.5]))
    proposal, rng = widened(q) if wider else q, np.random.default_rng(0)
    found = []
    for _ in range(400):
        x, log_q, strata = proposal.sample_strata(rng, 1000)
        left, right = (stats.norm.logpdf(x[:, 0], at, 1.1) for at in (-4.0, 4.0))
        found.append(Importance(np.logaddexp(left, np.log(2.0) + right) - log_q, strata))
    spread = np.std([weights.log_evidence for weights in found])
    said = np.mean([weights.log_evidence_se for weights in found])
    assert said == pytest.approx(spread, rel=0.12)  # three standard errors of a sd of 400
    assert np.mean([weights.unstratified_se for weights in found]) > 1.15 * spread
