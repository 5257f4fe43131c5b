import pytest

from fluvial.replication.compare.messages import plain_messages, reworded


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        (
            "integer argument expected, got float",
            "'float' object cannot be interpreted as an integer",
        ),
        (
            "unorderable types: str() < int()",
            "'<' not supported between instances of 'str' and 'int'",
        ),
        (
            "cannot concatenate 'str' and 'int' objects",
            'can only concatenate str (not "int") to str',
        ),
        ("must be str, not int", 'can only concatenate str (not "int") to str'),
        ("integer division or modulo by zero", "division by zero"),
        ("No module named pandas_ml", "No module named 'pandas_ml'"),
        ("f() takes no arguments", "Point.f() takes no arguments"),
        (
            "'<class 'pandas.core.index.Int64Index'>' does not support mutable operations.",
            "Index does not support mutable operations",
        ),
    ],
)
def test_what_python_says_in_other_words_is_the_same(recorded, local):
    before, after = plain_messages(recorded, local)
    assert before == after


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        (
            "integer argument expected, got str",
            "'float' object cannot be interpreted as an integer",
        ),
        (
            "unorderable types: int() < str()",
            "'<' not supported between instances of 'str' and 'int'",
        ),
        ("No module named pandas_ml", "No module named 'pandas'"),
        ("Line.f() takes no arguments", "Point.f() takes no arguments"),
    ],
)
def test_another_fact_is_another_message(recorded, local):
    before, after = plain_messages(recorded, local)
    assert before != after
    assert not reworded(before, after)
