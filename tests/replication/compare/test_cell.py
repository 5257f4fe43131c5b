import base64
import io
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.outputs import IN_LIKE_FONTS, MISSING_FONTS
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance

from ..books import error, result, shown, stream

TABLE = (
    "<style>td {{color: red}}</style><table><tr><th></th><th>loss</th><th>time (s)</th></tr>"
    "<tr><th>0</th><td>{}</td><td>{}</td></tr></table><p>{} rows</p>"
)


def found(recorded, local, source=""):
    run = Surroundings(source=source)
    return list(compare_outputs(recorded, local, Tolerance(rtol=1e-2), run))


def png(pixels):
    data = io.BytesIO()
    Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def plot(shift, size=(120, 160)):
    """A curve on white, as a plot has it."""
    pixels = np.ones((*size, 3))
    columns = np.arange(size[1])
    rows = (size[0] * (0.5 + 0.4 * np.sin(columns / 20.0 + shift))).astype(int)
    pixels[np.clip(rows, 0, size[0] - 1), columns] = (0.0, 0.2, 0.7)
    pixels[-5, :] = 0.0
    return png(pixels)


def test_pieces_of_a_stream_are_one_text():
    assert found([stream("a 1\nb"), stream(" 2\n")], [stream("a 1\nb 2\n")]) == []


def test_printed_text_that_was_saved_as_a_result():
    printed, saved = stream("a: 1\nb\n"), result("a: 1\nb")
    for pair in (([saved], [printed]), ([printed], [saved])):
        assert [difference.tolerated for difference in found(*pair)] == [True]
    both = [result("x = 3"), result("3")], [stream("x = 3\n"), result("3")]
    assert [difference.tolerated for difference in found(*both)] == [True]
    assert not all(d.tolerated for d in found([result("a: 1")], [stream("a: 9\n")]))
    assert not all(d.tolerated for d in found([result("3")], [stream("x\n"), result("3")]))


def test_stderr_and_widgets_are_not_judged():
    widget = {"application__vnd.jupyter.widget-view+json": {"model_id": "a"}}
    before = [stream("1"), stream("old warning", "stderr"), shown(**widget, text__plain="0%")]
    assert found(before, [stream("1"), stream("new warning", "stderr")]) == []


def test_a_cell_of_a_table_is_located():
    before = [result("...", text__html=TABLE.format(0.5, 10.0, 2))]
    after = [result("other", text__html=TABLE.format(0.6, 12.0, 3))]
    loss, time, rows = found(before, after, "begin = time.time()")
    assert (loss.place, loss.line, loss.tolerated) == ("output 1, row 2, column loss", 2, False)
    assert (time.kind, time.tolerated) == ("duration", True)
    assert (rows.recorded, rows.local) == ("2", "3")


def test_a_table_of_another_shape():
    row = "<table><tr><td>1</td></tr></table>"
    (difference,) = found(
        [shown(text__html=row)],
        [shown(text__html=row.replace("</tr>", "</tr><tr><td>2</td></tr>"))],
    )
    assert (difference.recorded, difference.local) == ("1 rows of 1 cells", "2 rows of 1 cells")


def test_what_a_script_draws_is_judged_by_its_text():
    before = [result("Chart(3)", text__html="<div id='a1'></div><script>f(1)</script>")]
    after = [result("Chart(3)", text__html="<div id='b2'></div><script>f(2)</script>")]
    assert found(before, after) == []


def test_json_before_all():
    mime = "application__vnd.plotly.v1+json"
    before = [shown(**{mime: {"data": [{"y": [1, 2.0]}]}, "text__plain": "a"})]
    after = [shown(**{mime: {"data": [{"y": [1, 2.001]}]}, "text__plain": "b"})]
    (difference,) = found(before, after)
    assert difference.place == "output 1, data, [0], y, [1]"
    assert difference.tolerated


def test_the_same_plot_again():
    assert found([shown(image__png=plot(0.0))], [shown(image__png=plot(0.0))]) == []


