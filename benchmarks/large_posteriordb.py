"""posteriordb's large posteriors without reference draws, beside Stan's NUTS.

    git clone https://github.com/stan-dev/posteriordb
    python -m benchmarks.large_posteriordb --posteriordb posteriordb

The truth is what long runs of NUTS agree on: of the program itself and, where posteriordb has the
same model in another parameterization, of that one. How far the two are apart is printed beside the
fit's errors, and a fit is right that is within the usual bounds and that distance. One line each.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.database import data_of, program_of
from benchmarks.fitting import Stopwatch, fit_and_draw
from benchmarks.honesty import Case, failure, tally
from benchmarks.metrics import Accuracy, accuracy
from benchmarks.nuts import model_of
from benchmarks.posteriordb_table import MEAN_BOUND, SD_BOUND

POSTERIORS: dict[str, str | None] = {
    "radon_mn-radon_hierarchical_intercept_centered": "hierarchical_intercept_noncentered",
    "radon_mn-radon_hierarchical_intercept_noncentered": "hierarchical_intercept_centered",
    "radon_mn-radon_partially_pooled_centered": "partially_pooled_noncentered",
    "radon_mn-radon_partially_pooled_noncentered": "partially_pooled_centered",
    "radon_mn-radon_variable_intercept_centered": "variable_intercept_noncentered",
    "radon_mn-radon_variable_intercept_noncentered": "variable_intercept_centered",
    "radon_mn-radon_variable_slope_centered": "variable_slope_noncentered",
    "radon_mn-radon_variable_slope_noncentered": "variable_slope_centered",
    "radon_mn-radon_variable_intercept_slope_centered": "variable_intercept_slope_noncentered",
    "radon_mn-radon_variable_intercept_slope_noncentered": "variable_intercept_slope_centered",
    "rats_data-rats_model": None,
    "pilots-pilots": None,
    "irt_2pl-irt_2pl": None,
    "mcycle_splines-accel_splines": None,
    "election88-election88_full": None,
}
"""And the same model in another parameterization, without what both names begin with."""

DRAWS, LONG = 1000, 2000
"""Of each of four chains of NUTS, after as many transitions of warm-up: timed; for the truth."""

Columns = Mapping[str, np.ndarray]


class Run(NamedTuple):
    """NUTS: draws of shape (N, *shape) by parameter, and how they were come by."""

    draws: Columns
    rhat: float
    ess: float
    divergences: int
    cpu_seconds: float


def measure(root: Path, name: str, seed: int) -> tuple[str, Case, float, float]:
    """Fit and run NUTS; a line, the case, and the CPU seconds of each."""
    import fluvial

    about = json.loads((root / "posteriors" / f"{name}.json").read_text())
    program, data = program_of(root, about), data_of(root, about)
    watch = Stopwatch()
    target = fluvial.from_stan(str(program), data)
    posterior, draws, *_ = fit_and_draw(target, seed, 4 * DRAWS)
    cpu = watch.read()[1]
    nuts = sample(program, data, DRAWS, seed=1)
    other = POSTERIORS.get(name)
    there = program if other is None else program.with_name(f"radon_{other}.stan")
    long = [sample(program, data, LONG, seed=2), sample(there, data, LONG, seed=3)]
    shared = [n for n in draws if all(n in run.draws for run in long)]
    truth = np.concatenate([_matrix(run.draws, shared) for run in long])
    apart = accuracy(*(_matrix(run.draws, shared) for run in (long[0], long[-1])))
    found, by_nuts = (accuracy(_matrix(of, shared), truth) for of in (draws, nuts.draws))
    right = found.mean <= MEAN_BOUND + apart.mean and found.sd <= SD_BOUND + apart.sd
    verdict = posterior.verdict.name
    said = (
        f"{name:<52} D {target.dim:>4}  {verdict:<11} {_errors(found)} {cpu:6.1f} s   "
        f"NUTS {_errors(by_nuts)} R-hat {nuts.rhat:.3f} ESS {nuts.ess:5.0f} "
        f"{nuts.divergences} divergent {nuts.cpu_seconds:6.1f} s   long runs: R-hat "
        f"{max(run.rhat for run in long):.3f}, apart {_errors(apart)}"
    )
    return said, Case(f"{name}:{seed}", verdict, bool(right)), cpu, nuts.cpu_seconds


def sample(program: Path, data: dict, draws: int, seed: int) -> Run:
    """Four chains of Stan's NUTS, by stanli; CPU seconds with reading and compiling the program."""
    from arviz_stats.base.array import array_stats

    watch = Stopwatch()
    fit = model_of(program, data).sample(warmup=draws, samples=draws, seed=seed, refresh=0)
    cpu = watch.read()[1]
    seen = fit.draws()
    seen = seen[:, :, np.ptp(seen, axis=(0, 1)) > 0]
    return Run(
        {name: fit[name] for name in fit.variables},
        float(np.max(array_stats.rhat(seen, chain_axis=0, draw_axis=1))),
        float(np.min(array_stats.ess(seen, chain_axis=0, draw_axis=1))),
        int(np.sum(fit.divergences)),
        cpu,
    )


def _matrix(draws: Columns, names: Sequence[str]) -> np.ndarray:
    columns = [np.asarray(draws[name], float) for name in names]
    return np.concatenate([column.reshape(len(column), -1) for column in columns], axis=1)


def _errors(off: Accuracy) -> str:
    return f"{off.mean:.3f} sd, {off.sd:.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large_posteriordb",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--posteriordb", type=Path, required=True, metavar="DIR", help="the clone")
    parser.add_argument(
        "--only",
        nargs="+",
        default=list(POSTERIORS),
        metavar="NAME",
        help="any of posteriordb's (default: the large ones)",
    )
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 (default: 1)")
    options = parser.parse_args(arguments)
    cases, seconds = [], np.zeros(2)
    for name in options.only:
        for seed in range(options.seeds):
            try:
                said, case, *spent = measure(options.posteriordb / "posterior_database", name, seed)
            except Exception as error:  # one failure is a line, not the end of the run
                said, case, spent = (
                    failure(error),
                    Case(f"{name}:{seed}", "ERROR", right=False),
                    (0, 0),
                )
                said = f"{name:<52} {said}"
            print(said, flush=True)
            cases.append(case)
            seconds += spent
    print(f"{seconds[0]:.0f} s of a processor, NUTS {seconds[1]:.0f} s\n{tally(cases).report()}")


if __name__ == "__main__":
    main()
