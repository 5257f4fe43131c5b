"""``fluvial calibrate``: what it prints, and its exit codes."""

import numpy as np
import pytest

_MODEL = """
import numpy as np
import fluvial

def simulate(rng):
    mu = rng.normal()
    return {"x": np.array([mu])}, mu + rng.normal()

def right(y, sign=1.0):
    return fluvial.Target.from_numpy(
        lambda x: -0.5 * (x[:, 0] ** 2 + (sign * y - x[:, 0]) ** 2), dim=1, vectorized=True
    )

simulation = fluvial.Simulation(simulate, right)
wrong = fluvial.Simulation(simulate, lambda y: right(y, -1.0))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code", "said"), [("simulation", 0, "Calibrated"), ("wrong", 3, "NOT calibrated")]
)
def test_it_says_whether_a_model_is_calibrated(tmp_path, capsys, name, code, said):
    from fluvial.cli import main

    (tmp_path / "model.py").write_text(_MODEL)
    with pytest.raises(SystemExit) as left:
        main(["calibrate", f"{tmp_path / 'model.py'}:{name}", "--fits", "15", "--quiet"])
    assert left.value.code == code
    assert said in capsys.readouterr().out


def test_ctrl_c_shows_what_there_is_and_leaves_with_its_own_code(tmp_path, capsys, monkeypatch):
    from fluvial.cli import main
    from fluvial.inference.calibration.calibration import Calibration

    u = np.linspace(0.1, 0.9, 5)
    found = Calibration(("x",), u[:, None], ("GOOD",) * 5, (), np.empty((5, 0)), u, (), 12)
    monkeypatch.setattr("fluvial.inference.calibrate", lambda *_, **__: found)
    (tmp_path / "model.py").write_text(_MODEL)
    with pytest.raises(SystemExit) as left:
        main(["calibrate", f"{tmp_path / 'model.py'}:simulation", "--quiet"])
    assert left.value.code == 130
    assert "Interrupted; of 12 there are 5 fits: 5 GOOD." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "said"),
    [("model.py", "names no fluvial.Simulation"), ("none.py:a", "there is no file")],
)
def test_what_is_no_simulation_is_refused(capsys, word, said):
    from fluvial.cli import main

    with pytest.raises(SystemExit) as left:
        main(["calibrate", word, "--quiet"])
    assert left.value.code == 1
    assert said in capsys.readouterr().err
