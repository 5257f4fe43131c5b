import datetime

import numpy as np
import pandas as pd
import pytest

from fluvial.targets import Annotations


def test_data_have_dimensions_too():
    found = Annotations.of(
        {"a": (2, 3)},
        {"a": ("g", "k"), "y": ("obs",), "gone": ("g",)},
        {"g": ("x", "y"), "unused": (1, 2)},
        observed={"y": np.zeros(4)},
    )
    assert found.dims == {"a": ("g", "k"), "y": ("obs",)}
    assert list(found.coords) == ["g"]
    assert found.axis_labels("a", (2, 3)) == [["x", "y"], None]


@pytest.mark.parametrize(
    ("dims", "kept"),
    [
        (("chain", "k"), (None, "k")),  # the draws' own
        (("draw", "k"), (None, "k")),
        (("b", "k"), (None, "k")),  # a variable
        (("k", "k"), ("k", None)),
        (("g", "k"), (None, "k")),  # has three coordinates
        (("k",), ("k", None)),
        ((None, "k"), (None, "k")),
    ],
)
def test_names_that_an_xarray_cannot_hold_are_left_out(dims, kept):
    found = Annotations.of({"a": (2, 2), "b": ()}, {"a": dims}, {"g": (1, 2, 3)})
    assert found.dims == {"a": kept}


def test_a_name_has_one_size():
    found = Annotations.of({"a": (2,), "b": (3,), "c": (2,)}, dict.fromkeys("abc", ("g",)))
    assert found.dims == {"a": ("g",), "c": ("g",)}


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (("p", "q"), ["p", "q"]),
        ((3, 5), ["3", "5"]),
        ((0.5, 2.0), ["0.5", "2.0"]),
        ((True, False), ["True", "False"]),
        (("p", "p"), None),  # they would be one
        ((("p", 1), ("q", 2)), ["('p', 1)", "('q', 2)"]),
        (tuple(pd.date_range("2020-01-31", periods=2)), ["2020-01-31", "2020-02-01"]),
        ((datetime.date(2020, 1, 1), None), ["2020-01-01", "None"]),
    ],
)
def test_labels_of_any_type(labels, text):
    found = Annotations.of({"a": (2,)}, {"a": ("g",)}, {"g": labels})
    assert found.coords["g"].dtype != object
    assert found.axis_labels("a", (2,)) == [text]