@pytest.mark.parametrize(
    ("shift", "size", "tolerated"),
    [(0.002, (120, 160), True), (1.0, (120, 160), False), (1.0, (180, 240), False)],
)
def test_pictures_are_judged_by_what_they_show(shift, size, tolerated):
    before, after = shown(image__png=plot(0.0)), shown(image__png=plot(shift, size))
    differences = found([before], [after])
    assert [(d.kind, d.tolerated) for d in differences] == [("image", tolerated)]


def test_noise_in_a_photo_is_tolerated_and_another_photo_is_not():
    rng = np.random.default_rng(0)
    photo = np.kron(rng.random((8, 8, 3)), np.ones((12, 12, 1)))
    noisy = [shown(image__png=png(photo + rng.normal(0, 0.005, photo.shape)))]
    assert [d.tolerated for d in found([shown(image__png=png(photo))], noisy)] == [True]
    other = [shown(image__png=png(photo[::-1]))]
    assert [d.tolerated for d in found([shown(image__png=png(photo))], other)] == [False]


def test_a_picture_that_is_none():
    (difference,) = found([shown(image__png="AAAA")], [shown(image__png=plot(0.0))])
    assert difference.recorded == "not a picture"


def test_binary_data_must_be_the_same():
    assert found([shown(application__pdf="QUJD")], [shown(application__pdf="QUJD")]) == []
    (difference,) = found([shown(application__pdf="QUJD")], [shown(application__pdf="QUJE")])
    assert not difference.tolerated


def test_outputs_that_are_missing_or_more():
    missing, extra = (
        found([result("1"), result("2")], [result("1")]),
        found([result("1")], [result("1"), shown(image__png="AAAA")]),
    )
    assert [(d.kind, d.recorded) for d in missing] == [("missing", "2")]
    assert [(d.kind, d.local) for d in extra] == [("extra", "6 characters of image/png")]


def test_another_type_of_output():
    (difference,) = found([shown(image__png="AAAA")], [shown(text__latex="x")])
    assert (difference.kind, difference.recorded) == ("type", "image/png")


def test_errors_by_type_and_message():
    loss, shapes = error("ValueError", "loss is 1.0"), error("ValueError", "shapes (3,4) and (5,)")
    assert [(d.kind, d.tolerated) for d in found([loss], [shapes])] == [("error", False)]
    advice = error("NameError", "name 'a' is not defined. Did you mean: 'b'?")
    before = error("NameError", "name 'a' is not defined")
    assert [d.cause for d in found([before], [advice])] == ["library printing"]
    assert found([error("ValueError", "3 rows")], [error("ValueError", "3 rows")]) == []
    literal = "invalid literal for {}() with base 10: 'a'".format
    two, three = error("ValueError", literal("long")), error("ValueError", literal("int"))
    assert [d.cause for d in found([two], [three])] == ["library printing"]
    other = found([error("ValueError", "3 rows")], [error("KeyError", "'a'")])
    assert [(d.kind, d.tolerated) for d in other] == [("error", False)]
    cured = found([error("ValueError", "3 rows")], [])
    assert [(d.kind, d.recorded) for d in cured] == [("missing", "ValueError: 3 rows")]


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("x must be positive", "x must be negative"),
        ("the fit did not converge", "the fit did converge"),
        ("index 5 is out of bounds with size 5", "index 7 is out of bounds with size 5"),
        ("", "the sum is 0.9"),
    ],
)
def test_messages_that_say_something_else(recorded, local):
    (difference,) = found([error("ValueError", recorded)], [error("ValueError", local)])
    assert not difference.tolerated


def test_a_message_that_says_a_little_more():
    before = error("ZeroDivisionError", "division by zero")
    after = error("ZeroDivisionError", "integer division by zero")
    assert [d.tolerated for d in found([before], [after])] == [True]


