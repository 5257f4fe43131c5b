import pytest

from fluvial.cli import main
from fluvial.storage import cache


@pytest.fixture
def run(monkeypatch, capsys):
    """A function that runs the command line in this process: exit code, stdout and stderr."""
    # A process's compilation cache is chosen once, and this process is not the command's own.
    monkeypatch.setattr(cache, "keep_compiled", lambda: None)

    def run(*arguments):
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return leaving.value.code, captured.out, captured.err

    return run
