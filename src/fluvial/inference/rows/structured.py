"""A flow of a posterior of many rows that follows from its structure, in a few dozen passes."""

from typing import NamedTuple

from fluvial.inference.flow_training.choosing import Choice, choose
from fluvial.inference.flow_training.train_modes import train_modes
from fluvial.inference.run import Run
from fluvial.inference.structure.scanning import scan_dependence
from fluvial.posterior.mixture import Mixture

__all__ = ["Structured", "structured"]


class Structured(NamedTuple):
    """A flow in place of a Gaussian.

    Attributes:
        q: the flow.
        choice: what it follows from.
        interrupted: whether Ctrl-C, or a budget, has ended its steps.
    """

    q: Mixture
    choice: Choice
    interrupted: bool


def structured(run: Run, q: Mixture) -> Structured | None:
    """Take natural-gradient steps on all rows, where hubs, heads or bends explain what is missing.

    Training takes hundreds of steps, and a sample of the rows says little of a group that has few.
    Such steps see all rows and are a few dozen.

    Args:
        run: the fit.
        q: Gaussians.

    Returns:
        The flow, or None where there are several modes or few coordinates, a flow was asked for, or
        nothing of the kind was found.
    """
    if run.always_train or len(q.components) > 1 or q.dim <= run.settings.flow.some:
        return None
    dependence = scan_dependence(run.counted, q.gaussians[0], run.rng, run.settings.structure)
    choice = None if dependence is None else choose(run, q, dependence)
    if choice is None or not choice.linear:
        return None
    components, interrupted, choice = train_modes(run, q, choice=choice)
    return Structured(Mixture(tuple(components), q.weights), choice, interrupted)
