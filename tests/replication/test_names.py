import pytest

from fluvial.replication.names import names_in, steps


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("x = x + 1", {"x"}),
        ("x += 1", {"x"}),
        ("x = 1\nprint(x)", {"print"}),
        ("for i in n:\n    t = i\n    f(t)", {"n", "f"}),
        ("[a * b for a in c if a]", {"b", "c"}),
        ("with f() as g:\n    g.h(k)", {"f", "k"}),
        ("def f(a, b=c):\n    d = a\n    return d + e", {"c"}),
        ("class A(B):\n    x = y\n    def f(self): return z", {"B", "y"}),
        ("lambda a: a + b", {"b"}),
        ("import a.b\na.b.c(d)", {"d"}),
    ],
)
def test_what_code_reads_before_it_has_given_it_a_value(source, needed):
    assert names_in(source).needed == needed


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ("x.loc[0] = 1", {"x"}),
        ("x.a.b[2] += 1", {"x"}),
        ("a, (b, *c) = d", {"a", "b", "c"}),
        ("x.drop(1, inplace=True)", {"x"}),
        ("y = x.append(1)", {"y"}),
        ("def f():\n    g = 1", {"f"}),
        ("f(x)[0] = 1", set()),
    ],
)
def test_what_code_gives_a_value_or_sets_a_part_of(source, stored):
    assert names_in(source).stored == stored


def test_statements_keep_the_numbers_of_their_lines():
    assert [step.last for step in steps("%matplotlib inline\n\nx = (1,\n  2)\ny")] == [4, 5]
    assert [step.source for step in steps("print 1")] == ["print 1"]
