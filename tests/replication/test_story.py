import pytest

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.facts import Facts
from fluvial.replication.names import names_in
from fluvial.replication.story import NotebookStory


def facts(story, source="plot(x)"):
    return Facts(9, source, names_in(source), story, version="3.11.1", styled=True, inline=True)


def after(*cells):
    """Return what cells have left behind, each given with the line at which it failed, or None."""
    story = NotebookStory()
    for number, (source, line) in enumerate(cells, 1):
        story = story.after(number, source, failed=None if line is None else number, line=line)
    return story


def affected(*cells, by="x"):
    return facts(after(*cells), by).affected_by


@pytest.mark.parametrize(
    ("unlike", "reason", "explained"),
    [(0.12, "", True), (0.7, "", False), (0.9, f"unlike, {OTHER_BACKGROUND}", True)],
)
def test_a_lost_style_explains_a_grid_and_a_background_alone(unlike, reason, explained):
    story = after(("plt.style.use('gone')", 1))
    picture = Difference(Kind.IMAGE, "output 1", None, "9×9", "9×9", unlike, False, reason)
    assert (facts(story).unset_by(picture) == 1) is explained


@pytest.mark.parametrize(("local", "explained"), [("0.0336", True), ("0.0436", False)])
def test_a_lost_precision_explains_further_digits_alone(local, explained):
    story = after(("np.set_printoptions(precision=2)", 1))
    number = Difference(Kind.NUMBER, "output 1", None, "0.03", local, 0.12, False, "beyond")
    assert (facts(story).unset_by(number) == 1) is explained


def test_what_was_left_unchanged_is_not_what_it_should_be_until_it_is_made_anew():
    failed = ("x = read()\nx.order()", 2)
    assert affected(failed, ("z = 1", None)) == 1
    assert affected(failed, ("x.head()", None)) == 1
    assert affected(failed, ("x = read()", None)) is None


@pytest.mark.parametrize(
    "lost", ["x['a'] = f()", "x.loc[0, 'a'] = f()", "x.a = f()", "for i in n:\n    x[i] = f()"]
)
def test_an_entry_that_was_not_set_is_missing_in_what_it_is_an_entry_of(lost):
    made, failed = ("x = read()", None), (lost, 1)
    assert affected(made, failed, ("x['b'] = 2", None)) == 2
    assert affected(made, failed, ("x = x.drop(1)", None)) == 2


def test_what_is_made_of_something_inherits_its_failure_statement_by_statement():
    failed = ("x['a'] = f()", 1)
    derived = ("y = split(x)\nz = other()", None)
    assert affected(failed, derived, by="fit(y)") == 1
    assert affected(failed, derived, by="fit(z)") is None


def test_names_inside_of_functions_and_comprehensions_are_not_those_outside():
    failed = ("x = gone()", 1)
    for own in ("def g(x):\n    return x", "[x for x in range(3)]", "lambda x: x + 1"):
        assert affected(failed, by=own) is None


def test_modules_are_never_affected():
    assert affected(("import a\nx = a.f()\na.g()", 2), by="a.h()") is None


def test_a_style_that_was_set_before_the_failure_is_not_lost():
    picture = Difference(Kind.IMAGE, "output 1", None, "9×9", "9×9", 0.1, False, "unlike")
    set_before = after(("plt.style.use('a')\ngone()", 2))
    assert facts(set_before).unset_by(picture) is None
    shape = Difference(Kind.IMAGE, "output 1", None, "9×9", "9×4", None, False, "of another shape")
    assert facts(after(("plt.style.use('gone')", 1))).unset_by(shape) is None


def test_a_seed_that_is_set_again_leaves_no_doubt_of_what_is_drawn_next():
    story = NotebookStory().at("np.random.seed(1)", again=False).after(1, "np.random.seed(1)")
    draw = "x = np.random.rand()"
    moved = story.at(draw, again=True)
    assert facts(moved, draw).drawn_later
    assert facts(moved.after(2, draw), "x").drawn_later
    again = f"np.random.seed(2)\n{draw}"
    assert not facts(story.at(again, again=True), again).drawn_later


def test_draws_that_repeats_do_not_vary_are_not_random():
    source = "train_test_split(x)"
    known = {"number": 3, "source": source, "names": names_in(source), "story": NotebookStory()}
    assert Facts(**known).random
    assert not Facts(**known, repeated=True).random
    assert Facts(**known, repeated=True, vary=frozenset({3})).random


def test_what_a_seeded_generator_draws_is_not_random():
    seeded = NotebookStory().after(1, "rng = np.random.default_rng(0)")
    unseeded = NotebookStory().after(1, "rng = np.random.default_rng()")
    draw = "x = rng.normal(size=9)"
    assert not facts(seeded, draw).random
    assert not facts(seeded.after(2, draw), "x").random
    assert facts(unseeded, draw).random
    assert facts(seeded.after(2, "rng = make_rng()"), draw).random


@pytest.mark.parametrize(
    ("source", "random"), [("make_blobs(9)", True), ("make_scorer(loss)", False)]
)
def test_what_makes_data_draws_and_what_makes_pipelines_does_not(source, random):
    assert facts(NotebookStory(), source).random is random
