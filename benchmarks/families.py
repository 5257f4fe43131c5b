"""Every family of flows on every target whose evidence is known: which one to choose.

    python -m benchmarks.families --out cells.jsonl [--data DIR] [--only U1 planar ...] [--limit S]

One cell is one `fluvial.fit` with the family's name as its flow, other settings at their defaults,
in a process of its own, which has compiled nothing before; it is ended after S seconds of CPU, and
the cell says so. A line of JSON a cell is added to the file as soon as it is done: a run that was
cut short goes on where it stopped. The table is printed from the file alone, in Markdown;
`--table` prints it and measures nothing.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax

import fluvial
from benchmarks.fitting import Stopwatch
from benchmarks.honesty import failure
from benchmarks.logistic import LOG_EVIDENCE, german_credit
from fluvial.flows import build_flow
from fluvial.targets.examples.registry import example

FAMILIES = (
    "triangular",
    "planar",
    "realnvp",
    "spline",
    "sylvester",
    "radial",
    "iaf",
    "continuous",
    "sinh-arcsinh",
    "nice-perm",
    "sylvester-orth",
    "sylvester-householder",
    "maf",
    "iaf-spline",
    "maf-spline",
    "nice-orth",
    "modulated",
    "sparse",
    "copula",
    "diagonal",
)
"""The most telling ones first, should the time not last for all."""

EXAMPLES = ("banana", "funnel", "U1", "U2", "U3", "U4", "eight_schools")
CREDIT = "german credit, N(0, 10^2)"

Target = tuple[fluvial.Target, float]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.families",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="one line a cell")
    parser.add_argument("--data", type=Path, metavar="DIR", help="default: FLUVIAL_DATA")
    parser.add_argument("--only", nargs="+", default=[], help="names of families and of targets")
    parser.add_argument("--limit", type=int, default=600, metavar="S", help="default: 600")
    parser.add_argument("--cell", nargs=2, metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--table", action="store_true", help="measure nothing, print the table")
    options = parser.parse_args(arguments)
    folder = options.data or Path(os.environ.get("FLUVIAL_DATA", ""))
    if options.cell:
        family, name = options.cell
        _add(options.out, cell(family, name, *targets(folder)[name]()))
        return
    if not options.table:
        _measure(options.out, folder, options.only, options.limit)
    print(table(_cells(options.out)))


def targets(folder: Path) -> dict[str, Callable[[], Target]]:
    """What is fitted, with ln Z; the credit data only where the folder has them."""
    made: dict[str, Callable[[], Target]] = {name: partial(_known, name) for name in EXAMPLES}
    if (folder / "german_credit.npz").is_file():
        made[CREDIT] = lambda: (german_credit(folder, prior_sd=10.0), LOG_EVIDENCE[CREDIT])
    return made


def _known(name: str) -> Target:
    made = example(name)
    return made.target, made.log_evidence


def _measure(out: Path, folder: Path, only: Sequence[str], limit: int) -> None:
    done = {(cell["family"], cell["target"]) for cell in _cells(out)}
    for family in FAMILIES:
        for name in targets(folder):
            if (family, name) in done or not _wanted(family, name, only):
                continue
            arguments = ["--out", str(out), "--data", str(folder), "--cell", family, name]
            ended = subprocess.run(
                [sys.executable, "-m", "benchmarks.families", *arguments],
                preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CPU, (limit, limit + 5)),
            )
            if ended.returncode == -signal.SIGXCPU:
                _add(out, {"family": family, "target": name, "beyond": limit})
            elif ended.returncode:
                raise SystemExit(ended.returncode)


def _add(out: Path, measured: dict[str, Any]) -> None:
    print(json.dumps(measured), flush=True)
    with out.open("a") as file:
        file.write(json.dumps(measured) + "\n")


def _wanted(family: str, name: str, only: Sequence[str]) -> bool:
    families, names = set(only) & set(FAMILIES), set(only) - set(FAMILIES)
    return (not families or family in families) and (not names or name in names)


def cell(family: str, name: str, target: fluvial.Target, log_evidence: float) -> dict[str, Any]:
    """Fit once, from seed 0, as a user would.

    Raises:
        KeyboardInterrupt: if Ctrl-C reached the fit, which itself would return its best so far.
    """
    measured: dict[str, Any] = {"family": family, "target": name, "dim": target.dim}
    watch = Stopwatch()
    try:
        posterior = fluvial.fit(target, family, progress=False)
    except Exception as error:
        return measured | {"failed": failure(error)}
    if posterior.interrupted:
        raise KeyboardInterrupt
    wall, cpu = watch.read()
    return measured | {
        "gap": log_evidence - posterior.elbo,
        "se": posterior.elbo_se,
        "khat": str(posterior.khat),
        "seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "parameters": parameters(family, target.dim),
        "verdict": posterior.verdict.name,
    }


def parameters(family: str, dim: int) -> int:
    """How many numbers are trained in one flow of the family."""
    flow = eqx.filter_eval_shape(lambda: build_flow(family, dim, key=jax.random.key(0)))
    trained = eqx.filter(flow, lambda leaf: _is_trained(leaf))
    return sum(leaf.size for leaf in jax.tree.leaves(trained))


def _is_trained(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct) and jax.numpy.issubdtype(
        leaf.dtype, jax.numpy.inexact
    )


def _cells(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.is_file() else []


def table(cells: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row a family, a column a target; gap in nats, k-hat, seconds, parameters."""
    found = {(cell["family"], cell["target"]): cell for cell in cells}
    names = [*EXAMPLES, CREDIT]
    lines = ["| family | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for family in FAMILIES:
        entries = [_entry(found.get((family, name))) for name in names]
        lines.append(f"| `{family}` | " + " | ".join(entries) + " |")
    return "\n".join(lines)


def _entry(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return "not measured"
    if "failed" in measured:
        return "failed"
    if "beyond" in measured:
        return f"> {measured['beyond']} s"
    khat, seconds = float(measured["khat"]), measured["cpu_seconds"]
    return f"{measured['gap']:.3f} / {khat:.2f} / {seconds:.0f} s / {measured['parameters']:,}"


if __name__ == "__main__":
    main()
