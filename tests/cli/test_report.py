import pytest

from fluvial import InputError
from fluvial.report import page


@pytest.fixture
def rendered(monkeypatch):
    monkeypatch.setattr(page, "render_report", lambda directory: f"<p>{directory.name}</p>")


def test_the_page_goes_into_the_folder(run, rendered, tmp_path):
    code, out, err = run("report", tmp_path)
    assert (code, err) == (0, "")
    assert out == f"saved {tmp_path / 'report.html'}\n"
    assert (tmp_path / "report.html").read_text() == f"<p>{tmp_path.name}</p>"


def test_or_where_it_is_asked_to(run, rendered, tmp_path):
    assert run("report", tmp_path, "--out", tmp_path / "page.html")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_is_noticed_before_it_is_made(run, monkeypatch, tmp_path):
    monkeypatch.setattr(page, "render_report", lambda directory: pytest.fail("it was made"))
    code, _, err = run("report", tmp_path, "--out", tmp_path)
    assert (code, err) == (1, f"fluvial: {tmp_path} is a folder: give the name of a file.\n")


def test_wrong_input_is_one_sentence(run, monkeypatch, tmp_path):
    def refuse(directory):
        raise InputError("there are no results.")

    monkeypatch.setattr(page, "render_report", refuse)
    assert run("report", tmp_path)[::2] == (1, "fluvial: there are no results.\n")
    assert list(tmp_path.iterdir()) == []
