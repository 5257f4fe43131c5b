import pytest

from fluvial.replication import compare_runs
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.review import summary

from .books import book, error, recorded, result, run_of, shown, stream


def replicated(cells, *runs, version="3.11.1"):
    notebook = book(*((source, before) for source, before, _ in cells))
    notebook.metadata["language_info"] = {"name": "python", "version": version}
    runs = runs or (run_of(*(after for _, _, after in cells)),)
    kept = recorded(notebook)
    return kept, compare_runs(kept, runs, Tolerance())


def causes(*cells, **options):
    return [cell.cause for cell in replicated(cells, **options)[1].cells]


def name_error(name):
    return [error("NameError", f"name '{name}' is not defined")]


def test_the_first_cause_is_named_and_its_consequences_follow():
    missing = [error("ModuleNotFoundError", "No module named 'gone'")]
    _, done = replicated(
        [
            ("import gone\nx = gone.f()", [], missing),
            ("y = x + 1", [], name_error("x")),
            ("print(y)", [stream("2\n")], name_error("y")),
            ("print(3)", [stream("3\n")], [stream("3\n")]),
        ]
    )
    assert [cell.cause for cell in done.cells] == [
        "environment",
        "consequence of an earlier error",
        "consequence of an earlier error",
        None,
    ]
    assert [cell.after for cell in done.cells] == [None, 1, 1, None]


@pytest.mark.parametrize(
    ("source", "name", "message", "cause"),
    [
        (
            "import sklearn.grid",
            "ModuleNotFoundError",
            "No module named 'sklearn.grid'",
            "library version",
        ),
        (
            "from mpl_toolkits.basemap import Basemap",
            "ModuleNotFoundError",
            "No module named 'mpl_toolkits.basemap'",
            "environment",
        ),
        ("from numpy import long", "ImportError", "cannot import name 'long'", "library version"),
        (
            "df.ix[0]",
            "AttributeError",
            "'DataFrame' object has no attribute 'ix'",
            "library version",
        ),
        ("open('a.csv')", "FileNotFoundError", "No such file: 'a.csv'", "data"),
        ("pd.read_csv(url)", "URLError", "<urlopen error [Errno -2]>", "data"),
        ("print 1", "SyntaxError", "Missing parentheses", "environment"),
    ],
)
def test_errors_have_causes(source, name, message, cause):
    assert causes((source, [stream("1")], [error(name, message)])) == [cause]


@pytest.mark.parametrize(
    ("source", "before", "after", "cause"),
    [
        ("np.random.rand()", "0.25", "0.75", "randomness"),
        ("np.random.seed(0); np.random.rand()", "0.25", "0.75", "library version"),
        ("f()", "0.25", "0.250004", "rounding"),
        ("f()", "0.981220657277", "0.981231190150", "library version"),
        ("np.__version__", "'1.13.0'", "'2.4.0'", "environment"),
        ("pd.read_csv('https://a.org/b.csv').size", "10", "12", "data"),
        ("a.dtype", "dtype('int32')", "dtype('int64')", "platform"),
        ("f()", "[1.5]", "[np.float64(1.5)]", "library printing"),
        ("f()  # as in https://a.org/b", "0.25", "0.75", "library version"),
        ("np.ones(4, int).nbytes", "16", "32", "platform"),
        ("np.ones(4, int).sum()", "16", "32", "library version"),
        ("np.empty((2, 3))", "0.25", "0.75", "randomness"),
    ],
)
def test_differences_have_causes(source, before, after, cause):
    _, done = replicated([(source, [result(before)], [result(after)])])
    assert [found.cause for found in done.cells[0].differences] == [cause]


@pytest.mark.parametrize(
    ("source", "before", "after", "cause"),
    [
        ("7 / 2", "3", "3.5", "environment"),
        ("print('a', 7 / 2)", "('a', 3)", "a 3.5", "environment"),
        ("map(f, x)", "[1]", "<map object at 0x7f00aa00aa00>", "environment"),
        ("score(x)", "0.953", "0.941", "library version"),
        ("score(x) / n", "0.953", "0.941", "library version"),
    ],
)
def test_what_python_2_does_otherwise_is_told_from_what_libraries_do(source, before, after, cause):
    cell = (source, [stream(before)], [stream(after)])
    assert causes(cell, version="2.7.13") == [cause]


