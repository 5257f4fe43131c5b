"""What surrounds imports leaves Python as it was."""

import gc

import pytest

from fluvial.cli.importing import importing


def test_garbage_is_not_looked_for_meanwhile_and_is_afterwards():
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_garbage_is_looked_for_after_an_import_has_failed():
    with pytest.raises(ImportError), importing():
        raise ImportError
    assert gc.isenabled()


def test_whoever_looks_for_no_garbage_still_does_not():
    gc.disable()
    try:
        with importing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
