import http.server
import threading

import pytest


@pytest.fixture(autouse=True)
def _no_data_of_the_machine(monkeypatch, tmp_path):
    """Neither the user's folder nor the user's cache."""
    monkeypatch.delenv("FLUVIAL_DATA", raising=False)
    monkeypatch.setenv("FLUVIAL_CACHE", str(tmp_path / "cache"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A folder, and the address at which it is served on this machine."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: _Quiet(*args, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()
