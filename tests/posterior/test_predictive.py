import jax
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.posterior import predictive
from fluvial.posterior.predictive import _check_quantiles

ROWS = np.linspace(-1.0, 1.0, 23)


def test_mean_sd_and_quantiles_are_those_of_all_draws(jax_target, posterior_of, monkeypatch):
    posterior = posterior_of(jax_target)
    monkeypatch.setattr(predictive, "_BLOCK", 60 * 5)  # five rows at a time
    asked = [0.0, 0.3, 0.5, 1.0]
    found = posterior.predict(
        lambda p, row: p["x"][0] * row + p["scale"], ROWS, 60, quantiles=asked
    )
    draws = posterior.draws(60)
    every = draws["x"] * ROWS + draws["scale"][:, None]
    np.testing.assert_allclose(found.mean, every.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.sd, every.std(axis=0), rtol=1e-10)
    for q in asked:
        np.testing.assert_allclose(found.quantiles[q], np.quantile(every, q, axis=0), rtol=1e-12)


def test_outcomes_are_drawn_with_a_key_for_each_draw_and_row(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    found = posterior.predict(
        lambda p, row, key: jax.random.normal(key, row["a"].shape),
        {"a": np.zeros((40, 2))},
        1000,
        noise=True,
    )
    assert found.sd.shape == (40, 2)
    np.testing.assert_allclose(found.sd, 1.0, atol=0.12)
    assert len(np.unique(found.mean)) == 80


def test_blocks_change_neither_outcomes_nor_their_order(jax_target, posterior_of, monkeypatch):
    posterior = posterior_of(jax_target)

    def outcome(p, row, key):
        return row + jax.random.normal(key, (2,))

    at_once = posterior.predict(outcome, ROWS, 50, noise=True)
    monkeypatch.setattr(predictive, "_BLOCK", 50 * 2 * 3)  # three rows at a time
    monkeypatch.setattr(predictive, "workers", lambda: 4)
    in_blocks = posterior.predict(outcome, ROWS, 50, noise=True)
    np.testing.assert_array_equal(in_blocks.mean, at_once.mean)
    np.testing.assert_array_equal(in_blocks.quantiles[0.95], at_once.quantiles[0.95])


def test_quantiles_among_infinite_draws_are_those_of_numpy(jax_target, posterior_of):
    found = posterior_of(jax_target).predict(
        lambda p, row: jax.numpy.where(row < 0.0, -np.inf, p["scale"]), ROWS, 20
    )
    assert np.isneginf(found.quantiles[0.5][ROWS < 0.0]).all()
    assert np.isfinite(found.quantiles[0.5][ROWS >= 0.0]).all()


@pytest.mark.parametrize(
    ("function", "rows", "quantiles", "said"),
    [
        (lambda p, row: p["none"], ROWS, (), "failed on one draw and one row: KeyError"),
        (lambda p, row: row["a"], {"a": ROWS, "b": ROWS[:3]}, (), r"the lengths \[3, 23\]"),
        (lambda p, row: row, ROWS[:0], (), "at least one row"),
        (lambda p, row: row, [[1.0, 2.0]], (), "type 'list' and hold a single number: give an arr"),
        (lambda p, row: row, None, (), "type 'NoneType' and hold no array"),
        (lambda p, row: 1.0, np.array(["a"]), (), "values of type <U1: give real numbers"),
        (lambda p, row: np.sin(row), ROWS, (), "write it with jax.numpy"),
        (lambda p, row: row if p["x"][0] > 0 else -row, ROWS, (), "write it with jax.numpy"),
        (lambda p, row: row, ROWS, (1.5,), "a quantile is 1.5"),
        (lambda p, row: 1j * row, ROWS, (), "returned numbers of type complex128"),
    ],
)
def test_wrong_input_is_one_sentence(jax_target, posterior_of, function, rows, quantiles, said):
    with pytest.raises(InputError, match=said):
        posterior_of(jax_target).predict(function, rows, quantiles=quantiles)


def test_rows_without_a_prediction_are_counted_and_told(jax_target, posterior_of):
    rows = ROWS.copy()
    rows[[2, 5]] = np.nan
    with pytest.warns(UserWarning, match=r"NaN for 2 of 23 rows \(rows 2, 5\), in 40 numbers"):
        found = posterior_of(jax_target).predict(lambda p, row: p["scale"] * row, rows, 20)
    assert found.missing.tolist() == [20 if i in (2, 5) else 0 for i in range(23)]
    assert np.flatnonzero(np.isnan(found.mean)).tolist() == [2, 5]


def test_outcomes_may_be_true_or_false(jax_target, posterior_of):
    found = posterior_of(jax_target).predict(lambda p, row: row > 0.0, ROWS, 20)
    np.testing.assert_array_equal(found.mean, ROWS > 0.0)
    np.testing.assert_array_equal(found.quantiles[0.5], ROWS > 0.0)


@pytest.mark.parametrize("n", [0, True])
def test_every_method_wants_a_count_of_draws(jax_target, posterior_of, n):
    posterior = posterior_of(jax_target)
    asked = {
        "draws": lambda: posterior.draws(n),
        "scalars": lambda: posterior.scalars(n),
        "predict": lambda: posterior.predict(lambda p, row: row, ROWS, n),
        "to_arviz": lambda: posterior.to_arviz(n),
    }
    for ask in asked.values():
        with pytest.raises(InputError, match="give a whole number, at least"):
            ask()


def test_a_seed_of_draws_is_not_negative(jax_target, posterior_of):
    with pytest.raises(InputError, match="seed=-1: give a whole number"):
        posterior_of(jax_target).draws(4, seed=-1)


@pytest.mark.parametrize("quantiles", [("a",), 0.5, [[0.1]]])
def test_quantiles_that_are_no_list_of_numbers_are_refused(quantiles):
    with pytest.raises(InputError, match=r"quantiles are .*: give probabilities between 0 and 1"):
        _check_quantiles(quantiles)
