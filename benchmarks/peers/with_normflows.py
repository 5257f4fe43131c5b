"""normflows: the loop of its README with ``reverse_kld``."""

import normflows as nf
import torch

from benchmarks.peers import Trainer
from benchmarks.speed_problems import Problem


class _Target(torch.nn.Module):
    """What normflows asks of a target: ``log_prob`` of a batch."""

    def __init__(self, problem: Problem):
        super().__init__()
        self.log_prob = problem.log_density


def trainer(problem: Problem) -> Trainer:
    """Planar layers as they come; RealNVP as couplings with swapped halves."""
    torch.manual_seed(0)
    layers = [layer for _ in range(problem.layers) for layer in _layers(problem)]
    base = nf.distributions.base.DiagGaussian(problem.dim, trainable=False)
    model = nf.NormalizingFlow(base, layers, _Target(problem))
    adam = torch.optim.Adam(model.parameters(), lr=problem.learning_rate)

    def train(steps: int) -> None:
        for _ in range(steps):
            adam.zero_grad()
            loss = model.reverse_kld(problem.draws)
            loss.backward()
            adam.step()

    return train


def _layers(problem: Problem) -> list[torch.nn.Module]:
    if problem.flow == "planar":
        return [nf.flows.Planar((problem.dim,))]
    half = problem.dim // 2
    net = nf.nets.MLP([half, *problem.hidden, problem.dim], init_zeros=True)
    return [nf.flows.AffineCouplingBlock(net), nf.flows.Permute(problem.dim, mode="swap")]
