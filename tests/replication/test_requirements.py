import subprocess

import pytest

from fluvial import InputError
from fluvial.replication import restore
from fluvial.replication.requirements import Requirements, requirements_of

from .books import book, recorded


def test_what_a_notebook_needs(tmp_path):
    (tmp_path / "own.py").write_text("")
    (tmp_path / "requirements.txt").write_text(
        "numpy==1.19.5  # pinned\n-e .\ngit+https://a.org/b\n"
    )
    (tmp_path / "environment.yml").write_text(
        "dependencies:\n- python=3.8\n- scipy=1.5.4=py38\n- pip:\n  - lmfit>=1.0\n"
    )
    source = "%matplotlib inline\nimport numpy as np, os, own\nfrom sklearn.svm import SVC"
    notebook = book((source, []))
    notebook.metadata["language_info"] = {"name": "python", "version": "3.8.5"}
    needed = requirements_of(recorded(notebook, tmp_path))
    assert needed.python == "3.8"
    assert needed.packages == ("numpy==1.19.5", "scipy==1.5.4", "lmfit>=1.0", "scikit-learn")


def test_the_date_is_that_of_the_last_commit(tmp_path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tmp_path)]
    (tmp_path / "book.ipynb").write_text("{}")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    commit = [*git, "commit", "-qm", "a", "--date", "2019-05-04T12:00:00"]
    subprocess.run(commit, check=True, env={"GIT_COMMITTER_DATE": "2019-05-04T12:00:00"})
    assert requirements_of(recorded(book(("1", [])), tmp_path)).date == "2019-05-04"


def test_without_uv_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("FLUVIAL_CACHE", str(tmp_path))
    monkeypatch.setattr(restore.shutil, "which", lambda name, path=None: None)
    with pytest.raises(InputError, match="takes uv, which is not installed"):
        restore.built_environment(Requirements("3.11", (), "", ()))


def test_half_an_environment_is_removed(tmp_path, monkeypatch):
    requirements = Requirements("3.11", (), "", ())
    monkeypatch.setattr(restore, "environment_folder", lambda _: tmp_path / "environment")
    monkeypatch.setattr(restore.shutil, "which", lambda name, path=None: path and "uv")

    def interrupted(command, what):
        (tmp_path / "environment").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(restore, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore.built_environment(requirements)
    assert not (tmp_path / "environment").exists()
