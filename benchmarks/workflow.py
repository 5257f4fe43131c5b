"""What follows a fit: chains of fits, warm starts, comparisons, and predictions for many rows.

    python -m benchmarks.workflow chained [--batches 1,2,5,20]
    python -m benchmarks.workflow warm [--models 20]
    python -m benchmarks.workflow compare [--replications 100]
    python -m benchmarks.workflow predict [--rows 1000000] [--draws 4000]

Each prints a table in Markdown, with the seed; ``benchmarks/results/workflow.md`` has one of each.
"""

import argparse
import resource
import time
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from scipy.special import gammaln

import fluvial

_SEED = 0


def _regression(rng, n: int):
    X = rng.standard_normal((n, 3))
    return X, X @ np.array([1.0, -1.0, 0.5]) + rng.standard_normal(n)


def _outcomes(rng, X: np.ndarray) -> np.ndarray:
    probabilities = 1.0 / (1.0 + np.exp(-X @ np.array([1.0, -1.0, 0.5])))
    return (rng.uniform(size=len(X)) < probabilities).astype(float)


def _conjugate(rng, n: int):
    X, y = _regression(rng, n)

    def likelihood(rows):
        A, b = jnp.asarray(X[rows]), jnp.asarray(y[rows])
        constant = 0.5 * len(y[rows]) * np.log(2 * np.pi)
        return lambda p: -0.5 * jnp.sum((b - A @ p["w"]) ** 2) - constant

    def prior(p):
        return -0.5 * jnp.sum(p["w"] ** 2) - 1.5 * np.log(2 * np.pi)

    return likelihood, prior, {"w": np.zeros(3)}


def _logistic(rng, n: int):
    X, _ = _regression(rng, n)
    y = _outcomes(rng, X)

    def likelihood(rows):
        A, b = jnp.asarray(X[rows]), jnp.asarray(y[rows])
        return lambda p: jnp.sum(b * (A @ p["w"]) - jnp.logaddexp(0.0, A @ p["w"]))

    def prior(p):
        return -0.5 * jnp.sum(p["w"] ** 2) - 1.5 * np.log(2 * np.pi)

    return likelihood, prior, {"w": np.zeros(3)}


def _hierarchical(rng, n: int):
    """Groups of which each has a mean of its own, integrated out: y_g ~ N(mu, tau² + 1)."""
    y = rng.normal(1.0, np.hypot(1.0, 0.8), size=n)

    def likelihood(rows):
        b = jnp.asarray(y[rows])

        def log_p(p):
            variance = 1.0 + jnp.exp(2.0 * p["log_tau"])
            return jnp.sum(
                -0.5 * (b - p["mu"]) ** 2 / variance - 0.5 * jnp.log(2 * np.pi * variance)
            )

        return log_p

    def prior(p):
        return -0.5 * (p["mu"] ** 2 + p["log_tau"] ** 2) - np.log(2 * np.pi)

    return likelihood, prior, {"mu": 0.0, "log_tau": 0.0}


def _chain(model, rows: np.ndarray, batches: int):
    likelihood, prior, example = model
    posterior = None
    for part in np.array_split(rows, batches):
        log_p = likelihood(part)
        if posterior is None:
            target = fluvial.Target(lambda p, f=log_p: f(p) + prior(p), example=example)
        else:
            target = fluvial.Target(log_p, example=example).given(posterior)
        posterior = fluvial.fit(target, seed=_SEED, progress=False)
        if posterior.verdict.value in ("FAILED", "USE_MCMC"):
            break
    return posterior


def _moments(posterior):
    points = posterior.pool.points
    weights = np.exp(posterior.pool.log_weights)
    mean = weights @ points / weights.sum()
    return mean, np.sqrt(weights @ (points - mean) ** 2 / weights.sum())


def chained(batches: list[int], models: list[str]) -> None:
    print("| model | batches | verdict | said shift, sd | mean off, sd | log sd off | ln Z off |")
    print("|---|---|---|---|---|---|---|")
    makers = {"conjugate": _conjugate, "logistic": _logistic, "hierarchical": _hierarchical}
    for name in models:
        model = makers[name](np.random.default_rng(_SEED), 100)
        whole = _chain(model, np.arange(100), 1)
        mean, sd = _moments(whole)
        for count in batches:
            last = whole if count == 1 else _chain(model, np.arange(100), count)
            now, spread = _moments(last)
            print(
                f"| {name} | {count} | {last.verdict} ({len(last.chain) + 1} fits) "
                f"| {sum(link.shift for link in last.chain):.3f} "
                f"| {np.abs((now - mean) / sd).max():.3f} "
                f"| {np.abs(np.log(spread / sd)).max():.3f} "
                f"| {last.chain_log_evidence[0] - whole.log_evidence:+.4f} |",
                flush=True,
            )


def warm(models: int) -> None:
    print("| model | cold | warm | evaluations cold | warm | ratio | seconds cold | warm |")
    print("|---|---|---|---|---|---|---|---|")
    first = fluvial.fit(_perturbed(None), seed=_SEED, progress=False)
    ratios = []
    for number in range(models):
        target = _perturbed(number)
        cold = fluvial.fit(target, seed=_SEED, progress=False)
        again = fluvial.fit(target, seed=_SEED, start=first, progress=False)
        evaluations = [p.provenance.evaluations for p in (cold, again)]
        seconds = [sum(p.seconds.values()) for p in (cold, again)]
        ratios.append(evaluations[1] / evaluations[0])
        print(
            f"| {number} | {cold.verdict} | {again.verdict} | {evaluations[0]} | {evaluations[1]} "
            f"| {ratios[-1]:.2f} | {seconds[0]:.1f} | {seconds[1]:.1f} |",
            flush=True,
        )
    print(f"\nthe largest ratio is {max(ratios):.2f}, the median {np.median(ratios):.2f}")


