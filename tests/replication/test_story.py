import pytest

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.names import names_in
from fluvial.replication.story import Facts, NotebookStory


def facts(story, source="plot(x)"):
    return Facts(
        source,
        names_in(source),
        story,
        version="3.11.1",
        repeated=False,
        varying=False,
        disordered=False,
        surely_disordered=False,
        styled=True,
        cut=False,
        inline=True,
    )


def after(*cells):
    """Return what cells have left behind, each given with the line at which it failed, or None."""
    story = NotebookStory()
    for number, (source, line) in enumerate(cells, 1):
        failed = line is not None
        story.after(number, source, names_in(source), failed=failed, line=line)
    return story


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


def test_what_was_left_unchanged_is_stale_until_it_is_made_anew():
    failed = ("x = read()\nx.order()", 2)
    used = ("y = x + 1", None)
    assert facts(after(failed, used), "x").stale_since == 1
    assert facts(after(failed, used), "y").stale_since is None
    assert facts(after(failed, ("x = read()", None)), "x").stale_since is None


def test_modules_are_never_stale():
    assert facts(after(("import a\nx = a.f()\na.g()", 2)), "a.h()").stale_since is None


def test_a_style_that_was_set_before_the_failure_is_not_lost():
    picture = Difference(Kind.IMAGE, "output 1", None, "9×9", "9×9", 0.1, False, "unlike")
    set_before = after(("plt.style.use('a')\ngone()", 2))
    assert facts(set_before).unset_by(picture) is None
    shape = Difference(Kind.IMAGE, "output 1", None, "9×9", "9×4", None, False, "of another shape")
    assert facts(after(("plt.style.use('gone')", 1))).unset_by(shape) is None
