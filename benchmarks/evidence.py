"""How close the bound and the corrected evidence come where log Z is known.

    python -m benchmarks.evidence --data DIR

Logistic regressions: log Z - ELBO, the error of the corrected log evidence, seconds. Funnel and
banana, where log Z = 0: the ELBO, and the draws' marginal W1 distance to exact draws over that of
exact draws to one another. The densities are those in benchmarks/logistic.py and fluvial.targets.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

import fluvial
from benchmarks.fitting import Fit, fit_and_draw
from benchmarks.honesty import failure
from benchmarks.logistic import LOG_EVIDENCE, data_folder, german_credit, ionosphere
from benchmarks.metrics import w1_ratio
from fluvial.targets.examples.registry import example

DRAWS, EXACT_SAMPLES = 10_000, 5

BOUNDS = {
    "german credit, no prior": 0.02,
    "german credit, N(0, 10^2)": 0.02,
    "ionosphere": 0.05,
    "funnel": 0.02,
    "banana": 0.02,
}
"""Largest log Z - ELBO in nats to be aimed at."""

EVIDENCE_BOUND, W1_BOUND, SECONDS_BOUND = 0.02, 1.5, 20.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="default: FLUVIAL_DATA")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    head = f"{'target':<28}{'D':>3}{'seed':>5}{'gap':>9}{'± se':>8}{'evidence':>10}{'± se':>8}"
    print(f"{head}{'W1':>6}{'k-hat':>7}{'s':>7}  {'verdict':<12} aims missed", flush=True)
    for name, make in regressions(data_folder(options.data)).items():
        _fit_and_print(name, make(), LOG_EVIDENCE[name], options.seeds, lambda _: None)
    for name in ("funnel", "banana"):
        made = example(name)
        ratio = partial(_against_exact, made)
        _fit_and_print(name, made.target, made.log_evidence, options.seeds, ratio)


def regressions(folder: Path) -> dict[str, Callable[[], fluvial.Target]]:
    """The three logistic regressions by name."""
    return {
        "german credit, no prior": partial(german_credit, folder, prior_sd=None),
        "german credit, N(0, 10^2)": partial(german_credit, folder, prior_sd=10.0),
        "ionosphere": partial(ionosphere, folder),
    }


def _fit_and_print(
    name: str,
    target: fluvial.Target,
    log_evidence: float,
    seeds: int,
    distance: Callable[[dict[str, np.ndarray]], float | None],
) -> None:
    for seed in range(seeds):
        try:
            fit = fit_and_draw(target, seed, DRAWS)
        except Exception as error:
            print(f"{name:<28}{target.dim:>3}{seed:>5}  failed: {failure(error)}", flush=True)
            continue
        print(line(name, seed, target.dim, fit, log_evidence, distance(fit.draws)), flush=True)


def line(name: str, seed: int, dim: int, fit: Fit, log_evidence: float, w1: float | None) -> str:
    """One fit: errors in nats, and which aims it misses."""
    posterior = fit.posterior
    gap = log_evidence - posterior.elbo
    error = posterior.log_evidence - log_evidence
    missed = [
        aim
        for aim, met in {
            "ELBO": abs(gap) <= BOUNDS[name],
            "evidence": abs(error) <= EVIDENCE_BOUND,
            "W1": w1 is None or w1 <= W1_BOUND,
            "seconds": fit.seconds <= SECONDS_BOUND,
        }.items()
        if not met
    ]
    return (
        f"{name:<28}{dim:>3}{seed:>5}{gap:9.4f}{posterior.elbo_se:8.4f}{error:10.4f}"
        f"{posterior.log_evidence_se:8.4f}{'' if w1 is None else f'{w1:.2f}':>6}"
        f"{posterior.khat:7.2f}{fit.seconds:7.1f}  {posterior.verdict.name:<12} {', '.join(missed)}"
    ).rstrip()


def _against_exact(made, draws: dict[str, np.ndarray]) -> float:
    exact = [made.target.constrain(made.sample(i, DRAWS)) for i in range(EXACT_SAMPLES)]
    return w1_ratio(_matrix(draws), [_matrix(sample) for sample in exact])


def _matrix(draws: dict[str, np.ndarray]) -> Float[np.ndarray, "N D"]:
    return np.concatenate([draws[name].reshape(DRAWS, -1) for name in sorted(draws)], axis=1)


if __name__ == "__main__":
    main()
