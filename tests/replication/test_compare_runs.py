import numpy as np

from fluvial.replication import compare_runs
from fluvial.replication.compare.tolerance import Tolerance

from .books import book, error, recorded, result, run_of, stream


def verdicts(cells, *runs):
    done = compare_runs(recorded(book(*cells)), runs, Tolerance(rtol=1e-2))
    return [cell.verdict for cell in done.cells]


def test_a_verdict_for_each_cell():
    cells = [
        ("import os", []),
        ("print(1.0)", [stream("1.0")]),
        ("print(2.0)", [stream("2.0")]),
        ("f()", [stream("3.0")]),
        ("late()", None),
        ("never()", None),
    ]
    local = run_of(
        [],
        [stream("1.001")],
        [stream("2.5")],
        [error("NameError", "f")],
        [stream("4.0")],
        [error("NameError", "never")],
    )
    assert verdicts(cells, local) == [
        "IDENTICAL",
        "WITHIN_TOLERANCE",
        "DIFFERS",
        "ERROR",
        "NOT_RECORDED",
        "ERROR",
    ]


def test_a_duration_is_wall_time_only_where_the_code_that_made_it_reads_a_clock():
    clock = "import time\ndef clock():\n    return time.perf_counter()"
    cells = [
        (clock, []),
        ("start = clock()\nfit()\nprint(clock() - start)", [stream("0.052 s")]),
        ("print(half_life)", [stream("half-life 0.050 s")]),
    ]
    local = run_of([], [stream("0.061 s")], [stream("half-life 0.110 s")], seconds=1.0)
    assert verdicts(cells, local) == ["IDENTICAL", "WITHIN_TOLERANCE", "DIFFERS"]


def test_the_notebook_has_the_worst_verdict():
    cells = [("a", [stream("1.0")]), ("b", [stream("2.0")]), ("c", None)]

    def verdict(*texts):
        runs = [run_of(*([stream(text)] for text in texts))]
        return compare_runs(recorded(book(*cells)), runs, Tolerance(rtol=1e-2)).verdict

    assert verdict("1.0", "2.0", "3") == "IDENTICAL"
    assert verdict("1.001", "2.0", "3") == "WITHIN_TOLERANCE"
    assert verdict("1.001", "3.0", "3") == "DIFFERS"


def test_cells_without_counts_in_a_notebook_without_counts_were_run():
    notebook = book(("x = 1", None), ("print(x)", [stream("1")]))
    notebook.cells[1].execution_count = None
    done = compare_runs(recorded(notebook), [run_of([], [stream("1")])], Tolerance())
    assert [cell.verdict for cell in done.cells] == ["IDENTICAL", "IDENTICAL"]


def test_a_cell_without_a_count_or_an_output_that_prints_was_not_run():
    notebook = book(("print(1)", None), ("print(2)", [stream("2")]))
    notebook.cells[1].execution_count = None
    done = compare_runs(recorded(notebook), [run_of([stream("1")], [stream("2")])], Tolerance())
    assert [cell.verdict for cell in done.cells] == ["NOT_RECORDED", "IDENTICAL"]


def test_what_varies_by_itself_is_told_from_what_differs():
    cells = [("random()", [stream("noise 5.0\nbias 1.0\n")])]
    runs = [run_of([stream(f"noise {x}\nbias 3.0\n")]) for x in (4.0, 6.0, 5.0)]
    (cell,) = compare_runs(recorded(book(*cells)), runs, Tolerance()).cells
    bias, noise = cell.differences
    assert (cell.verdict, cell.found) == ("DIFFERS", 2)
    assert (noise.tolerated, noise.line) == (True, 1)
    assert "would give -6.46 to 16.46" in noise.reason
    assert (bias.tolerated, bias.line) == (False, 2)
    assert "the same in every local run" in bias.reason


def test_a_set_that_runs_write_in_several_orders_does_not_vary():
    runs = run_of([stream("{'a', 'b'}\n")]), run_of([stream("{'b', 'a'}\n")])
    done = compare_runs(recorded(book(("s", [stream("{'t'}\n")]))), runs, Tolerance())
    assert done.cells[0].verdict == "DIFFERS"


def test_far_outside_of_what_varies_still_differs():
    cells = [("random()", [stream("noise 50.0\n")])]
    runs = [run_of([stream(f"noise {x}\n")]) for x in (4.0, 6.0, 5.0, 5.0)]
    assert verdicts(cells, *runs) == ["DIFFERS"]


def test_text_that_varies_by_itself():
    cells = [("pick()", [stream("apple\n")])]
    assert verdicts(cells, run_of([stream("pear\n")]), run_of([stream("plum\n")])) == [
        "WITHIN_TOLERANCE"
    ]


def test_an_error_now_and_then_is_an_error():
    cells = [("f()", [stream("1")])]
    failed, fine = run_of([error("OSError", "")]), run_of([stream("1")])
    assert verdicts(cells, failed, fine) == ["ERROR"]


def test_most_differences_are_counted_and_not_kept():
    before, after = ("".join(f"{i + shift}\n" for i in range(999)) for shift in (0, 1000))
    done = compare_runs(
        recorded(book(("f()", [stream(before)]))), [run_of([stream(after)])], Tolerance()
    )
    assert (done.cells[0].found, len(done.cells[0].differences)) == (999, 200)


def test_an_array_of_small_integers_that_vary_is_random_as_a_whole():
    cells = [("draw()", [result("array([0, 1, 1, 0, 1, 0, 0, 1])")])]
    first, second = "array([1, 0, 0, 1, 0, 0, 0, 1])", "array([1, 1, 1, 1, 0, 1, 1, 0])"
    assert verdicts(cells, run_of([result(first)]), run_of([result(second)])) == [
        "WITHIN_TOLERANCE"
    ]
    fixed = "array([1, 0, 0, 1, 0, 0, 0, 0])"
    assert verdicts(cells, run_of([result(first)]), run_of([result(fixed)])) == ["DIFFERS"]


def test_as_few_numbers_as_by_chance_may_lie_outside_of_their_intervals():
    rng = np.random.default_rng(3)
    before, *after = ([f"{x:.4f}" for x in rng.normal(size=60)] for _ in range(6))
    runs = [run_of([stream("\n".join(lines))]) for lines in after]
    few, many = (["900.0"] * count + before[count:] for count in (2, 9))
    assert verdicts([("f()", [stream("\n".join(few))])], *runs) == ["WITHIN_TOLERANCE"]
    assert verdicts([("f()", [stream("\n".join(many))])], *runs) == ["DIFFERS"]


def test_numbers_that_vary_may_be_infinite_or_nan_in_some_of_the_runs():
    cells = [("f()", [stream("0.5 nan")]), ("g()", [stream("nan")])]
    runs = (
        run_of([stream("nan 2.5")], [stream("0.5")]),
        run_of([stream("1.5 7.5")], [stream("0.7")]),
    )
    assert verdicts(cells, *runs) == ["WITHIN_TOLERANCE", "DIFFERS"]
