"""Values on disk survive whatever kills the process that wrote them."""

import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.evaluating.log import EvaluationLog


def _points(count):
    return np.random.default_rng(0).standard_normal((count, 3))


def test_values_are_found_again_by_another_process(tmp_path):
    points = _points(5)
    EvaluationLog(tmp_path / "cache", 3).add_all(points, np.arange(5.0))
    log = EvaluationLog(tmp_path / "cache", 3)
    assert [log.get(point) for point in points] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert log.get(points[0] + 1e-16 + 1.0) is None


@pytest.mark.parametrize("lost", range(1, 44))
def test_a_file_cut_anywhere_loses_its_last_record_only_and_goes_on(tmp_path, lost):
    points = _points(4)
    path = tmp_path / "cache"
    EvaluationLog(path, 3).add_all(points[:3], np.array([1.0, 2.0, 3.0]))
    path.write_bytes(path.read_bytes()[:-lost])
    log = EvaluationLog(path, 3)
    assert [log.get(point) for point in points[:3]] == [1.0, 2.0, None]
    log.add(points[3], 4.0)
    again = EvaluationLog(path, 3)
    assert [again.get(point) for point in points] == [1.0, 2.0, None, 4.0]


def test_repetitions_are_apart(tmp_path):
    point = _points(1)[0]
    log = EvaluationLog(tmp_path / "cache", 3)
    log.add(point, 1.0, repetition=1)
    assert log.get(point) is None
    assert log.get(point, 1) == 1.0


def test_another_file_is_refused(tmp_path):
    (tmp_path / "cache").write_text("notes on the weather, which nobody wants to lose")
    with pytest.raises(InputError, match="holds no evaluations"):
        EvaluationLog(tmp_path / "cache", 3)
    assert "weather" in (tmp_path / "cache").read_text()


def test_a_function_of_other_dimension_is_refused(tmp_path):
    EvaluationLog(tmp_path / "cache", 3)
    with pytest.raises(InputError, match="of 3 parameters, and this one has 2"):
        EvaluationLog(tmp_path / "cache", 2)
