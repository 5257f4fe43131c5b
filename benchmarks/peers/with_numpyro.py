"""NumPyro: ``SVI.update`` in a compiled scan, as in its examples of longer training."""

from functools import partial

import jax
import numpyro
import numpyro.distributions as dist
from numpyro.infer import SVI, Trace_ELBO
from numpyro.infer.autoguide import AutoIAFNormal

from benchmarks.peers import Trainer
from benchmarks.speed_problems import NotOfferedError, Problem


def trainer(problem: Problem) -> Trainer:
    """Its nearest to RealNVP: inverse autoregressive layers of the same number and width."""
    if problem.flow == "planar":
        raise NotOfferedError("has no planar flow")

    def model() -> None:
        everywhere = dist.ImproperUniform(dist.constraints.real, (), (problem.dim,))
        x = numpyro.sample("x", everywhere)
        numpyro.factor("log_density", problem.log_density(x))

    guide = AutoIAFNormal(model, num_flows=problem.layers, hidden_dims=list(problem.hidden))
    adam = numpyro.optim.Adam(problem.learning_rate)
    svi = SVI(model, guide, adam, Trace_ELBO(num_particles=problem.draws))
    state = svi.init(jax.random.key(0))

    @partial(jax.jit, static_argnums=1)
    def epoch(state, steps):
        return jax.lax.scan(lambda state, _: svi.update(state), state, length=steps)

    def train(steps: int) -> None:
        nonlocal state
        state, _ = jax.block_until_ready(epoch(state, steps))

    return train