def failed_at(line, name="AttributeError"):
    failure = error(name, "no attribute 'order'")
    failure.traceback = [name, f"Cell In[1], line {line}\n\x1b[32m----> {line}\x1b[39m x.order()"]
    return failure


@pytest.mark.parametrize(
    ("line", "cause"), [(2, "consequence of an earlier error"), (3, "library version")]
)
def test_what_a_failed_cell_left_as_it_was_is_told_from_what_it_had_made(line, cause):
    source = "x = read()\nx.order()\nplot(x)"
    first = (source, [stream("1")], [failed_at(line)])
    found = causes(first, ("x", [result("0.25")], [result("0.75")]))
    assert found[1] == cause


def test_a_method_that_gives_a_new_value_leaves_the_old_one_as_it_is():
    first = ("y = x.append(1)", [stream("1")], [failed_at(1)])
    assert causes(first, ("x", [result("0.25")], [result("0.75")]))[1] == "library version"


def test_randomness_reaches_what_is_computed_from_it():
    first, second = (
        causes(
            ("x = np.random.rand(9)", [], []),
            (source, [result("0.25")], [result("0.75")]),
        )
        for source in ("x.mean()", "z.mean()")
    )
    assert (first[1], second[1]) == ("randomness", "library version")


def test_what_repeats_vary_is_randomness():
    cell = ("f()", [stream("5.0\n")], None)
    runs = [run_of([stream(f"{x}\n")]) for x in (4.0, 6.0)]
    _, done = replicated([cell], *runs)
    assert done.cells[0].differences[0].cause == "randomness"
    assert done.cells[0].verdict == "WITHIN_TOLERANCE"


@pytest.mark.parametrize(("others", "cause"), [("0.5", "library version"), ("0.6", "randomness")])
def test_a_draw_that_most_of_what_depends_on_it_does_not_vary_with_is_not_random(others, cause):
    """A generator may be seeded where nobody sees it; a cell of another draw varies."""
    cells = [
        ("x = draw_with.normal(size=9)", [], None),
        *((f"x.mean({at})", [result("0.5")], None) for at in range(3)),
        ("x.std() + np.random.rand()", [result("0.1")], None),
        ("x.max()", [result("0.7")], None),
    ]
    runs = [
        run_of([], *([result(mean)] for _ in range(3)), [result(last)], [result("0.9")])
        for mean, last in (("0.5", "0.2"), (others, "0.3"))
    ]
    _, done = replicated(cells, *runs)
    assert done.cells[5].differences[0].cause == cause


def test_a_summary_of_three_lines():
    kept, done = replicated(
        [
            ("x = np.random.rand()", [], []),
            ("print(x)", [stream("0.97\n")], [stream("0.13\n")]),
            ("[x]", [result("[1.5]")], [result("[np.float64(1.5)]")]),
        ],
        version="3.6.1",
    )
    assert summary(kept, done) == (
        "Of 3 cells with a record, 1 says the same, and 1 says so but for what is tolerated "
        "(library printing). The record is from Python 3.6 and NumPy 1.",
        '1 cell differs: cell 2 says "0.13" for "0.97", cause: randomness.',
        "To settle it: see what varies by itself (--repeat 3), since nothing is seeded.",
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("a\nb\n", "a\n", 'no longer says "b"'), ("a\n", "a\nc\n", 'now says "c" as well')],
)
def test_a_summary_says_what_one_side_lacks(before, after, said):
    kept, done = replicated([("f()", [stream(before)], [stream(after)])])
    assert summary(kept, done)[1] == f"1 cell differs: cell 1 {said}, cause: library version."


def test_a_name_that_a_later_cell_makes_tells_of_another_order():
    cells = [
        ("y = later + 1\nprint(y)", [stream("4\n")], name_error("later")),
        ("later = 3", [], []),
    ]
    assert causes(*cells) == ["order of execution", None]


