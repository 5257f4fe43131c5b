import http.server
import json
import threading

import nbformat
import pytest

from fluvial import InputError
from fluvial.replication import read_notebook
from fluvial.replication.read import raw_address

from .books import book, stream, write

BOOK = book(("print(1)", [stream("1\n")]))


@pytest.fixture
def server():
    """Serve one notebook at /ann/thesis/main/a b.ipynb, and a web page at /page."""
    pages = {
        "/ann/thesis/main/a%20b.ipynb": nbformat.writes(BOOK).encode(),
        "/ann/thesis/main/gr%C3%B6%C3%9Fe.ipynb": nbformat.writes(BOOK).encode(),
        "/page": b"<!DOCTYPE html><p>no notebook",
        "/cut.ipynb": b'{"nbformat": 4',
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in pages else 404)
            if self.path == "/cut.ipynb":
                self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("page", "raw"),
    [
        (
            "https://github.com/ann/thesis/blob/main/deep/k.ipynb",
            "https://raw.githubusercontent.com/ann/thesis/main/deep/k.ipynb",
        ),
        (
            "https://www.github.com/ann/thesis/raw/v1.0/k%20means.ipynb?plain=1#L3",
            "https://raw.githubusercontent.com/ann/thesis/v1.0/k%20means.ipynb",
        ),
        ("https://github.com/ann/thesis", "https://github.com/ann/thesis"),
        ("https://example.org/blob/a/b/c.ipynb?x=1#y", "https://example.org/blob/a/b/c.ipynb?x=1"),
    ],
)
def test_the_file_behind_a_page(page, raw):
    assert raw_address(page) == raw


def test_from_the_page_of_a_repository(server):
    page = "https://github.com/ann/thesis/blob/main/a%20b.ipynb"
    recorded = read_notebook(page, raw_hosts={"github.com": server})
    assert (recorded.name, recorded.folder) == ("a b.ipynb", None)
    assert [cell.source for cell in recorded.cells] == ["print(1)"]


@pytest.mark.parametrize("name", ["a b.ipynb", "größe.ipynb"])
def test_addresses_that_no_browser_has_encoded(server, name):
    page = f"https://github.com/ann/thesis/blob/main/{name}"
    assert read_notebook(page, raw_hosts={"github.com": server}).name == name


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nowhere.ipynb", "404"),
        ("/page", "is a web page, and so no notebook"),
        ("/cut.ipynb", "was cut off, 986 bytes are missing"),
    ],
)
def test_what_the_web_answers_instead(server, path, words):
    with pytest.raises(InputError, match=words):
        read_notebook(server + path)


def test_what_is_no_address():
    with pytest.raises(InputError, match="is not an address"):
        read_notebook("http://[ann/a.ipynb")
    with pytest.raises(InputError, match="put https:// before"):
        read_notebook("github.com/ann/thesis/blob/main/a.ipynb")


def test_no_server():
    with pytest.raises(InputError, match="cannot be fetched"):
        read_notebook("http://127.0.0.1:9/a.ipynb")


def test_from_a_file(tmp_path):
    recorded = read_notebook(str(write(BOOK, tmp_path / "a.ipynb")))
    assert (recorded.name, recorded.folder, recorded.notes) == ("a.ipynb", tmp_path.resolve(), ())


def test_format_3_is_converted(tmp_path):
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "collapsed": False,
                        "input": ["1 + 1"],
                        "language": "python",
                        "metadata": {},
                        "outputs": [
                            {
                                "metadata": {},
                                "output_type": "pyout",
                                "prompt_number": 1,
                                "text": ["2"],
                            }
                        ],
                        "prompt_number": 1,
                    }
                ],
            }
        ],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    recorded = read_notebook(str(path))
    assert "format 3" in recorded.notes[0]
    assert recorded.cells[0].outputs[0].data["text/plain"] == "2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"nbformat": 4,\n 5}', "is not valid JSON .line 2, column 2"),
        ('{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}", "is nested too deep"),
        ("", "is empty"),
        ('{\n<<<<<<< HEAD\n"nbformat": 4}', "marks of a merge"),
        ("<html>", "is a web page"),
        ("[1, 2]", "is JSON but not a notebook"),
        ('{"nbformat": 5, "cells": []}', "format 5"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "not a valid"),
    ],
)
def test_what_is_no_notebook(tmp_path, text, words):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_notebook(str(path))


def test_no_file_no_code_no_outputs(tmp_path):
    with pytest.raises(InputError, match="there is no notebook"):
        read_notebook(str(tmp_path / "none.ipynb"))
    with pytest.raises(InputError, match="is a folder: give a notebook"):
        read_notebook(str(tmp_path))
    with pytest.raises(InputError, match="no cell of code"):
        read_notebook(str(write(book(), tmp_path / "a.ipynb")))
    with pytest.raises(InputError, match="no recorded outputs"):
        read_notebook(str(write(book(("print(1)", None)), tmp_path / "b.ipynb")))


def test_what_is_more_than_its_format_allows_does_no_harm(tmp_path):
    content = json.loads(nbformat.writes(BOOK))
    content["nbformat_minor"] = 4
    content["cells"][0] |= {"id": "a", "collapsed": True}
    (tmp_path / "k.ipynb").write_text(json.dumps(content))
    [cell] = read_notebook(str(tmp_path / "k.ipynb")).cells
    assert cell.source == "print(1)"
