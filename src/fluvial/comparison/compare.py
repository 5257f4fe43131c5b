"""Models compared by evidence and by prediction."""

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from fluvial.comparison.comparable import (
    different_data,
    ranked,
    refusals,
    unnormalized,
)
from fluvial.comparison.comparison import Comparison
from fluvial.comparison.leave_one_out import leave_one_out, prior_sensitivity
from fluvial.comparison.probabilities import model_probabilities
from fluvial.comparison.row import Row
from fluvial.errors import InputError
from fluvial.extras import lacking
from fluvial.posterior.posterior import Posterior

if TYPE_CHECKING:
    import xarray

__all__ = ["compare"]

_DRAWS = 2000
_PREDICTION = "Comparing models by prediction, or by how much their priors matter,"


def compare(
    posteriors: Mapping[str, Posterior],
    *,
    prior: Mapping[str, float] | None = None,
    trees: Mapping[str, "xarray.DataTree"] | None = None,
) -> Comparison:
    """Compare models of the same data.

    Evidences are ranked only where that means something. There is no ranking across fits that
    FAILED or need MCMC, evidences that are known up to a constant, improper priors, or different
    versions; models within two standard errors of each other share a place.

    Args:
        posteriors: name -> posterior, at least two.
        prior: name -> the model's prior probability, up to a common factor; by default all are
            equal.
        trees: name -> an ArviZ tree of the same fit, for a posterior that cannot make one with its
            log likelihood because its target is not available.

    Returns:
        Evidences and probabilities; leave-one-out and stacking weights if the models give the
        likelihood of each observation; and the sensitivity to the prior if they give that, too.

    Raises:
        InputError: if there are fewer than two posteriors, or anything else is among them, they
            have seen different data, prior probabilities are not positive, or ``prior`` or
            ``trees`` name other models.

    Example:
        >>> import jax.numpy as jnp
        >>> import fluvial
        >>> narrow, wide = (
        ...     fluvial.fit(
        ...         fluvial.Target(lambda x, s=s: -0.5 * (x[0] / s) ** 2 - jnp.log(s), dim=1),
        ...         progress=False,
        ...     )
        ...     for s in (1.0, 2.0)
        ... )
        >>> compare({"narrow": narrow, "wide": wide}).ranking
        (('narrow', 'wide'),)
    """
    _check(posteriors)
    _check_prior(prior, posteriors)
    _check_trees(trees, posteriors)
    different, unknown = different_data(posteriors)
    if different is not None:
        raise InputError(different)
    refused = refusals(posteriors)
    lack = lacking(
        "arviz",
        _PREDICTION,
        "arviz_base",
        "xarray",
        "xarray_einstats",
    )
    made = {name: None if lack else _tree(name, p, trees) for name, p in posteriors.items()}
    rows = tuple(_row(name, p, made[name]) for name, p in posteriors.items())
    rows = _with_prediction(rows, made)
    ranking: tuple[tuple[str, ...], ...] = ()
    undecided: tuple[str, ...] = ()
    if not refused:
        rows = _with_probabilities(rows, prior)
        ranking, undecided = ranked(rows)
    notes = (*unnormalized(posteriors), *_notes(rows, unknown, lack))
    return Comparison(rows, ranking, refused, undecided, notes)


def _check(posteriors: object) -> None:
    if not isinstance(posteriors, Mapping):
        raise InputError(
            f"compare was given a {type(posteriors).__name__}: give a dictionary of posteriors by "
            'name, such as {"linear": a, "quadratic": b}.'
        )
    for name, posterior in posteriors.items():
        if not isinstance(name, str):
            raise InputError(
                f"the name {name!r} is of type {type(name).__name__!r}: give a string."
            )
        if not isinstance(posterior, Posterior):
            raise InputError(
                f"what compare was given as {name!r} is of type {type(posterior).__name__!r}: give "
                "posteriors that fluvial.fit has returned, or fluvial.load has read."
            )
    if len(posteriors) < 2:
        count = "one posterior" if posteriors else "no posterior"
        raise InputError(f"compare was given {count}: give at least two.")


