"""What `fit` makes of large posteriors, in which few coordinates rule the others.

    python -m benchmarks.large

One process a fit, so that seconds are those of a cold start without a cache, and the memory is the
fit's own. KL(q‖p) is ln Z less the ELBO, in nats; margins are compared with exact ones, where they
are known, by the worst coordinate: the mean in sd, and the log of the sd. `--growth` fits the
hierarchy in rising dimensions, and prints the exponents of seconds and memory.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

import numpy as np

import fluvial
from benchmarks.large_problems import PROBLEMS, Problem, hierarchy

GROWTH = (100, 300, 1000, 3000, 10_000)


def measure(problem: Problem, seed: int, max_steps: int) -> tuple[str, float, float]:
    """Fit, and say what came of it in a line; also the seconds and the memory in GB."""
    start, cpu = time.perf_counter(), time.process_time()
    target = fluvial.Target(problem.log_density, dim=problem.dim)
    posterior = fluvial.fit(target, seed=seed, max_steps=max_steps, progress=False)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    said = (
        f"{posterior.verdict.value:<11} {posterior.provenance.flow:<24} "
        f"ELBO {posterior.elbo:.2f}  ln Z {posterior.log_evidence:.3f} ± "
        f"{posterior.log_evidence_se:.3f}  KL {problem.log_evidence - posterior.elbo:.3f}  "
        f"ln Z off {posterior.log_evidence - problem.log_evidence:+.3f}  "
        f"{_margins(problem, posterior)}"
        f"{seconds:.0f} s ({cpu:.0f} of a processor)  {memory:.1f} GB"
    )
    return said, seconds, memory


def _margins(problem: Problem, posterior: fluvial.Posterior) -> str:
    known = len(problem.mean)
    if not known:
        return ""
    x, w = posterior.pool.points[:, :known], np.exp(posterior.pool.log_weights)
    mean = w @ x
    sd = np.sqrt(w @ (x - mean) ** 2)
    off = np.max(np.abs(mean - problem.mean) / problem.sd)
    return f"margins off {off:.3f} sd, {np.abs(np.log(sd / problem.sd)).max():.3f}  "


def _in_a_process(name: str, seed: int, max_steps: int) -> str:
    arguments = ["--here", "--only", name, "--seeds", str(seed), "--max-steps", str(max_steps)]
    command = [sys.executable, "-m", "benchmarks.large", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or f"failed: {done.stderr.strip().splitlines()[-1:]}"


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
    parser.add_argument("--growth", action="store_true", help="seconds and memory against D")
    parser.add_argument("--here", action="store_true", help="fit in this process, that seed alone")
    options = parser.parse_args(arguments)
    if options.here:
        said, seconds, memory = measure(_problem(options.only), options.seeds, options.max_steps)
        print(f"{said}\n{seconds} {memory}" if options.growth else said)
        return
    if options.growth:
        _print_growth(options.max_steps)
        return
    for name in [options.only] if options.only else PROBLEMS:
        for seed in range(options.seeds):
            said = _in_a_process(name, seed, options.max_steps)
            print(f"{name:<26} seed {seed}  {said}", flush=True)


def _print_growth(max_steps: int) -> None:
    measured = []
    for groups in GROWTH:
        command = [sys.executable, "-m", "benchmarks.large", "--here", "--growth", "--seeds", "0"]
        command += ["--only", str(groups), "--max-steps", str(max_steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        said, numbers = done.stdout.strip().splitlines()
        print(f"{groups:>6} groups  {said}", flush=True)
        measured.append([float(number) for number in numbers.split()])
    logs = np.log(np.array(measured))
    for name, column in zip(("seconds", "memory"), logs.T, strict=True):
        print(f"{name} grow as D^{np.polyfit(np.log(GROWTH), column, 1)[0]:.2f}")


if __name__ == "__main__":
    main()