@pytest.mark.parametrize(
    ("name", "first", "cause"),
    [
        ("gone", "x = 1", "order of execution"),
        ("gone", "from tools import *", "environment"),
        ("xrange", "x = 1", "environment"),
    ],
)
def test_a_name_that_nothing_makes_was_made_by_code_that_is_gone(name, first, cause):
    cells = (first, [], []), (f"print({name})", [stream("4\n")], name_error(name))
    assert causes(*cells)[1] == cause


def test_an_error_that_the_cell_caught_is_a_consequence_as_well():
    gone = [error("ValueError", "Invalid frequency: H")]
    caught = [stream("<class 'NameError'>\nname 'series' is not defined\n")]
    cells = [
        ("series = make()", [], gone),
        ("try:\n    series.f()\nexcept Exception as e:\n    print(e)", [stream("no\n")], caught),
    ]
    assert causes(*cells) == ["library version", "consequence of an earlier error"]


def test_what_a_lost_display_option_does_not_explain_is_no_consequence_of_it():
    rows = [f"{number}  {number * number}" for number in range(4)]
    shown, other = "\n".join(rows), "\n".join(reversed(rows))
    cut = "\n".join([rows[0], "...", rows[-1]])
    assert causes(
        ("pd.set_option('max_rows', 9)", [], [error("OptionError", "several keys")]),
        ("table", [result(f"{shown}\nLength: 4")], [result(cut)]),
        ("table", [result(shown)], [result(other)]),
    )[1:] == ["consequence of an earlier error", "library version"]


def test_a_cell_that_uses_what_a_later_one_had_left_was_recorded_out_of_order():
    cells = [
        ("x = 1", [], []),
        ("print(x)", [stream("2\n")], [stream("1\n")]),
        ("x = 2", [], []),
        ("print(np.pi)", [stream("4\n")], [stream("3\n")]),
    ]
    notebook = book(*((source, before) for source, before, _ in cells))
    counts = (1, 4, 3, 2)
    for cell, count in zip(notebook.cells, counts, strict=True):
        cell.execution_count = count
    done = compare_runs(recorded(notebook), (run_of(*(after for *_, after in cells)),), Tolerance())
    assert [cell.cause for cell in done.cells] == [
        None,
        "order of execution",
        None,
        "library version",
    ]