def test_rows_of_a_table_that_one_version_of_pandas_leaves_out_with_dots():
    def table(*rows):
        cells = ["".join(f"<td>{entry}</td>" for entry in row) for row in rows]
        return [result("x", text__html="".join(["<table>", *(f"<tr>{c}</tr>" for c in cells)]))]

    rows = [(count, 0.5 * count) for count in range(1, 9)]
    whole, short = table(*rows), table(*rows[:2], ("...", "..."), *rows[-2:])
    assert [d.cause for d in found(whole, short)] == ["library printing"]
    assert [d.tolerated for d in found(short, whole)] == [True]
    other = table(*rows[:2], ("...", "..."), rows[-2], (8, 5.0))
    assert [d.tolerated for d in found(whole, other)] == [True, False]
    assert [d.tolerated for d in found(whole, table(*rows[:5]))] == [False]


def html_table(*rows, below=""):
    cells = ["".join(f"<td>{entry}</td>" for entry in row) for row in rows]
    return "".join(["<table>", *(f"<tr>{row}</tr>" for row in cells), "</table>", below])


@pytest.mark.parametrize(
    ("recorded", "local", "agrees"),
    [
        ([("a", "b"), (1, 2)], [("a", "b"), (1, 2)], True),
        ([("a", "b"), (1, 2)], [("a", "b"), (1, 3)], False),
        ([*["abcdef"]], [("a", "...", "f")], True),
        ([*["abcdef"]], [("a", "...", "e")], False),
        ([("a",), ("None",)], [("a",), ("NaN",)], True),
        ([("a",), ("None",)], [("a",), ("0",)], False),
    ],
)
def test_how_much_of_a_table_is_shown_and_what_is_written_beside_it_depends_on_pandas(
    recorded, local, agrees
):
    before = result("<table>", text__html=html_table(*recorded, below="<p>1 rows × 2 columns</p>"))
    after = result("<table>", text__html=html_table(*local))
    differences = found([before], [after])
    assert differences
    assert all(d.tolerated for d in differences) is agrees


def test_a_table_or_a_formula_that_says_the_same_as_plain_text():
    before = result("x**2", text__latex="$$x^{2}$$")
    after = result("x**2", text__latex="$\\displaystyle x^{2}$")
    assert [d.tolerated for d in found([before], [after])] == [True]
    other = result("x**3", text__latex="$\\displaystyle x^{3}$")
    assert [d.tolerated for d in found([before], [other])] == [False]


def test_a_result_that_only_one_side_has_moves_no_other_output():
    picture = plot(0.0)
    figure = shown(text__plain="<Figure>", image__png=picture)
    (missing,) = found([result("[1, 2]"), figure], [figure])
    assert (missing.kind, missing.recorded, missing.tolerated) == ("missing", "[1, 2]", False)


@pytest.mark.parametrize(("axes", "tolerated"), [(0, True), (1, False)])
def test_a_figure_with_nothing_in_it_is_no_result(axes, tolerated):
    (extra,) = found([], [shown(text__plain=f"<Figure size 432x288 with {axes} Axes>")])
    assert (extra.kind, extra.tolerated) == ("extra", tolerated)


def test_objects_of_which_only_the_address_is_written_are_no_result():
    texts = "[<matplotlib.text.Text at 0x10a3ae610>,\n <matplotlib.text.Text at 0x10a3aedd0>]"
    figure = shown(text__plain="<Figure>", image__png=plot(0.0))
    (missing,) = found([result(texts), figure], [figure])
    assert missing.tolerated


@pytest.mark.parametrize(
    ("recorded", "local", "agrees"),
    [
        ("TtestResult(statistic=2.5, pvalue=0.02)", "df=8.0", True),
        ("Ttest_indResult(statistic=2.5, pvalue=0.02)", "df=8.0", True),
        ("(2.5, 0.02)", "df=8.0", True),
        ("TtestResult(statistic=2.5, pvalue=0.03)", "df=8.0", False),
        ("TtestResult(statistic=2.5, level=0.02)", "df=8.0", False),
        ("TtestResult(statistic=2.5, pvalue=0.02, df=9.0)", "df=8.0", False),
    ],
)
def test_results_that_have_got_more_fields(recorded, local, agrees):
    after = f"TtestResult(statistic=np.float64(2.5), pvalue=np.float64(0.02), {local})"
    differences = found([result(recorded)], [result(after)])
    assert all(difference.tolerated for difference in differences) is agrees


