import math
import re
import shutil
from dataclasses import replace

import pytest

from fluvial import InputError
from fluvial.report.claims import claim_row
from fluvial.report.page import render_report
from fluvial.report.stories import told
from fluvial.reproduction import Budget, Claim, Repetition, Rule, StudyResults
from fluvial.reproduction.results_files import write_content

from . import sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    sample.energies(folder)
    sample.notebook(folder)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return render_report(folder)


def test_everything_is_there(page):
    for words in (
        "Thirty-two planar layers fit U1.",
        "0.0100 ± 0.0010 nat",
        "fluvial reproduce energies --budget quick",
        "Figure 3(d)",
        "What it shows, in a sentence.",
        "2</b> of 3 parts done",
        "cnn.ipynb",
        "stdout line 1",
    ):
        assert words in page


def test_each_judgment_is_counted(page):
    counts = re.findall(r'class="count">(\d+)<.*?</svg>\s*([a-z ]+)<', page, re.DOTALL)
    assert {words.strip(): int(n) for n, words in counts} == {
        "reproduced": 1,
        "not reproduced": 1,
        "inconclusive": 1,
    }


def test_nothing_comes_from_the_network(page):
    addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s>)]+)""", page)
    assert addresses
    assert all(a.startswith(("data:", "#", "`url(#", "from.", "canvas.")) for a in addresses)
    assert "default-src 'none'" in page


def test_text_is_escaped(page):
    assert "Planar and NICE &lt;b&gt;agree&lt;/b&gt;." in page
    assert "loss <b>" not in page
    assert "evaluate(&#39;&lt;/script&gt;&#39;)" in page


def test_a_strip_shows_what_is_allowed(page):
    strips = re.findall(r'aria-label="Allowed: (.*?)\. 3 trainings: ', page)
    assert strips == ["at most 0.02", "at least 1", "from -0.1 to 0.1"]


@pytest.mark.parametrize(
    ("mean", "spread", "shown"),
    [
        (0.123456, 0.02, "0.123 ± 0.020"),
        (-6.7338, 0.4695, "-6.73 ± 0.47"),
        (121.62, 18.75, "122 ± 19"),
        (98765.4, 1234.5, "98800 ± 1200"),
        (0.0277, 0.1577, "0.03 ± 0.16"),
        (-0.001, 0.0996, "0.00 ± 0.10"),
        (4.0, 0.0, "4 ± 0"),
        (1.23456, math.nan, "1.235"),
        (1.5e-12, 2.0e-13, "1.5e-12 ± 2e-13"),
    ],
)
def test_a_mean_has_no_more_digits_than_its_spread_allows(mean, spread, shown):
    claim = {"measured": mean, "spread": spread, "unit": "", "values": [], "rule": "at least 0"}
    assert claim_row("study", claim).measured == shown


def test_what_was_repeated_is_named():
    claim = {"measured": 1.0, "spread": 0.1, "unit": "", "values": [], "rule": "at least 0"}
    assert claim_row("study", claim | {"seeds": 1, "each": "trainings"}).repeated == "1 training"
    parts = claim_row("study", claim | {"seeds": 10, "each": "parts of the test set"})
    assert parts.repeated == "10 parts of the test set"
    # As results of an earlier format have it.
    assert claim_row("study", claim | {"seeds": 3}).repeated == "3 seeds"
    assert claim_row("study", claim | {"seeds": 1, "each": "seeds"}).repeated == "1 seed"


def test_a_strip_is_drawn_from_the_bounds_and_not_from_words():
    claim = {"measured": 1.0, "spread": 0.1, "unit": "", "values": [0.0, 2.0], "rule": "so or so"}
    assert claim_row("study", claim).strip is None
    strip = claim_row("study", claim | {"low": 1.0, "high": math.inf}).strip
    assert strip.allowed == (50.0, 100.0)
    assert strip.mean == 50.0
    strip = claim_row("study", claim | {"low": -math.inf, "high": 1.0}).strip
    assert strip.allowed == (0.0, 50.0)


def test_pictures_are_described(page):
    assert 'alt="A ramp from black to white."' in page
    assert 'alt="Another curve. With a caption alone."' in page


def test_a_title_has_one_mark_at_its_end(page):
    assert "<b>Is it a curve?</b>" in page
    assert "<b>Another curve.</b>" in page


def test_each_study_is_summed_up(page):
    assert page.count("1 reproduced, 1 not reproduced, 1 inconclusive") == 1


def test_a_story_says_what_was_claimed_and_found_and_how_sure_that_is(page):
    story = page[page.index('<div class="story">') : page.index('<p class="facts">')]
    assert "Flows &lt;i&gt;bend&lt;/i&gt;." in story
    assert story.count("<li>") == 1
    assert "0.0100 ± 0.0010 nat" in story
    assert ": kl over seeds (published: 0.1)" in story
    sure = "a mean over 3 trainings: 1 reproduced, 1 not reproduced, 1 left open."
    assert sure in story
    assert 'alt="Another curve. With a caption alone."' in story


def test_stories_come_first_and_claims_below(page):
    assert page.index('id="study-energies"') < page.index('id="claims"')


def test_studies_stand_in_the_order_in_which_they_are_listed(folder, tmp_path):
    for name in ("cnn_pil", "energies", "mnist", "unheard_of"):
        shutil.copytree(folder / "energies", tmp_path / name)
        header = {**StudyResults(tmp_path / name).header, "study": name}
        write_content(tmp_path / name / "study.json", "study", header)
    places = re.findall(r'<section id="study-(\w+)"', render_report(tmp_path))
    assert places == ["energies", "mnist", "cnn_pil", "unheard_of"]


def test_results_without_a_story_begin_with_their_first_claims_and_figure(tmp_path):
    sample.energies(tmp_path)
    results = StudyResults(tmp_path / "energies")
    results.write_story(None)
    page = render_report(tmp_path)
    story = page[page.index('<div class="story">') : page.index('<p class="facts">')]
    assert "Claimed" not in story
    assert story.count("<li>") == 3
    assert 'alt="A ramp from black to white."' in story


def test_where_nothing_was_decided_the_reason_is_the_story():
    claim = Claim("one", "It is so.", "here", "", "it", Rule(low=0.0, ordering=True))
    judged = [claim.judge([1.0], Budget.FULL).content(), claim.judge([2.0], Budget.FULL).content()]
    rows = [claim_row("study", content) for content in judged]
    assert told(None, rows, []).sure == (
        "Nothing was decided: the full budget needs 3 trainings, and there is 1."
    )
    repeats = replace(claim, rule=Rule(low=0.0), each=Repetition.REPEATS)
    rows = [
        claim_row("study", one.judge(values, Budget.FULL).content())
        for one, values in (
            (claim, [1.0, 1.1, 1.2]),
            (claim, [1.0] * 20),
            (repeats, [-1.0] * 5),
        )
    ]
    assert told(None, rows, []).sure == (
        "Of 3 claims, each judged by the 95 % interval of a mean over 3 to 20 trainings or "
        "5 repeats: 2 reproduced, 1 not reproduced."
    )


def test_what_varies_from_run_to_run_is_apart(page):
    assert page.count("varies by itself, from run to run") == 1


def test_a_folder_of_one_study(folder):
    page = render_report(folder / "energies")
    assert 'id="notebooks"' not in page
    assert "Two-dimensional energies" in page


def test_a_study_that_is_not_finished(tmp_path):
    sample.energies(tmp_path)
    for name in ("claims.json", "figures.json"):
        (tmp_path / "energies" / name).unlink()
    page = render_report(tmp_path)
    assert "no claim of it has been judged" in page
    assert 'id="claims-table"' not in page


def test_folders_without_results(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        render_report(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no results"):
        render_report(tmp_path)


def test_a_figure_that_is_missing(tmp_path):
    sample.energies(tmp_path)
    (tmp_path / "energies" / "figures" / "curve.png").unlink()
    with pytest.raises(InputError, match=r"curve.png is missing"):
        render_report(tmp_path)
