"""Natural-gradient steps with what is linear in a flow, before it is trained or in its place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.natural_gradient.copula_steps import CopulaMoves
from fluvial.inference.natural_gradient.margin_moves import MarginMoves, margins_gain, with_margins
from fluvial.inference.natural_gradient.modulated_steps import modulated_steps
from fluvial.inference.natural_gradient.natural_steps import Stepped, looked, natural_steps
from fluvial.inference.run import Run

__all__ = ["enough", "steps_taken"]


def steps_taken(
    run: Run,
    choice: Choice,
    flow: Any,
    gaussian: Any,
    rng: np.random.Generator,
    on_step: Callable[[int, float], None],
) -> tuple[Stepped, str]:
    """Take natural-gradient steps with what is linear in a flow that was chosen, then margins."""
    # A look at all of many rows takes long, and weights on all rows make up for what is left.
    streams, natural = run.target.streamed is not None, run.settings.natural
    limit = enough(run) if streams else run.settings.verdict.accurate_half_variance
    if choice.modulated:
        found = modulated_steps(
            flow, gaussian, run.target, rng, enough=limit, settings=natural, on_step=on_step
        )
        return found, ""
    linear = natural_steps(
        flow,
        gaussian,
        run.target,
        rng,
        enough=limit,
        settings=replace(natural, draws=natural.bent_draws) if choice.bent else natural,
        move=CopulaMoves(flow, natural) if choice.bent else None,
        on_step=on_step,
    )
    if choice.bent or linear.interrupted or linear.weights.half_variance < enough(run):
        return linear, ""
    look = looked(linear.flow, linear.gaussian, run.target, rng, natural.draws)
    made = linear.evaluations + len(look.z)
    if not margins_gain(look) > run.settings.train.least_bend * linear.weights.half_variance:
        return linear._replace(evaluations=made), ""
    bent = natural_steps(
        with_margins(linear.flow),
        linear.gaussian,
        run.target,
        rng,
        enough=limit,
        settings=natural,
        move=MarginMoves(natural),
        on_step=lambda evaluations, elbo: on_step(made + evaluations, elbo),
    )
    return bent._replace(evaluations=made + bent.evaluations), "margins"


def enough(run: Run) -> float:
    """Half the variance of log weights, in nats, at which no training would pay."""
    accurate, train = run.settings.verdict.accurate_half_variance, run.settings.train
    return max(accurate, min(train.enough_each * run.target.dim, train.enough_most))
