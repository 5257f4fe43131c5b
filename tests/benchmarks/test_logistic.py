"""The regressions' densities against the formula written out in NumPy."""

import numpy as np
import pytest

from benchmarks.logistic import data_folder, german_credit, ionosphere


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(3.0, 2.0, size=(40, 3))
    x[:, 1] = 5.0  # a constant column, as ionosphere has one
    y = rng.integers(0, 2, size=40)
    np.savez(tmp_path / "german_credit.npz", x=np.delete(x, 1, axis=1), y=y)
    np.savez(tmp_path / "ionosphere.npz", x=x, y=y)
    return tmp_path


def _log_likelihood(x, y, w):
    eta = np.column_stack([np.ones(len(x)), x]) @ w
    return np.sum(y * eta - np.log1p(np.exp(eta)))


def test_german_credit_is_scaled_but_not_centered(folder):
    data = np.load(folder / "german_credit.npz")
    x, w = data["x"] / data["x"].std(axis=0), np.array([0.3, -0.2, 0.5])
    bare = _log_likelihood(x, data["y"], w)
    prior = -0.5 * np.sum(w**2) / 100 - 3 * np.log(10 * np.sqrt(2 * np.pi))
    flat, normal = (german_credit(folder, prior_sd=sd) for sd in (None, 10.0))
    assert flat.values(w[None])[0] == pytest.approx(bare)
    assert normal.values(w[None])[0] == pytest.approx(bare + prior)


def test_ionosphere_is_standardized_and_keeps_a_constant_column(folder):
    data = np.load(folder / "ionosphere.npz")
    x, w = data["x"] - data["x"].mean(axis=0), np.array([0.3, -0.2, 0.5, 0.1])
    x /= np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    prior = -0.5 * np.sum(w**2) - 2 * np.log(2 * np.pi)
    expected = _log_likelihood(x, data["y"], w) + prior
    assert ionosphere(folder).values(w[None])[0] == pytest.approx(expected)


def test_missing_data_are_named_with_where_to_get_them(folder, monkeypatch):
    assert data_folder(folder) == folder
    (folder / "ionosphere.npz").unlink()
    with pytest.raises(SystemExit, match=r"ionosphere.*UCI.*--data"):
        data_folder(folder)
    monkeypatch.delenv("FLUVIAL_DATA", raising=False)
    with pytest.raises(SystemExit, match="FLUVIAL_DATA"):
        data_folder(None)
