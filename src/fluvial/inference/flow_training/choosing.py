"""Stage 4, which flow: what "auto" trains follows from the structure that was found."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from fluvial.flows import Flow, build_flow
from fluvial.inference.checks.naming import named_along
from fluvial.inference.flow_training.modulated_flow import modulated_flow, modulated_spec
from fluvial.inference.flow_training.sparse_flow import (
    is_sparse,
    sparse_flow,
    sparse_spec,
    widened_hubs,
)
from fluvial.inference.natural_gradient.copula_steps import copula_of
from fluvial.inference.run import Run
from fluvial.inference.structure.dependence import Dependence, find_dependence
from fluvial.inference.structure.find_structure import bend_alone, find_structure, influences
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.structure import Structure

__all__ = ["Choice", "choose", "untrained"]

_NAMED = 5  # wording: of the heads


class Choice(NamedTuple):
    """What will be trained.

    Attributes:
        flow: it, or its text.
        structure: what it follows from; None where structure was not looked for.
        modulated: whether few heads modulate all others, in a basis that is found.
        dependence: of a sparse flow; else None.
        bent: whether coordinates that are coupled are bent each by itself: a copula.
    """

    flow: str | Flow
    structure: Structure | None = None
    modulated: bool = False
    dependence: Dependence | None = None
    bent: bool = False

    @property
    def linear(self) -> bool:
        """Whether natural-gradient steps come before training, or in its place."""
        return self.modulated or self.bent or self.dependence is not None


def choose(run: Run, q: Mixture, dependence: Dependence | None = None) -> Choice:
    """Look at the heaviest part of the target, unless a flow was asked for or D is small.

    A sparse flow where hubs and heads explain all that depends on each other; a modulated one where
    few heads rule what is coupled besides; else what suits so many coordinates.

    Args:
        run: the fit.
        q: Gaussians.
        dependence: where it is known already.
    """
    dim = run.target.dim
    if run.always_train or dim <= run.settings.flow.some:
        return Choice(run.flow)
    gaussian = q.components[int(np.argmax(q.weights))].gaussian
    settings = run.settings.structure
    if len(q.components) == 1:
        dependence = dependence or find_dependence(run.counted, gaussian, run.rng, settings)
        if dependence is not None and is_sparse(dependence, settings):
            structure = _structure_of(run, dependence, gaussian)
            return Choice(sparse_spec(dependence), structure, dependence=dependence)
    found = find_structure(run.counted, gaussian, run.rng, settings)
    structure = _named(run, Structure(dim, found.heads, found.influence), gaussian)
    few = 1 <= len(found.heads) <= run.settings.match.few_heads
    dense = isinstance(gaussian, Gaussian)
    large = dim > run.settings.match.dense
    if not few and large and dense and bend_alone(run.counted, gaussian, run.rng, settings):
        return Choice("copula", Structure(dim), bent=True)
    if not few or not dense:
        large = dim > run.settings.match.most_dense  # a network of all would not fit
        spec = run.settings.flow.independent if large else run.flow
        return Choice(spec, structure if few else Structure(dim))
    return Choice(modulated_spec(len(found.heads)), structure, modulated=True)


def untrained(
    run: Run, choice: Choice, q: Mixture, k: int, key: PRNGKeyArray
) -> tuple[Flow, list[Gaussian | DiagonalGaussian]]:
    """Build the chosen flow for one part of the target, and say what whitens each part.

    Parts may differ in their heads.
    """
    gaussians = [component.gaussian for component in q.components]
    gaussian, structure = gaussians[k], choice.structure
    if choice.dependence is not None:
        independent = DiagonalGaussian(gaussian.mean, gaussian.sd)
        return sparse_flow(choice.dependence, key), [widened_hubs(independent, choice.dependence)]
    if choice.bent and isinstance(gaussian, Gaussian):
        flow, margins = copula_of(gaussian)
        return flow, [margins]
    if structure is None or not choice.modulated or isinstance(gaussian, DiagonalGaussian):
        flow = build_flow(choice.flow, run.target.dim, key=key, dtype=jnp.float32)
        return flow, gaussians
    heads = structure.heads
    if len(gaussians) > 1:
        influence = influences(run.counted, gaussian, run.rng, run.settings.structure)
        order = np.argsort(-influence, kind="stable")
        heads = [int(head) for head in order[: len(heads)]]
    return modulated_flow(run.counted, gaussian, heads, key, run.settings.structure), gaussians


def _structure_of(
    run: Run, dependence: Dependence, gaussian: Gaussian | DiagonalGaussian
) -> Structure:
    heads = np.concatenate([dependence.hubs, dependence.heads]).astype(int)
    strength = np.concatenate(
        [
            np.sum(dependence.hub_slopes**2 + dependence.hub_shifts**2, axis=0),
            np.bincount(
                np.maximum(dependence.parents, 0), dependence.slopes**2, len(dependence.parents)
            )[dependence.heads],
        ]
    )
    shares = strength / strength.sum()
    found = Structure(run.target.dim, tuple(map(int, heads)), tuple(map(float, shares)))
    return _named(run, found, gaussian)


def _named(run: Run, found: Structure, gaussian: Gaussian | DiagonalGaussian) -> Structure:
    """Name the first of the heads, in the model's own words."""
    names = []
    for head in found.heads[:_NAMED]:
        ray = np.zeros(found.dim)
        ray[head] = 1.0
        names.append(named_along(run.target, gaussian.mean, ray))
    return Structure(found.dim, found.heads, found.influence, tuple(names))
