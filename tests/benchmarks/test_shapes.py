"""The truths that fits are held to: closed forms where there are any, exact draws elsewhere."""

import numpy as np
import pytest

from benchmarks.metrics import share_error
from benchmarks.shapes import SHAPES
from fluvial.targets.examples.registry import example


@pytest.mark.parametrize("name", [name for name in SHAPES if "improper" not in name])
def test_shares_add_up_to_one(name):
    assert SHAPES[name]().truth.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("dim", [2, 8])
def test_shares_of_separate_gaussians_are_their_weights(dim):
    three = SHAPES[f"three gaussians, D = {dim}"]()
    assert share_error(three.truth, np.array([0.6, 0.3, 0.1])) < 0.02
    four = SHAPES[f"four scales, D = {dim}"]()
    assert share_error(four.truth, np.array([0.4, 0.3, 0.2, 0.1])) < 0.02


def test_symmetric_shapes_have_equal_shares():
    assert share_error(SHAPES["U1"]().truth, np.full(2, 1 / 2)) < 0.02
    assert share_error(SHAPES["ring"]().truth, np.full(8, 1 / 8)) < 0.02


def test_moons_shares_agree_with_a_grid():
    moons = SHAPES["two moons"]()
    axis = np.linspace(-2.5, 3.5, 601)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    mass = np.exp(moons.target.values(points))
    found = np.bincount(moons.regions({"x": points}), weights=mass) / mass.sum()
    assert share_error(moons.truth, found) < 0.01


def test_a_lost_mode_is_seen():
    three = SHAPES["three gaussians, D = 2"]()
    one_mode = {"x": np.random.default_rng(0).normal(size=(1000, 2)) + np.array([8.0, 0.0])}
    assert share_error(three.found(one_mode), three.truth) == pytest.approx(1.0, abs=0.01)


def test_bulk_and_tails_are_tenths_of_exact_draws():
    shape, made = SHAPES["funnel, D = 10"](), example("funnel")
    draws = made.target.constrain(made.sample(seed=7, n=50_000))
    assert share_error(shape.found(draws), shape.truth) < 0.03


def test_improper_densities_have_no_truth():
    assert SHAPES["improper: a flat side"]().truth.size == 0
