from fluvial.replication.compare.reprs import parsed


def test_text_is_read_as_json_or_as_python():
    assert parsed('{"a": [1, NaN, "b"]}')["a"][2] == "b"
    assert parsed("{'a': (1, 2)}") == {"a": (1, 2)}


def test_what_is_nested_too_deep_to_compare_stays_text():
    for depth in (500, 100_000):
        assert parsed("[" * depth + "]" * depth) is None
