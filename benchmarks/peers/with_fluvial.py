"""fluvial: chunks of steps inside one compiled scan."""

import jax
import jax.numpy as jnp

from benchmarks.peers import Trainer
from benchmarks.speed_problems import Problem
from fluvial import Target
from fluvial.flows import build_flow
from fluvial.inference.train import flattened, start_optimizer, train_chunk
from fluvial.objectives import FreeEnergy


def trainer(problem: Problem, *, path: bool = False) -> Trainer:
    """With the total gradient, as the others; or with the path gradient that ``fit`` uses."""
    spec = f"{problem.flow}:{problem.layers}"
    if problem.flow == "realnvp":
        spec += f",width={problem.hidden[0]},depth={len(problem.hidden)}"
    flow = build_flow(spec, problem.dim, key=jax.random.key(0))
    target = Target(problem.log_density, problem.dim)
    objective = FreeEnergy(draws=problem.draws, antithetic=False, path=path)
    parameters, _ = flattened(flow)
    state = start_optimizer(parameters)

    def train(steps: int) -> None:
        nonlocal parameters, state
        rates = jnp.full(steps, problem.learning_rate, jnp.float32)
        key = jax.random.key(1)
        result = train_chunk(parameters, state, key, rates, flow, target, objective)
        parameters, state = jax.block_until_ready((result.parameters, result.optimizer_state))

    return train
