"""Functions without a gradient: evidences that are known, and traps that are never GOOD."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import scipy.stats as st

import fluvial
from fluvial.errors import InputError
from fluvial.inference.settings import DEFAULT, Settings

DEAR = Settings.of({"black_box": {"hunting_seconds": 0.0}})
"""As of functions that take long, which look for further modes less: cheap ones take 5 seconds."""


def _fit(function, **options):
    bounds = options.pop("bounds", [(-5.0, 5.0)] * 2)
    target = fluvial.Target.from_numpy(function, bounds=bounds, vectorized=True)
    return fluvial.fit(target, progress=False, **{"settings": DEAR, **options})


def _gaussian(x):
    return st.multivariate_normal([1.0, -1.0], [[0.5, 0.3], [0.3, 0.4]]).logpdf(x)


def _modes(x):
    both = [st.norm.logpdf(x, center, 0.3).sum(axis=1) for center in (-2.0, 2.0)]
    return np.logaddexp(np.log(0.3) + both[0], np.log(0.7) + both[1])


def _ridge(x):
    return st.norm.logpdf(x[:, 0]) + st.norm.logpdf(x[:, 1], x[:, 0] ** 2 - 1.0, 0.3)


@pytest.mark.parametrize("function", [_gaussian, _modes, _ridge])
def test_evidence_and_moments_are_right(function):
    bounds = [(-5.0, 5.0), (-5.0, 25.0)] if function is _ridge else [(-5.0, 5.0)] * 2
    posterior = _fit(function, bounds=bounds)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert abs(posterior.log_evidence) < 4.0 * posterior.log_evidence_se + 0.003
    looks = DEFAULT.black_box.hunting_least  # with those that populations begin with
    assert posterior.provenance.evaluations < looks + 11_000
    mean = {_gaussian: (1.0, -1.0), _modes: (0.8, 0.8), _ridge: (0.0, 0.0)}[function]
    assert len(posterior.modes) == (2 if function is _modes else 1)  # of several components
    spread = {_gaussian: 0.7, _modes: 1.9, _ridge: 1.4}[function]
    assert np.abs(posterior.draws(4000)["x"].mean(axis=0) - mean).max() < 0.12 * spread


def test_a_likelihood_under_a_prior_has_its_conjugate_posterior():
    target = fluvial.Target.from_numpy(
        lambda x: -0.5 * ((3.0 - x[0]) ** 2 + np.log(2.0 * np.pi)),
        prior={"mu": st.norm(0.0, 2.0)},
    )
    posterior = fluvial.fit(target, settings=DEAR, progress=False)
    assert posterior.log_evidence == pytest.approx(st.norm.logpdf(3.0, 0.0, 5.0**0.5), abs=0.03)
    assert posterior.draws(2000)["mu"].mean() == pytest.approx(2.4, abs=0.1)
    again = fluvial.fit(target, settings=DEAR, progress=False)
    assert again.pool.points.tobytes() == posterior.pool.points.tobytes()


def test_a_density_on_all_of_space_is_found_far_from_the_origin():
    target = fluvial.Target.from_numpy(
        lambda x: -0.5 * np.sum(((x - 40.0) / 0.1) ** 2) - np.log(0.02 * np.pi), dim=2
    )
    posterior = fluvial.fit(target, settings=DEAR, progress=False)
    assert posterior.log_evidence == pytest.approx(0.0, abs=0.05)


_NOISE = np.random.default_rng(0)
_TRAPS = {
    "noise": lambda x: _gaussian(x) + _NOISE.standard_normal(len(x)),
    "noise that depends on the point": lambda x: _gaussian(x) + np.sin(1e7 * x[:, 0]),
    "ripples of a thousandth": lambda x: _gaussian(x) + np.sin(1e3 * x.sum(axis=1)),
    "a cliff": lambda x: _gaussian(x) - 60.0 * (x[:, 0] > 1.5),
    "a step up": lambda x: _gaussian(x) + 12.0 * (x.sum(axis=1) > 2.0),
    "NaN beyond a line": lambda x: np.where(x[:, 0] > 1.5, np.nan, _gaussian(x)),
}


@pytest.mark.parametrize("name", _TRAPS)
def test_a_trap_is_never_good_and_is_named(name):
    posterior = _fit(_TRAPS[name], max_evaluations=60_000)
    assert posterior.verdict is not fluvial.Verdict.GOOD
    cliffs = dict.fromkeys(("a cliff", "a step up"), "cliff")
    said = {"noise": "not deterministic", "NaN beyond a line": "not finite", **cliffs}
    assert said.get(name, "noisy") in " ".join(posterior.reasons)


@pytest.mark.parametrize("failing", ["raises", "returns NaN"])
def test_a_mode_where_calls_fail_is_never_ruled_out(failing):
    def fails(x):
        if x[0] > 1.0 and failing == "raises":
            raise TimeoutError
        return np.nan if x[0] > 1.0 else st.norm.logpdf(x, -2.0, 0.1).sum()

    target = fluvial.Target.from_numpy(fails, bounds=[(-5.0, 5.0)] * 2, failures="nan")
    posterior = fluvial.fit(target, max_evaluations=30_000, progress=False)
    assert posterior.verdict is fluvial.Verdict.USE_WEIGHTS
    said = next(r for r in posterior.reasons if "what is there is not known" in r)
    # The corner at (1, -5) is 450 nats below the peak at (-2, -2), and so is that at (-5, 1).
    drop = float(said.split("Next to these it is at most e^-")[1].split()[0])
    assert 300.0 < drop < 460.0


def test_failures_that_mean_no_density_do_not_rule_good_out(tmp_path):
    def fails(x):
        if x[0] + x[1] > 4.0:  # 18 % of the prior
            if x[0] > x[1]:
                raise np.linalg.LinAlgError("not positive definite")
            return np.nan
        return -0.5 * ((x[0] + 1.0) ** 2 + (x[1] + 1.0) ** 2) / 0.09 - np.log(0.18 * np.pi)

    def fitted(failures):
        options = {"cache": tmp_path / "calls", "failures": failures}
        target = fluvial.Target.from_numpy(fails, bounds=[(-5.0, 5.0)] * 2, **options)
        return target, fluvial.fit(target, max_evaluations=12_000, progress=False)

    assert fitted("nan")[1].verdict is fluvial.Verdict.USE_WEIGHTS
    target, posterior = fitted("-inf")
    assert target.density.calls == 0  # all of them are kept, failures as well
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert posterior.log_evidence == pytest.approx(0.0, abs=0.03)
    assert "counts as no density there" in " ".join(posterior.reasons)
    assert 0.0 < posterior.resolution.of_prior < 0.01  # a third of a mode of 0.03


def test_a_region_without_density_neither_rules_good_out_nor_looks_better_searched():
    def bounded(x):  # beyond 3 sd, where a draw or two of those that are widened fall
        return np.where(x[:, 0] > 1.5, -np.inf, st.norm.logpdf(x, 0.0, 0.5).sum(axis=1))

    posterior = _fit(bounded, bounds=[(-5.0, 5.0)] * 3)
    assert posterior.verdict is fluvial.Verdict.GOOD
    assert any("of these draws there is no density" in reason for reason in posterior.reasons)
    assert posterior.log_evidence == pytest.approx(st.norm.logcdf(3.0), abs=0.03)
    whole = _fit(
        lambda x: st.norm.logpdf(x, 0.0, 0.5).sum(axis=1),
        bounds=[(-5.0, 5.0)] * 3,
    )
    assert posterior.resolution.of_prior > 0.8 * whole.resolution.of_prior


def test_a_call_that_fails_everywhere_says_how():
    def wrong(x):
        raise KeyError("rate")

    target = fluvial.Target.from_numpy(wrong, bounds=[(-5.0, 5.0)], failures="-inf")
    with pytest.raises(InputError, match=r"a call raised KeyError: 'rate'"):
        fluvial.fit(target, progress=False)


def test_a_prior_that_leads_to_infinity_is_refused_before_the_function_is_called():
    def transform(u):
        return np.where(u > 0.9, np.inf, u)

    def finite(x):
        assert np.isfinite(x).all()
        return -np.sum(x**2)

    target = fluvial.Target.from_numpy(finite, prior_transform=transform, dim=2)
    with pytest.raises(InputError, match=r"in the unit cube to .*inf"):
        fluvial.fit(target, progress=False)


@pytest.mark.parametrize("floor", [-20.0, -1e10])
def test_a_peak_above_a_floor_that_no_draw_has_met_is_not_ruled_out(floor):
    def clipped(x):
        return np.maximum(st.norm.logpdf(x, 2.0, 0.1).sum(axis=1), floor)

    posterior = _fit(clipped, bounds=[(-5.0, 5.0)] * 5)
    constant = any("function is constant" in reason for reason in posterior.reasons)
    met = posterior.log_evidence > -5.0
    assert met or (constant and posterior.verdict is not fluvial.Verdict.GOOD)


def test_what_a_budget_leaves_is_returned_with_its_verdict():
    small, none = _fit(_gaussian, max_evaluations=300), _fit(_gaussian, max_seconds=1e-6)
    assert small.provenance.evaluations <= 300
    assert fluvial.Verdict.GOOD not in (small.verdict, none.verdict)
    assert any("0.0" in r or "used" in r or "evaluations" in r for r in none.reasons)


def test_what_the_weights_do_not_need_of_a_budget_is_spent_on_looks():
    free, bound = (_fit(_modes, max_evaluations=n) for n in (None, 45_000))
    assert bound.resolution == free.resolution  # not fewer draws than without a budget
    assert bound.resolution.draws == DEFAULT.black_box.hunting_least
    small = _fit(_modes, max_evaluations=10_000)
    assert small.provenance.evaluations <= 10_000
    assert small.resolution.of_largest > free.resolution.of_largest


def test_a_density_of_absurd_size_is_a_verdict_rather_than_an_error():
    posterior = _fit(lambda x: 1e300 * _gaussian(x), max_evaluations=3000)
    assert posterior.verdict is fluvial.Verdict.FAILED


def test_a_density_that_is_finite_nowhere_is_refused():
    with pytest.raises(InputError, match="drawn from the prior"):
        _fit(lambda x: np.full(len(x), np.nan))
    far = fluvial.Target.from_numpy(lambda x: -0.0 if x[0] > 50.0 else -np.inf, dim=2)
    with pytest.raises(InputError, match="give `bounds`"):
        fluvial.fit(far, progress=False)


_KILLED = """
import sys, time
import numpy as np
import fluvial
how, folder, counted = sys.argv[1:]
def slow(x):
    with open(counted, "a") as calls:
        calls.write("x" * np.atleast_2d(x).shape[0])
    time.sleep(0.0005)
    return -0.5 * np.sum(x**2, axis=-1)
