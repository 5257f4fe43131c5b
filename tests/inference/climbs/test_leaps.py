"""Starts that leave what is known."""

import numpy as np

from fluvial.inference.climbs.leaps import leaps
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture

RNG = np.random.default_rng(0)


def mixture(means):
    parts = tuple(GaussianComponent(Gaussian(m, 0.1 * np.eye(len(m)))) for m in means)
    return Mixture(parts, np.full(len(means), 1.0 / len(means)))


def test_the_fourth_corner_of_a_product_is_the_difference_of_two_added_to_a_third():
    corners = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
    x = leaps(mixture(corners), Gaussian(np.zeros(2), np.eye(2)), RNG)
    assert np.any(np.all(x == [-1.0, -1.0], axis=1))


def test_in_many_dimensions_single_coordinates_are_moved_far_off():
    dim = 20
    x = leaps(mixture([np.zeros(dim)]), Gaussian(np.zeros(dim), 0.1 * np.eye(dim)), RNG)
    moved = np.sum(np.abs(x) > 0.19, axis=1)
    assert np.sum(np.sort(np.abs(x), axis=1)[:, -2] < 0.5) > len(x) // 4
    assert moved.max() <= dim // 2


def test_few_dimensions_and_one_mode_need_no_leaps():
    assert leaps(mixture([np.zeros(3)]), Gaussian(np.zeros(3), np.eye(3)), RNG).shape == (0, 3)
