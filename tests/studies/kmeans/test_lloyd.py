import sys

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2

from fluvial.errors import InputError
from fluvial.studies.kmeans import lloyd_library, lloyd_loops, lloyd_vectorized
from fluvial.studies.kmeans import loops as loops_module
from fluvial.studies.kmeans.clusters import check
from fluvial.studies.kmeans.problem import blobs, problem

EACH = pytest.mark.parametrize("lloyd", [lloyd_loops, lloyd_vectorized, lloyd_library])


@EACH
def test_agrees_with_scipy(lloyd):
    points, start, _ = problem(16, seed=3)
    found = lloyd(points, start, 6)
    # After its last move SciPy does not assign again: its labels are those of five moves.
    centroids, _ = kmeans2(points, start, iter=5, minit="matrix", missing="raise")
    np.testing.assert_allclose(found.centroids, centroids, rtol=1e-12, atol=1e-12)
    distances = ((points[:, None] - centroids) ** 2).sum(axis=-1)
    np.testing.assert_array_equal(found.labels, distances.argmin(axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_all_agree_in_every_bit(seed):
    given = problem(16, seed)
    loops, vectorized, library = (f(*given) for f in (lloyd_loops, lloyd_vectorized, lloyd_library))
    for other in (vectorized, library):
        np.testing.assert_array_equal(loops.labels, other.labels)
        assert loops.centroids.tobytes() == other.centroids.tobytes()


def test_the_order_of_a_sum_does_not_matter_on_the_grid():
    points = blobs(101, 4, 3, seed=0)
    order = np.random.default_rng(1).permutation(101)
    assert points[:50].sum(axis=0).tolist() == points[order][order < 50].sum(axis=0).tolist()
    assert points.sum(axis=0).tolist() == [0.0, 0.0, 0.0]


@EACH
def test_an_empty_cluster_takes_the_farthest_point(lloyd):
    points = np.array([[0.0], [1.0], [2.0], [10.0]])
    found = lloyd(points, np.array([[1.0], [99.0]]), 2)
    # All four go to the first centroid; then the point at 10 becomes the second.
    assert found.centroids.tolist() == [[1.0], [10.0]]
    assert found.labels.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("lloyd", [lloyd_loops, lloyd_vectorized])
def test_the_only_point_of_a_cluster_is_not_taken(lloyd):
    # The farthest point, at 50, is alone with the centroid at 35: the next one, at 3, is taken.
    points = np.array([[0.0], [1.0], [3.0], [50.0]])
    found = lloyd(points, np.array([[0.0], [35.0], [99.0]]), 2)
    assert found.centroids.tolist() == [[0.5], [50.0], [3.0]]


@EACH
def test_of_equally_near_centroids_the_first_is_taken(lloyd):
    points = np.array([[-2.0], [0.0], [2.0]])
    assert lloyd(points, np.array([[1.0], [-1.0]]), 2).labels.tolist() == [1, 0, 0]


@EACH
def test_duplicate_points_count_as_often_as_they_are_there(lloyd):
    points = np.array([[0.0], [0.0], [0.0], [4.0], [9.0]])
    found = lloyd(points, np.array([[0.0], [9.0]]), 4)
    assert found.labels.tolist() == [0, 0, 0, 0, 1]
    assert found.centroids.tolist() == [[1.0], [9.0]]


@EACH
def test_duplicate_centroids_are_told_apart(lloyd):
    points = np.array([[0.0], [1.0], [8.0], [9.0]])
    found = lloyd(points, np.array([[0.0], [0.0]]), 5)
    assert sorted(found.centroids.ravel().tolist()) == [0.5, 8.5]


@EACH
@pytest.mark.parametrize(
    ("points", "start", "iterations", "message"),
    [
        ([[0.0], [1.0]], [[0.0], [1.0], [2.0]], 3, "there are 2: ask for at most 2"),
        ([[5.0], [5.0], [6.0]], [[5.0], [5.0], [6.0]], 3, "as many distinct points"),
        ([[0.0], [np.nan], [np.inf]], [[0.0]], 3, "2 of 3 points are not finite, .* row 1"),
        ([[0.0], [1.0]], [[np.nan]], 3, "1 of 1 centroids are not finite"),
        ([[0.0], [1.0]], np.zeros((0, 1)), 3, "0 clusters hold no point"),
        (np.zeros((0, 1)), [[0.0]], 3, "there are 0"),
        ([[0.0], [1.0]], [[0.0]], 0, "0 iterations"),
    ],
)
def test_wrong_input_is_told(lloyd, points, start, iterations, message):
    with pytest.raises(InputError, match=message):
        lloyd(np.array(points), np.array(start), iterations)


def test_shapes_that_do_not_go_together_are_told():
    with pytest.raises(InputError, match="do not go together"):
        check(np.zeros((3, 1)), np.zeros((1, 2)), 3)
    with pytest.raises(InputError, match="do not go together"):
        check(np.zeros(3), np.zeros((1, 2)), 3)


def test_the_operations_told_are_those_that_ran():
    given = problem(16, seed=0)
    dearest = "distance += difference * difference"
    with open(loops_module.__file__) as file:
        number = next(i for i, line in enumerate(file, 1) if dearest in line)
    ran = 0

    def count(frame, event, _):
        nonlocal ran
        if frame.f_code.co_filename != loops_module.__file__:
            return None
        ran += event == "line" and frame.f_lineno == number
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        told = lloyd_loops(*given).operations
    finally:
        sys.settrace(before)
    assert told == ran == 16**4
    assert lloyd_vectorized(*given).operations == 16**2
    assert lloyd_library(*given).operations == 0
