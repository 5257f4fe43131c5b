import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_ten_lines_of_python_run(tmp_path, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    assert names["draws"]["x"].shape == (4000,)
    assert names["draws"]["x"].std() == pytest.approx(1.0, abs=0.05)
    assert names["draws"]["y"].mean() == pytest.approx(0.5, abs=0.06)
    assert (tmp_path / "banana" / "posterior.json").is_file()
    assert "verdict: " in capsys.readouterr().out


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")))
def test_what_it_links_to_is_there(path):
    assert (README.parent / path).exists()
