import importlib.util
import json

import pytest

from fluvial import InputError
from fluvial.replication import check_ready, replicate

from .books import book, recorded, result, shown, stream

PICTURE = recorded(book(("1", [stream("1")]), ("plot()", [shown(image__png="")])))


def test_a_missing_kernel():
    notebook = book(("1", [result("1")]))
    notebook.metadata["kernelspec"]["name"] = "conda-env-thesis"
    with pytest.raises(InputError, match=r"asks for the kernel conda-env-thesis, .*python3"):
        check_ready(recorded(notebook))
    assert check_ready(recorded(notebook), "python3") == "python3"
    with pytest.raises(InputError, match="there is no kernel nonsense"):
        check_ready(recorded(notebook), "nonsense")


def test_a_kernel_of_an_environment_that_was_removed(tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "removed"
    folder.mkdir(parents=True)
    argv = [str(tmp_path / "removed" / "python"), "-m", "ipykernel_launcher"]
    spec = {"argv": argv, "display_name": "removed", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"removed/python, which is not there: .*python3"):
        check_ready(PICTURE, "removed")


@pytest.fixture
def without_skimage(monkeypatch):
    found = importlib.util.find_spec

    def find(name, *rest):
        return None if name == "skimage" else found(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find)


def test_pictures_need_what_compares_them(without_skimage):
    with pytest.raises(InputError, match=r"cell 2 has a recorded picture.*fluvial\[notebooks\]"):
        check_ready(PICTURE)
    assert check_ready(recorded(book(("1", [result("1")])))) == "python3"


def test_nothing_runs_before_all_is_there(without_skimage):
    with pytest.raises(InputError, match="scikit-image"):
        replicate(PICTURE, started=lambda run, cell: pytest.fail("it ran"))