def _perturbed(number: int | None) -> fluvial.Target:
    """A logistic regression, with up to a tenth more data and a prior up to twice as wide."""
    rng = np.random.default_rng(_SEED)
    X, _ = _regression(rng, 110)
    y = (rng.uniform(size=110) < 1.0 / (1.0 + np.exp(-X @ np.array([1.0, -1.0, 0.5])))).astype(
        float
    )
    own = np.random.default_rng(number)
    n = 100 if number is None else 100 + int(own.integers(1, 11))
    scale = 2.0 if number is None else 2.0 * float(np.exp(own.uniform(-0.7, 0.7)))
    A, b = jnp.asarray(X[:n]), jnp.asarray(y[:n])

    def log_p(p):
        likelihood = jnp.sum(b * (A @ p["w"]) - jnp.logaddexp(0.0, A @ p["w"]))
        return likelihood - 0.5 * jnp.sum((p["w"] / scale) ** 2)

    return fluvial.Target(log_p, example={"w": np.zeros(3)})


def compare(replications: int) -> None:
    covered, decided, inside, wrong = 0, 0, 0, 0
    for number in range(replications):
        X, y = _regression(np.random.default_rng(number), 30)
        y = y - 0.4 * X[:, 2]  # what is left of the third effect is small
        found = fluvial.compare({str(k): _fitted(X[:, :k], y) for k in (2, 3)})
        difference = found.rows[1].log_evidence - found.rows[0].log_evidence
        error = float(np.hypot(found.rows[0].log_evidence_se, found.rows[1].log_evidence_se))
        exact = _exact(X[:, :3], y) - _exact(X[:, :2], y)
        covered += abs(difference - exact) <= 1.96 * error
        decided += len(found.ranking) == 2
        inside += abs(difference) <= 2.0 * error and len(found.ranking) == 2
        best = found.ranking[0][0] if len(found.ranking) == 2 else None
        wrong += best is not None and (best == "3") != (exact > 0.0)
    print(f"replications {replications}, seeds 0 to {replications - 1}")
    print(f"95 % intervals of the log Bayes factor that cover the exact one: {covered}")
    print(f"ranked: {decided}; ranked inside the error: {inside}; ranked wrongly: {wrong}")


def _target(X: np.ndarray, y: np.ndarray) -> fluvial.Target:
    """The conjugate regression: v = σ² ~ InvGamma(2, 2), w | v ~ N(0, 4v I), y ~ N(Xw, v)."""
    A, b, k, n = jnp.asarray(X), jnp.asarray(y), X.shape[1], len(y)

    def log_p(p):
        v = jnp.exp(p["log_v"])
        prior = 2 * np.log(2.0) - gammaln(2.0) - 3.0 * p["log_v"] - 2.0 / v + p["log_v"]
        prior += -0.5 * jnp.sum(p["w"] ** 2) / (4.0 * v) - 0.5 * k * jnp.log(2 * np.pi * 4.0 * v)
        return prior - 0.5 * jnp.sum((b - A @ p["w"]) ** 2) / v - 0.5 * n * jnp.log(2 * np.pi * v)

    return fluvial.Target(log_p, example={"log_v": 0.0, "w": np.zeros(k)})


def _fitted(X: np.ndarray, y: np.ndarray):
    return fluvial.fit(_target(X, y), seed=_SEED, progress=False)


def _exact(X: np.ndarray, y: np.ndarray) -> float:
    """Ln of a multivariate t: y ~ t_4(0, I + 4 X Xᵀ)."""
    n, S = len(y), np.eye(len(y)) + 4.0 * X @ X.T
    quadratic = y @ np.linalg.solve(S, y)
    return float(
        gammaln(2.0 + n / 2)
        - gammaln(2.0)
        + 2.0 * np.log(2.0)
        - 0.5 * n * np.log(2 * np.pi)
        - 0.5 * np.linalg.slogdet(S)[1]
        - (2.0 + n / 2) * np.log(2.0 + 0.5 * quadratic)
    )


def predict(rows: int, draws: int) -> None:
    posterior = fluvial.fit(_perturbed(None), seed=_SEED, progress=False)
    X = np.random.default_rng(_SEED).standard_normal((rows, 3))
    start = time.process_time()
    found = posterior.predict(lambda p, x: 1.0 / (1.0 + jnp.exp(-x @ p["w"])), X, draws)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    w = posterior.draws(draws)["w"]
    exact = (1.0 / (1.0 + np.exp(-w @ X[-1]))).mean()
    print(f"{rows} rows x {draws} draws: {time.process_time() - start:.0f} s of processor time")
    print(
        f"peak memory of the process {peak:.2f} GiB; last mean off by {found.mean[-1] - exact:.1e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["chained", "warm", "compare", "predict"])
    parser.add_argument("--batches", default="1,2,5,20")
    parser.add_argument("--of", default="conjugate,logistic,hierarchical")
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10**6)
    parser.add_argument("--draws", type=int, default=4000)
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "chained": lambda: chained([int(b) for b in given.batches.split(",")], given.of.split(",")),
        "warm": lambda: warm(given.models),
        "compare": lambda: compare(given.replications),
        "predict": lambda: predict(given.rows, given.draws),
    }
    parts[given.part]()


if __name__ == "__main__":
    main()
