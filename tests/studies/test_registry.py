import json
from pathlib import Path

import pytest

from fluvial.errors import InputError
from fluvial.studies import STUDIES, load_study

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_the_name_it_is_found_by(name):
    assert load_study(name).name == name


@pytest.mark.parametrize("name", STUDIES)
def test_a_story_tells_of_claims_and_a_figure_of_the_study(name):
    folder = RESULTS / name
    if not folder.is_dir():
        pytest.skip("no results of it are kept")
    story = load_study(name).story
    claims = json.loads((folder / "claims.json").read_text("utf-8"))["content"]
    figures = json.loads((folder / "figures.json").read_text("utf-8"))["content"]
    assert story.claimed.endswith(".")
    assert set(story.telling) <= {claim["name"] for claim in claims}
    assert story.picture in {figure["file"] for figure in figures}


def test_an_unknown_study_is_told_with_the_nearest(monkeypatch):
    monkeypatch.setitem(STUDIES, "energies", "no.such.module:Energies")
    with pytest.raises(InputError, match='no study is called "energy": did you mean "energies"'):
        load_study("energy")
    with pytest.raises(InputError, match=r'no study is called "xyzzy": known are .*energies'):
        load_study("xyzzy")
