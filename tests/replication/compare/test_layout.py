import pytest

from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance

PYTHON_2, PYTHON_3 = Surroundings(python=(2, 7)), Surroundings(python=(3, 8))


def agree(recorded, local, run=PYTHON_3):
    found = list(compare_text(recorded, local, Tolerance(), "stdout", run))
    return all(difference.tolerated for difference in found)


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("name   size \\\n a  1 \n\n  price\n 2.5", "name size\n a 1\n price\n 2.5"),
        ("mean: 1.5, count: 3", "mean: 1.5,\ncount: 3"),
        ("kinds: ['oak', 'elm']", "kinds: [oak, elm]"),
    ],
)
def test_the_same_words_in_another_layout(recorded, local):
    assert agree(recorded, local)
    assert agree(local, recorded)


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("mean: 1.5, count: 3", "mean: 1.6,\ncount: 3"),
        ("mean: 1.5, count: 3", "count: 3,\nmean: 1.5"),
        ("kinds: ['oak', 'elm']", "kinds: [oak, ash]"),
        ("codes: '1' '2'", "codes:\n1 2"),
        ("shape [[1 2] [3 4]]", "shape\n[1 2 3 4]"),
        ("a\n-----\nb", "a\nb"),
    ],
)
def test_other_words_in_another_layout(recorded, local):
    assert not agree(recorded, local)


def test_lines_in_the_order_of_an_old_dict():
    before, after = "b: 2\nc: 3\na: 1\n", "a: 1\nb: 2\nc: 3\n"
    assert agree(before, after, PYTHON_2)
    assert not agree(before, after.replace("3", "4"), PYTHON_2)
    assert not agree(before, after, PYTHON_3)


@pytest.mark.parametrize(
    ("recorded", "local", "same"),
    [
        ("('size', (3, 4))\n", "size (3, 4)\n", True),
        ("('x =', array([ 0.5,  1.5]), 2)\n", "x = [0.5 1.5] 2\n", True),
        ("(1, 2)\n('n', 3)\n", "(1, 2)\nn 3\n", True),
        ("('x =', array([ 0.5,  1.5]), 2)\n", "x = [0.5 1.7] 2\n", False),
        ("('size', 3)\n", "side 3\n", False),
        ("('size', 3)\n", "('size', 4)\n", False),
    ],
)
def test_what_print_made_of_brackets_when_it_was_a_statement(recorded, local, same):
    assert agree(recorded, local) is same


@pytest.mark.parametrize(
    ("recorded", "local", "same"),
    [
        ("loss 0.7071", "loss 0.707107", True),
        ("loss 0.7071", "loss 0.707207", False),
        ("loss 0.7", "loss 0.7071", False),
        ("7", "7.3", False),
        ("(array(3.), array(2.5))", "(np.float64(3.0), np.float64(2.5))", True),
        ("(array(3.), array(2.5))", "(np.float64(3.0), np.float64(2.6))", False),
        ("['oak' 'elm']", "['oak', 'elm']", True),
        ("['oak' 'elm']", "['oak', 'ash']", False),
        ("['oak' 'elm']", "array(['oak', 'elm'], dtype=object)", True),
        (
            "MultiIndex(levels=[[2018-10-01 00:00:00, 2018-10-02 00:00:00]], labels=[[0, 1]])",
            "MultiIndex([('2018-10-01',), ('2018-10-02',)])",
            True,
        ),
        (
            "MultiIndex(levels=[[5, 6]], labels=[[0, 0, 1]])",
            "MultiIndex([(5,),\n            ...\n            (6,)],\n           length=3)",
            True,
        ),
        (
            "MultiIndex(levels=[[5, 6]], labels=[[0, 0, 1]])",
            "MultiIndex([(5,),\n            ...\n            (7,)],\n           length=3)",
            False,
        ),
    ],
)
def test_values_written_by_other_versions(recorded, local, same):
    assert agree(recorded, local) is same


def series(rows):
    return "\n".join(f"{row}    {row / 4}" if row >= 0 else "    ..." for row in rows) + "\nName: x"


def test_rows_that_both_texts_leave_out():
    long, short = series([0, 1, 2, 3, -1, 96, 97, 98, 99]), series([0, 1, -1, 98, 99])
    assert agree(long, short)
    assert agree(short, long)
    assert not agree(long, series([0, 2, -1, 98, 99]))
    assert not agree(short, series([0, -1, 98, 99]))  # as many rows are shown at both ends
    assert not agree(series([0, 1, 2, 3]), series([0, 1, 3]))


def test_the_day_of_the_run_in_words():
    run = Surroundings(started=1.5e9, ended=1.5e9 + 9.0)
    assert agree("Date: Fri, 21 Sep 2012", "Date: Fri, 14 Jul 2017", run)
    assert not agree("Date: Fri, 21 Sep 2012", "Date: Sat, 14 Jul 2018", run)
