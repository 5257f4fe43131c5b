from typing import get_overloads

import jax
import pytest

import fluvial
from fluvial.amortized import DLGM, Recipe, Trained
from fluvial.errors import InputError


@pytest.fixture
def target():
    return fluvial.Target(lambda x: -0.5 * (x**2).sum(), dim=2)


def test_a_trained_model_has_no_target(tmp_path, target):
    dlgm = DLGM(6, 2, 4, key=jax.random.key(0))
    history = ({"step": 1},)
    Trained(dlgm, Recipe(), (2, 3), -1.0, 1, skipped=0, history=history).save(tmp_path / "run")
    assert isinstance(fluvial.load(tmp_path / "run"), Trained)
    with pytest.raises(InputError, match="holds a trained model, which has no target"):
        fluvial.load(tmp_path / "run", target=target)


def test_a_posterior_has_no_model(tmp_path, target):
    folder = fluvial.fit(target, progress=False).save(tmp_path / "run")
    assert isinstance(fluvial.load(folder), fluvial.Posterior)
    with pytest.raises(InputError, match="holds a posterior, which has no model"):
        fluvial.load(folder, model=DLGM(6, 2, 4))


def test_a_folder_alone_is_typed_as_either():
    """A type checker must not be told that a trained model is a posterior."""
    *_, alone = get_overloads(fluvial.load)
    assert alone.__annotations__["return"] == "Posterior | Trained"