def test_what_ipython_says_of_its_commands_is_no_result():
    before = "Using matplotlib backend: MacOSX\nPopulating the interactive namespace from a\n3\n"
    after = "%pylab is deprecated, use %matplotlib inline and import the required libraries.\n3\n"
    (difference,) = found([stream(before)], [stream(after)])
    assert difference.tolerated
    assert found([stream(before)], [stream("4\n")])[-1].tolerated is False


def test_bytes_as_python_2_wrote_them():
    assert all(d.tolerated for d in found([result("[(1, '')]")], [result("[(1, b'')]")]))
    assert not all(d.tolerated for d in found([result("[(1, 'a')]")], [result("[(1, b'b')]")]))


def test_help_that_some_programs_show_beside_the_notebook():
    said = shown(text__plain="Signature: f(x)\nDocstring: g")
    assert [d.tolerated for d in found([said], [])] == [True]
    assert [d.tolerated for d in found([shown(text__plain="Type: 3")], [])] == [False]


def test_what_the_parser_says_of_the_same_code_is_its_own():
    before = [error("SyntaxError", "invalid syntax (<ipython-input-3-abc>, line 1)")]
    after = [error("SyntaxError", "unmatched ')' (123.py, line 1)")]
    assert [difference.tolerated for difference in found(before, after)] == [True]


def test_the_same_cells_in_a_table_of_another_shape():
    before = "<table><tr><th></th><th>a</th></tr><tr><th>0</th><td>5</td></tr></table>"
    after = "<table><tr><th>a</th></tr><tr><th>0</th><td>5</td></tr></table>"
    assert all(d.tolerated for d in found([shown(text__html=before)], [shown(text__html=after)]))
    other = [shown(text__html=after.replace("5", "6"))]
    assert not all(d.tolerated for d in found([shown(text__html=before)], other))


def test_a_table_that_its_own_plain_text_does_not_say_is_not_excused_by_it():
    def table(number):
        html = f"<table><tr><th>x</th></tr><tr><td>{number}</td></tr></table>"
        return [result("   x\n0  310", text__html=html)]

    assert [d.tolerated for d in found(table(310), table(301))] == [False]


def bars(*heights):
    pixels = np.ones((80, 80, 3))
    for at, height in enumerate(heights):
        pixels[80 - height :, 20 * at + 10 : 20 * at + 25] = 0.0
    return png(pixels)


@pytest.mark.parametrize(("other", "tolerated"), [((9, 30, 60), True), ((50, 60, 9), False)])
def test_a_plot_may_be_the_recorded_one_in_fonts_that_are_not_installed(other, tolerated):
    local = shown(image__png=bars(60, 9, 30))
    local.metadata["image/png"] = {IN_LIKE_FONTS: bars(*other)}
    differences = found([shown(image__png=bars(9, 30, 60))], [local])
    assert [difference.tolerated for difference in differences] == [tolerated]


@pytest.mark.parametrize(
    ("header", "source", "tolerated"),
    [
        ("runtime", "films.head()", False),
        ("runtime", "begin = time.time()", True),
        ("mean_fit_time", "pd.DataFrame(search.cv_results_)", True),
    ],
)
def test_what_a_table_calls_time_is_data_unless_it_was_measured(header, source, tolerated):
    table = "<table><tr><th>" + header + "</th></tr><tr><td>{}</td></tr></table>"
    tables = (shown(text__html=table.format(minutes)) for minutes in (120.5, 30.5))
    (difference,) = found(*([one] for one in tables), source)
    assert difference.tolerated is tolerated


