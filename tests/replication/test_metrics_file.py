import json
import re
import sys

import pytest

from fluvial import InputError
from fluvial.replication import declared_metrics

from .books import book, recorded, stream

YAML = r"accuracy: {pattern: 'accuracy: (\S+)', higher_is: better, tol: 5e-3}"
TOML = "[accuracy]\npattern = 'accuracy: (\\S+)'\nhigher_is = \"better\"\ntol = 0.005\n"
JSON = json.dumps(
    {"accuracy": {"pattern": r"accuracy: (\S+)", "higher_is": "better", "tol": 0.005}}
)


def declared(folder, side_file=None):
    return declared_metrics(
        recorded(book(("a", [stream("accuracy: 98%")])), folder), side_file=side_file
    )


@pytest.mark.parametrize(
    ("suffix", "text"), [("yaml", YAML), ("yml", YAML), ("toml", TOML), ("json", JSON)]
)
def test_beside_the_notebook(tmp_path, suffix, text):
    (tmp_path / f"book.metrics.{suffix}").write_text(text)
    (metric,) = declared(tmp_path)
    assert (metric.name, metric.higher_is, metric.tol) == ("accuracy", "better", 0.005)
    assert metric.find(["accuracy: 98%"]) == 98.0


def test_two_beside_the_notebook(tmp_path):
    (tmp_path / "book.metrics.yaml").write_text(YAML)
    (tmp_path / "book.metrics.toml").write_text(TOML)
    with pytest.raises(InputError, match=r"book.metrics.yaml and book.metrics.toml both"):
        declared(tmp_path)
    assert len(declared(tmp_path, tmp_path / "book.metrics.toml")) == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("m.toml", "a = 1\nb =\n", "line 2"),
        ("m.json", "{\n]", "line 2"),
        ("m.yaml", "loss: {pattern: a}\naccuracy: {pattern: accuracy: (.*)}", "line 2, expected"),
        ("m.yml", "a:\n\tb: 1", "line 2, found character"),
        ("m.yaml", "a: 1\nb: \x01", "line 2 holds a character"),
        ("m.yaml", "a: !!python/object:os.system {}", "line 1, could not determine"),
        ("m.yaml", "- a\n- b", "must be a table"),
        ("m.yaml", "", "must be a table"),
        ("m.txt", "", "must be a file that ends in .yaml, .yml, .toml or .json"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        declared(None, path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        declared(None, tmp_path / "m.yaml")


@pytest.mark.parametrize("suffix", ["yaml", "toml", "json"])
def test_what_is_nested_too_deep_is_told(tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    deep = "[" * 100_000 + "]" * 100_000
    path.write_text(f"a = {deep}" if suffix == "toml" else deep)
    limit = sys.getrecursionlimit()  # others have raised it, and the reader of YAML is slow
    sys.setrecursionlimit(1000)
    try:
        with pytest.raises(InputError, match="nested too deep"):
            declared(tmp_path, path)
    finally:
        sys.setrecursionlimit(limit)
