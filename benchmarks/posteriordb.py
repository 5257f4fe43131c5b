"""Every posterior of stan-dev/posteriordb that has reference draws, beside Stan's NUTS.

    git clone https://github.com/stan-dev/posteriordb
    python -m benchmarks.posteriordb --posteriordb posteriordb --out results.json

One line a posterior, as soon as it is done; then the totals. With ``--out``, a second run goes
on where the first one stopped.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks import nuts, posteriordb_table, records
from benchmarks.database import Entry, columns, entries, reference_draws
from benchmarks.fitting import Stopwatch, fit_and_draw
from benchmarks.honesty import failure
from benchmarks.metrics import accuracy

DRAWS = 10_000
"""As many as the reference has, so that neither side's Monte Carlo error dominates."""

LOG_SCALE = ("one_comp_mm_elim_abs-one_comp_mm_elim_abs",)
"""Positive parameters with a kurtosis in the hundreds: their moments settle only as logarithms."""

Record = dict[str, Any]


class Reference(NamedTuple):
    """What draws are compared with: scalar parameters by name, on the scale of comparison."""

    names: list[str]
    chains: Float[np.ndarray, "C N P"]
    scale: Callable[[np.ndarray], np.ndarray]

    def distance(self, draws: Float[np.ndarray, "M P"]) -> Record:
        """Accuracy of draws of the same parameters, given on the model's own scale."""
        pooled = self.chains.reshape(-1, len(self.names))
        return accuracy(self.scale(draws), pooled)._asdict()

    def floor(self) -> Record:
        """Half the chains against the other half: what no method can be seen to beat."""
        half = len(self.chains) // 2
        halves = self.chains[:half], self.chains[half:]
        first, second = (chains.reshape(-1, len(self.names)) for chains in halves)
        return accuracy(first, second)._asdict()


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    found, missing = entries(options.posteriordb, options.only)
    print(f"{len(found)} posteriors with reference draws; without their file: {missing or 'none'}")
    print(posteriordb_table.header(options.seeds), flush=True)
    done = {} if options.fresh else records.load(options.out)
    for entry in found:
        record = done.setdefault(entry.name, {})
        complete(record, entry, options.seeds, with_nuts=not options.skip_nuts)
        records.store(options.out, done)
        print(posteriordb_table.line(entry.name, record), flush=True)
    print(posteriordb_table.totals({entry.name: done[entry.name] for entry in found}))


def complete(record: Record, entry: Entry, seeds: int, *, with_nuts: bool) -> None:
    """Add to a posterior's record what it still lacks: its size and floor, NUTS, the fits."""
    draws = reference_draws(entry)
    scale = np.log if entry.name in LOG_SCALE else np.asarray
    reference = Reference(list(draws), scale(np.stack(list(draws.values()), axis=2)), scale)
    if "floor" not in record:
        record["dim"] = nuts.dimension(entry)
        record["floor"] = reference.floor()
    if with_nuts and "mean" not in record.get("nuts", {}):
        record["nuts"] = _attempt(partial(_nuts, entry, reference))
    fits = record.setdefault("fits", [])
    if seeds and (len(fits) != seeds or any("error" in fit for fit in fits)):
        record["fits"] = _fits(entry, reference, seeds)  # all: cold and warm share one process


def _nuts(entry: Entry, reference: Reference) -> Record:
    run = nuts.sample(entry, reference.names, seed=1)
    return reference.distance(run.draws) | {
        "rhat": run.rhat,
        "divergences": run.divergences,
        "gradients": run.gradients,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
    }


def _fits(entry: Entry, reference: Reference, seeds: int) -> list[Record]:
    """Fit once a seed; the first fit also pays for reading the program and all compilation."""
    import fluvial

    target: list[fluvial.Target] = []

    def fit(seed: int) -> Record:
        watch = Stopwatch()
        if not target:
            target.append(fluvial.from_stan(str(entry.program), entry.data))
        posterior, draws, *_ = fit_and_draw(target[0], seed, DRAWS)
        seconds, cpu_seconds = watch.read()
        spent = {"seconds": seconds, "cpu_seconds": cpu_seconds}
        found = reference.distance(columns(draws, reference.names))
        return spent | _diagnostics(posterior) | found

    return [_attempt(partial(fit, seed)) | {"seed": seed} for seed in range(seeds)]


def _diagnostics(posterior: Any) -> Record:
    return {
        "verdict": posterior.verdict.name,
        "khat": float(posterior.khat),
        "ess": float(posterior.ess),
        "elbo": float(posterior.elbo),
        "log_evidence": float(posterior.log_evidence),
        "evaluations": posterior.provenance.evaluations,
        "stages": {stage: float(seconds) for stage, seconds in posterior.seconds.items()},
    }


def _attempt(work: Callable[[], Record]) -> Record:
    """One failure is one line of the table, not the end of the run."""
    try:
        return work()
    except Exception as error:
        return {"error": failure(error)}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.posteriordb",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--posteriordb", type=Path, required=True, metavar="DIR", help="the clone")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names; * allowed")
    parser.add_argument("--seeds", type=int, default=3, help="fits a posterior (0: NUTS alone)")
    parser.add_argument("--skip-nuts", action="store_true")
    parser.add_argument("--out", type=Path, metavar="JSON", help="keep results; go on from there")
    parser.add_argument("--fresh", action="store_true", help="do not go on: begin anew")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
