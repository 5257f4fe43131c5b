import pytest

from fluvial.replication.tables import table_configuration

from .books import book, recorded, result, stream


def series(rows):
    lines = [f"{number}  0.5" for number in range(rows)]
    return "\n".join([*lines[: rows // 2], "   ... ", *lines[rows // 2 :], "Length: 99"])


def html(rows):
    cells = [f"<tr><td>{number}</td><td>1</td></tr>" for number in range(rows)]
    cells.insert(rows // 2, "<tr><td>...</td><td>...</td></tr>")
    return f"<table>{''.join(cells)}</table>"


@pytest.mark.parametrize(
    ("output", "long"),
    [
        (result(series(60)), True),
        (stream(series(60)), True),
        (result("x", text__html=html(60)), True),
        (result(series(10)), False),
        (result("x", text__html=html(10)), False),
        (stream("downloading\n...\ndone"), False),
    ],
)
def test_tables_are_as_long_as_the_recorded_ones(output, long):
    configuration = table_configuration(recorded(book(("x", [output]))))
    assert ("display.min_rows" in configuration) is long
