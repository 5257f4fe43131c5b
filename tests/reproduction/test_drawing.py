"""Figures are written whole or not at all."""

import errno

import pytest

from fluvial.errors import InputError
from fluvial.reproduction.drawing import panels, save


def test_a_figure_is_a_png_alone_in_its_folder(tmp_path):
    save(panels(1, 1, 1.0, 1.0)[0], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    figure, _ = panels(1, 1, 1.0, 1.0)

    def savefig(path, **options):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(figure, "savefig", savefig)
    with pytest.raises(InputError, match="No space left"):
        save(figure, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
