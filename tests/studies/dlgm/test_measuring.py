import numpy as np
import pytest

from fluvial.amortized import Recipe
from fluvial.datasets import load_digits
from fluvial.studies.dlgm import PosteriorSetting, TrainingPlan
from fluvial.studies.dlgm import measuring as module
from fluvial.studies.dlgm.measuring import measure

PLAN = TrainingPlan(
    load=load_digits,
    latent=2,
    hidden=8,
    settings=(PosteriorSetting("planar", 2),),
    usual=Recipe(epochs=8, warmup=10),
    seeds=1,
    samples=10,
    more_samples=40,
    few=20,
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUVIAL_CACHE", str(tmp_path))
    return tmp_path / "training"


def test_a_record_holds_what_claims_and_figures_need(cache):
    record = measure("one", PLAN, PLAN.settings[0], 0)
    values, arrays = record.values, record.arrays
    np.testing.assert_allclose(values["divergence"], values["log_likelihood"] - values["bound"])
    assert values["divergence"] > 0
    few = arrays["log_likelihood"][:20].mean()
    np.testing.assert_allclose(values["log_likelihood_few"], few, rtol=1e-5)
    assert 0 < abs(values["log_likelihood_more"] - values["log_likelihood_few"]) < 1
    assert (values["few"], values["more_samples"]) == (20, 40)
    assert values["binarization"] == "fresh"
    assert arrays["log_likelihood"].shape == (180,)
    assert len(arrays["curve_step"]) == len(arrays["curve_validation_bound"])
    for name in ("originals", "reconstructions", "drawn", "between", "along"):
        assert arrays[name].shape[1:] == (8, 8)
        assert arrays[name].dtype == np.uint8
    off = np.abs(arrays["reconstructions"] / 255 - arrays["originals"] / 255)
    assert off.mean() < 0.35  # of white, as no picture of another scale would be
    assert sum(array.nbytes for array in arrays.values()) < 10_000
    assert not list(cache.glob("*/*"))


@pytest.mark.slow
def test_a_unit_that_was_killed_goes_on_where_it_was(cache, monkeypatch):
    whole = measure("one", PLAN, PLAN.settings[0], 0)

    def killed(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(module, "_record", killed)
        with pytest.raises(MemoryError):
            measure("two", PLAN, PLAN.settings[0], 0)
    assert (cache / "two" / "planar-2-seed-0" / "model").is_dir()
    again = measure("two", PLAN, PLAN.settings[0], 0)
    np.testing.assert_array_equal(whole.arrays["bound"], again.arrays["bound"])
