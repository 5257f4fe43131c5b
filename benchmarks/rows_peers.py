"""What NumPyro and PyMC find of the posteriors of ``benchmarks.rows``, and in how much time.

    python -m benchmarks.rows_peers nuts poisson --rows 1e5 --groups 1000 --seconds 300
    python -m benchmarks.rows_peers nuts logistic --rows 1e5 --dim 50 --seconds 300
    python -m benchmarks.rows_peers svi logistic --rows 1e6 --dim 50 --steps 20000 --seconds 300
    python -m benchmarks.rows_peers advi logistic --rows 1e6 --dim 50 --steps 20000 --seconds 300

NUTS knows all rows, starts near 0, and adapts its step and a diagonal mass; it is asked for draws
until time is up, and what they say is printed after each hundred. SVI sees a thousand rows a step,
with a full covariance up to a hundred coordinates and a diagonal one above, and a step size that
falls from 0.01 to 0.0001; so does PyMC's ADVI on minibatches, of ``logistic``. Both stop where time
is up, and SVI prints what it has found after each tenth of its steps. Means and sds are compared
with importance sampling on all rows, as with ``--exact`` there: the largest errors of the mean, in
sd, and of the log sd; of ``poisson`` those of the four that all groups share, and of all.
"""

import argparse
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import fluvial
from benchmarks import rows as problems

HEAD = "| peer | work | rows | D | what | wall s | CPU s | mean off (sd) | ln sd off | least ESS |"


class _Clock:
    def __init__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def __str__(self) -> str:
        return f"{self.wall:.0f} | {time.process_time() - self._cpu:.0f}"

    @property
    def wall(self) -> float:
        return time.perf_counter() - self._wall


def _off(mean, sd, truth) -> str:
    def largest(part: slice) -> tuple[float, float]:
        means = np.abs(mean[part] - truth[0][part]) / truth[1][part]
        return float(means.max()), float(np.abs(np.log(sd[part] / truth[1][part])).max())

    of_all, shared = largest(slice(None)), largest(slice(4))
    few = len(mean) <= 100
    pairs = zip(of_all, shared, strict=True)
    return " | ".join(f"{a:.3f}" if few else f"{s:.3f}, {a:.3f}" for a, s in pairs)


def nuts(target: fluvial.Target, truth, row: str, warmup: int, seconds: float) -> None:
    """Draw until time is up."""
    from numpyro.diagnostics import effective_sample_size
    from numpyro.infer import MCMC, NUTS

    stream = target.streamed
    assert stream is not None
    clock, draws = _Clock(), []
    with jax.enable_x64(True):
        whole = jax.tree.map(jnp.asarray, stream.rows.block(0, stream.rows.count))
        log_density = stream.subset(whole, 1.0)
        kernel = NUTS(potential_fn=lambda x: -log_density(x))
        chain: Any = MCMC(kernel, num_warmup=warmup, num_samples=100, progress_bar=False)
        start = 0.1 * jax.random.normal(jax.random.key(1), (target.dim,), jnp.float64)
        chain.warmup(jax.random.key(0), init_params=start)
        print(f"{row} | {warmup} steps of warm-up | {clock} | | | |", flush=True)
        while clock.wall < seconds:
            chain.run(chain.post_warmup_state.rng_key, extra_fields=("num_steps",))
            chain.post_warmup_state = chain.last_state
            draws.append(np.asarray(chain.get_samples()))
            x = np.concatenate(draws)
            steps = float(np.mean(chain.get_extra_fields()["num_steps"]))
            worth = np.min(effective_sample_size(x[None])) if len(x) > 100 else np.nan
            found = _off(x.mean(axis=0), x.std(axis=0), truth)
            what = f"{len(x)} draws, {steps:.0f} gradients each"
            print(f"{row} | {what} | {clock} | {found} | {worth:.0f} |", flush=True)


def svi(
    target: fluvial.Target, truth, row: str, steps: int, seconds: float, batch: int = 1000
) -> None:
    """A Gaussian by stochastic gradients on batches."""
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import SVI, Trace_ELBO
    from numpyro.infer.autoguide import AutoMultivariateNormal, AutoNormal
    from numpyro.optim import Adam

    stream = target.streamed
    assert stream is not None
    clock = _Clock()
    whole = jax.tree.map(jnp.asarray, stream.rows.block(0, stream.rows.count))

    def model(rows):
        flat = dist.ImproperUniform(dist.constraints.real, (), (target.dim,))
        drawn: Any = numpyro.sample("theta", flat)
        theta = jnp.asarray(drawn)
        numpyro.factor("prior", stream.log_prior(theta))
        with numpyro.plate("rows", stream.rows.count, subsample_size=batch) as index:
            some = jax.tree.map(lambda leaf: leaf[index], rows)
            numpyro.factor("y", stream.log_likelihood(theta, some))

    guide = (AutoMultivariateNormal if target.dim <= 100 else AutoNormal)(
        model, init_loc_fn=numpyro.infer.init_to_value(values={"theta": jnp.zeros(target.dim)})
    )
    falling = Adam(lambda step: 1e-2 * 1e-2 ** (step / steps))
    inference: Any = SVI(model, guide, falling, Trace_ELBO())
    state, done, chunk = inference.init(jax.random.key(0), whole), 0, max(1, steps // 10)

    @jax.jit
    def onward(state, whole):
        return jax.lax.fori_loop(0, chunk, lambda _, at: inference.update(at, whole)[0], state)

    while done < steps and clock.wall < seconds:
        state = onward(state, whole)
        done += chunk
        sample: Any = guide.sample_posterior(
            jax.random.key(1), inference.get_params(state), sample_shape=(4000,)
        )
        x = np.asarray(sample["theta"], float)
        found = _off(x.mean(axis=0), x.std(axis=0), truth)
        what = f"{done} of {steps} steps of {batch} rows"
        print(f"{row} | {what} | {clock} | {found} | |", flush=True)


def advi(
    target: fluvial.Target, truth, row: str, steps: int, seconds: float, batch: int = 1000
) -> None:
    """PyMC's full-rank Gaussian by stochastic gradients on minibatches, of the regression."""
    clock = _Clock()
    mean, sd, done = problems.advi(target, batch, steps, seconds)
    off = _off(mean, sd, truth)
    print(f"{row} | {done} of {steps} steps of {batch} rows | {clock} | {off} | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What others find of posteriors of many rows.")
    parser.add_argument("peer", choices=["nuts", "svi", "advi"])
    parser.add_argument("work", choices=["logistic", "poisson"])
    parser.add_argument("--rows", type=float, default=1e5)
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=300.0, help="of a peer")
    parser.add_argument("--steps", type=int, default=20_000, help="of SVI and ADVI")
    a = parser.parse_args()
    count = int(a.rows)
    if a.work == "logistic":
        rows = problems.logistic_rows(count, a.dim)
        target, truth = problems.logistic(rows, a.dim), problems.logistic_truth(rows)
    else:
        rows = problems.poisson_rows(count, a.groups)
        target = problems.poisson(rows, a.groups)
        truth = problems.poisson_truth(rows, a.groups)
    print(HEAD)
    print("|---" * 10 + "|", flush=True)
    row = f"| {a.peer} | {a.work} | {count:.3g} | {target.dim}"
    if a.peer == "nuts":
        nuts(target, truth, row, a.warmup, a.seconds)
    elif a.peer == "advi":
        advi(target, truth, row, a.steps, a.seconds)
    else:
        with jax.enable_x64(True):
            svi(target, truth, row, a.steps, a.seconds)


if __name__ == "__main__":
    main()