cache = None if how == "checkpoint" else folder + "/evaluations"
options = {"workers": 2} if how == "workers" else {"vectorized": how == "vectorized"}
target = fluvial.Target.from_numpy(slow, bounds=[(-5, 5)] * 2, cache=cache, **options)
checkpoint = folder if how == "checkpoint" else None
posterior = fluvial.fit(target, progress=False, checkpoint=checkpoint, max_evaluations=2000)
print(posterior.log_evidence.hex(), hash(posterior.pool.points.tobytes()))
"""
_TEN = tuple(0.05 + 0.1 * np.arange(10))


@pytest.mark.parametrize(
    ("how", "moments", "lost"),
    [
        ("cache", (0.5,), 1),
        pytest.param("cache", _TEN, 1, marks=pytest.mark.slow),
        pytest.param("checkpoint", _TEN, 1, marks=pytest.mark.slow),
        pytest.param("workers", _TEN, 2, marks=pytest.mark.slow),
        pytest.param("vectorized", (0.1, 0.4, 0.7), 4096, marks=pytest.mark.slow),
    ],
)
def test_a_killed_fit_loses_one_evaluation_a_process_and_ends_with_the_same_bits(
    tmp_path, how, moments, lost
):
    def start(name):
        (tmp_path / name).mkdir(exist_ok=True)
        command = [sys.executable, "-c", _KILLED, how, str(tmp_path / name)]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        return subprocess.Popen(
            [*command, str(tmp_path / f"{name}.n")],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    whole, _ = start("whole").communicate(timeout=120)
    calls = (tmp_path / "whole.n").stat().st_size
    for moment in moments:
        process = start("killed")
        path = tmp_path / "killed.n"
        while process.poll() is None and (
            not path.exists() or path.stat().st_size < moment * calls
        ):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    killed, _ = start("killed").communicate(timeout=120)
    assert whole.strip()
    assert killed == whole
    assert 0 <= (tmp_path / "killed.n").stat().st_size - calls <= lost * len(moments)
