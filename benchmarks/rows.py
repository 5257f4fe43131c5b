"""Posteriors of many rows: is the verdict right, how long does it take, and how does that grow?

    python -m benchmarks.rows logistic --rows 1e6 --dim 50
    python -m benchmarks.rows logistic --rows 1e7 --dim 50 --map FOLDER
    python -m benchmarks.rows poisson --rows 1e6 --groups 1000
    python -m benchmarks.rows poisson-groups --rows 1e5 --groups 1000
    python -m benchmarks.rows hierarchy --groups 1e5
    python -m benchmarks.rows growth
    python -m benchmarks.rows processes --rows 1e6

Prints a line of a Markdown table for each fit. ``logistic`` and ``poisson`` take ``--nuts SLICE``
and ``--svi SLICE`` to run NumPyro beside it, on SLICE rows, as fluvial is run on them, too, and
``logistic`` takes ``--advi SLICE`` for PyMC's minibatch ADVI. ``--pace`` measures what one draw of
NUTS costs on all rows.

Truth: of ``hierarchy`` the groups' latents are integrated out in closed form, and the three globals
on a grid; the latents of 1,000 groups are compared with their closed form at the globals' means. Of
``logistic`` and ``poisson``, with ``--exact``, importance sampling on all rows in NumPy alone, from
Newton's mode and Hessian; of ``poisson`` that of what groups share, each group being integrated.
With ``--again``, a fit with another seed, and with ``--nuts`` chains.
"""

import argparse
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import fluvial
from fluvial.targets.across_processes import summed

HEAD = (
    "| work | rows | D | verdict | wall s | CPU s | peak MB | worth | mean off (sd) | ln sd off |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def logistic_rows(count: int, dim: int, folder: Path | None = None) -> dict[str, np.ndarray]:
    """Correlated columns and an outcome of about 2 %, made in pieces."""
    factor = np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(np.arange(dim), np.arange(dim))))
    weights = np.random.default_rng(1).normal(size=dim) * 0.3
    weights[0] = -5.0
    x, y = (
        _array(folder, name, shape, dtype)
        for name, shape, dtype in (("x", (count, dim), np.float32), ("y", (count,), np.int8))
    )
    for start in range(0, count, 100_000):
        rng = np.random.default_rng((2, start))
        piece = rng.normal(size=(min(100_000, count - start), dim)) @ factor.T
        piece[:, 0] = 1.0
        x[start : start + len(piece)] = piece
        chance = 1.0 / (1.0 + np.exp(-piece @ weights))
        y[start : start + len(piece)] = rng.uniform(size=len(piece)) < chance
    if folder is None:
        return {"x": x, "y": y}
    del x, y
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("x", "y")}


def _array(folder, name, shape, dtype):
    if folder is None:
        return np.empty(shape, dtype)
    return np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, shape)


def logistic(rows: dict, dim: int) -> fluvial.Target:
    def log_likelihood(theta, rows):
        logits = rows["x"] @ theta
        return rows["y"] * logits - jax.nn.softplus(logits)

    return fluvial.Target.from_rows(
        lambda theta: -0.5 * jnp.sum((theta / 5.0) ** 2), log_likelihood, rows, dim=dim
    )


def logistic_truth(
    rows: dict, draws: int = 1024, block: int = 20_000
) -> tuple[np.ndarray, np.ndarray]:
    """Means and sds by importance sampling on all rows, without anything of fluvial's.

    Draws are antithetic, of the Laplace approximation q, and with w their weights, of mean 1,
    E_p[f] = E_q[f] + E_q[(w - 1) f]: what noise there is has the size of what q lacks.
    """
    count, dim = rows["x"].shape

    def blocks():
        for start in range(0, count, block):
            part = slice(start, start + block)
            yield rows["x"][part].astype(float), rows["y"][part].astype(float)

    theta = np.zeros(dim)
    theta[0] = np.log(np.mean(rows["y"]) / (1.0 - np.mean(rows["y"])))
    for _ in range(8):
        gradient, precision = -theta / 25.0, np.eye(dim) / 25.0
        for x, y in blocks():
            p = 1.0 / (1.0 + np.exp(-x @ theta))
            gradient += x.T @ (y - p)
            precision += (x * (p * (1.0 - p))[:, None]).T @ x
        step = np.linalg.solve(precision, gradient)
        theta = theta + step
        if gradient @ step < 1e-12:
            break
    z, away = _antithetic(precision, draws)
    at = theta + away
    log_w = -0.5 * np.sum((at / 5.0) ** 2, axis=1) + 0.5 * np.sum(z**2, axis=1)
    for x, y in blocks():
        logits = x @ at.T
        log_w += y @ logits - np.sum(np.logaddexp(0.0, logits), axis=0)
    return _weighted(theta, precision, away, log_w)


