"""A folder of results as studies and replications leave them, made in a moment."""

import base64
import io

import numpy as np
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from fluvial.replication import (
    RecordedNotebook,
    Tolerance,
    compare_runs,
    declared_metrics,
    save_replication,
)
from fluvial.replication.notebook_run import NotebookRun, RunCell
from fluvial.reproduction import (
    Budget,
    Claim,
    Curve,
    Figure,
    Layers,
    Record,
    Rule,
    Story,
    StudyResults,
)
from fluvial.storage.machine import machine, packages

LAYERS, SIDE, STEPS = 8, 40, 500


def energies(folder):
    """Write a study with densities after each layer, learning curves, claims and a figure."""
    units = ["U1-planar", "U4-planar", "never-run"]
    header = {
        "study": "energies",
        "title": "Two-dimensional energies",
        "version": 1,
        "fluvial": "0.1.0",
        "budget": "quick",
        "seeds": [0, 1, 2],
        "units": units,
        "command": "fluvial reproduce energies --budget quick",
        "machine": machine(),
        "packages": packages(),
        "started": "2026-01-02T03:04:05Z",
    }
    rng = np.random.default_rng(0)
    with StudyResults.writing(folder / "energies", header, resume=False) as results:
        for unit, bend in zip(units[:2], (0.0, 1.0), strict=True):
            results.write(unit, _record(unit, bend, rng), seconds=41.0)
        results.write_claims([claim.judge(v, Budget.QUICK) for claim, v in _claims()])
        (results.folder / "figures").mkdir()
        pixels = np.linspace(0, 255, 120 * 240).reshape(120, 240).astype(np.uint8)
        for name in ("curve.png", "other.png"):
            Image.fromarray(pixels).save(results.folder / "figures" / name)
        said = "What it shows, in a sentence."
        curve = Figure("curve.png", "Is it a curve?", said, alt="A ramp from black to white.")
        other = Figure("other.png", "Another curve", "With a caption alone.")
        curves = [Curve(unit, "free_energy", "free energy", steps=STEPS) for unit in units]
        layers = [Layers(unit, "layers", unit.split("-")[0], "true_density") for unit in units]
        results.write_shown([curve, other], curves, layers)
        results.write_story(Story("Flows <i>bend</i>.", ("kl",), "other.png"))


def notebook(folder):
    """Write the replication of a notebook of which one cell agrees, one differs, one fails."""
    outputs = [
        [_printed("test accuracy: 0.981\n")],
        [_printed("loss 0.25\n")],
        [_picture(0)],
        [],
    ]
    local = [
        [_printed("test accuracy: 0.983\n")],
        [_printed("loss <b>0.5</b>\n")],
        [_picture(255)],
        [new_output("error", ename="NameError", evalue="name 'x' is not defined", traceback=[])],
    ]
    sources = ["train()", "evaluate('</script>')", "plot()", "x"]
    cells = [
        new_code_cell(source, outputs=made, execution_count=count)
        for count, (source, made) in enumerate(zip(sources, outputs, strict=True), 1)
    ]
    metrics = {"accuracy": {"pattern": "accuracy: (.*)", "higher_is": "better", "tol": 0.005}}
    cells[0].metadata["fluvial"] = {"metrics": metrics}
    recorded = RecordedNotebook("cnn.ipynb", "cnn.ipynb", new_notebook(cells=cells), None, ())
    again = [local[0], [_printed("loss <b>0.6</b>\n")], *local[2:]]
    runs = [
        NotebookRun(tuple(RunCell(tuple(made), 1.5, "done") for made in outputs), recorded.notebook)
        for outputs in (local, again)
    ]
    done = compare_runs(recorded, runs, Tolerance(), declared_metrics(recorded))
    command = "fluvial replicate cnn.ipynb --yes"
    save_replication(folder / "cnn", recorded, done, Tolerance(), command)


def _record(unit, bend, rng):
    axis = np.linspace(-4, 4, SIDE)
    x, y = np.meshgrid(axis, axis)
    layers = []
    for k in range(LAYERS + 1):
        t = k / LAYERS
        center = 1.8 * t
        shape = np.exp(-((x - center) ** 2 + (y - bend * np.sin(x) * t) ** 2) / (1.2 - t))
        layers.append(shape + np.exp(-((x + center) ** 2 + y**2) / (1.2 - t)))
    steps = np.arange(STEPS)
    loss = 3.0 * np.exp(-steps / 80) + 0.4 + 0.05 * rng.standard_normal((3, STEPS))
    loss[0, 3] = np.nan
    arrays = {
        "layers": np.array(layers, np.float16),
        "true_density": layers[-1].astype(np.float16),
        "free_energy": loss.astype(np.float32),
    }
    return Record({"energy": unit.split("-")[0], "steps": STEPS}, arrays)


def _claims():
    def claim(name, statement, rule, unit=""):
        return Claim(
            name=name,
            statement=statement,
            source="Figure 3(d)",
            published="0.1",
            quantity=f"{name} over seeds",
            rule=rule,
            unit=unit,
        )

    kl = claim("kl", "Thirty-two planar layers fit U1.", Rule(high=0.02), "nat")
    yield kl, [0.01, 0.011, 0.009]
    yield claim("ratio", "Longer flows are better.", Rule(low=1.0)), [0.2, 0.21, 0.19]
    yield claim("gap", "Planar and NICE <b>agree</b>.", Rule(-0.1, 0.1)), [0.05, 0.2, -0.04]


def _printed(text):
    return new_output("stream", name="stdout", text=text)


def _picture(gray):
    data = io.BytesIO()
    Image.new("L", (60, 40), gray).save(data, "PNG")
    encoded = base64.b64encode(data.getvalue()).decode()
    return new_output("display_data", data={"image/png": encoded})
