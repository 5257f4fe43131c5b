"""What follows a fit: chains of fits, warm starts, comparisons, evidence, and predictions.

    python -m benchmarks.workflow chained [--batches 1,2,5,20] [--of conjugate,logistic]
    python -m benchmarks.workflow warm [--models 20]
    python -m benchmarks.workflow compare [--replications 100]
    python -m benchmarks.workflow cover [--replications 100] [--of skewed,heavy,funnel]
    python -m benchmarks.workflow evidence [--seconds 60] [--of PART_OF_A_NAME]
    python -m benchmarks.workflow predict [--rows 1000000] [--draws 4000]

Each prints a table in Markdown, with the seed; ``benchmarks/results/workflow.md`` has one of each.
Models are Stan programs where only the data differ from fit to fit, so that nothing is compiled
anew; ``evidence`` takes dynesty and nautilus-sampler where they are installed.
"""

import argparse
import importlib.util
import resource
import signal
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from scipy.special import gammaln

import fluvial
from benchmarks import blackbox
from benchmarks.subprocesses import run
from fluvial.posterior.links import chain_shift

_SEED = 0
_COEFFICIENTS = np.array([1.0, -1.0, 0.5])

_PROGRAMS = {
    "conjugate": (
        "matrix[N, 3] X; vector[N] y;",
        "vector[3] w;",
        "w ~ normal(0, 1);",
        "y ~ normal(X * w, 1);",
    ),
    "logistic": (
        "matrix[N, 3] X; array[N] int y;",
        "vector[3] w;",
        "w ~ normal(0, 1);",
        "y ~ bernoulli_logit(X * w);",
    ),
    # groups that each have a mean of their own, which is integrated out
    "hierarchical": (
        "vector[N] y;",
        "real mu; real<lower=0> tau;",
        "mu ~ normal(0, 2); tau ~ lognormal(0, 1);",
        "y ~ normal(mu, sqrt(1 + tau^2));",
    ),
}


def _regression(rng, n: int):
    X = rng.standard_normal((n, 3))
    return X, X @ _COEFFICIENTS + rng.standard_normal(n)


def _outcomes(rng, X: np.ndarray) -> np.ndarray:
    return (rng.uniform(size=len(X)) < 1.0 / (1.0 + np.exp(-X @ _COEFFICIENTS))).astype(int)


def _data(name: str, outliers: bool) -> dict[str, np.ndarray]:
    """A hundred rows; the last three are far from all others if ``outliers``."""
    rng = np.random.default_rng(_SEED)
    if name == "hierarchical":
        data = {"y": rng.normal(1.0, np.hypot(1.0, 0.8), size=100)}
        odd = {"y": np.full(3, 30.0)}
    elif name == "conjugate":
        X, y = _regression(rng, 100)
        data, odd = {"X": X, "y": y}, {"X": np.ones((3, 3)), "y": np.full(3, 30.0)}
    else:
        X = rng.standard_normal((100, 3))
        # the three, each worth a row far out, say the opposite of what all others say
        data = {"X": X, "y": _outcomes(rng, X)}
        odd = {"X": 20.0 * np.array([[1.0, -1.0, 0.5]] * 3), "y": np.zeros(3, int)}
    if not outliers:
        return data
    return {key: np.concatenate([array, odd[key]]) for key, array in data.items()}


def _stan(name: str, data: dict[str, np.ndarray], rows, *, prior: bool) -> fluvial.Target:
    sizes, parameters, its_prior, likelihood = _PROGRAMS[name]
    program = f"data {{ int N; {sizes} }} parameters {{ {parameters} }} model {{ "
    program += (its_prior if prior else "") + likelihood + " }"
    part = {key: array[rows].tolist() for key, array in data.items()}
    return fluvial.from_stan(program, {"N": len(rows), **part})


