"""Spikes beside a broad mode, which no temperature leads a population to."""

import dataclasses
import time

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.inference.black_box.hills import climb_hills, same_hill
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting import begun
from fluvial.inference.black_box.planted_peaks import Looks
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture


def _spike_and_slab(dim, sd):
    def log_density(x):
        broad = st.norm.logpdf(x, -2.0, 1.0).sum(axis=1)
        return np.logaddexp(broad, st.norm.logpdf(x, 3.0, sd).sum(axis=1)) - np.log(2.0)

    return fluvial.Target.from_numpy(log_density, bounds=[(-5.0, 5.0)] * dim, vectorized=True)


def _within(seconds):
    black_box = dataclasses.replace(DEFAULT.black_box, hunting_seconds=seconds)
    return dataclasses.replace(DEFAULT, black_box=black_box)


@pytest.mark.parametrize(
    ("dim", "sd", "most", "good"),
    [
        (2, 0.01, None, True),
        (2, 0.002, 400_000, False),
        pytest.param(3, 0.01, None, False, marks=pytest.mark.slow),
        (5, 0.1, 400_000, False),
    ],
)
def test_a_spike_is_found_and_good_only_where_half_its_width_would_have_been(dim, sd, most, good):
    posterior = fluvial.fit(_spike_and_slab(dim, sd), progress=False, max_evaluations=most)
    assert (posterior.verdict is fluvial.Verdict.GOOD) == good
    assert good != any("met by only" in r or "in only one of" in r for r in posterior.reasons)
    assert posterior.log_evidence_se < 0.05
    # The clock decides how many draws there are.
    tolerance = 0.05 if good else 4.0 * posterior.log_evidence_se
    assert posterior.log_evidence == pytest.approx(0.0, abs=tolerance)
    assert np.mean(posterior.draws(2000)["x"][:, 0] > 2.0) == pytest.approx(0.5, abs=0.05)


def test_what_could_not_have_been_seen_is_said():
    posterior = fluvial.fit(_spike_and_slab(2, 0.0005), progress=False, settings=_within(0.0))
    assert posterior.provenance.evaluations < 25_000
    said = next(reason for reason in posterior.reasons if "draws from the prior" in reason)
    width = float(said.partition("narrower than ")[2].split()[0])
    assert 0.0005 < width < 0.005  # of the ten that the prior is wide: the spike is narrower


@pytest.mark.parametrize("at", [0.5, 3.0])
def test_a_dear_function_with_a_needle_is_right_or_not_good(at):
    found = [
        fluvial.fit(_narrow(2, 0.01, at), seed=seed, progress=False, settings=_within(0.0))
        for seed in range(3)
    ]
    wrong = [p for p in found if abs(p.log_evidence) > 0.1 and p.verdict is fluvial.Verdict.GOOD]
    assert len(wrong) <= 1  # all three with a quarter of the draws


def _narrow(dim, sd, at):
    def log_density(x):
        broad = st.norm.logpdf(x, -1.0, 1.0).sum(axis=1)
        return np.logaddexp(broad, st.norm.logpdf(x, at, sd).sum(axis=1)) - np.log(2.0)

    return fluvial.Target.from_numpy(log_density, bounds=[(-5.0, 5.0)] * dim, vectorized=True)


@pytest.mark.parametrize("budget", [None, 8000])
def test_a_dear_function_is_good_only_where_draws_would_have_met_a_peak_of_the_stated_size(budget):
    options = {"progress": False, "settings": _within(0.0), "max_evaluations": budget}
    trap = fluvial.fit(_narrow(5, 0.2, 4.0), **options)
    assert trap.verdict is not fluvial.Verdict.GOOD
    smooth = fluvial.fit(_narrow(5, 1.0, -1.0), **options)
    said = any("would have met only" in reason for reason in smooth.reasons)
    assert (smooth.verdict is fluvial.Verdict.GOOD) == (budget is None) == (not said)


def test_how_wide_a_mode_must_be_to_have_been_met_is_said():
    posterior = fluvial.fit(_narrow(5, 1.0, -1.0), progress=False, settings=_within(0.0))
    said = next(r for r in posterior.reasons if "draws from the prior" in r)
    width = float(said.partition("(its sd; ")[2].split()[0])
    assert 0.1 < width < 0.26  # enough for GOOD, and no more than some thousand draws can tell


def _met(draws, width):
    prior, known = (Gaussian(np.zeros(5), s * np.eye(5)) for s in (1.0, 0.2))
    reference = Mixture((GaussianComponent(prior),), np.ones(1))
    x = np.random.default_rng(0).standard_normal((draws, 5))
    return Looks(reference, known, 0.0, x, known.log_prob(x)).met(width)


