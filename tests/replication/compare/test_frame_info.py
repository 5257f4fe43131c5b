import pytest

from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance

OLD = """<class 'pandas.core.frame.DataFrame'>
RangeIndex: 4 entries, 0 to 3
Data columns (total 2 columns):
A            3 non-null float64
some_text    4 non-null object
dtypes: float64(1), object(1)
memory usage: 144.0+ bytes
"""
NEW = """<class 'pandas.DataFrame'>
RangeIndex: 4 entries, 0 to 3
Data columns (total 2 columns):
 #   Column     Non-Null Count  Dtype
---  ------     --------------  -----
 0   A          3 non-null      float64
 1   some_text  4 non-null      str
dtypes: float64(1), str(1)
memory usage: 196.0 bytes
"""


def agree(recorded, local):
    found = compare_text(recorded, local, Tolerance(), "stdout")
    return all(difference.tolerated for difference in found)


def test_both_layouts_say_the_same():
    assert agree(OLD, NEW)
    assert agree(NEW.replace("pandas.Data", "pandas.core.frame.Data"), NEW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 non-null", "2 non-null"),
        ("A  ", "B  "),
        ("float64\n", "int64\n"),
        ("144.0+ bytes", "200.0+ bytes"),
        ("144.0+ bytes", "144.0 bytes"),
        ("A            3 non-null float64\n", ""),
    ],
)
def test_what_is_another_fact_is_found(before, after):
    assert not agree(OLD.replace(before, after, 1), NEW)
