"""How often each verdict is wrong, on hundreds of targets whose answers are known.

    python -m benchmarks.calibration --out calibration.jsonl --targets 40 --seeds 3
    python -m benchmarks.calibration --merge calibration.jsonl --table calibration.md

One line of JSON a fit, added when it is done; what the file has is not run again, so that a run can
be stopped and gone on with, or done in parts (see parts.py). The table counts what the files have.
A fit is wrong if a mean is off by more than 0.1 sd, a log sd by more than 0.15, or, where the
verdict vouches for it, the log evidence by more than 0.3 nat. "Wrong trust" is a verdict other than
FAILED on a wrong fit, a false alarm is FAILED on a right one.
"""

import argparse
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from benchmarks import parts
from benchmarks.calibration_targets import FAMILIES, known
from benchmarks.fitting import Stopwatch
from benchmarks.honesty import failure
from benchmarks.metrics import accuracy
from benchmarks.posteriordb_table import MEAN_BOUND, SD_BOUND

DRAWS = 10_000
EVIDENCE_BOUND = 0.3
"""Nats: three times ``VerdictSettings.max_evidence_se``."""

SETTINGS: dict[str, dict[str, dict[str, float]]] = {
    "default": {},
    "k-hat 0.5": {"verdict": {"max_khat": 0.5}},
    "k-hat 1": {"verdict": {"max_khat": 1.0}},
    "ESS 200": {"verdict": {"min_ess": 200.0}},
    "ESS 800": {"verdict": {"min_ess": 800.0}},
    "no mixtures": {"adaptive": {"max_dim": 0}},
}
"""What is swept: names of settings, and how they differ from the default."""

_VOUCHED = ("GOOD", "USE_WEIGHTS")
_TRUSTED = (*_VOUCHED, "USE_MCMC")

Record = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    records = parts.merged(options.merge or [options.out], _key)
    if not options.merge:
        done = {_key(record) for record in records}
        numbers = range(options.first, options.targets)
        keys = product(options.settings, numbers, options.families, range(options.seeds))
        for key in parts.within(keys, options):
            if key not in done:
                records.append(record := _run(*key))
                parts.append(options.out, record)
                print(_line(record), flush=True)
    text = table(records)
    print(text)
    if options.table:
        options.table.write_text(text + "\n")


def _run(settings: str, number: int, family: str, seed: int) -> Record:
    """Fit one target once; an error is an outcome, too."""
    about = {"settings": settings, "number": number, "family": family, "seed": seed}
    watch = Stopwatch()
    try:
        found = _fit(settings, number, family, seed)
    except Exception as error:
        found = {"verdict": "ERROR", "error": failure(error)}
    return about | found | {"cpu_seconds": round(watch.read()[1], 2)}


def _fit(settings: str, number: int, family: str, seed: int) -> Record:
    import fluvial
    from fluvial.inference import Settings

    case = known(family, number)
    posterior = fluvial.fit(
        case.target, seed=seed, progress=False, settings=Settings.of(SETTINGS[settings])
    )
    found = {
        "dim": case.target.dim,
        "verdict": posterior.verdict.name,
        "flow": posterior.provenance.flow,
        "components": len(posterior.approximation.components),
        "khat": _json(posterior.khat),
        "ess": _json(posterior.ess),
        "evidence": _json(posterior.log_evidence - case.log_evidence),
        "evaluations": posterior.provenance.evaluations,
    }
    if not posterior.pool.size:
        return found | {"mean": "inf", "sd": "inf"}
    off = accuracy(posterior.draws(DRAWS)["x"].reshape(DRAWS, -1), case.truth())
    return found | {"mean": _json(off.mean), "sd": _json(off.sd)}


def _json(value: float) -> float | str:
    return round(float(value), 5) if np.isfinite(value) else str(float(value))


def is_right(record: Record) -> bool:
    """Whether what was handed out is within bounds; NaN never is."""
    if record["verdict"] == "ERROR":
        return False
    evidence = abs(float(record["evidence"])) if record["verdict"] in _VOUCHED else 0.0
    return (
        float(record["mean"]) <= MEAN_BOUND
        and float(record["sd"]) <= SD_BOUND
        and evidence <= EVIDENCE_BOUND
    )


def table(records: Iterable[Record]) -> str:
    """Two tables in Markdown: by verdict, and by family, for each of the settings."""
    records = list(records)
    lines = []
    for settings in dict.fromkeys(record["settings"] for record in records):
        some = [record for record in records if record["settings"] == settings]
        lines += [f"## Settings: {settings}, {len(some)} fits", "", *_verdicts(some), ""]
        lines += [*_families(some), ""]
    return "\n".join(lines).rstrip()


def _verdicts(records: list[Record]) -> list[str]:
    lines = ["| verdict | fits | wrong | 95 % interval of the share |", "|---|---|---|---|"]
    for verdict in (*_TRUSTED, "FAILED", "ERROR"):
        some = [record for record in records if record["verdict"] == verdict]
        wrong = sum(not is_right(record) for record in some)
        if some:
            lines.append(f"| {verdict} | {len(some)} | {wrong} | {_interval(wrong, len(some))} |")
    return lines


def _families(records: list[Record]) -> list[str]:
    lines = [
        "| family | fits | GOOD | wrong trust | false alarms | median CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for family in [*FAMILIES, "all"]:
        some = [record for record in records if family in ("all", record["family"])]
        if not some:
            continue
        good = sum(record["verdict"] == "GOOD" for record in some)
        trusted = [record for record in some if record["verdict"] in _TRUSTED]
        wrong = sum(not is_right(record) for record in trusted)
        alarms = sum(record["verdict"] == "FAILED" and is_right(record) for record in some)
        seconds = np.median([record["cpu_seconds"] for record in some])
        lines.append(
            f"| {family} | {len(some)} | {good} | {_share(wrong, len(some))} | "
            f"{_share(alarms, len(some))} | {seconds:.1f} |"
        )
    return lines


def _share(count: int, total: int) -> str:
    return f"{count} ({_interval(count, total)})"


def _interval(count: int, total: int) -> str:
    """Clopper and Pearson's, which holds at least 95 % whatever the share is."""
    low = beta.ppf(0.025, count, total - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, total - count) if count < total else 1.0
    return f"{100 * low:.1f}–{100 * high:.1f} %"


def _line(record: Record) -> str:
    name = f"{record['settings']} {record['family']}:{record['number']} seed {record['seed']}"
    errors = " ".join(f"{key} {record.get(key, '')}" for key in ("mean", "sd", "evidence"))
    return f"{name:<36} {record['verdict']:<12} {errors} {record['cpu_seconds']} s"


def _key(record: Record) -> tuple:
    return tuple(record[name] for name in ("settings", "number", "family", "seed"))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("calibration.jsonl"), metavar="JSONL")
    parser.add_argument("--targets", type=int, default=40, help="of each family")
    parser.add_argument("--first", type=int, default=0, help="number of the first of these")
    parser.add_argument("--seeds", type=int, default=3, help="fits a target")
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=["default"])
    parser.add_argument("--table", type=Path, metavar="MD")
    parts.add_options(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
