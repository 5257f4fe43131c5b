import time

import pytest

from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance

NOON = time.mktime((2026, 3, 4, 12, 0, 0, 0, 0, -1))
RUN = Surroundings(
    started=NOON,
    ended=NOON + 60.0,
    elapsed=60.0,
    folders=(
        *("/scratch/run/notebook", "/temporary/run/notebook/lab", "/temporary/run/notebook"),
        *("/opt/env", "/home/ann", "/temporary"),
    ),
)

TEMPORARY = "/".join(["", "tmp"])
# Where a kernel keeps a cell as a file, on any machine with Linux.
IPYKERNEL = "/".join(["", "tmp", "ipykernel_71"])


def found(recorded, local, run=RUN):
    return list(compare_text(recorded, local, Tolerance(), "stdout", run))


@pytest.mark.parametrize(
    ("recorded", "local", "cause"),
    [
        ("<A object at 0x7f3ab2c4d190>", "<A object at 0x55d0c3a1f2b0>", "environment"),
        ("read /srv/course/data/a.csv", "read /scratch/run/notebook/data/a.csv", "environment"),
        ("/srv/course", "/scratch/run/notebook", "environment"),
        ("saved /srv/out/best.pt", "saved /temporary/run/notebook/out/best.pt", "environment"),
        (f"saved {TEMPORARY}/t1a/best.pt", "saved /temporary/t3f/best.pt", "environment"),
        ("'/srv/data/a.csv'", "'/temporary/run/notebook/data/a.csv'", "environment"),
        (
            "/usr/lib/python3.6/site-packages/numpy/core.py",
            "/opt/env/lib/python3.11/site-packages/numpy/core.py",
            "environment",
        ),
        (r"read C:\course\data\a.csv", "read /scratch/run/notebook/data/a.csv", "environment"),
        (r"'C:\\Ann\\env\\Scripts\\python.exe'", "'/opt/env/bin/python3.11'", "environment"),
        ("2021-03-04 12:33:01.123 INFO ok", "2022-11-24 03:00:00.456 INFO ok", "wall time"),
        ("[INFO] 2021-03-04 12:33:01 ok", "[INFO] 2022-11-24 03:00:00 ok", "wall time"),
        ("now: 2021-03-04 12:33:01", "now: 2026-03-04 12:00:31", "wall time"),
        ("Date: Mon, 01 Mar 2021", "Date: Wed, 04 Mar 2026", "wall time"),
        ("Time: 09:41:01", "Time: 12:00:59", "wall time"),
        ("Mon Mar  1 12:00:00 2021", "Wed Mar  4 12:00:30 2026", "wall time"),
        (
            " 45%|████▌     | 450/1000 [00:12<00:15, 36.5it/s]",
            "100%|██████████| 1000/1000 [01:12<00:00, 13.9it/s]",
            "wall time",
        ),
        ("CPU times: user 3 s, sys: 1 ms, total: 3 s", "CPU times: total: 5 s", "wall time"),
        ("<ipython-input-5-0a1b2c>:3: x", f"{IPYKERNEL}/12.py:3: x", "environment"),
    ],
)
def test_noise_is_tolerated_with_its_reason(recorded, local, cause):
    (difference,) = found(recorded, local)
    assert (difference.tolerated, difference.cause) == (True, cause)
    assert difference.reason


@pytest.mark.parametrize(
    ("recorded", "local"),
    [
        ("2015-07-04 12:00   1.0", "2016-11-30 23:59   1.0"),
        ("2015-07-04 12:00:00", "2015-07-04 12:00:01"),
        ("first day: 2015-07-04", "first day: 2016-07-04"),
        ("0 days 00:12:30", "0 days 09:59:59"),
        ("departure 09:30:00", "departure 10:45:00"),
        ("/models/svm/final", "/models/forest/final"),
        (r"'C:\\Ann\\env\\Scripts\\python.exe'", "'/opt/env/bin/jupyter'"),
        ("best: /srv/models/svm.pt", "best: /scratch/run/notebook/models/forest.pt"),
        # Below the working folder nothing is a temporary file, though the folder may be one.
        ("saved /srv/svm/best.pt", "saved /temporary/run/notebook/forest/best.pt"),
        ("saved /srv/svm/best.pt", "saved /temporary/t3f/best.pt"),
        ("flags 0xdeadbeef", "flags 0xcafebabe"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-e89b-12d3-a456-426614174fff"),
        (
            "100%|██████████| 1000/1000 [00:12<00:00, 36.5it/s]",
            "100%|██████████| 900/900 [00:12<00:00, 36.5it/s]",
        ),
    ],
)
def test_data_that_look_like_noise_are_compared(recorded, local):
    (difference,) = found(recorded, local)
    assert not difference.tolerated


def test_a_drawn_uuid_is_noise():
    ids = (f"id 123e4567-e89b-12d3-a456-42661417400{i}" for i in range(2))
    (difference,) = found(*ids, Surroundings(source="import uuid; print(uuid.uuid4())"))
    assert (difference.tolerated, difference.cause) == (True, "randomness")


def test_metrics_beside_a_bar_are_compared():
    keras = "938/938 [==============================] - 12s 13ms/step - loss: 0.25"
    (difference,) = found(keras, keras.replace("0.25", "0.35"))
    assert (difference.recorded, difference.tolerated) == ("0.25", False)
    tqdm = "45%|██  | 450/1000 [00:12<00:15, 36.5it/s, loss=0.31]"
    (difference,) = found(tqdm, tqdm.replace("0.31", "0.41"))
    assert (difference.recorded, difference.tolerated) == ("0.31", False)


@pytest.mark.parametrize(
    ("recorded", "local", "source", "tolerated"),
    [
        ("half-life 5.0 s", "half-life 1.1 s", "", False),
        ("median survival time: 310", "median survival time: 1500", "import time", False),
        ("runtime: 120", "runtime: 90", "", False),
        ("time: 3.0", "time: 2.0", "", False),
        ("time: 3.0", "time: 2.0", "begin = time.time()", True),
        ("training took 30.0 s", "training took 12 s", "", True),
        ("training took 30.0 s", "training took 12 min", "", False),
        ("runtime: 50", "runtime: 12", "print('Runtime:', film.runtime)", False),
        ("runtime: 50", "runtime: 12", "solve()", True),
        ("Wall time: 30 s", "Wall time: 12 s", "", True),
        (
            "1000 loops, best of 3: 1.2 ms per loop",
            "1.3 ms ± 5 µs per loop (mean ± std. dev. of 7 runs, 1000 loops each)",
            "",
            True,
        ),
    ],
)
def test_wall_time_is_what_the_run_could_have_taken(recorded, local, source, tolerated):
    run = Surroundings(elapsed=60.0, source=source)
    assert [difference.tolerated for difference in found(recorded, local, run)] == [tolerated]
