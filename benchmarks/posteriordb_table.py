"""The lines and totals that ``python -m benchmarks.posteriordb`` prints from its records."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np

from benchmarks.honesty import Case, tally

__all__ = ["header", "line", "totals"]

MEAN_BOUND, SD_BOUND = 0.1, 0.15
"""Largest |Δmean|/sd and |ln sd ratio| at which draws still count as right."""

Record = dict[str, Any]

_NAME, _FIT = 44, 74
_ERRORS = f"{'mean':>6}{'ln sd':>7}{'W1':>6}"


def header(seeds: int) -> str:
    groups = (
        f"{'':{_NAME + 4}} {'halves of reference':<19}  "
        f"{f'fluvial, worst of {seeds}':<{_FIT}}  NUTS 4 x (1000 + 1000)"
    )
    fit = f"{_ERRORS}{'k-hat':>7}{'cold s':>8}{'warm s':>8}{'evals':>9}  verdicts"
    sampler = f"{_ERRORS}{'R-hat':>7}{'div':>5}{'s':>8}{'gradients':>11}{'cold/':>8}{'warm/':>7}"
    return f"{groups}\n{'posterior':<{_NAME}}{'D':>4} {_ERRORS}  {fit:<{_FIT}}  {sampler}"


def line(name: str, record: Record) -> str:
    """One posterior: worst errors over the seeds; what failed is said in its place."""
    return (
        f"{name:<{_NAME}}{record['dim']:>4} {_errors([record['floor']])}  "
        f"{_fits(record['fits']):<{_FIT}}  {_nuts(record.get('nuts'))}{_ratios(record)}"
    ).rstrip()


def totals(records: Mapping[str, Record]) -> str:
    """Ratios to NUTS, seconds side by side, verdicts counted, and where they were wrong."""
    cases = [
        Case(f"{name}:{fit['seed']}", fit.get("verdict", "ERROR"), _right(fit))
        for name, record in records.items()
        for fit in record["fits"]
    ]
    return "\n".join(["", *_against_nuts(records), *_seconds(records), tally(cases).report()])


def _against_nuts(records: Mapping[str, Record]) -> list[str]:
    """How often fluvial is faster, and by what factor: of wall time, and of CPU time if kept."""
    timed = [record for record in records.values() if _complete(record)]
    return [
        _faster(f"{label}, {word}", np.array([of(r, key) / r["nuts"][key] for r in timed]))
        for key, word in (("seconds", "wall"), ("cpu_seconds", "CPU"))
        if timed and all(_has(record, key) for record in timed)
        for label, of in (("cold", _cold), ("warm", _warm))
    ]


def _faster(label: str, ratios: np.ndarray) -> str:
    return (
        f"{label}: faster than NUTS on {int(np.sum(ratios < 1.0))} of {len(ratios)}; seconds over "
        f"those of NUTS: median {np.median(ratios):.2f}, "
        f"geometric mean {np.exp(np.mean(np.log(ratios))):.2f}"
    )


def _has(record: Record, key: str) -> bool:
    return all(key in part for part in (record["nuts"], *record["fits"]))


def _seconds(records: Mapping[str, Record]) -> list[str]:
    """Seconds over all, and over all but the one whose gradient is the dearest (an ODE's)."""
    timed = [record for record in records.values() if _complete(record)]
    timed.sort(key=lambda record: record["nuts"]["seconds"] / record["nuts"]["gradients"])
    return [
        f"seconds over {label} {len(some)}: fluvial {sum(map(_cold, some)):.1f} cold, "
        f"{sum(map(_warm, some)):.1f} warm; NUTS {sum(r['nuts']['seconds'] for r in some):.1f}"
        for label, some in (("all", timed), ("the smallest", timed[:-1]))
        if some
    ]


def _complete(record: Record) -> bool:
    parts = [record.get("nuts", {"error": ""}), *record["fits"]]
    return len(parts) > 1 and not any("error" in part for part in parts)


def _ratios(record: Record) -> str:
    """Seconds of a fit over those of NUTS, cold and warm."""
    if not _complete(record):
        return ""
    nuts = record["nuts"]["seconds"]
    return f"{_cold(record) / nuts:8.2f}{_warm(record) / nuts:7.2f}"


def _cold(record: Record, key: str = "seconds") -> float:
    return record["fits"][0][key]


def _warm(record: Record, key: str = "seconds") -> float:
    return median(fit[key] for fit in record["fits"][1:] or record["fits"])


def _right(fit: Record) -> bool:
    """NaN is never within bounds."""
    return "error" not in fit and float(fit["mean"]) <= MEAN_BOUND and float(fit["sd"]) <= SD_BOUND


def _errors(parts: list[Record]) -> str:
    mean, sd, w1 = (_worst(parts, key) for key in ("mean", "sd", "w1"))
    return f"{mean:6.3f}{sd:7.3f}{w1:6.3f}"


def _worst(parts: list[Record], key: str) -> float:
    """Largest value; NaN is worse than any (``max`` would lose it)."""
    return float(np.max([float(part[key]) for part in parts]))


def _fits(fits: list[Record]) -> str:
    failed = [fit["error"] for fit in fits if "error" in fit]
    if failed or not fits:
        return f"{len(failed)} of {len(fits)} failed: {failed[0]}" if failed else "-"
    counts = Counter(fit["verdict"] for fit in fits)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    warm = median(fit["seconds"] for fit in fits[1:]) if len(fits) > 1 else float("nan")
    khat, cold = _worst(fits, "khat"), fits[0]["seconds"]
    evaluations = max(fit["evaluations"] for fit in fits)
    return f"{_errors(fits)}{khat:7.2f}{cold:8.2f}{warm:8.2f}{evaluations:9,d}  {verdicts}"


def _nuts(run: Record | None) -> str:
    if run is None:
        return "-"
    if "error" in run:
        return f"failed: {run['error']}"
    return (
        f"{_errors([run])}{float(run['rhat']):7.3f}{run['divergences']:5d}"
        f"{run['seconds']:8.2f}{run['gradients']:11,d}"
    )