def _antithetic(precision: np.ndarray, draws: int) -> tuple[np.ndarray, np.ndarray]:
    z = np.random.default_rng(11).normal(size=(draws // 2, len(precision)))
    z = np.concatenate([z, -z])
    return z, np.linalg.solve(np.linalg.cholesky(precision).T, z.T).T


def _weighted(
    mode: np.ndarray, precision: np.ndarray, away: np.ndarray, log_w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    draws, w = len(log_w), np.exp(log_w - log_w.max())
    w /= w.mean()
    print(f"truth: {draws} draws are worth {draws / np.mean(w**2):.0f}", flush=True)
    shift = (w - 1.0) @ away / draws
    variance = np.diag(np.linalg.inv(precision)) + (w - 1.0) @ away**2 / draws - shift**2
    return mode + shift, np.sqrt(variance)


def poisson_rows(count: int, groups: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    x, group = rng.normal(size=(count, 2)), rng.integers(0, groups, count)
    u = 0.2 + 0.5 * rng.normal(size=groups)
    return {"x": x, "group": group, "y": rng.poisson(np.exp(x @ [0.3, -0.2] + u[group]))}


def poisson(rows: dict, groups: int) -> fluvial.Target:
    """Group intercepts among the parameters, centered."""

    def log_prior(p):
        scale = jnp.exp(p["log_tau"])
        wide = jnp.sum(p["beta"] ** 2) + p["log_tau"] ** 2 + p["mu"] ** 2
        return -0.5 * wide + jnp.sum(-0.5 * ((p["u"] - p["mu"]) / scale) ** 2 - p["log_tau"])

    def log_likelihood(p, rows):
        eta = rows["x"] @ p["beta"] + p["u"][rows["group"]]
        return rows["y"] * eta - jnp.exp(eta)

    example = {"beta": np.zeros(2), "log_tau": 0.0, "mu": 0.0, "u": np.zeros(groups)}
    return fluvial.Target.from_rows(log_prior, log_likelihood, rows, example=example)


def poisson_groups(rows: dict, _: int) -> fluvial.Target:
    """The same model, with each group's intercept a latent of its own that is integrated out."""
    data = {"x": rows["x"], "y": rows["y"]}
    return fluvial.Target.from_groups(
        lambda p: -0.5 * (jnp.sum(p["beta"] ** 2) + p["log_tau"] ** 2 + p["mu"] ** 2),
        lambda p, u: -0.5 * ((u[0] - p["mu"]) * jnp.exp(-p["log_tau"])) ** 2 - p["log_tau"],
        lambda p, u, rows: (
            rows["y"] * (rows["x"] @ p["beta"] + u[0]) - jnp.exp(rows["x"] @ p["beta"] + u[0])
        ),
        data,
        rows["group"],
        example={"beta": np.zeros(2), "log_tau": 0.0, "mu": 0.0},
    )


def poisson_truth(rows: dict, groups: int, draws: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Means and sds of beta, log_tau, mu and the groups' u, without anything of fluvial's.

    Given the four that all groups share, groups are independent, and each is integrated over its u
    by Gauss-Hermite quadrature. The four are drawn as in ``logistic_truth``.
    """
    x, group, y = rows["x"], rows["group"], rows["y"]
    mode, precision = _poisson_mode(rows, groups)
    total, of_group = x.T @ y, np.bincount(group, y, groups)

    def moments(center: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Means and sds of all, by draws of a Gaussian of the four, and what these are worth."""
        z, away = _antithetic(within, size)
        shared, found = center + away, []
        log_w = 0.5 * np.sum(z**2, axis=1) - 0.5 * np.sum(shared**2, axis=1)
        log_w += shared[:, :2] @ total
        for one in shared:
            exposure = np.bincount(group, np.exp(x @ one[:2]), groups)
            found.append(_integrated(mode[4:], of_group, exposure, one[3], np.exp(one[2])))
        logs, means, seconds = (np.array(part) for part in zip(*found, strict=True))
        w = np.exp(log_w + logs - np.max(log_w + logs))
        w /= w.sum()
        mean = w @ np.concatenate([shared, means], axis=1)
        second = w @ np.concatenate([shared**2, seconds], axis=1)
        return mean, np.sqrt(second - mean**2), 1.0 / np.sum(w**2)

    # The joint mode of log_tau is a whole sd from that of its marginal density.
    within = np.linalg.inv(np.linalg.inv(precision)[:4, :4])
    mean, sd, worth = moments(moments(mode[:4], draws)[0][:4], draws)
    print(f"truth: {draws} draws are worth {worth:.0f}", flush=True)
    return mean, sd


def _integrated(
    u: np.ndarray, count: np.ndarray, exposure: np.ndarray, mu: float, tau: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """The sum of groups' log integrals over u, and the mean and the mean square of each u."""
    for _ in range(20):
        curvature = exposure * np.exp(u) + tau**-2
        u = u + (count - exposure * np.exp(u) - (u - mu) / tau**2) / curvature
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(24)
    at = u + (exposure * np.exp(u) + tau**-2) ** -0.5 * nodes[:, None]
    log_p = count * at - exposure * np.exp(at) - 0.5 * ((at - mu) / tau) ** 2 - np.log(tau)
    log_p += 0.5 * nodes[:, None] ** 2 + np.log(node_weights)[:, None]
    top = log_p.max(axis=0)
    p = np.exp(log_p - top)
    size = p.sum(axis=0)
    width = -0.5 * np.log(exposure * np.exp(u) + tau**-2)
    log_total = float(np.sum(top + np.log(size) + width))
    return log_total, (p * at).sum(axis=0) / size, (p * at**2).sum(axis=0) / size


def _poisson_mode(rows: dict, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """The mode, and minus the Hessian there."""
    x, group, y = rows["x"], rows["group"], rows["y"]
    theta = np.zeros(4 + groups)
    counts = np.bincount(group, y, groups) / np.bincount(group, minlength=groups)
    theta[4:] = np.log(counts + 0.1)
    theta[3], theta[2] = theta[4:].mean(), np.log(theta[4:].std())
    for _ in range(30):
        rate = np.exp(x @ theta[:2] + theta[4:][group])
        gradient, precision = _poisson_prior(theta)
        gradient[:2] += x.T @ (y - rate)
        gradient[4:] += np.bincount(group, y - rate, groups)
        precision[:2, :2] += (x * rate[:, None]).T @ x
        cross = np.array([np.bincount(group, rate * x[:, k], groups) for k in range(2)])
        precision[:2, 4:] += cross
        precision[4:, :2] += cross.T
        precision[4:, 4:] += np.diag(np.bincount(group, rate, groups))
        step = np.linalg.solve(precision, gradient)
        theta = theta + step
        if abs(gradient @ step) < 1e-12:
            break
    return theta, precision


def _poisson_prior(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of the log prior, and minus its Hessian."""
    tau, mu, u = theta[2], theta[3], theta[4:]
    weight, groups = np.exp(-2.0 * tau), len(u)
    z = u - mu
    gradient = -np.concatenate([theta[:4], weight * z])
    gradient[2] += weight * z @ z - groups
    gradient[3] += weight * z.sum()
    precision = np.diag(np.concatenate([np.ones(4), np.full(groups, weight)]))
    precision[2, 2] += 2.0 * weight * z @ z
    precision[3, 3] += groups * weight
    precision[2, 3] = precision[3, 2] = 2.0 * weight * z.sum()
    precision[2, 4:] = precision[4:, 2] = -2.0 * weight * z
    precision[3, 4:] = precision[4:, 3] = -weight
    return gradient, precision


def hierarchy_rows(groups: int, each: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    u = 0.5 + 0.8 * rng.normal(size=groups)
    return u[:, None] + rng.normal(size=(groups, each)), np.repeat(np.arange(groups), each)


def hierarchy(y: np.ndarray, group: np.ndarray) -> fluvial.Target:
    def normal(x, mean, log_sd):
        return -0.5 * ((x - mean) * jnp.exp(-log_sd)) ** 2 - log_sd

    return fluvial.Target.from_groups(
        lambda p: -0.5 * (p["mu"] ** 2 + p["log_tau"] ** 2 + p["log_sigma"] ** 2),
        lambda p, u: normal(u[0], p["mu"], p["log_tau"]),
        lambda p, u, rows: normal(rows, u[0], p["log_sigma"]),
        y.ravel(),
        group,
        example={"mu": 0.0, "log_tau": 0.0, "log_sigma": 0.0},
    )


def hierarchy_truth(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and sds of log_sigma, log_tau and mu: the marginal is Gaussian in mu."""
    groups, each = y.shape
    means = y.mean(axis=1)
    within, between = np.sum((y - means[:, None]) ** 2), np.sum((means - means.mean()) ** 2)

    def sd_of(curvature):
        return 8.0 / np.sqrt(curvature)

    sigma = 0.5 * np.log(within / (groups * (each - 1)))
    tau = 0.5 * np.log(between / groups - np.exp(2 * sigma) / each)
    half = sd_of(2.0 * groups)
    s, t = np.meshgrid(
        sigma + half * np.linspace(-1, 1, 401),
        tau + 2 * half * np.linspace(-1, 1, 401),
        indexing="ij",
    )
    total = np.exp(2 * s) / each + np.exp(2 * t)  # variance of a group's mean
    log_p = -groups * (each - 1) * s - 0.5 * within * np.exp(-2 * s)
    log_p += -0.5 * (groups - 1) * np.log(total) - 0.5 * between / total - 0.5 * (s**2 + t**2)
    spread = total / groups  # of the mean, given the scales; its prior is N(0, 1)
    log_p += -0.5 * np.log1p(spread) - 0.5 * means.mean() ** 2 / (1.0 + spread)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    center, variance = means.mean() / (1.0 + spread), spread / (1.0 + spread)
    found = [(s, 0.0), (t, 0.0), (center, variance)]
    mean = np.array([np.sum(p * a) for a, _ in found])
    second = np.array([np.sum(p * (a**2 + v)) for a, v in found])
    return mean, np.sqrt(second - mean**2)


class Fitted:
    """A fit with its price."""

    def __init__(self, target: fluvial.Target, seed: int = 0, checkpoint: Path | None = None):
        wall, cpu = time.perf_counter(), time.process_time()
        self.posterior = fluvial.fit(target, seed=seed, checkpoint=checkpoint)
        self.wall, self.cpu = time.perf_counter() - wall, time.process_time() - cpu
        weights = np.exp(self.posterior.pool.log_weights)
        points = self.posterior.pool.points
        self.mean = weights @ points
        self.sd = np.sqrt(weights @ (points - self.mean) ** 2)

    def locals_off(self, y: np.ndarray, count: int = 1000) -> tuple[float, float]:
        """How far the latents of some groups are from their closed form, in sd and in log sd."""
        groups = np.random.default_rng(5).choice(len(y), min(count, len(y)), replace=False)
        u = np.concatenate(
            [self.posterior.local_draws(groups, 1000, seed)[:, :, 0] for seed in range(4)]
        )
        p = dict(zip(("log_sigma", "log_tau", "mu"), self.mean, strict=True))
        precision = np.exp(-2 * p["log_tau"]) + y.shape[1] * np.exp(-2 * p["log_sigma"])
        mean = p["mu"] * np.exp(-2 * p["log_tau"])
        mean = (mean + y[groups].sum(axis=1) * np.exp(-2 * p["log_sigma"])) / precision
        off = np.abs(u.mean(axis=0) - mean) * precision**0.5
        return float(off.max()), float(np.abs(np.log(u.std(axis=0) * precision**0.5)).max())

    def line(self, work: str, rows: int, mean=None, sd=None) -> None:
        """Print what was found, and how far that is from the truth, where it is known."""
        off = log_off = float("nan")
        if mean is not None:
            off = float(np.max(np.abs(self.mean - mean) / sd))
            log_off = float(np.max(np.abs(np.log(self.sd / sd))))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        p = self.posterior
        print(
            f"| {work} | {rows:.3g} | {len(self.mean)} | {p.verdict} | {self.wall:.0f} | "
            f"{self.cpu:.0f} | {peak:.0f} | {p.ess:.0f} of {p.pool.size} | {off:.3f} | "
            f"{log_off:.3f} |",
            flush=True,
        )


def nuts(target: fluvial.Target, near: Fitted, draws: int = 1000) -> tuple:
    """NumPyro's NUTS on the same density, all rows at once, started and scaled at the fit."""
    from numpyro.infer import MCMC, NUTS

    stream = target.streamed
    assert stream is not None
    with jax.enable_x64(True):
        whole = jax.tree.map(jnp.asarray, stream.rows.block(0, stream.rows.count))
        mean, sd = jnp.asarray(near.mean), jnp.asarray(near.sd)
        log_density = stream.subset(whole, 1.0)
        kernel = NUTS(potential_fn=lambda z: -log_density(mean + sd * z))
        chains = MCMC(kernel, num_warmup=500, num_samples=draws, progress_bar=False)
        chains.run(jax.random.key(0), init_params=jnp.zeros(len(mean)))
        x = np.asarray(mean + sd * chains.get_samples())
    return x.mean(axis=0), x.std(axis=0)


def nuts_pace(target: fluvial.Target, mean: np.ndarray, sd: np.ndarray, draws: int = 40) -> None:
    """What a draw of NUTS costs where it is spared the search for its mass and its scales.

    After so many draws of adapting the step size alone, from the mean, in units of the sds.
    """
    from numpyro.infer import MCMC, NUTS

    stream = target.streamed
    assert stream is not None
    with jax.enable_x64(True):
        whole = jax.tree.map(jnp.asarray, stream.rows.block(0, stream.rows.count))
        log_density, at, unit = stream.subset(whole, 1.0), jnp.asarray(mean), jnp.asarray(sd)
        kernel = NUTS(potential_fn=lambda z: -log_density(at + unit * z), adapt_mass_matrix=False)
        chains = MCMC(kernel, num_warmup=draws, num_samples=draws, progress_bar=False)
        chains.warmup(jax.random.key(0), init_params=jnp.zeros(len(mean)))
        warm = chains.post_warmup_state
        assert warm is not None
        cpu = time.process_time()
        chains.run(warm.rng_key, extra_fields=("num_steps",))
        steps = np.asarray(chains.get_extra_fields()["num_steps"])
        cpu = (time.process_time() - cpu) / draws
    print(f"NUTS: {cpu:.2f} s of CPU a draw, of {steps.mean():.0f} gradients each", flush=True)


def svi(target: fluvial.Target, batch: int = 1000, steps: int = 10_000) -> tuple:
    """A full-rank Gaussian by stochastic gradients on batches, as SVI with subsampling does."""
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import SVI, Trace_ELBO
    from numpyro.infer.autoguide import AutoMultivariateNormal
    from numpyro.optim import Adam

    stream = target.streamed
    assert stream is not None
    whole = jax.tree.map(jnp.asarray, stream.rows.block(0, stream.rows.count))

    def model(rows):
        theta = numpyro.sample("theta", dist.Normal(0.0, 5.0).expand([target.dim]).to_event(1))
        with numpyro.plate("rows", stream.rows.count, subsample_size=batch) as index:
            some = jax.tree.map(lambda leaf: leaf[index], rows)
            numpyro.factor("y", stream.log_likelihood(theta, some))

    guide = AutoMultivariateNormal(model)
    result = SVI(model, guide, Adam(1e-3), Trace_ELBO()).run(
        jax.random.key(0), steps, whole, progress_bar=False
    )
    sample = guide.sample_posterior(jax.random.key(1), result.params, sample_shape=(4000,))
    x = np.asarray(sample["theta"])
    return x.mean(axis=0), x.std(axis=0)


def beside(name: str, run, fitted: Fitted) -> None:
    """Print what another has found in how much time, and how far that is from fluvial's."""
    wall, cpu = time.perf_counter(), time.process_time()
    mean, sd = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    off = np.max(np.abs(mean - fitted.mean) / fitted.sd)
    log_off = np.max(np.abs(np.log(sd / fitted.sd)))
    found = f"{wall:.0f} | {cpu:.0f} | | | {off:.3f} | {log_off:.3f}"
    print(f"| {name}, against fluvial | | | | {found} |", flush=True)


def advi(
    target: fluvial.Target, batch: int = 1000, steps: int = 10_000, seconds: float = np.inf
) -> tuple[np.ndarray, np.ndarray, int]:
    """PyMC's full-rank ADVI on minibatches, of the logistic regression, by ever smaller steps.

    Returns:
        Means, sds, and how many steps there was time for.
    """
    import pymc
    import pytensor

    stream = target.streamed
    assert stream is not None
    rows = stream.rows.block(0, stream.rows.count)
    rate = pytensor.shared(1e-2)  # pyright: ignore[reportPrivateImportUsage]
    end = time.perf_counter() + seconds

    def go_on(_, __, step: int) -> None:
        rate.set_value(1e-2 * 1e-2 ** (step / steps))
        if time.perf_counter() > end:
            raise StopIteration

    with pymc.Model():
        theta = pymc.Normal("theta", 0.0, 5.0, shape=target.dim)
        batches: Any = pymc.Minibatch(rows["x"], rows["y"].astype("int32"), batch_size=batch)
        x, y = batches
        logits = pymc.math.dot(x, theta)
        pymc.Bernoulli("y", logit_p=logits, observed=y, total_size=stream.rows.count)
        found: Any = pymc.fit(
            steps,
            method="fullrank_advi",
            progressbar=False,
            random_seed=0,
            obj_optimizer=pymc.adam(learning_rate=rate),  # pyright: ignore[reportArgumentType]
            callbacks=[go_on],
        )
        drawn = np.asarray(found.sample(4000).posterior["theta"])[0]
    return drawn.mean(axis=0), drawn.std(axis=0), len(found.hist)


def compare(work: str, make, arguments: argparse.Namespace, target, fitted: Fitted) -> None:
    """Run others on as many rows as they are given, and fluvial too, unless it was already."""
    for option, run in (
        ("nuts", nuts),
        ("svi", lambda t, _: svi(t)),
        ("advi", lambda t, _: advi(t)[:2]),
    ):
        count = int(getattr(arguments, option) or 0)
        if not count:
            continue
        if count != target.streamed.count:
            target = make(count)
            fitted = Fitted(target)
            fitted.line(f"{work}, beside", count)
        beside(option.upper(), lambda run=run, t=target, f=fitted: run(t, f), fitted)


def growth() -> None:
    """Seconds of CPU against rows and coordinates, with the exponents."""
    Fitted(logistic(logistic_rows(20_000, 5), 5))  # what is compiled once a process
    for name, cases in (
        ("N", [(70_000, 20), (140_000, 20), (280_000, 20)]),
        ("D", [(70_000, 10), (70_000, 20), (70_000, 40)]),
    ):
        seconds = []
        for count, dim in cases:
            fitted = Fitted(logistic(logistic_rows(count, dim), dim))
            fitted.line(f"logistic, {name} grows", count)
            seconds.append(fitted.cpu)
        sizes = [case[0 if name == "N" else 1] for case in cases]
        slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
        print(f"\nCPU seconds grow as {name}^{slope:.2f}\n", flush=True)


def processes(count: int) -> None:
    """A pass over the rows by one process and by two, each on one core."""
    program = [sys.executable, "-m", "benchmarks.rows", "_pass", "--rows", str(count)]
    one = _seconds([subprocess.Popen(["taskset", "-c", "0", *program], stdout=-1, text=True)])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    two = _seconds(
        [
            subprocess.Popen(
                ["taskset", "-c", str(rank), *program, "--join", address, "--rank", str(rank)],
                stdout=-1,
                text=True,
            )
            for rank in range(2)
        ]
    )
    print(
        f"64 draws and gradients on {count} rows: {one[0]:.1f} s on one core, {two[0]:.1f} s on "
        f"two processes ({one[0] / two[0]:.2f} times as fast); of CPU {one[1]:.1f} s, and "
        f"{two[1]:.1f} s in the busier of two ({one[1] / two[1]:.2f}); adding the sums of two "
        f"takes {1e3 * two[2]:.1f} ms a pass; they differ by "
        f"{abs(one[3] - two[3]) / abs(one[3]):.1e} of themselves"
    )


def _seconds(started: list) -> list[float]:
    """The largest wall and CPU time of several processes, and of an addition; and the sum."""
    lines = [process.communicate()[0].splitlines()[-1].split() for process in started]
    return [max(map(float, column)) for column in zip(*lines, strict=True)]


def one_pass(count: int, address: str | None, rank: int) -> None:
    rows = logistic_rows(count, 50)
    if address:
        fluvial.distributed.join(address, 2, rank)
        rows = {
            name: leaf[rank * count // 2 : (rank + 1) * count // 2] for name, leaf in rows.items()
        }
    target = logistic(rows, 50)
    points = 0.1 * np.random.default_rng(0).normal(size=(64, 50))
    target.value_and_grad(points)
    begun, cpu = time.perf_counter(), time.process_time()
    values, gradients = target.value_and_grad(points)
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    begun = time.perf_counter()
    for _ in range(20):
        summed(gradients)
    print(wall, cpu, (time.perf_counter() - begun) / 20, values.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description="Posteriors of many rows.")
    parser.add_argument("work")
    parser.add_argument("--rows", type=float, default=1e6)
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--groups", type=float, default=1000)
    parser.add_argument("--map", type=Path)
    parser.add_argument("--nuts", type=float)
    parser.add_argument("--pace", action="store_true", help="what a draw of NUTS costs")
    parser.add_argument("--svi", type=float)
    parser.add_argument("--advi", type=float)
    parser.add_argument("--exact", action="store_true", help="importance sampling as the truth")
    parser.add_argument("--again", action="store_true", help="with another seed, as the truth")
    parser.add_argument("--checkpoint", type=Path, help="a folder; a run that ended goes on")
    parser.add_argument("--join")
    parser.add_argument("--rank", type=int, default=0)
    a = parser.parse_args()
    count, groups = int(a.rows), int(a.groups)
    if a.work == "_pass":
        return one_pass(count, a.join, a.rank)
    if a.work == "processes":
        return processes(count)
    print(HEAD)
    if a.work == "growth":
        return growth()
    if a.work == "hierarchy":
        y, group = hierarchy_rows(groups)
        fitted = Fitted(hierarchy(y, group), checkpoint=a.checkpoint)
        fitted.line("hierarchy", y.size, *hierarchy_truth(y))
        print(*fitted.posterior.reasons, sep="\n", flush=True)
        off, log_off = fitted.locals_off(y)
        print(f"latents of 1,000 groups: off by at most {off:.3f} sd, {log_off:.3f} of a log sd")
        return None
    rows = logistic_rows(count, a.dim, a.map) if a.work == "logistic" else {}
    make = {
        "logistic": lambda n: logistic(logistic_rows(n, a.dim, a.map), a.dim),
        "poisson": lambda n: poisson(poisson_rows(n, groups), groups),
        "poisson-groups": lambda n: poisson_groups(poisson_rows(n, groups), groups),
    }[a.work]
    target = logistic(rows, a.dim) if rows else make(count)
    fitted = Fitted(target, checkpoint=a.checkpoint)
    other = Fitted(target, seed=1) if a.again else None
    truth = (other.mean, other.sd) if other else ()
    if a.exact:
        truth = logistic_truth(rows) if rows else poisson_truth(poisson_rows(count, groups), groups)
        truth = tuple(part[: target.dim] for part in truth)
    fitted.line(a.work, count, *truth)
    print(*fitted.posterior.reasons, sep="\n", flush=True)
    compare(a.work, make, a, target, fitted)
    if a.pace:
        nuts_pace(target, fitted.mean, fitted.sd)
    return None


if __name__ == "__main__":
    main()
