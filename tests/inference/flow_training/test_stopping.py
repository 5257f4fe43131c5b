"""The schedule's phases, and the keeping of the best."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.inference.flow_training.stopping import Best, Phase, Schedule
from fluvial.inference.settings import TrainSettings


def run(schedule: Schedule, free_energy, spread: float = 1.0) -> list[float]:
    """Drive a schedule with a free energy that is a function of the step; return all rates."""
    rng = np.random.default_rng(0)
    rates = []
    while schedule.phase is not Phase.DONE:
        rates += list(schedule.rates())
        steps = len(rates) - schedule.chunk + np.arange(schedule.chunk)
        noise = 0.01 * rng.standard_normal(schedule.chunk)
        schedule.report(free_energy(steps) + noise, spread * rng.standard_normal(500))
    return rates


def test_progress_is_given_all_its_steps():
    rates = run(Schedule(1e-2, 100, 3000), lambda step: -step / 100.0)
    assert len(rates) == 3000


@pytest.mark.parametrize("max_steps", [1, 50, 100, 101, 150, 200, 450, 777])
def test_the_most_steps_are_a_maximum(max_steps):
    """Steps whose size is 0 fill up the last chunk, and are no steps."""
    for slope in (0.01, 0.0):
        rates = np.array(run(Schedule(1e-2, 100, max_steps), lambda step, k=slope: -k * step))
        assert np.count_nonzero(rates) <= max_steps
        assert len(rates) <= 100 * -(-max_steps // 100)
        assert rates[rates > 0.0][-1] < 1e-4


def test_a_chunk_says_how_many_steps_it_takes():
    schedule = Schedule(1e-2, 100, 150)
    assert schedule.steps == 100
    schedule.report(np.zeros(100), np.arange(50.0))
    assert schedule.steps == 50


def test_a_plateau_is_noticed_early():
    rates = run(Schedule(1e-2, 100, 3000), lambda step: np.exp(-step / 50.0))
    assert 600 <= len(rates) <= 2000


def test_a_fit_that_is_good_enough_cools_at_once():
    assert len(run(Schedule(1e-2, 100, 3000), lambda step: 0.0 * step, spread=0.01)) == 400


def test_thresholds_decide_when_it_is_good_enough_and_how_long_it_cools():
    def length(**thresholds):
        settings = TrainSettings(**thresholds)
        return len(run(Schedule(1e-2, 100, 3000, settings), lambda step: 0.0 * step, spread=0.01))

    assert length() == 400
    assert length(shortest_cooling=500) == 600
    assert length(enough_half_variance=0.0) > 600
    assert length(enough_largest=1.0) > 600
    never = {"near_half_variance": 0.0, "enough_half_variance": 0.0}
    assert length(**never, window=1) < length(**never)


def test_a_fit_that_is_near_cools_early_once_and_goes_on_where_that_is_not_enough():
    def length(near, cooled, gain=0.05):
        schedule, taken = Schedule(1e-2, 100, 3000), 0
        rng = np.random.default_rng(0)
        while schedule.phase is not Phase.DONE:
            spread = cooled(taken) if schedule.phase is Phase.COOLING else near
            free_energies = np.full(100, -gain * taken / 100)
            schedule.report(free_energies, spread * rng.standard_normal(500))
            taken += 100
        return taken

    near, enough = 0.4, 0.1  # half variances of 0.08 and 0.005
    assert length(near, lambda taken: enough) == 500
    assert length(near, lambda taken: near) == 3000
    assert length(0.6, lambda taken: enough) == 3000
    assert length(near, lambda taken: enough, gain=0.2) == 3000
    assert length(enough, lambda taken: enough, gain=0.2) == 400


@pytest.mark.parametrize("max_steps", [150, 250, 300, 399])
def test_a_fit_that_is_good_enough_ends_where_its_steps_do(max_steps):
    schedule = Schedule(1e-2, 100, max_steps)
    for _ in range(5):
        schedule.report(np.zeros(100), 0.01 * np.random.default_rng(0).standard_normal(500))
        if schedule.phase is Phase.DONE:
            break
    assert schedule.phase is Phase.DONE


def test_rates_warm_up_hold_and_cool_to_nothing():
    rates = run(Schedule(1e-2, 100, 1000), lambda step: -step / 100.0)
    assert rates[0] < 1e-3
    assert rates[60] == 1e-2
    assert rates[-1] < 1e-4
    assert np.all(np.diff(rates[-300:]) < 0)


def test_a_free_energy_that_is_not_finite_does_not_stop_the_schedule():
    rates = run(Schedule(1e-2, 100, 800), lambda step: np.full(len(step), np.nan))
    assert len(rates) <= 800


def test_the_best_is_kept_and_gains_are_paired():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(1000)
    best = Best(jnp.zeros(1), noise)
    assert best.offer(jnp.ones(1), noise - 0.01) < 0.0
    assert best.parameters[0] == 0.0
    gain = best.offer(jnp.ones(1), noise + 0.01)
    assert abs(gain - 0.01) < 1e-12
    assert best.parameters[0] == 1.0


def test_a_candidate_with_fewer_finite_draws_is_not_better():
    best = Best(jnp.zeros(1), np.zeros(4))
    assert best.offer(jnp.ones(1), np.array([9.0, 9.0, 9.0, np.nan])) == -np.inf
    assert best.parameters[0] == 0.0


def test_free_energies_too_large_to_be_squared_are_survived_in_silence():
    schedule = Schedule(1e-2, 100, 1000)
    huge = np.geomspace(1e20, 3e38, 100, dtype=np.float32)
    schedule.report(huge, -np.geomspace(1e200, 1e308, 50))
    assert schedule.phase is Phase.STABLE
    best = Best(jnp.zeros(1), -np.full(50, 1e308))
    assert best.offer(jnp.ones(1), np.full(50, 1e308)) > 0
    assert best.parameters[0] == 1
