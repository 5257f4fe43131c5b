"""How right `fluvial replicate` is about public notebooks: false alarms, planted changes, causes.

    python -m benchmarks.replication_runs HOME KERNEL 0 1    # fetch and run them
    python -m benchmarks.replication HOME KERNEL 0 1         # judge them, in several parts
    python -m benchmarks.replication HOME KERNEL             # judge the rest, write the table

`replication_notebooks.json` lists the notebooks by commit; `replication_labels.json` says of each
cell that was called DIFFERS, by hand, whether a reader would say so, and why it differs; and, of
the last groups, which cause was given when nobody had looked at the notebook yet. Runs and
judgments are kept, these for the code that made them, so that what was stopped goes on. Judging
runs a notebook once more, in the order of its counts, where that may be why cells differ.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.replication_judged import Judgment, judge, judgments
from benchmarks.replication_plots import drawn_pairs
from benchmarks.replication_runs import Notebook, listed
from benchmarks.replication_small import small_changes
from fluvial.replication import Tolerance
from fluvial.replication.compare.cell import compare_outputs

_LABELS = Path(__file__).with_name("replication_labels.json")
_TABLE = Path(__file__).parent / "results" / "replication.md"
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
            ("last strangers", "Seven more notebooks of strangers"),
            ("fourth strangers", "21 more notebooks of strangers"),
            ("fifth strangers", "Fifteen more notebooks of strangers"),
            ("sixth strangers", "Twenty more notebooks of strangers"),
            ("seventh strangers", "Eight more notebooks of strangers"),
            ("eighth strangers", "Eleven more notebooks of strangers"),
            ("ninth strangers", "Fourteen more notebooks of strangers"),
            ("tenth strangers", "Twelve more notebooks of strangers"),
            ("eleventh strangers", "Nine more notebooks of strangers"),
            ("twelfth strangers", "Fifteen notebooks of strangers, drawn at random"),
            ("thirteenth strangers", "Sixteen notebooks of strangers, drawn at random"),
        )
    },
}
_AT_FIRST = "said at first sight"


def _counted(home: Path, notebooks: Sequence[Notebook], labels: dict) -> dict[str, Counter]:
    counts = {"cells": Counter(), "differs": Counter(), "causes": Counter(), "planted": Counter()}
    for judgment in judgments(notebooks, home):
        counts["cells"]["notebooks"] += 1
        counts["cells"].update(verdict for _, verdict, _ in judgment.cells)
        counts["planted"].update(judgment.planted)
        _score(judgment, labels.get(judgment.name, {}), counts)
    return counts


def _score(judgment: Judgment, labels: dict, counts: dict[str, Counter]) -> None:
    for number, verdict, cause in judgment.cells:
        if verdict != "DIFFERS":
            continue
        label = labels.get(str(number))
        if label is None:
            counts["differs"]["without a label"] += 1
            continue
        right = label["differs"]
        counts["differs"]["right" if right else "false alarm"] += 1
        if right:
            counts["causes"]["right" if cause == label["cause"] else "wrong"] += 1


def _at_first_sight(notebooks: Sequence[Notebook], labels: dict) -> str:
    """Return a table of what was said of notebooks before anybody had looked at them."""
    lines = [
        "| group | notebooks | false alarms among cells called DIFFERS | causes right |",
        "| --- | --- | --- | --- |",
    ]
    for group in _GROUPS:
        own = [notebook.name for notebook in notebooks if notebook.group == group]
        kept = [label for name in own for label in labels.get(name, {}).values()]
        said = [label for label in kept if _AT_FIRST in label]
        differ = [label for label in said if label["differs"]]
        right = sum(label["cause"] == label[_AT_FIRST] for label in differ)
        if said:
            false = f"{len(said) - len(differ)} of {len(said)}"
            lines.append(f"| {group} | {len(own)} | {false} | {right} of {len(differ)} |")
    return "\n".join(lines)


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


def _small() -> str:
    found = Counter()
    for name, drawn, recorded, local in small_changes():
        differences = compare_outputs(recorded, local, Tolerance())
        apart = any(not difference.tolerated for difference in differences)
        found[drawn, "unchanged" if name == "nothing" else "changed", apart] += 1
    lines = [
        "| drawn at | unchanged plots that agree | small changes found |",
        "| --- | --- | --- |",
    ]
    for drawn in sorted({drawn for drawn, _, _ in found}):
        same = found[drawn, "unchanged", False], found[drawn, "unchanged", True]
        changed = found[drawn, "changed", True], found[drawn, "changed", False]
        lines.append(f"| {drawn} | {same[0]} of {sum(same)} | {changed[0]} of {sum(changed)} |")
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
    """Judge the runs kept in a folder, or a part of them; with all judged, write the tables."""
    home, kernel, part = Path(sys.argv[1]), sys.argv[2], [int(text) for text in sys.argv[3:5]]
    everything = listed()
    for number, name in enumerate(judge(everything, home, kernel, *part), 1):
        print(number, name, file=sys.stderr, flush=True)
    if part:
        return
    labels = json.loads(_LABELS.read_text())
    parts = [
        "# Replication of public notebooks\n\nMade by `python -m benchmarks.replication`; "
        "the labels were given by hand.",
        f"## At first sight\n\n{_at_first_sight(everything, labels)}",
    ]
    for group, title in _GROUPS.items():
        notebooks = [notebook for notebook in everything if notebook.group == group]
        parts.append(f"## {title}\n\n{_table(_counted(home, notebooks, labels), notebooks)}")
    parts.append(f"## Plots drawn with other letters, or at another resolution\n\n{_drawn()}")
    parts.append(f"## Small changes of plots\n\n{_small()}")
    _TABLE.write_text("\n\n".join(parts) + "\n")
    print(_TABLE.read_text())


if __name__ == "__main__":
    main()
