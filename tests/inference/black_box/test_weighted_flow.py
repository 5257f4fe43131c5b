"""Flows trained on weighted draws, where mixtures of Gaussians will not do."""

import dataclasses

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.inference.black_box.weighted_flow import fit_flow
from fluvial.inference.settings import DEFAULT
from fluvial.objectives import Importance


def _ridge(dim, width, seed=7):
    """A curved ridge beside Gaussians, in coordinates of its own; it integrates to 1."""
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))[0]

    def log_density(x):
        y = x @ turn
        curved = st.norm.logpdf(y[:, 0]) + st.norm.logpdf(y[:, 1], y[:, 0] ** 2 - 1.0, width)
        return curved + st.norm.logpdf(y[:, 2:], 0.0, 0.5).sum(axis=1)

    def draws(rng, size):
        y = 0.5 * rng.standard_normal((size, dim))
        y[:, 0] = rng.standard_normal(size)
        y[:, 1] = y[:, 0] ** 2 - 1.0 + width * rng.standard_normal(size)
        return y @ turn.T

    return log_density, draws


def test_a_flow_learns_a_turned_ridge_from_weighted_points_and_goes_on_from_another_one():
    (log_density, _), (wider, draws) = _ridge(4, 0.2), _ridge(4, 0.4)
    rng = np.random.default_rng(0)
    x = draws(rng, 6000)
    log_w = log_density(x) - wider(x)
    first = fit_flow(DEFAULT.black_box, x, np.zeros(6000), rng)
    for last in (None, first):
        q = fit_flow(DEFAULT.black_box, x, log_w, rng, last)
        drawn, log_q = q.sample(rng, 2000)
        weights = Importance(log_density(drawn) - log_q)
        assert weights.ess > 0.3 * weights.size
        assert weights.log_evidence == pytest.approx(0.0, abs=0.15)


@pytest.mark.slow
def test_a_mixture_whose_weights_cannot_be_trusted_gives_way_to_a_flow():
    def funnel(x):
        rest = st.norm.logpdf(x[:, 1:], 0.0, np.exp(0.5 * x[:, :1])).sum(axis=1)
        return st.norm.logpdf(x[:, 0], 0.0, 1.5) + rest

    target = fluvial.Target.from_numpy(funnel, bounds=[(-30.0, 30.0)] * 3, vectorized=True)
    black_box = dataclasses.replace(DEFAULT.black_box, hunting_seconds=0.0)
    settings = dataclasses.replace(DEFAULT, black_box=black_box)
    posterior = fluvial.fit(target, progress=False, settings=settings)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert abs(posterior.log_evidence) < 4.0 * posterior.log_evidence_se + 0.003
    assert posterior.provenance.flow == DEFAULT.black_box.flow


@pytest.mark.slow
def test_a_turned_ridge_in_ten_coordinates_is_weighed_by_a_flow(tmp_path):
    log_density, _ = _ridge(10, 0.1)
    target = fluvial.Target.from_numpy(log_density, bounds=[(-20.0, 20.0)] * 10, vectorized=True)
    black_box = dataclasses.replace(DEFAULT.black_box, hunting_seconds=0.0)
    settings = dataclasses.replace(DEFAULT, black_box=black_box)
    posterior = fluvial.fit(target, progress=False, settings=settings)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert abs(posterior.log_evidence) < 4.0 * posterior.log_evidence_se + 0.003
    assert posterior.provenance.flow == DEFAULT.black_box.flow
    posterior.save(tmp_path / "saved")
    loaded = fluvial.load(tmp_path / "saved")
    points = posterior.pool.points[:5]
    assert loaded.log_prob(points) == pytest.approx(posterior.log_prob(points))


def test_points_without_a_usable_weight_teach_a_flow_nothing():
    settings = dataclasses.replace(DEFAULT.black_box, flow_steps=50, flow_chunk=50)
    x = np.random.default_rng(0).standard_normal((600, 2))
    log_w, unusable = np.zeros(600), np.arange(0, 600, 3)
    log_w[unusable] = np.nan
    q = fit_flow(settings, x, log_w, np.random.default_rng(1))
    assert np.isfinite(q.log_prob(x)).all()
