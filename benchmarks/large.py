"""What `fit` makes of large posteriors, in which few coordinates rule the others.

    python -m benchmarks.large

One process a fit, so that seconds are those of a cold start without a cache, and the memory is the
fit's own. KL(q‖p) is ln Z less the ELBO, in nats; margins are compared with exact ones, where they
are known, by the worst coordinate: the mean in sd, and the log of the sd. With `--nuts` NumPyro's
NUTS runs after the fit in the same process, and both are compared. `--growth` fits the hierarchy in
rising dimensions, and prints the exponents of seconds and memory.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

import fluvial
from benchmarks import large_nuts
from benchmarks.fitting import Stopwatch
from benchmarks.large_problems import PROBLEMS, Problem, hierarchy

GROWTH = (100, 300, 1000, 3000, 10_000)


def measure(
    problem: Problem, seed: int, max_steps: int, *, nuts: int = 0
) -> tuple[str, float, float]:
    """Fit, and say what came of it in a line; also the CPU seconds and the memory in GB.

    Args:
        problem: what to fit.
        seed: of the fit, and of NUTS.
        max_steps: of training.
        nuts: draws of each chain of NUTS, to compare with; 0 for none.
    """
    watch = Stopwatch()
    target = fluvial.Target(problem.log_density, dim=problem.dim)
    posterior = fluvial.fit(target, seed=seed, max_steps=max_steps, progress=False)
    seconds, cpu = watch.read()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    mean, sd = _moments(posterior)
    said = (
        f"{posterior.verdict.value:<11} {posterior.provenance.flow:<24} "
        f"ELBO {posterior.elbo:.2f}  ln Z {posterior.log_evidence:.3f} ± "
        f"{posterior.log_evidence_se:.3f}  KL {problem.log_evidence - posterior.elbo:.3f}  "
        f"ln Z off {posterior.log_evidence - problem.log_evidence:+.3f}  "
        f"{_margins(mean, sd, problem.mean, problem.sd)}"
        f"{seconds:.0f} s ({cpu:.0f} of a processor)  {memory:.1f} GB"
    )
    if nuts:
        run = large_nuts.sample(problem.log_density, problem.dim, seed, nuts)
        said += (
            f"\n    NUTS  R-hat {run.rhat:.3f}  ESS {run.ess:.0f}  {run.divergences} divergences  "
            f"{run.seconds:.0f} s ({run.cpu_seconds:.0f} of a processor)  "
            f"{_margins(run.mean, run.sd, problem.mean, problem.sd)}"
            f"the fit from NUTS: {_margins(mean, sd, run.mean, run.sd)}"
        )
    return said, cpu, memory


def _moments(posterior: fluvial.Posterior) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means and sds, some coordinates at a time."""
    w, mean, sd = np.exp(posterior.pool.log_weights), [], []
    points = posterior.pool.points
    for x in np.array_split(points, max(points.shape[1] // 500, 1), axis=1):
        mean.append(w @ x)
        sd.append(np.sqrt(w @ (x - mean[-1]) ** 2))
    return np.concatenate(mean), np.concatenate(sd)


def _margins(mean: np.ndarray, sd: np.ndarray, right: np.ndarray, right_sd: np.ndarray) -> str:
    """How far the worst of the first coordinates is off, of as many as are known."""
    known = len(right)
    if not known or not len(mean):
        return ""
    off = np.max(np.abs(mean[:known] - right) / right_sd)
    return f"margins off {off:.3f} sd, {np.abs(np.log(sd[:known] / right_sd)).max():.3f}  "


def _in_a_process(name: str, seed: int, max_steps: int, nuts: int) -> str:
    arguments = ["--here", "--only", name, "--seeds", str(seed), "--max-steps", str(max_steps)]
    arguments += ["--nuts", str(nuts)]
    done = _cold(arguments, check=False)
    return done.stdout.strip() or f"failed: {done.stderr.strip().splitlines()[-1:]}"


def _cold(arguments: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
    """Run this program in a process that finds nothing compiled."""
    command = [sys.executable, "-m", "benchmarks.large", *arguments]
    env = {**os.environ, "FLUVIAL_KEEP_COMPILED": "0"}
    return subprocess.run(command, capture_output=True, text=True, check=check, env=env)


def _problem(name: str) -> Problem:
    return PROBLEMS[name]() if name in PROBLEMS else hierarchy(int(name))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", help=f"one of {', '.join(PROBLEMS)}; a number is of groups")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--max-steps", type=int, default=1500, help="of training (default: 1500)")
    parser.add_argument("--nuts", type=int, default=0, metavar="N", help="draws of its chains")
    parser.add_argument("--growth", action="store_true", help="CPU seconds and memory against D")
    parser.add_argument("--here", action="store_true", help="fit in this process, that seed alone")
    options = parser.parse_args(arguments)
    if options.here:
        problem, steps = _problem(options.only), options.max_steps
        said, seconds, memory = measure(problem, options.seeds, steps, nuts=options.nuts)
        print(f"{said}\n{seconds} {memory}" if options.growth else said)
        return
    if options.growth:
        _print_growth(options.max_steps)
        return
    for name in [options.only] if options.only else PROBLEMS:
        for seed in range(options.seeds):
            said = _in_a_process(name, seed, options.max_steps, options.nuts)
            print(f"{name:<26} seed {seed}  {said}", flush=True)


def _print_growth(max_steps: int) -> None:
    measured = []
    for groups in GROWTH:
        arguments = ["--here", "--growth", "--seeds", "0"]
        arguments += ["--only", str(groups), "--max-steps", str(max_steps)]
        done = _cold(arguments, check=True)
        said, numbers = done.stdout.strip().splitlines()
        print(f"{groups:>6} groups  {said}", flush=True)
        measured.append([float(number) for number in numbers.split()])
    logs = np.log(np.array(measured))
    for name, column in zip(("CPU seconds", "memory"), logs.T, strict=True):
        print(f"{name} grow as D^{np.polyfit(np.log(GROWTH), column, 1)[0]:.2f}")


if __name__ == "__main__":
    main()
