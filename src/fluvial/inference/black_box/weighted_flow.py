r"""A flow fitted to weighted points by the forward Kullback–Leibler divergence.

It starts as the Gaussian of the points' mean and covariance, or as that with the flow of a density
like this one. What is kept of all that training passes through is the flow under which points that
were held out are most likely: few points of uneven weight would otherwise be learned by heart. The
density of a masked autoregressive flow (Papamakarios et al. 2017) is fast; its draws are slow, and
cost little compared with a function of them.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.compiling import compiled
from fluvial.flows import Flow, build_flow
from fluvial.inference.settings import BlackBoxSettings
from fluvial.objectives import ForwardKL, truncated
from fluvial.posterior.gaussian import moments
from fluvial.posterior.mixture import FlowComponent, Mixture
from fluvial.training import adam, scan_steps, start_state, step_sizes, warmup_cosine

__all__ = ["fit_flow"]


def fit_flow(
    settings: BlackBoxSettings,
    x: Float[np.ndarray, "N D"],
    log_w: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    last: Mixture | None = None,
) -> Mixture:
    """Train a flow on weighted points.

    Args:
        settings: which flow, and how it is trained.
        x: points.
        log_w: their log weights, of which at least one is finite.
        rng: decides which points are held out, and everything else that is random.
        last: what was fitted to a density like this one, if it is from here: where training
            starts if the points that are held out are more likely there.
    """
    log_w = truncated(log_w)
    shares = np.exp(log_w - log_w.max())
    whitener = moments(x, shares)
    z = whitener.whiten(x)
    held_out = rng.permutation(len(x)) % settings.flow_held_out == 0
    if not (shares[held_out].any() and shares[~held_out].any()):
        held_out[:] = True
    judges = _drawn(z, shares * held_out, settings.flow_batch * settings.flow_judges, rng)
    used = shares if held_out.all() else shares * ~held_out
    key = jax.random.key(int(rng.integers(1 << 31)))
    flow = build_flow(settings.flow, x.shape[1], key=key)
    earlier = () if last is None else last.components
    starts = [flow, *(one.trained for one in earlier if isinstance(one, FlowComponent))]
    flow = min(starts, key=lambda start: float(_cross_entropy(start, judges)))
    trained = _trained(flow, z, used, judges, rng, settings)
    return Mixture((FlowComponent(trained, whitener),), np.ones(1))


def _trained(flow: Flow, z, shares, judges, rng: np.random.Generator, settings) -> Flow:
    """The flow, of all that training passes through, under which the judges are most likely."""
    steps, chunk, batch = settings.flow_steps, settings.flow_chunk, settings.flow_batch
    rates = step_sizes(
        warmup_cosine(settings.flow_rate, steps, settings.flow_warmup), np.arange(steps)
    )
    state, key = start_state(flow, adam), jax.random.key(0)  # the loss draws nothing
    best, least = flow, float(_cross_entropy(flow, judges))
    for start in range(0, steps, chunk):
        points = _drawn(z, shares, chunk * batch, rng).reshape(chunk, batch, -1)
        state = _steps(state, rates[start : start + chunk], key, points)
        found = float(_cross_entropy(state.parameters, judges))
        if found < least:
            best, least = state.parameters, found
        if not found < least + settings.flow_worse:
            break
    return best


def _drawn(z, shares, size: int, rng: np.random.Generator) -> Float[Array, "size D"]:
    rows = rng.choice(len(z), size, p=shares / shares.sum())
    return jnp.asarray(z[rows], jnp.float32)


def _loss(flow, key, batch):
    del key
    return ForwardKL()(flow, batch, jnp.zeros(len(batch)))


@compiled
def _steps(state, rates, key, batches):
    return scan_steps(_loss, state, adam, rates, key, batches)[0]


@compiled
def _cross_entropy(flow, x):
    return ForwardKL()(flow, x, jnp.zeros(len(x)))