def test_draws_without_a_density_meet_nothing():
    rng = np.random.default_rng(0)
    reference = Mixture((GaussianComponent(Gaussian(np.zeros(3), np.eye(3))),), np.ones(1))
    known = Gaussian(np.zeros(3), 0.2 * np.eye(3))
    x = rng.standard_normal((2000, 3))
    log_p = known.log_prob(x)
    cut = x[:, 0] > 0.5
    for nothing in (-np.inf, np.nan, np.inf):
        found = Looks(reference, known, 0.0, x, np.where(cut, nothing, log_p))
        assert found.met(0.3) == Looks(reference, known, 0.0, x[~cut], log_p[~cut]).met(0.3) < 1.0
    nowhere = Looks(reference, known, 0.0, x, np.full(len(x), -np.inf))
    assert nowhere.met(1.0) == 0.0


def test_more_draws_meet_more_planted_peaks_and_wider_ones():
    assert _met(500, 0.25) < _met(5_000, 0.25) < _met(50_000, 0.25)
    assert _met(500, 0.06) < 0.1
    assert _met(5_000, 0.9) == 1.0


def test_a_spike_that_a_population_has_passed_is_climbed_from():
    prior, near = (Gaussian(np.zeros(2), s * np.eye(2)) for s in (1.0, 0.2))
    reference, passed = (Mixture((GaussianComponent(g),), np.ones(1)) for g in (prior, near))
    rng = np.random.default_rng(0)
    x, way = rng.standard_normal((300, 2)), 0.2 * rng.standard_normal((300, 2))
    spike = np.where(np.arange(300) == 7, 6.0, 0.0)
    history = History.empty(reference).with_draws(reference, x, near.log_prob(x))
    history = history.with_draws(passed, way, near.log_prob(way) + spike)
    points, heights, scales = begun(history, x, near.log_prob(x), 6)
    row = np.flatnonzero((points == way[7]).all(axis=1))
    assert len(row) == 1
    assert heights[row] == near.log_prob(way[7:8]) + 6.0
    assert np.all((scales > 0.0) & (scales < 1.0))


def _counts(posterior):
    said = [reason for reason in posterior.reasons if "draws from the prior" in reason]
    return posterior.provenance.evaluations, posterior.pool.points.tobytes(), *said


def test_a_budget_of_evaluations_leaves_nothing_to_the_clock():
    runs = []
    for pause in (0.0, 2e-5):  # at which so many draws would take more than the seconds allowed

        def log_density(x, pause=pause):
            time.sleep(pause * len(x))
            return -0.5 * np.sum((x - 1.0) ** 2, axis=1)

        target = fluvial.Target.from_numpy(log_density, bounds=[(-5, 5)] * 2, vectorized=True)
        runs.append(
            fluvial.fit(target, progress=False, max_evaluations=30_000, settings=_within(0.05))
        )
    assert _counts(runs[0]) == _counts(runs[1])
    assert "clock" not in " ".join(runs[0].reasons)


def test_where_the_clock_decides_the_reasons_say_so():
    posterior = fluvial.fit(_spike_and_slab(2, 0.1), progress=False, settings=_within(0.0))
    assert any("the clock's doing" in reason for reason in posterior.reasons)


def _hills(x):
    return np.logaddexp(-0.5 * np.sum(x**2, axis=1), 1.0 - 50.0 * np.sum((x - 4.0) ** 2, axis=1))


def test_a_valley_tells_two_hills_apart():
    a = np.array([[0.5, 0.0], [3.9, 4.1]])
    b = np.array([[0.0, 0.0], [0.0, 0.0]])
    assert same_hill(_hills, a, _hills(a), b, _hills(b)).tolist() == [True, False]


@pytest.mark.parametrize("budget", [3500, 4000, 5000])
def test_a_budget_that_ends_in_the_hunt_ends_the_fit(budget):
    posterior = fluvial.fit(
        _spike_and_slab(2, 0.1), progress=False, max_evaluations=budget, settings=_within(100.0)
    )
    assert posterior.provenance.evaluations <= budget
    assert np.isfinite(posterior.log_evidence)


def test_climbs_end_on_the_summit_with_its_shape():
    start = np.array([[2.0, 1.0], [3.7, 4.2]])
    rng = np.random.default_rng(0)
    tops, summits = climb_hills(_hills, start, _hills(start), np.full(2, 0.3), rng)
    assert summits == pytest.approx([0.0, 1.0], abs=0.1)
    assert tops[1].mean == pytest.approx([4.0, 4.0], abs=0.1)
    assert np.all((tops[1].sd > 0.02) & (tops[1].sd < 0.2))
