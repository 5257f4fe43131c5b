import json
import sys

import pytest

from fluvial import InputError
from fluvial.replication import check_ready, read_notebook

from .books import book, recorded, result


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
        check_ready(recorded(book(("1", [result("1")]))), "removed")


def test_what_replicating_needs_is_asked_for_before_the_notebook_is_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(InputError, match=r'needs psutil, .*its extra "replicate"'):
        read_notebook("no_such_notebook.ipynb")


@pytest.mark.parametrize(
    ("name", "kernel"), [("ir", "IRkernel"), ("julia-1.9", "IJulia"), ("scala212", "Almond")]
)
def test_a_language_that_only_the_kernel_tells_is_refused(name, kernel):
    notebook = book(("1", [result("1")]))
    notebook.metadata = {"kernelspec": {"name": name, "display_name": name}}
    with pytest.raises(InputError, match=kernel):
        check_ready(recorded(notebook), "python3")


@pytest.mark.parametrize(("name", "kernel"), [("R", "IRkernel"), ("julia", "IJulia")])
def test_a_notebook_in_another_language_is_refused(name, kernel):
    notebook = book(("1", [result("1")]))
    notebook.metadata["language_info"] = {"name": name}
    with pytest.raises(InputError, match=f"notebook in {name.capitalize()}.*{kernel}"):
        check_ready(recorded(notebook))
