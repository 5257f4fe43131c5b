"""A spline flow on Neal's funnel, by an objective of one's own: python examples/train_any_flow.py

The objective is minus the importance-weighted bound of K = 8 draws (Burda et al. 2016, eq. 8). It
forgives a draw from where the target has no mass, and not a part of the target that is never drawn:
the flow covers the funnel's neck and mouth. AdamW is optax's, behind a clip that keeps the few
draws from far out in the mouth from ruining the rest.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.scipy.special import logsumexp

import fluvial
from fluvial.objectives import Importance, base_log_prob
from fluvial.targets.examples.synthetic import funnel

K, STEPS = 8, 1000
target = funnel(2).target


def log_weight(flow, z):
    x, log_det = flow.forward(z)
    return target.log_prob(x) + log_det - base_log_prob(z)


def loss(flow, key):
    z = jax.random.normal(key, (16, K, flow.dim))
    log_w = jax.vmap(jax.vmap(functools.partial(log_weight, flow)))(z)
    return -jnp.mean(logsumexp(log_w, axis=1) - math.log(K))


def adamw(rate):
    return fluvial.training.clip_by_running_median(optax.adamw(rate, weight_decay=1e-3))


def main():
    flow = fluvial.flows.build_flow("spline:2+triangular", dim=2, key=jax.random.key(0))
    schedule = fluvial.training.warmup_cosine(1e-2, STEPS, warmup=50)
    flow, trace = fluvial.training.train_steps(
        loss, flow, adamw, schedule, jax.random.key(1), steps=STEPS
    )
    z = jax.random.normal(jax.random.key(2), (10_000, 2))
    weights = Importance(np.asarray(jax.vmap(functools.partial(log_weight, flow))(z), np.float64))
    print(f"bound, K = {K}: {-trace[:50].mean():.3f} nats, then {-trace[-50:].mean():.3f}")
    print(f"log evidence {weights.log_evidence:.3f}, and the truth is 0")
    print(f"10,000 draws are worth {weights.ess:,.0f}")


if __name__ == "__main__":
    main()
