"""Does a flow's inverse undo it? Where it does not, no density of the flow is right."""

import numpy as np

from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.mixture import Component

__all__ = ["inverse_complaint"]


def inverse_complaint(
    component: Component, rng: np.random.Generator, settings: Settings = DEFAULT
) -> str | None:
    """Compare ln q of draws as the flow makes them with ln q as its inverse finds it.

    The two are equal but for rounding, unless the map is only approximately invertible: a solver
    with too few steps can be trained to an ELBO above ln Z, which no bijection reaches.

    Returns:
        A sentence if they differ by more than 0.01 nat for the median draw, else None.
    """
    x, log_q = component.sample_and_log_prob(
        rng.standard_normal((settings.weigh.inverse_draws, component.flow.dim))
    )
    mismatch = float(np.median(np.abs(component.log_prob(x) - log_q)))
    if mismatch <= settings.weigh.max_mismatch:
        return None
    return (
        f"The flow and its inverse do not agree: ln q differs by {mismatch:.2g} nat, so "
        "neither it nor the ELBO is exact; a continuous flow needs more steps of its solver."
    )
