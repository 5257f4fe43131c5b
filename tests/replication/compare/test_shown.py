import pytest

from fluvial.replication.compare.shown import shown_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\x1b[1;31mred\x1b[0m", ["red"]),
        ("a  \nb\r\nc\n\n", ["a", "b", "c"]),
        ("10%\r50%\r100%\ndone", ["100%", "done"]),
        ("100%\r   \r", ["100%"]),
        ("12\b\b34", ["34"]),
        ("", []),
    ],
)
def test_what_a_terminal_shows(text, lines):
    assert shown_lines(text) == lines
