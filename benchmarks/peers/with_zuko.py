"""zuko: the loop of its tutorial on reverse KL."""

import torch
import zuko

from benchmarks.peers import Trainer
from benchmarks.speed_problems import NotOfferedError, Problem


def trainer(problem: Problem) -> Trainer:
    """The transform is inverted so that sampling is its fast direction."""
    if problem.flow == "planar":
        raise NotOfferedError("has no planar flow")
    torch.manual_seed(0)
    made = zuko.flows.RealNVP(
        problem.dim, transforms=problem.layers, hidden_features=problem.hidden
    )
    flow = zuko.flows.Flow(made.transform.inv, made.base)
    adam = torch.optim.Adam(flow.parameters(), lr=problem.learning_rate)

    def train(steps: int) -> None:
        for _ in range(steps):
            x, log_q = flow().rsample_and_log_prob((problem.draws,))
            loss = log_q.mean() - problem.log_density(x).mean()
            loss.backward()
            adam.step()
            adam.zero_grad()

    return train