@pytest.mark.parametrize(
    ("then", "cause"),
    [("2", "order of execution"), ("1", "library version"), ("3", "order of execution")],
)
def test_a_run_in_the_recorded_order_tells_whether_the_order_is_why(then, cause):
    asked = []

    def in_order(order):
        asked.append(order)
        return run_of([], [stream(f"{then}\n")], [])

    cells = ("x = np.ones(1)", []), ("print(x)", [stream("2\n")]), ("x = x + 1", [])
    notebook = book(*cells)
    for cell, count in zip(notebook.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    run = run_of([], [stream("1\n")], [])
    done = compare_runs(recorded(notebook), (run,), Tolerance(), in_order=in_order)
    assert asked == [(1, 3, 2)]
    assert done.cells[1].cause == cause


def test_a_notebook_recorded_from_top_to_bottom_is_not_run_in_another_order():
    cells = ("x = 1", []), ("print(x)", [stream("2\n")])
    run = run_of([], [stream("1\n")])
    done = compare_runs(recorded(book(*cells)), (run,), Tolerance(), in_order=lambda order: 1 / 0)
    assert done.cells[1].verdict == "DIFFERS"


@pytest.mark.parametrize(
    ("setting", "cause"), [("1", "environment"), ("%matplotlib inline", "library version")]
)
def test_a_picture_that_nothing_asks_for_is_a_matter_of_settings(setting, cause):
    figure = [shown(image__png="AAAA", text__plain="<Figure size 432x288 with 1 Axes>")]
    assert causes((setting, [], []), ("plt.plot(x)", figure, [])) == [None, cause]


def test_what_no_library_has_a_part_in_differs_for_python():
    pure = ("import random\ndef f(n):\n    return sorted(n)", [], [])
    used = ("f([2, 1])", [result("[1, 2]")], [result("[2, 1]")])
    assert causes(pure, used)[1] == "environment"
    assert causes(("import numpy as np\nf = np.sort", [], []), used)[1] == "library version"


def test_a_name_that_a_failed_cell_should_have_given_another_value():
    early = ("x = 3", [], [])
    failed = ("y = gone()\nx = y + 1", [], [failed_at(1)])
    used = ("abs(x)", [result("9")], [result("3")])
    assert causes(early, failed, used)[2] == "consequence of an earlier error"
    assert causes(early, failed, early, used)[3] != "consequence of an earlier error"


def test_the_same_truth_written_as_a_number_is_of_another_library():
    assert causes(("dummies(t)", [result("0.0")], [result("False")])) == ["library version"]


def test_plots_where_none_were_recorded():
    cell = ("plt.plot(x)", [], [shown(text__plain="<Figure size 9x9 with 1 Axes>")])
    assert causes(cell) == ["environment"]


def counted(counts, *cells):
    notebook = book(*((source, before) for source, before, _ in cells))
    for cell, count in zip(notebook.cells, counts, strict=True):
        cell.execution_count = count
    run = run_of(*(after for *_, after in cells))
    return [cell.cause for cell in compare_runs(recorded(notebook), (run,), Tolerance()).cells]


@pytest.mark.parametrize(
    ("counts", "cause"), [((1, 2, 3), "library version"), ((1, 7, 8), "order of execution")]
)
def test_seeded_numbers_are_later_ones_where_cells_had_been_run_again(counts, cause):
    cells = [
        ("np.random.seed(1)", [], []),
        ("x = np.random.rand()", [], []),
        ("x", [result("0.25")], [result("0.75")]),
    ]
    assert counted(counts, *cells)[2] == cause


def test_what_a_cell_made_and_should_have_changed_where_it_failed_is_outdated():
    first = ("t = pd.DataFrame()\nt = t.append(1)", [stream("1")], [failed_at(2)])
    later = ("t.head()", [result("rows 5")], [result("rows 0")])
    assert causes(first, later, later)[1:] == ["consequence of an earlier error"] * 2


def test_a_name_that_a_cell_gives_a_value_before_it_reads_it_is_its_own():
    first = ("fig, ax = plt.subplots()\nax.bars(1)", [stream("1")], [failed_at(2)])
    later = ("fig, ax = plt.subplots()\nax.margin", [result("0.25")], [result("0.75")])
    assert causes(first, later)[1] == "library version"


@pytest.mark.parametrize("source", ["ls data", "cd ..", "pwd", "os.cpu_count()"])
def test_what_the_shell_says_is_of_the_environment(source):
    assert causes((source, [stream("a b\n")], [stream("a c\n")])) == ["environment"]


def test_a_file_that_a_program_does_not_find_is_of_the_data():
    lost = "head: cannot open 'a.csv' for reading: No such file or directory\n"
    assert causes(("!head a.csv", [stream("1,2\n")], [stream(lost)])) == ["data"]
    assert causes(("!head a.csv", [stream("1,2\n")], [stream("1,3\n")])) == ["environment"]


def test_what_a_module_beside_the_notebook_prints_was_printed_when_it_was_loaded_first(tmp_path):
    (tmp_path / "algebra.py").write_text("print(3)")
    notebook = book(("from algebra import dot\nprint(1)", [stream("1\n")]))
    kept = recorded(notebook, tmp_path)
    done = compare_runs(kept, [run_of([stream("3\n1\n")])], Tolerance())
    assert done.cells[0].cause == "order of execution"
    other = compare_runs(recorded(notebook), [run_of([stream("3\n1\n")])], Tolerance())
    assert other.cells[0].cause != "order of execution"


def test_counts_of_several_sessions_do_not_say_that_the_order_has_no_part():
    cells = ("x = np.ones(1)", []), ("print(x)", [stream("2\n")]), ("x = x + 1", []), ("1", [])
    notebook = book(*cells)
    for cell, count in zip(notebook.cells, (1, 3, 2, 1), strict=True):
        cell.execution_count = count
    run = run_of([], [stream("1\n")], [], [])
    done = compare_runs(recorded(notebook), (run,), Tolerance(), in_order=lambda order: run)
    assert done.cells[1].cause == "order of execution"


def test_another_error_than_the_recorded_one_has_the_cause_of_an_error():
    gone = [error("ModuleNotFoundError", "No module named 'gone'")]
    cells = [
        ("import gone\nx = gone.f()", [], gone),
        ("x + y", name_error("y"), name_error("x")),
        ("print y", name_error("y"), [error("SyntaxError", "Missing parentheses")]),
    ]
    assert causes(*cells)[1:] == ["consequence of an earlier error", "environment"]


def test_a_column_that_all_runs_have_is_not_random_though_its_numbers_are():
    def table(*cells):
        rows = "".join(f"<tr><th>0</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" * 2)
        return [result("table", text__html=f"<table>{rows}</table>")]

    cell = ("t.sum()", table(0.25, 0.5), None)
    runs = [run_of(table("ab", x, 2 * x)) for x in (0.75, 0.5)]
    _, done = replicated([cell], *runs)
    assert done.cells[0].cause == "library version"


@pytest.mark.parametrize(
    ("count", "cause"), [(3, "order of execution"), (2, "environment")], ids=["twice", "once"]
)
def test_what_a_cell_had_added_twice_differs_for_the_order_of_execution(count, cause):
    cells = [
        ("found = [1, 2]", [], []),
        ("found.append(3)", [], []),
        ("len(found)", [result("4")], [result("3")]),
        ("own = []\nown.append(1)\nlen(own)", [result("2")], [result("1")]),
    ]
    notebook = book(*((source, before) for source, before, _ in cells))
    for cell, number in zip(notebook.cells, (1, count, count + 1, count + 2), strict=True):
        cell.execution_count = number
    kept = recorded(notebook)
    done = compare_runs(kept, [run_of(*(after for _, _, after in cells))], Tolerance())
    assert [cell.cause for cell in done.cells[2:]] == [cause, "environment"]


def test_a_magic_that_is_not_there_is_why_its_cells_say_nothing():
    gone = "UsageError: Cell magic `%%R` not found.\n"
    cells = [
        ("%%R\nsummary(a)", [result("1 2")], [stream(gone, "stderr")]),
        (
            "import this\n%load_ext rpy2.ipython",
            [],
            [error("ModuleNotFoundError", "No module named 'rpy2'")],
        ),
        ("%%R\nsummary(b)", [result("3 4")], [stream(gone, "stderr")]),
        ("%%R\nplot(b)", [shown(image__png="AAAA")], [stream(gone, "stderr")]),
    ]
    _, done = replicated(cells)
    assert [cell.cause for cell in done.cells] == [
        "environment",
        "environment",
        "consequence of an earlier error",
        "consequence of an earlier error",
    ]
    assert [cell.after for cell in done.cells] == [None, None, 2, 2]


def test_numbers_that_are_a_little_off_tell_less_than_those_that_are_far():
    before, after = "0.7511681 0.2858310 0.4994237", "0.7511082 0.2841749 0.5021547"
    assert causes(("f()", [stream(before)], [stream(after)])) == ["library version"]


CLOCKED = """
import time
def seconds(work):
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    return {}
fast = judge([seconds(loop) / 2.0])
"""


@pytest.mark.parametrize(
    ("returned", "shown", "cause"),
    [
        ("min(spent)", "print('yes' if fast else 'no')", "wall time"),
        ("min(spent)", "print('yes' if fast else 'no')\nprint(pandas.score)", "library version"),
        ("work", "print('yes' if fast else 'no')", "library version"),
    ],
)
def test_what_is_made_of_a_measured_time_differs_for_the_time(returned, shown, cause):
    code = f"import pandas\nfrom rules import judge, loop{CLOCKED.format(returned)}"
    cells = (code, [], []), (shown, [stream("yes\n")], [stream("no\n")])
    assert causes(*cells) == [None, cause]
    together = f"{code}\n{shown}"
    assert causes((together, [stream("yes\n")], [stream("no\n")])) == [cause]
