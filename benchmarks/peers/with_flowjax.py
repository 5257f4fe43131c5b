"""FlowJAX: ``fit_to_key_based_loss``, a Python loop over a compiled step."""

import jax
import optax
from flowjax.distributions import StandardNormal
from flowjax.flows import coupling_flow, planar_flow
from flowjax.train import fit_to_key_based_loss
from flowjax.train.losses import ElboLoss

from benchmarks.peers import Trainer
from benchmarks.speed_problems import Problem


def trainer(problem: Problem) -> Trainer:
    """``invert=False`` is the direction for variational fits; tanh planar has no inverse."""
    base, key = StandardNormal((problem.dim,)), jax.random.key(0)
    if problem.flow == "planar":
        flow = planar_flow(key, base_dist=base, flow_layers=problem.layers, invert=False)
    else:
        flow = coupling_flow(
            key,
            base_dist=base,
            flow_layers=problem.layers,
            nn_width=problem.hidden[0],
            nn_depth=len(problem.hidden),
            invert=False,
        )
    # Made once: the compiled step is keyed on the identity of both.
    loss = ElboLoss(problem.log_density, problem.draws)
    adam = optax.adam(problem.learning_rate)

    def train(steps: int) -> None:
        nonlocal flow
        flow, _ = fit_to_key_based_loss(
            jax.random.key(1), flow, loss_fn=loss, steps=steps, optimizer=adam, show_progress=False
        )
        jax.block_until_ready(flow)

    return train
