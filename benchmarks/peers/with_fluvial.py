"""fluvial: the chunks of ``fit``, and the loop that it offers for any loss and optimizer."""

import jax
import jax.numpy as jnp

from benchmarks.peers import Trainer
from benchmarks.speed_problems import Problem
from fluvial import Target
from fluvial.flows import Flow, build_flow
from fluvial.inference.flow_training.train import flattened, start_optimizer, train_chunk
from fluvial.objectives import FreeEnergy
from fluvial.training import adam, train_steps


def trainer(problem: Problem, *, path: bool = False) -> Trainer:
    """With the total gradient, as the others; or with the path gradient that ``fit`` uses."""
    flow, target = _built(problem)
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


def public_trainer(problem: Problem) -> Trainer:
    """With ``train_steps``, which holds the flow as a tree where ``fit`` has one vector."""
    flow, target = _built(problem)
    objective = FreeEnergy(draws=problem.draws, antithetic=False, path=False)

    def loss(flow, key):
        return objective(flow, target, key)

    def train(steps: int) -> None:
        nonlocal flow
        trained = train_steps(
            loss, flow, adam, problem.learning_rate, jax.random.key(1), steps=steps
        )
        flow, _ = jax.block_until_ready(trained)

    return train


def _built(problem: Problem) -> tuple[Flow, Target]:
    spec = f"{problem.flow}:{problem.layers}"
    if problem.flow == "realnvp":
        spec += f",width={problem.hidden[0]},depth={len(problem.hidden)}"
    flow = build_flow(spec, problem.dim, key=jax.random.key(0))
    return flow, Target(problem.log_density, problem.dim)
