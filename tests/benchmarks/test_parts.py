import argparse
import json

import pytest

from benchmarks import calibration, parts, scattered_modes
from benchmarks.scattered_modes import FAMILIES


def options(*arguments):
    parser = argparse.ArgumentParser()
    parts.add_options(parser)
    return parser.parse_args(arguments)


def test_parts_are_disjoint_and_all_of_it():
    done = [list(parts.within(range(10), options("--part", f"{k}/3"))) for k in range(3)]
    assert sorted(item for part in done for item in part) == list(range(10))
    assert list(parts.within(range(3), options())) == [0, 1, 2]


def test_a_part_stops_before_an_item_that_would_end_late(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(parts.time, "monotonic", lambda: clock[0])
    done = []
    for item in parts.within([10.0, 30.0, 20.0, 20.0, 1.0], options("--seconds", "85")):
        done.append(item)
        clock[0] += item
    assert done == [10.0, 30.0, 20.0]  # 60 s are over, and the next might take 30, too


def test_what_is_no_part_is_refused(capsys):
    for text in ("3/3", "1", "a/b"):
        with pytest.raises(SystemExit):
            options("--part", text)
        assert "is no part" in capsys.readouterr().err


def test_files_of_several_processes_are_one_table(tmp_path, capsys):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    about = {"settings": "default", "number": 0, "seed": 0, "verdict": "GOOD", "mean": 0.0}
    for path, family in zip(paths, ("bent", "plate"), strict=True):
        record = about | {"family": family, "sd": 0.0, "evidence": 0.0, "cpu_seconds": 1.0}
        path.write_text(f"{json.dumps(record)}\n{json.dumps(record)}\n")
    calibration.main(["--merge", *map(str, paths)])
    assert "| GOOD | 2 | 0 |" in capsys.readouterr().out


def test_mixtures_are_counted_by_family(capsys, monkeypatch, tmp_path):
    name = next(iter(FAMILIES))
    record = {"name": name, "verdict": "GOOD", "error": 0.3, "evaluations": 5, "cpu_seconds": 0.1}
    monkeypatch.setattr(scattered_modes, "run", lambda _, seed: record | {"seed": seed})
    out = tmp_path / "fits.jsonl"
    scattered_modes.main(["--seeds", "2-4", "--only", name, "--part", "1/2", "--out", str(out)])
    assert [json.loads(line)["seed"] for line in out.read_text().splitlines()] == [3]
    assert "wrong trust: 1 of 1" in capsys.readouterr().out