def test_a_plot_in_other_letters_says_which_font_is_missing():
    local = shown(image__png=bars(60, 9, 30))
    local.metadata["image/png"] = {MISSING_FONTS: "Arial"}
    (difference,) = found([shown(image__png=bars(9, 30, 60))], [local])
    assert not difference.tolerated
    assert difference.reason.endswith("not installed here: Arial")


def test_times_that_scikit_learn_measures_are_durations_in_what_it_returns():
    before = result("{'fit_time': array([0.012, 0.013]), 'test_score': array([0.5, 0.75])}")
    after = result("{'fit_time': array([0.031, 0.02]), 'test_score': array([0.5, 0.75])}")
    assert {difference.cause for difference in found([before], [after])} == {"wall time"}
    assert all(difference.tolerated for difference in found([before], [after]))
    other = result("{'fit_time': array([0.012, 0.013]), 'test_score': array([0.5, 0.25])}")
    assert not all(difference.tolerated for difference in found([before], [other]))
    negative = result("{'fit_time': array([0.012, -0.013]), 'test_score': array([0.5, 0.75])}")
    assert not all(difference.tolerated for difference in found([negative], [after]))
    film = result("{'run_time': array([120.0, 95.0])}"), result("{'run_time': array([30.0, 95.0])}")
    assert not all(difference.tolerated for difference in found(*([text] for text in film)))


GRAPH = '<svg><!-- graphviz {} --><g id="{}"/><use xlink:href="#{}"/><text>gini = {}</text></svg>'


@pytest.mark.parametrize(("gini", "used", "tolerated"), [(0.5, "b7", True), (0.4, "b7", False)])
def test_a_drawing_is_judged_by_what_is_seen_of_it(gini, used, tolerated):
    drawings = GRAPH.format("2.43", "a1", "a1", 0.5), GRAPH.format("9.0", "b7", used, gini)
    (difference,) = found(*([shown(**{"image__svg+xml": drawing})] for drawing in drawings))
    assert difference.tolerated is tolerated


@pytest.mark.parametrize(("power", "tolerated"), [(2, True), (3, False)])
def test_a_formula_is_judged_without_what_sets_it_apart(power, tolerated):
    formulas = "$$x^{2}$$", rf"$\displaystyle x^{{{power}}}$"
    before, after = ([shown(text__latex=formula)] for formula in formulas)
    assert [difference.tolerated for difference in found(before, after)] == [tolerated]


@pytest.mark.parametrize(
    ("recorded", "local", "source", "tolerated"),
    [
        ("UUID('{}1')", "UUID('{}2')", "import uuid; uuid.uuid4()", True),
        ("UUID('{}1')", "UUID('{}2')", "row.key", False),
        ("{{'at': '{}', 'n': 3}}", "{{'n': 3, 'at': '{now:%Y-%m-%d %H:%M:%S}'}}", "", True),
        ("{{'at': '2020-01-01 10:00:00'}}", "{{'at': '2020-01-01 11:00:00'}}", "", False),
        (
            "datetime.date(2020, 1, 1)",
            "datetime.date({now.year}, {now.month}, {now.day})",
            "",
            True,
        ),
        ("datetime.date(2020, 1, 1)", "datetime.date(2020, 1, 3)", "", False),
    ],
)
def test_what_a_run_has_of_itself_may_be_within_values(recorded, local, source, tolerated):
    key = "123e4567-e89b-42d3-a456-42661417400"
    at = "2020-01-01 10:00:00"
    before = recorded.format(key if "UUID" in recorded else at)
    after = local.format(key, now=datetime.now())
    (difference,) = found([result(before)], [result(after)], source)
    assert difference.tolerated is tolerated


@pytest.mark.parametrize(("recorded", "local"), [("0.0", "nan"), ("nan", "0.0"), ("0", "inf")])
def test_what_is_not_finite_is_no_rounding(recorded, local):
    (difference,) = found([result(f"mean {recorded}")], [result(f"mean {local}")])
    assert not difference.tolerated
