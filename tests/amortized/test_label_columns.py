import numpy as np
import pytest

import fluvial
from fluvial.amortized import DLGM, Recipe, train
from fluvial.amortized.label_columns import with_labels
from fluvial.errors import InputError

RECIPE = Recipe(epochs=60, batch=20, warmup=10, annealing="none", rate=1e-2)


@pytest.fixture(scope="module")
def halves():
    """Images whose left half is white in class 0, and the right one in class 1."""
    labels = np.arange(200) % 2
    images = np.zeros((200, 2, 4), bool)
    images[labels == 0, :, :2] = True
    images[labels == 1, :, 2:] = True
    return images, labels


@pytest.fixture(scope="module")
def trained(halves, tmp_path_factory):
    images, labels = halves
    folder = tmp_path_factory.mktemp("labels") / "run"
    dlgm = DLGM(8, latent=1, hidden=4, classes=2)
    options = {"recipe": RECIPE, "checkpoint": folder, "progress": False}
    return train(dlgm, images, "planar:1", labels=labels, **options), folder


def test_a_label_decides_what_is_drawn(trained, halves):
    images, labels = halves
    model, _ = trained
    for label in (0, 1):
        drawn = model.sample(20, labels=np.full(20, label)) > 0.5
        assert (drawn == images[labels == label][0]).all()
    in_turn = model.sample(4) > 0.5
    assert (in_turn == images[:4]).all()


def test_the_right_label_is_the_likelier_one(trained, halves):
    images, labels = halves
    model, _ = trained
    right = model.log_likelihood(images[:10], 20, labels=labels[:10])
    wrong = model.log_likelihood(images[:10], 20, labels=1 - labels[:10])
    assert (right > wrong + 1.0).all()
    assert model.encode(images[:10], labels=labels[:10]).shape == (10, 1)


def test_a_conditional_model_is_read_back_to_the_bit(trained, halves):
    images, labels = halves
    model, folder = trained
    again = fluvial.load(folder)
    assert again.dlgm.classes == 2
    bounds = [one.bound(images[:5], labels=labels[:5]) for one in (model, again)]
    np.testing.assert_array_equal(*bounds)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (None, "the model has 2 classes, and no labels were given"),
        (np.zeros(3, int), "there are 3 labels for 4 images"),
        (np.full(4, 2), "there is no class 2: the 2 classes are numbered from 0"),
        (np.full(4, -1), "give whole numbers from 0"),
        (np.zeros(4), "the labels are float64"),
    ],
)
def test_labels_that_do_not_fit_are_one_sentence(labels, words):
    with pytest.raises(InputError, match=words):
        with_labels(np.zeros((4, 8), bool), labels, DLGM(8, latent=1, hidden=2, classes=2))


def test_a_model_without_classes_takes_no_labels():
    with pytest.raises(InputError, match="has no classes, and labels were given"):
        with_labels(np.zeros((4, 8), bool), np.zeros(4, int), DLGM(8, latent=1, hidden=2))


def test_one_class_is_none():
    with pytest.raises(InputError, match="classes=1: give at least 2"):
        DLGM(8, latent=1, hidden=2, classes=1)
