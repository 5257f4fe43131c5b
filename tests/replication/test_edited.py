import pytest

from fluvial.replication.edited import is_edited

from .books import result, stream


@pytest.mark.parametrize(
    ("source", "before", "after", "edited"),
    [
        ("print('Setup complete')", "Setup was completed", "Setup complete", True),
        ("print('Setup complete')", "* Setup complete", "Setup complete", True),
        ("print('Setup', x)", "Setup complete", "Setup done", False),
        ("print('Mean score:', s)", "Mean of scores: 0.5", "Mean score: 0.5", True),
        ("print(f'Mean score {s}')", "Mean of scores 0.5", "Mean score 0.5", True),
        ("print('rate %.2f of all' % s)", "rate 0.50 of each", "rate 0.50 of all", True),
        ("print('Mean score:', s)", "Mean score: 0.5", "Mean score: 0.7", False),
        ("print('won' if x else 'lost')", "lost", "won", False),
        ("if x: print('it is won')\nelse: print('it is lost')", "it is lost", "it is won", False),
        ("print('No match')", "", "No match", False),
    ],
)
def test_what_is_printed_word_for_word_tells_of_another_code(source, before, after, edited):
    assert is_edited(source, [stream(f"{before}\n")], [stream(f"{after}\n")]) is edited


def test_code_without_an_expression_has_no_result():
    assert is_edited("x = 3", [result("3")], [])
    assert not is_edited("x = 3\nx", [result("3")], [])
    assert not is_edited("%timeit f()", [result("3")], [])
    assert not is_edited("print 3", [result("3")], [])
