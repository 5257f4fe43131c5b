import dataclasses

import pytest

from fluvial.inference.settings import DEFAULT, Settings


@pytest.mark.parametrize("group", [field.name for field in dataclasses.fields(Settings)])
def test_every_threshold_is_saved_read_again_and_explained(group):
    values = getattr(DEFAULT, group)
    assert Settings.of({group: DEFAULT.mapping()[group]}) == DEFAULT
    explained = type(values).__doc__ or ""
    assert [f.name for f in dataclasses.fields(values) if f"    {f.name}: " not in explained] == []


def test_settings_of_an_earlier_version_have_the_defaults_of_what_is_new():
    earlier = {group: values for group, values in DEFAULT.mapping().items() if group != "tail"}
    del earlier["match"]["few_heads"]
    assert Settings.of(earlier) == DEFAULT
