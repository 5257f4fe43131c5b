"""Pyro: ``SVI.step`` with a guide made of its transforms."""

import pyro
import pyro.distributions as dist
import torch
from pyro.distributions import transforms
from pyro.infer import SVI, Trace_ELBO

from benchmarks.peers import Trainer
from benchmarks.speed_problems import Problem


def trainer(problem: Problem) -> Trainer:
    """All draws of a step are one vectorized batch of particles."""
    torch.manual_seed(0)
    pyro.clear_param_store()
    layers = [layer for _ in range(problem.layers) for layer in _layers(problem)]
    modules = torch.nn.ModuleList([t for t in layers if isinstance(t, torch.nn.Module)])
    flat = dist.ImproperUniform(dist.constraints.real_vector, (), (problem.dim,))

    def model() -> None:
        x = pyro.sample("x", flat)
        pyro.factor("log_density", problem.log_density(x))

    def guide() -> None:
        pyro.module("flow", modules)
        base = dist.Normal(torch.zeros(problem.dim), torch.ones(problem.dim)).to_event(1)
        pyro.sample("x", dist.TransformedDistribution(base, layers))

    elbo = Trace_ELBO(problem.draws, max_plate_nesting=0, vectorize_particles=True)
    svi = SVI(model, guide, pyro.optim.Adam({"lr": problem.learning_rate}), elbo)

    def train(steps: int) -> None:
        for _ in range(steps):
            svi.step()

    return train


def _layers(problem: Problem) -> list:
    if problem.flow == "planar":
        return [transforms.planar(problem.dim)]
    coupling = transforms.affine_coupling(problem.dim, hidden_dims=list(problem.hidden))
    return [coupling, transforms.permute(problem.dim)]
