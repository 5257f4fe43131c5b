"""How right `fluvial replicate` is about public notebooks: false alarms, planted changes, causes.

    python -m benchmarks.replication_runs HOME KERNEL 0 1    # fetch and run them
    python -m benchmarks.replication HOME                    # judge them, write the table

`replication_notebooks.json` lists the notebooks by commit; `replication_labels.json` says of each
cell that was called DIFFERS, by hand, whether a reader would say so, and why it differs.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.replication_planted import planted_pictures, planted_texts
from benchmarks.replication_plots import drawn_pairs
from benchmarks.replication_runs import Notebook, listed, load_runs
from fluvial.replication import RecordedNotebook, Replication, Tolerance, compare_runs
from fluvial.replication.compare.cell import compare_outputs
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.run import Run

_LABELS = Path(__file__).with_name("replication_labels.json")
_TABLE = Path(__file__).parent / "results" / "replication.md"
_MOST_PLANTED = 6  # cells of a notebook, of each of texts and pictures
_GROUPS = {
    "first": "Notebooks that the rules were written with",
    "held out": "Notebooks held out\n\nThey were held out until the rules had been written; what "
    "they showed has been mended since.",
    "new": "Notebooks added later\n\nThey were first looked at when the rules had been mended with "
    "those above; what they showed has been mended since.",
    "last": "Notebooks added last\n\nThey were first looked at when the rules had been mended with "
    "those above; what they showed has been mended since.",
    **{
        group: f"{title}\n\nNone of the others is from their repositories. They were labeled "
        "before anything that they showed was mended."
        for group, title in (
            ("strangers", "Notebooks of strangers"),
            ("further strangers", "Further notebooks of strangers"),
            ("last strangers", "The last notebooks of strangers"),
        )
    },
}
_AGREES = ("IDENTICAL", "WITHIN_TOLERANCE")


def _planted(
    recorded: RecordedNotebook, replication: Replication, run: Run, seed: int
) -> Iterator[tuple[str, str, bool]]:
    """Yield of each change planted into a cell that agrees its sort, its name, whether found."""
    rng = np.random.default_rng(seed)
    here = Surroundings(defaults=run.defaults)
    agreeing = [
        number
        for number, cell in enumerate(replication.cells)
        if cell.verdict in _AGREES and not cell.varying
    ]
    for sort, plant in (("text", planted_texts), ("picture", planted_pictures)):
        changed = 0
        for at in rng.permutation(agreeing):
            before, local = recorded.cells[at].outputs, run.cells[at].outputs
            several = list(plant(before, rng))
            changed += bool(several)
            for name, outputs in several:
                differences = compare_outputs(outputs, local, Tolerance(), here)
                yield sort, name, any(not found.tolerated for found in differences)
            if changed == _MOST_PLANTED:
                break


def _judge(home: Path, notebooks: Sequence[Notebook]) -> dict[str, Counter]:
    labels = json.loads(_LABELS.read_text())
    counts = {"cells": Counter(), "differs": Counter(), "causes": Counter(), "planted": Counter()}
    for seed, notebook in enumerate(notebooks):
        runs = load_runs(notebook, home)
        if runs is None:
            continue
        recorded = notebook.read(home)
        replication = compare_runs(recorded, runs, Tolerance())
        counts["cells"]["notebooks"] += 1
        counts["cells"].update(cell.verdict.value for cell in replication.cells)
        _score(notebook, replication, labels, counts)
        for sort, name, found in _planted(recorded, replication, runs[0], seed):
            counts["planted"][sort, name, found] += 1
        print(notebook.name, file=sys.stderr, flush=True)
    return counts


def _score(
    notebook: Notebook, replication: Replication, labels: dict, counts: dict[str, Counter]
) -> None:
    own = labels.get(notebook.name, {})
    for cell in replication.cells:
        if cell.verdict.value != "DIFFERS":
            continue
        label = own.get(str(cell.number))
        if label is None:
            counts["differs"]["without a label"] += 1
            continue
        right = label["differs"]
        counts["differs"]["right" if right else "false alarm"] += 1
        if right:
            same = cell.cause is not None and cell.cause.value == label["cause"]
            counts["causes"]["right" if same else "wrong"] += 1


def _drawn() -> str:
    counts = Counter()
    for name, recorded, local in drawn_pairs():
        differences = compare_outputs(recorded, local, Tolerance())
        counts[name, any(not found.tolerated for found in differences)] += 1
    same = counts["nothing", False], counts["nothing", True]
    lines = [
        "| what | number | of |",
        "| --- | --- | --- |",
        f"| unchanged plots that agree | {same[0]} | {sum(same)} |",
    ]
    for name in sorted({name for name, _ in counts} - {"nothing"}):
        found, missed = counts[name, True], counts[name, False]
        lines.append(f"| planted found: {name} | {found} | {found + missed} |")
    return "\n".join(lines)


def _table(counts: dict[str, Counter], notebooks: Sequence[Notebook]) -> str:
    cells, differs, causes = counts["cells"], counts["differs"], counts["causes"]
    lines = [
        "| what | number | of |",
        "| --- | --- | --- |",
        f"| notebooks | {cells['notebooks']} | {len(notebooks)} |",
    ]
    total = sum(cells.values()) - cells["notebooks"]
    lines += [
        f"| cells {name} | {cells[name]} | {total} |"
        for name in ("IDENTICAL", "WITHIN_TOLERANCE", "DIFFERS", "ERROR", "NOT_RECORDED")
    ]
    called = differs["right"] + differs["false alarm"]
    lines += [
        f"| false alarms among cells called DIFFERS | {differs['false alarm']} | {called} |",
        f"| cells called DIFFERS without a label | {differs['without a label']} | "
        f"{sum(differs.values())} |",
        f"| causes right, of what differs | {causes['right']} | {sum(causes.values())} |",
    ]
    planted = counts["planted"]
    for sort, name in sorted({(sort, name) for sort, name, _ in planted}):
        found, missed = planted[sort, name, True], planted[sort, name, False]
        lines.append(f"| planted found: {sort}, {name} | {found} | {found + missed} |")
    return "\n".join(lines)


def main() -> None:
    """Judge the runs kept in a folder, and write the tables."""
    home = Path(sys.argv[1])
    parts = [
        "# Replication of public notebooks\n\nMade by `python -m benchmarks.replication`; "
        "the labels were given by hand.",
    ]
    for group, title in _GROUPS.items():
        notebooks = [notebook for notebook in listed() if notebook.group == group]
        parts.append(f"## {title}\n\n{_table(_judge(home, notebooks), notebooks)}")
    parts.append(f"## Plots drawn with other letters, or at another resolution\n\n{_drawn()}")
    _TABLE.write_text("\n\n".join(parts) + "\n")
    print(_TABLE.read_text())


if __name__ == "__main__":
    main()
