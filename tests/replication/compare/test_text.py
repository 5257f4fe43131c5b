import pytest

from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance

TOLERANCE = Tolerance(rtol=1e-2)
STRICT = Tolerance(rtol=0.0)


def found(recorded, local, tolerance=TOLERANCE):
    return list(compare_text(recorded, local, tolerance, "stdout"))


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("a 1.0\n", "a 1.0"),
        ("nan inf -inf", "nan inf -inf"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_the_same(recorded, local):
    assert found(recorded, local) == []


def test_a_number_is_located():
    text = "start\nepoch 1, loss 0.50\nend\n"
    (near,) = found(text, text.replace("0.50", "0.502"))
    assert (near.place, near.line) == ("stdout line 2, number 2", 2)
    assert (near.recorded, near.local, near.tolerated) == ("0.50", "0.502", True)
    assert near.relative == pytest.approx(0.004)
    (far,) = found(text, text.replace("0.50", "0.6"))
    assert (far.tolerated, far.relative) == (False, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("recorded", "local", "tolerated"),
    [
        ("took 10.0 s", "took 3 s", True),
        ("took 10.0 s", "took 1min 40s", False),
        ("took 3 ms", "took 5 s", False),
        ("took 3.0", "took 2.0", True),
        ("took -3.0", "took 3.0", False),
        ("half-life 0 ns", "half-life 900 µs", False),
        ("took 0 ns", "took 900 µs", True),
        ("x = nan", "x = 1.0", False),
        ("x = 1", "x = inf", False),
        ("x = inf", "x = -inf", False),
        ("x = 0.0", "x = 1e-9", False),
        ("x = 0.0", "x = 1e-17", True),
        ("p = 1.2e-09", "p = 8.9e-09", False),
        ("norm 3.1e-30", "norm 9.9e-09", False),
        ("x = -4e-09", "x = +4e-09", False),
        ("x = -4e-09", "x = -4.0001e-09", True),
        ("n = 12345678901234567890", "n = 12345678901234567891", True),
        ("n = 100000", "n = 100001", True),
        ("[1.0, -1e-17]", "[1.0, 2e-17]", True),
        ("[1.0, -1e-12]", "[1.0, 2e-12]", False),
        ("n = 3", "n = 4", False),
        ("numpy 1.26.4", "numpy 1.26.5", False),
        ("classes {'a', 'b'}", "classes {'a', 'c'}", False),
    ],
)
def test_judged(recorded, local, tolerated):
    assert [difference.tolerated for difference in found(recorded, local)] == [tolerated]


def test_a_line_more_does_not_shift_the_others():
    recorded = "".join(f"step {i}: {i}.5\n" for i in range(5)) + "end: 1\n"
    local = recorded.replace("end: 1", "note\nend: 2")
    extra, number = found(recorded, local)
    assert (extra.kind, extra.local) == ("extra", "note")
    assert (number.kind, number.line, number.local) == ("number", 6, "2")


def test_a_line_less():
    (missing,) = found("a\nb\nc\n", "a\nc\n")
    assert (missing.kind, missing.recorded, missing.line) == ("missing", "b", 2)


def test_json_is_compared_by_its_paths():
    recorded = '{"loss": 0.5, "names": ["a", "b"], "old": 1}'
    local = '{"names": ["a", "c"], "loss": 0.7, "new": 2}'
    places = {difference.place: difference.kind for difference in found(recorded, local)}
    assert places == {
        "stdout, loss": "number",
        "stdout, names, [1]": "text",
        "stdout, old": "missing",
        "stdout, new": "extra",
    }


def test_long_lines_are_cut_around_the_difference():
    (cut,) = found("a" * 3000 + " b " + "c" * 3000, "a" * 3000 + " d " + "c" * 3000)
    assert len(cut.recorded) < 200
    assert " b " in cut.recorded


def test_one_of_many_lines_alike_is_missing():
    lines = [f"loss {0.9**i:.6f}" for i in range(100)]
    (missing,) = found("\n".join(lines), "\n".join(lines[:40] + lines[41:]))
    assert (missing.kind, missing.line) == ("missing", 41)
    near = [f"loss {0.9**i * 1.0001:.6f}" for i in range(100)]
    others = found("\n".join(lines), "\n".join(near[:40] + near[41:]), Tolerance(rtol=1e-2))
    (missing,) = [difference for difference in others if difference.kind == "missing"]
    assert missing.line == 41
    assert [difference.tolerated for difference in others].count(False) == 1


@pytest.mark.parametrize("count", [20_000, pytest.param(220_000, marks=pytest.mark.slow)])
def test_many_lines(count):
    lines = [f"step {i}" for i in range(count)]
    recorded = "\n".join(lines)
    lines[777] = "step of another kind"
    (difference,) = found(recorded, "\n".join(lines))
    assert difference.line == 778
    (extra,) = found(recorded, "first\n" + recorded)
    assert extra.local == "first"
    (missing,) = found(recorded, recorded.replace("step 1234\n", ""))
    assert missing.line == 1235


@pytest.mark.parametrize(
    ("recorded", "local", "tolerated"),
    [
        ("error: 0.25\nx 1", "('error:', np.float64(0.25))\nx 1", True),
        ("error: 0.25\nx 1", "('error:', np.float64(0.75))\nx 1", False),
        ("dict_keys(['a', 'b'])", "dict_keys(['b', 'a'])", True),
        ("['a', 'b']", "dict_keys(['b', 'a'])", True),
        ("dict_items([('a', 1), ('b', 2)])", "dict_items([('b', 2), ('a', 1)])", True),
        ("dict_keys(['a', 'b'])", "dict_keys(['a', 'c'])", False),
        ("array([1, ..., 9])", "array([1, ..., 9], shape=(99,))", True),
        ("array([1, ..., 9])", "array([1, ..., 8], shape=(99,))", False),
        ("[0.7 0.7071]", "[0.70001 0.70711]", True),
        ("array([0.7, 0.7071])", "array([0.70001, 0.70711])", True),
        ("TResult(statistic=0.188)", "TResult(statistic=0.1877344610194689)", True),
        ("TResult(statistic=0.189)", "TResult(statistic=0.1877344610194689)", False),
        ("[0.5 0.25]", "[0.50001 0.25]", False),
        ("accuracy 0.9501", "accuracy 0.95011", False),
        ("2.866515719235352e-07", "0.0000002867", True),
        ("0.0000002867", "2.866515719235352e-07", True),
        ("1234567.891", "1.2346e+06", True),
        ("2.866515719235352e-07", "0.0000002868", False),
        ("2.866515719235352e-07", "0.0000003", False),
        ("1234567.891", "1235000", False),
    ],
)
def test_what_another_version_prints_of_the_same_values(recorded, local, tolerated):
    differences = found(recorded, local, STRICT)
    assert all(difference.tolerated for difference in differences) is tolerated


@pytest.mark.parametrize(("source", "tolerated"), [("id(a)", True), ("find_id(a)", False)])
def test_where_something_is_in_memory_says_nothing(source, tolerated):
    texts = "4501625608", "140463920911680"
    here = Surroundings(source=source)
    [difference] = compare_text(*texts, TOLERANCE, "output 1", here)
    assert difference.tolerated is tolerated
    [small] = compare_text("3", "4", TOLERANCE, "output 1", here)
    assert not small.tolerated


def test_what_ipython_says_of_a_module_is_a_matter_of_printing():
    before, after = "np    module    Shape: <function shape>", "np    module    <module 'numpy'>"
    (styled,) = found(before, after)
    assert (styled.tolerated, styled.cause) == (True, "library printing")
    assert not found(before, before.replace("module", "ndarray"))[0].tolerated
