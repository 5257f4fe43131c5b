import json
import math

import numpy as np
import pytest

from fluvial.storage import strict_json


def test_what_is_not_finite_survives_as_words():
    content = {"a": [1.5, math.inf, -math.inf], "b": {"c": math.nan}, "d": None, "e": "text"}
    data = strict_json.dump(content)
    assert json.loads(data, parse_constant=pytest.fail)["b"]["c"] == "NaN"
    back = strict_json.parse(data)
    assert math.isnan(back["b"].pop("c"))
    assert back == {"a": [1.5, math.inf, -math.inf], "b": {}, "d": None, "e": "text"}


def test_numpy_numbers_and_arrays():
    content = {"mean": np.float32(0.5), "n": np.int64(3), "all": np.array([[1.0, np.nan]])}
    assert strict_json.dump(content) == b'{"mean": 0.5, "n": 3, "all": [[1.0, "NaN"]]}\n'
