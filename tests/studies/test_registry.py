import pytest

from fluvial.errors import InputError
from fluvial.studies import STUDIES, load_study


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_the_name_it_is_found_by(name):
    assert load_study(name).name == name


def test_an_unknown_study_is_told_with_the_nearest(monkeypatch):
    monkeypatch.setitem(STUDIES, "energies", "no.such.module:Energies")
    with pytest.raises(InputError, match='no study is called "energy": did you mean "energies"'):
        load_study("energy")
    with pytest.raises(InputError, match=r'no study is called "xyzzy": known are .*energies'):
        load_study("xyzzy")
