import pytest

from fluvial.replication.compare.normalize import masked, shown_lines


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<A object at 0x7f3ab2c4d190>", "<A object at 0x55d0c3a1f2b0>"),
        ("read /srv/course/thesis/data.csv", "read /data/data.csv"),
        (r"read C:\course\thesis\data.csv", "read /data/data.csv"),
        ("2021-03-04 12:33:01.123 INFO ok", "2026-11-24T03:00:00Z INFO ok"),
        ("Date: Mon, 01 Mar 2021  Time: 12:00:01", "Date: Tue, 24 Nov 2026  Time: 03:00:59"),
        ("Mon Mar  1 12:00:00 2021", "Tue Nov 24 03:00:00 2026"),
        (
            "  45%|████▌     | 450/1000 [00:12<00:15, 36.5it/s]",
            "100%|██████████| 1000/1000 [01:12<00:00, 13.9it/s]",
        ),
        (
            "12.3 ms ± 145 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)",
            "12.3 ms ± 2.5 ms per loop (mean ± std. dev. of 7 runs, 10 loops each)",
        ),
        ("CPU times: user 3 s, sys: 1 ms, total: 3 s", "CPU times: total: 5 s"),
        (
            "/var/folders/x1/T/ipykernel_71/12.py:3: UserWarning",
            "<ipython-input-5-0a1b2c>:3: UserWarning",
        ),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174fff"),
    ],
)
def test_what_means_nothing_is_masked(one, other):
    assert masked(one).split() == masked(other).split()


@pytest.mark.parametrize(
    "line",
    ["https://example.org/a/b.csv", "and/or/else", "13ms/step", "3/4", "0x1F", "a 50% | b | c"],
)
def test_what_may_mean_something_stays(line):
    assert masked(line) == line


def test_metrics_beside_a_bar_stay():
    keras = "938/938 [==============================] - 12s 13ms/step - loss: 0.25"
    assert masked(keras).endswith("- loss: 0.25")
    assert "loss=0.31" in masked("45%|██  | 450/1000 [00:12<00:15, 36.5it/s, loss=0.31]")
