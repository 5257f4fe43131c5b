import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "train_any_flow.py"


def test_the_example_trains_a_flow_to_the_evidence(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    said = capsys.readouterr().out
    before, after = re.search(r"(-?[\d.]+) nats, then (-?[\d.]+)", said).groups()
    (evidence,) = re.search(r"log evidence (-?[\d.]+)", said).groups()
    assert float(after) > float(before)
    assert abs(float(evidence)) < 0.3