def _chain(name: str, data: dict[str, np.ndarray], batches: list[np.ndarray]) -> fluvial.Posterior:
    first, *others = batches
    posterior = fluvial.fit(_stan(name, data, first, prior=True), seed=_SEED, progress=False)
    for rows in others:
        if posterior.verdict.value in ("FAILED", "USE_MCMC"):
            break
        target = _stan(name, data, rows, prior=False).given(posterior)
        posterior = fluvial.fit(target, seed=_SEED, progress=False)
    return posterior


def _moments(posterior):
    points = posterior.pool.points
    weights = np.exp(posterior.pool.log_weights)
    mean = weights @ points / weights.sum()
    return mean, np.sqrt(weights @ (points - mean) ** 2 / weights.sum())


def chained(batches: list[int], models: list[str]) -> None:
    """Chains beside the fit of all rows: what is said of the errors, and what they are."""
    print(
        "| model | batches | verdict | said shift | mean off | log sd off | ln Z off | said | z |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in models:
        data, rows = _data(name, outliers=False), np.arange(100)
        whole = _chain(name, data, [rows])
        for count in batches:
            last = whole if count == 1 else _chain(name, data, np.array_split(rows, count))
            print(f"| {name} | {count} {_beside(last, whole, count)}", flush=True)
        last = _chain(name, _data(name, outliers=True), [rows[:50], rows[50:], np.arange(100, 103)])
        why = [r for r in last.reasons if "earlier posterior" in r]
        print(f"\n{name}, three outliers last: {last.verdict}. {' '.join(why)}\n", flush=True)


def _beside(last: fluvial.Posterior, whole: fluvial.Posterior, count: int) -> str:
    """The rest of a line of the table: of a chain that ended early there is nothing to compare."""
    said = f"| {last.verdict} ({len(last.chain) + 1} fits) | {chain_shift(last.chain):.3f} "
    if len(last.chain) + 1 < count:
        return said + "| | | | | |"
    (mean, sd), (now, spread) = _moments(whole), _moments(last)
    total, se = last.chain_log_evidence
    off, error = total - whole.log_evidence, np.hypot(se, whole.log_evidence_se)
    return (
        f"{said}| {np.abs((now - mean) / sd).max():.3f} | {np.abs(np.log(spread / sd)).max():.3f} "
        f"| {off:+.4f} | {error:.4f} | {off / error if count > 1 else 0.0:+.1f} |"
    )


def warm(models: int) -> None:
    print("| model | cold | warm | evaluations cold | warm | ratio | seconds cold | warm |")
    print("|---|---|---|---|---|---|---|---|")
    first = fluvial.fit(_perturbed(None), seed=_SEED, progress=False)
    ratios = []
    for number in range(models):
        target = _perturbed(number)
        # Of one seed for all, the same noise would decide each time whether a mixture is grown.
        cold = fluvial.fit(target, seed=number, progress=False)
        again = fluvial.fit(target, seed=number, start=first, progress=False)
        evaluations = [p.provenance.evaluations for p in (cold, again)]
        seconds = [sum(p.seconds.values()) for p in (cold, again)]
        ratios.append(evaluations[1] / evaluations[0])
        print(
            f"| {number} | {cold.verdict} | {again.verdict} | {evaluations[0]} | {evaluations[1]} "
            f"| {ratios[-1]:.2f} | {seconds[0]:.1f} | {seconds[1]:.1f} |",
            flush=True,
        )
    print(f"\nthe largest ratio is {max(ratios):.2f}, the median {np.median(ratios):.2f}")


_WARM = """
data { int N; matrix[N, 3] X; array[N] int y; real scale; }
parameters { vector[3] w; }
model { w ~ normal(0, scale); y ~ bernoulli_logit(X * w); }
"""


def _perturbed(number: int | None) -> fluvial.Target:
    """A logistic regression, with up to a tenth more data and a prior up to twice as wide."""
    rng = np.random.default_rng(_SEED)
    X = rng.standard_normal((110, 3))
    y = _outcomes(rng, X)
    own = np.random.default_rng(number)
    n = 100 if number is None else 100 + int(own.integers(1, 11))
    scale = 2.0 if number is None else 2.0 * float(np.exp(own.uniform(-0.7, 0.7)))
    data = {"N": n, "X": X[:n].tolist(), "y": y[:n].tolist(), "scale": scale}
    return fluvial.from_stan(_WARM, data)


def compare(replications: int) -> None:
    """Log Bayes factors of nested regressions beside the exact ones."""
    scores, verdicts, decided, inside, wrong = [], [], 0, 0, 0
    for number in range(replications):
        X, y = _regression(np.random.default_rng(number), 30)
        y = y - 0.4 * X[:, 2]  # what is left of the third effect is small
        # Posteriors of one shape: with one seed all of them would have the same error.
        fits = {str(k): _fitted(X[:, :k], y, 2 * number + k - 2) for k in (2, 3)}
        found = fluvial.compare(fits)
        verdicts += [fit.verdict.value for fit in fits.values()]
        difference = found.rows[1].log_evidence - found.rows[0].log_evidence
        error = float(np.hypot(found.rows[0].log_evidence_se, found.rows[1].log_evidence_se))
        exact = _exact(X[:, :3], y) - _exact(X[:, :2], y)
        scores.append((difference - exact) / error)
        decided += len(found.ranking) == 2
        inside += abs(difference) <= 2.0 * error and len(found.ranking) == 2
        best = found.ranking[0][0] if len(found.ranking) == 2 else None
        wrong += best is not None and (best == "3") != (exact > 0.0)
        if number % 20 == 19 or number == replications - 1:
            z = np.array(scores)
            print(f"replications {number + 1}, seeds from 0")
            print(f"95 % intervals of the log Bayes factor that cover: {np.sum(abs(z) <= 1.96)}")
            print(f"errors in standard errors: mean {z.mean():+.2f}, sd {z.std():.2f}")
            print(f"ranked: {decided}; inside the error: {inside}; wrongly: {wrong}")
            print("verdicts:", {v: verdicts.count(v) for v in sorted(set(verdicts))}, flush=True)


def _skewed(x):
    """Logarithms of two gammas."""
    shapes = jnp.array([1.5, 3.0])
    return jnp.sum(shapes * x - jnp.exp(x) - jax.scipy.special.gammaln(shapes)) + 2.0


def _heavy(x):
    """Student's t with 3 degrees of freedom in the plane."""
    return -jnp.log(2.0 * jnp.pi) - 2.5 * jnp.log1p(x @ x / 3.0) - 1.0


def _funnel(x):
    return norm.logpdf(x[0], 0.0, 1.5) + norm.logpdf(x[1], 0.0, jnp.exp(0.5 * x[0])) + 3.0


# each with its ln Z
_KNOWN = {"skewed": (_skewed, 2.0), "heavy": (_heavy, -1.0), "funnel": (_funnel, 3.0)}


def cover(replications: int, models: list[str]) -> None:
    """Errors of ln Z in standard errors, in models whose evidence is known, D = 2."""
    print("| model | covers | mean | sd | k-hat, 10, 50 and 90 % | verdicts |")
    print("|---|---|---|---|---|---|")
    for name in models:
        log_density, exact = _KNOWN[name]
        target = fluvial.Target(log_density, dim=2)
        fits = [fluvial.fit(target, seed=s, progress=False) for s in range(replications)]
        z = np.array([(fit.log_evidence - exact) / fit.log_evidence_se for fit in fits])
        khat = "/".join(f"{k:.2f}" for k in np.percentile([f.khat for f in fits], [10, 50, 90]))
        verdicts = [fit.verdict.value for fit in fits]
        counted = {v: verdicts.count(v) for v in sorted(set(verdicts))}
        covers = np.sum(abs(z) <= 1.96)
        print(
            f"| {name} | {covers} of {replications} | {z.mean():+.2f} | {z.std():.2f} | {khat} "
            f"| {counted} |",
            flush=True,
        )


_NESTED = """
data { int N; int K; matrix[N, K] X; vector[N] y; }
parameters { real<lower=0> v; vector[K] w; }
model {
  v ~ inv_gamma(2, 2); w ~ normal(0, 2 * sqrt(v)); y ~ normal(X * w, sqrt(v));
}
"""


def _fitted(X: np.ndarray, y: np.ndarray, seed: int) -> fluvial.Posterior:
    """The conjugate regression: v ~ InvGamma(2, 2), w | v ~ N(0, 4v I), y ~ N(Xw, v)."""
    data = {"N": len(y), "K": X.shape[1], "X": X.tolist(), "y": y.tolist()}
    return fluvial.fit(fluvial.from_stan(_NESTED, data), seed=seed, progress=False)


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
    """Memory of the whole process, which is to be a fresh one, and the last mean by hand."""
    posterior = fluvial.fit(_perturbed(None), seed=_SEED, progress=False)
    X = np.random.default_rng(_SEED).standard_normal((rows, 3))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start = time.process_time()
    found = posterior.predict(lambda p, x: jax.nn.sigmoid(x @ p["w"]), X, draws)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    w = posterior.draws(draws)["w"]
    exact = (1.0 / (1.0 + np.exp(-w @ X[-1]))).mean()
    print(f"{rows} rows x {draws} draws: {time.process_time() - start:.0f} s of processor time")
    print(f"peak memory of the process {peak:.2f} GiB, {before:.2f} GiB before predicting")
    print(f"the last mean is off by {found.mean[-1] - exact:.1e}")


def _gaussian(x):
    dim = len(x)
    cov = 0.25 * (0.1 * np.eye(dim) + 0.9)
    z = x - np.linspace(-1.0, 1.0, dim)
    quadratic = z @ jnp.asarray(np.linalg.inv(cov)) @ z
    return -0.5 * quadratic - 0.5 * np.linalg.slogdet(2.0 * np.pi * cov)[1]


def _two_modes(x):
    terms = [jnp.sum(norm.logpdf(x, at, 0.3)) for at in (-2.0, 2.0)]
    return jnp.logaddexp(np.log(0.3) + terms[0], np.log(0.7) + terms[1])


def _ridge(x):
    rest = jnp.sum(norm.logpdf(x[2:], 0.0, 0.5))
    return norm.logpdf(x[0]) + norm.logpdf(x[1], x[0] ** 2, 0.3) + rest


def _log_gamma(x):
    def skewed(value, at):
        z = (value - at) * 30.0
        return z - jnp.exp(z) + np.log(30.0)

    total = jnp.logaddexp(skewed(x[0], 1 / 3), skewed(x[0], 2 / 3))
    total += jnp.logaddexp(norm.logpdf(x[1], 1 / 3, 1 / 30), norm.logpdf(x[1], 2 / 3, 1 / 30))
    half = (len(x) + 2) / 2
    for i in range(2, len(x)):
        total += skewed(x[i], 2 / 3) if i < half else norm.logpdf(x[i], 2 / 3, 1 / 30)
    return total - 2.0 * np.log(2.0)


# Each as one point that JAX can trace, and as ``blackbox`` has it: the same density.
_BOUNDED = {
    "Gaussian, D = 2": (_gaussian, lambda: blackbox.gaussian(2)),
    "curved ridge, D = 4": (_ridge, lambda: blackbox.ridge(4)),
    "two modes, D = 5": (_two_modes, lambda: blackbox.two_modes(5)),
    "log-gamma, four modes, D = 6": (_log_gamma, lambda: blackbox.log_gamma(6)),
    "Gaussian, D = 30": (_gaussian, lambda: blackbox.gaussian(30)),
}


def _with_gradients(log_density: Callable, problem) -> fluvial.Target:
    """The density on R^D, through a logistic map of the bounds."""
    low, high = np.asarray(problem.bounds).T

    def inside(z):
        return low + (high - low) * jax.nn.sigmoid(z)

    def log_p(z):
        jacobian = jax.nn.log_sigmoid(z) + jax.nn.log_sigmoid(-z) + np.log(high - low)
        return log_density(inside(z)) + jnp.sum(jacobian)

    return fluvial.Target(log_p, dim=len(low), constrain=inside)


def _by_fluvial_with_gradients(name: str, seed: int) -> blackbox.Result:
    log_density, make = _BOUNDED[name]
    problem, start = make(), time.process_time()
    posterior = fluvial.fit(_with_gradients(log_density, problem), seed=seed, progress=False)
    return blackbox.Result(
        posterior.provenance.evaluations,
        time.process_time() - start,
        posterior.log_evidence,
        posterior.log_evidence_se,
        posterior.verdict.value,
    )


_METHODS: dict[str, Callable[[str, int], blackbox.Result]] = {
    "fluvial": _by_fluvial_with_gradients,
    "fluvial, no gradients": lambda name, seed: blackbox.by_fluvial(_BOUNDED[name][1](), seed),
    "nautilus": lambda name, seed: blackbox.by_nautilus(_BOUNDED[name][1](), seed),
    "dynesty": lambda name, seed: blackbox.by_dynesty(_BOUNDED[name][1](), seed),
}


def evidence(seconds: int, part: str) -> None:
    """Evidence beside nested sampling; each fit has a process of its own, and so many seconds."""
    print("| problem | method | evaluations | s | error of ln Z | its own error | verdict |")
    print("|---|---|---:|---:|---:|---:|---|", flush=True)
    for name in (name for name in _BOUNDED if part in name):
        for method in _METHODS:
            if method in ("nautilus", "dynesty") and importlib.util.find_spec(method) is None:
                continue
            command = ["-m", "benchmarks.workflow", "one", "--of", f"{name}|{method}"]
            done = run([sys.executable, *command, "--seconds", str(seconds)])
            killed = done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
            said = f"| {name} | {method} | | > {seconds} | | | out of time |"
            lines = done.output.strip().splitlines() or ["nothing"]
            print(said if killed else lines[-1], flush=True)


def one(of: str, seconds: int) -> None:
    """One line of the table of ``evidence``; the system ends it after so many CPU seconds."""
    name, _, method = of.partition("|")
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    problem = _BOUNDED[name][1]()
    low, high = np.asarray(problem.bounds).T
    x = low + (high - low) * np.random.default_rng(0).uniform(0.3, 0.7, (5, len(low)))
    with jax.enable_x64(True):
        traced = [float(_BOUNDED[name][0](jnp.asarray(point))) for point in x]
    np.testing.assert_allclose(traced, problem.log_density(x), rtol=1e-9)
    found = _METHODS[method](name, _SEED)
    print(
        f"| {name} | {method} | {found.evaluations:,} | {found.seconds:.1f} "
        f"| {found.log_evidence - problem.truth:+.3f} | {found.error:.3f} | {found.verdict} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "part", choices=["chained", "warm", "compare", "cover", "evidence", "one", "predict"]
    )
    parser.add_argument("--batches", default="1,2,5,20")
    parser.add_argument("--of", default="")
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10**6)
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    models = given.of.split(",") if given.of else list(_PROGRAMS)
    parts: dict[str, Callable[[], None]] = {
        "chained": lambda: chained([int(b) for b in given.batches.split(",")], models),
        "warm": lambda: warm(given.models),
        "compare": lambda: compare(given.replications),
        "cover": lambda: cover(
            given.replications, given.of.split(",") if given.of else list(_KNOWN)
        ),
        "evidence": lambda: evidence(given.seconds, given.of),
        "one": lambda: one(given.of, given.seconds),
        "predict": lambda: predict(given.rows, given.draws),
    }
    parts[given.part]()


if __name__ == "__main__":
    main()
