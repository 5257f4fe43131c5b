"""Readings of a clock are found by the code that prints them, and nothing else is."""

import pytest

from fluvial.replication.compare.clocks import reads_clock
from fluvial.replication.compare.printed import printed_by
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance

CPU_TIME = """
import os
def cpu():
    user, system, *others = os.times()
    return user + system
def lasts(work, n):
    begin = cpu()
    work(n)
    return cpu() - begin
def table(work, most=1):
    sizes, times = [], []
    for i in range(10, 28):
        n = 2**i
        t = lasts(work, n)
        print(n, t)
        times.append(t)
        if t > most:
            break
    return sizes, times
sizes, times = table(sorted)
"""
TIMER = """
import time
class Timer:
    def __enter__(self):
        self.begin = time.monotonic()
        return self
    def __exit__(self, *failure):
        self.interval = time.monotonic() - self.begin
with Timer() as timer:
    loss = train()
"""


ROWS = """
import time
rows = []
for n in ns:
    begin = time.time()
    rows.append((n, time.time() - begin))
for n, t in rows:
    print(n, t)
"""


@pytest.mark.parametrize(
    ("source", "shown", "line", "readings"),
    [
        (
            "from time import perf_counter as tick\nt = tick()",
            "f'loss {loss:.2f}: {tick() - t:.1f}'",
            "loss 0.50: 3.2",
            ["3.2"],
        ),
        (
            "import resource as r\nuse = r.getrusage(0)",
            "'%s %.2f' % (x, use.ru_utime)",
            "fit 0.25",
            ["0.25"],
        ),
        (
            "import time as t\na = t.process_time()",
            "'{1} {0}'.format(t.process_time() - a, n)",
            "8 0.5",
            ["0.5"],
        ),
        (
            "import timeit\nbest = min(timeit.repeat('f()'))",
            "'best', best, 'score', score",
            "best 0.5 score 0.9",
            ["0.5"],
        ),
        ("best = %timeit -o f()", "'mean', best.average", "mean 0.5", ["0.5"]),
        (
            "import datetime as d\na = d.datetime.now()",
            "'ran', d.datetime.now() - a",
            "ran 0:00:01.25",
            ["0:00:01.25"],
        ),
        (TIMER, "'A', loss, timer.interval", "A 0.9 0.5", ["0.5"]),
        (
            "from sklearn.model_selection import cross_validate\nimport time",
            "'fits', cross_validate(m, x, y)['fit_time']",
            "fits [0.1 0.2]",
            ["[0.1 0.2]"],
        ),
        (ROWS, "'end'", "10 0.5", ["0.5"]),
        # What only stands beside a reading is none, nor what is one at times.
        (TIMER, "'A', loss", "A 0.9", []),
        ("import time\nt = time.time()\nt = len(x)", "'n', t", "n 5", []),
        ("import time\nt = time.time()\ndef f(t):\n    print('n', t)\nuse(f)", "'end'", "n 5", []),
        # Which of two numbers it is cannot be told.
        ("import time\nt = time.time()\nprint(loss)", "time.time() - t", "0.5", []),
    ],
)
def test_readings_are_told_from_other_numbers(source, shown, line, readings):
    printed = printed_by(f"{source}\nprint({shown})")
    assert [line[begin:end] for begin, end in printed.readings_in(line)] == readings


def test_long_and_deep_code_is_read_in_no_time():
    chained = "time.time()\nx = y" + ".f()" * 60 + "\ny = x"
    assert printed_by(f"import time\n{chained}\nprint('a', x)").readings_in("a 3") == []
    deep = "x = " + "-" * 900 + "time.time()"
    assert printed_by(f"import time\n{deep}\nprint('b', 1)").readings_in("b 1") == []
    nested = f"print('b', {'-' * 900}time.time())"
    # Python follows as deep as its stack allows: the reading is seen, or it is not.
    assert printed_by(f"import time\n{nested}").readings_in("b 1") in ([], [(2, 3)])


@pytest.mark.parametrize(
    ("last", "text", "readings"),
    [
        ("time.time() - t", "0.5", ["0.5"]),
        ("(loss, time.time() - t)", "(0.9, 0.5)", ["0.5"]),
        ("[time.time() - t for _ in range(2)]", "[0.5, 0.6]", ["[0.5, 0.6]"]),
        ("loss", "0.9", []),
    ],
)
def test_a_result_can_be_a_reading(last, text, readings):
    printed = printed_by(f"import time\nt = time.time()\n{last}")
    assert [text[a:b] for a, b in printed.readings_in(text, result=True)] == readings


def compared(recorded, local, source=CPU_TIME):
    run = Surroundings(source=source)
    return list(compare_text(recorded, local, Tolerance(), "stdout", run))


RECORDED = "1024 0.0\n2048 0.0099\n4096 0.08\n8192 0.5\n16384 1.1\n"
LOCAL = "1024 0.0\n2048 0.0\n4096 0.01\n8192 0.25\n16384 0.6\n32768 1.3\n"


def test_times_without_a_unit_are_wall_time():
    found = compared(RECORDED, LOCAL)
    assert {(one.tolerated, one.cause) for one in found} == {(True, "wall time")}
    assert not all(one.tolerated for one in compared(RECORDED, LOCAL, "print(n, t)"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("4096 ", "4097 "),  # what is no time
        ("8192 0.5", "8192 5.0"),  # twenty times as long
        ("8192 0.5", "8192 -0.5"),
        ("2048 0.0099\n", ""),  # a line that no clock can leave out
        ("4096 0.08", "4096 0.08 lost"),
    ],
)
def test_changes_beside_times_are_found(before, after):
    found = compared(RECORDED.replace(before, after), LOCAL)
    assert not all(one.tolerated for one in found)


def test_only_the_last_lines_are_as_many_as_a_clock_allows():
    fewer = LOCAL.replace("2048 0.0\n", "")
    assert not all(one.tolerated for one in compared(RECORDED, fewer))


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("from timeit import default_timer as tick\ntick()", True),
        ("from time import *\nctime(); thread_time()", True),
        ("import os\nos.times()", True),
        ("import pandas\npandas.Timestamp('2015')", False),
        ("films.runtime.mean()", False),
    ],
)
def test_a_clock_is_one_under_any_name(source, reads):
    assert reads_clock(source) is reads