def _check_prior(prior: object, posteriors: Mapping[str, Posterior]) -> None:
    if prior is None:
        return
    if not isinstance(prior, Mapping):
        raise InputError(
            f"prior is of type {type(prior).__name__!r}: give a dictionary from the name of each "
            "model to a positive number."
        )
    if set(prior) != set(posteriors):
        raise InputError(
            f"prior is for {', '.join(map(str, prior))}, and the posteriors are "
            f"{', '.join(posteriors)}: give one number for each."
        )
    for name, value in prior.items():
        if not (isinstance(value, Real) and 0.0 < float(value) < np.inf):
            raise InputError(
                f"the prior probability of {name} is {value!r}: give a positive number."
            )


def _check_trees(trees: object, posteriors: Mapping[str, Posterior]) -> None:
    if trees is None:
        return
    if not isinstance(trees, Mapping):
        raise InputError(
            f"trees is of type {type(trees).__name__!r}: give a dictionary from the name of a "
            "model to its tree."
        )
    unknown = [str(name) for name in trees if name not in posteriors]
    if unknown:
        raise InputError(
            f"there is a tree for {unknown[0]}, and the posteriors are {', '.join(posteriors)}: "
            "give each tree the name of its posterior."
        )


def _tree(
    name: str, posterior: Posterior, trees: Mapping[str, "xarray.DataTree"] | None
) -> "xarray.DataTree | None":
    if trees and name in trees:
        return trees[name]
    if not posterior.pool.size:
        return None
    return posterior.to_arviz(_DRAWS, predictive=False)


def _row(name: str, posterior: Posterior, tree: "xarray.DataTree | None") -> Row:
    value, error = posterior.chain_log_evidence
    row = Row(name, posterior.verdict.value, value, error)
    found = None if tree is None else prior_sensitivity(tree, posterior.parameters)
    if found is None:
        return row
    return replace(row, prior_sensitivity=found[0], sensitive=found[1])


def _with_prediction(
    rows: tuple[Row, ...], trees: "Mapping[str, xarray.DataTree | None]"
) -> tuple[Row, ...]:
    usable = {row.name: trees[row.name] for row in rows if row.verdict != "FAILED"}
    found = leave_one_out({name: tree for name, tree in usable.items() if tree is not None})

    def filled(row: Row) -> Row:
        if row.name not in found:
            return row
        told = found[row.name]
        return replace(
            row,
            elpd=told.elpd,
            elpd_se=told.elpd_se,
            elpd_difference=told.difference,
            elpd_difference_se=told.difference_se,
            stacking_weight=told.weight,
            bad_khat=told.bad_khat,
        )

    return tuple(filled(row) for row in rows)


def _with_probabilities(
    rows: tuple[Row, ...], prior: Mapping[str, float] | None
) -> tuple[Row, ...]:
    before = np.array([1.0 if prior is None else prior[row.name] for row in rows])
    found = model_probabilities(
        np.array([row.log_evidence for row in rows]),
        np.array([row.log_evidence_se for row in rows]),
        before,
    )
    return tuple(
        replace(
            row,
            probability=float(found.values[k]),
            probability_se=float(found.errors[k]),
            probability_interval=(float(found.low[k]), float(found.high[k])),
        )
        for k, row in enumerate(rows)
    )


def _notes(rows: tuple[Row, ...], unknown: tuple[str, ...], lack: str) -> tuple[str, ...]:
    notes = [
        f"{row.bad_khat} observations of {row.name} are so influential that leave-one-out is "
        "unreliable for them."
        for row in rows
        if row.bad_khat
    ]
    notes += [
        f"The posterior of {row.sensitive} in {row.name} depends on its prior (power-scaling "
        f"sensitivity {row.prior_sensitivity:.2f})."
        for row in rows
        if row.prior_sensitivity is not None and row.prior_sensitivity > 0.05
    ]
    if unknown:
        notes.append(
            f"What {' and '.join(unknown)} observed is not known, so it is up to you that all "
            "have seen the same data."
        )
    if lack:
        notes.append(lack)
    return tuple(notes)
