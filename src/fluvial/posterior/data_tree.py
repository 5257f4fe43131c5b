"""Draws, and what the model adds to them, put together as ArviZ's DataTree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.extras import require
from fluvial.posterior.arviz import separated, to_datatree
from fluvial.posterior.groups import model_groups, prior_groups
from fluvial.targets import Annotations, Target

if TYPE_CHECKING:
    import xarray

__all__ = ["Contents", "Drawn", "data_tree"]


class Contents(NamedTuple):
    """What a tree holds besides the draws; see ``Posterior.to_arviz``.

    Attributes:
        log_likelihood: whether there is a group of that name.
        predictive: whether there are draws from the model.
        groups: group -> names of derived quantities that belong there.
    """

    log_likelihood: bool
    predictive: bool
    groups: Mapping[str, str | Sequence[str]] | None


@dataclass(frozen=True, eq=False)
class Drawn:
    """Corrected draws, one after the other.

    Attributes:
        points: unconstrained, shape (n, D).
        log_p: the target's log density there, in nats, shape (n,).
        values: the model's own space there: name -> (n, *shape).
        parameters: the names among these that are not derived quantities.
        annotations: names of dimensions, coordinates and data.
        shape: (chains, draws), n in all.
        seed: decides what the model draws at them.
    """

    points: Float[np.ndarray, "n D"]
    log_p: Float[np.ndarray, " n"]
    values: dict[str, np.ndarray]
    parameters: tuple[str, ...]
    annotations: Annotations
    shape: tuple[int, ...]
    seed: int


def data_tree(
    drawn: Drawn,
    target: Target | None,
    contents: Contents,
    attributes: dict[str, str | float | int],
) -> "xarray.DataTree":
    """Return the draws in groups, with those that the target adds where it is available."""
    require("arviz", "a tree for ArviZ", "arviz_base", "xarray")
    annotations, n = drawn.annotations, len(drawn.points)
    draws, groups = separated(drawn.values, drawn.parameters, contents.groups, annotations.observed)
    prior, why = {}, ""
    if target is not None:
        told, why = model_groups(target, drawn.points, drawn.seed, contents.predictive)
        groups |= told
        if contents.log_likelihood and target.log_likelihood is not None:
            groups["log_likelihood"] = target.log_likelihood(drawn.points)
        if contents.predictive:
            prior, no_prior = prior_groups(target, n, drawn.seed)
            why = why or no_prior
    if not contents.log_likelihood:
        groups.pop("log_likelihood", None)
    return to_datatree(
        draws,
        drawn.log_p,
        drawn.shape,
        groups=groups,
        prior=prior,
        annotations=annotations,
        attributes=attributes | ({"not_drawn": why} if why else {}),
    )
