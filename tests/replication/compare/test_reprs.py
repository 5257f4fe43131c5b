from fluvial.replication.compare.reprs import parsed


def test_text_is_read_as_json_or_as_python():
    assert parsed('{"a": [1, NaN, "b"]}')["a"][2] == "b"
    assert parsed("{'a': (1, 2)}") == {"a": (1, 2)}


def test_what_is_nested_too_deep_to_compare_stays_text():
    for depth in (500, 100_000):
        assert parsed("[" * depth + "]" * depth) is None


def test_a_masked_array_is_read_with_commas_and_without():
    old = """masked_array(data = [0.5 -- 10],
             mask = [False  True False],
       fill_value = ?)"""
    new = """masked_array(data=[0.5, --, 10.0],
             mask=[False,  True, False],
       fill_value=1e+20)"""
    assert parsed(old) == parsed(new)
    assert parsed(old).keywords == {"data": [0.5, None, 10]}
