"""A posterior as ArviZ's DataTree."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from fluvial.counts import check_count
from fluvial.errors import InputError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.seeds import check_seed
from fluvial.targets import Annotations

if TYPE_CHECKING:
    import xarray

__all__ = ["arranged", "attributes", "grouped", "separated", "to_datatree"]

_CHAINS = 4
# The names of generated quantities in Stan's manuals and packages (loo, priorsense, bayesplot).
_BY_CUSTOM: dict[str, tuple[str, ...]] = {
    "log_likelihood": ("log_lik",),
    "log_prior": ("log_prior", "lprior"),
    "posterior_predictive": ("y_rep",),
}


def to_datatree(
    draws: dict[str, np.ndarray],
    log_p: Float[np.ndarray, " n"],
    shape: tuple[int, ...],
    *,
    groups: dict[str, dict[str, np.ndarray]],
    prior: dict[str, dict[str, np.ndarray]],
    annotations: Annotations,
    attributes: dict[str, str | float | int],
) -> "xarray.DataTree":
    """Convert corrected draws to a DataTree.

    Args:
        draws: in the model's own space: name -> (n, *shape).
        log_p: log density of the unconstrained parameters at each, in nats.
        shape: (chains, draws), of n in all. Independent draws are presented as four chains, so that
            ArviZ's diagnostics can be asked for.
        groups: what belongs to these draws: group -> name -> (n, *shape).
        prior: what belongs to draws from the prior: group -> name -> (m, *shape).
        annotations: names of dimensions, coordinates and data.
        attributes: of the whole tree.

    Returns:
        The groups ``posterior``; ``sample_stats`` with the log density ``lp`` of the
        unconstrained parameters, in nats; those given; and ``observed_data`` and
        ``constant_data`` where the model names them. Dimensions and coordinates are the model's;
        where it has none, elements are counted from 0. A slash in a name becomes a dot.
    """
    drawn = {"posterior": draws, "sample_stats": {"lp": log_p}, **groups}
    made = {
        group: {name: a.reshape(*shape, *a.shape[1:]) for name, a in arrays.items()}
        for group, arrays in drawn.items()
    }
    made |= {
        group: {name: a[None] for name, a in arrays.items()} for group, arrays in prior.items()
    }
    made |= {"observed_data": annotations.observed, "constant_data": annotations.constant}
    return grouped(made, annotations, attributes)


def separated(
    draws: dict[str, np.ndarray],
    parameters: tuple[str, ...],
    named: Mapping[str, str | Sequence[str]] | None,
    observed: Collection[str],
) -> tuple[dict[str, np.ndarray], dict[str, dict[str, np.ndarray]]]:
    """Separate the draws that belong to another group by their names.

    Args:
        draws: name -> (n, *shape).
        parameters: the names that stay whatever they are.
        named: group -> the names of derived quantities; instead of Stan's customs where given.
        observed: the names of observed data; "y_rep" stands for draws of "y".

    Returns:
        The remaining draws; and group -> name -> array.

    Raises:
        InputError: if there is no such group, or a given name is not a derived quantity.
    """
    derived = set(draws).difference(parameters)
    _check_groups(named or {})
    wanted = dict(_BY_CUSTOM) | {
        group: (names,) if isinstance(names, str) else tuple(names)
        for group, names in (named or {}).items()
    }
    absent = [name for group in named or {} for name in wanted[group] if name not in derived]
    if absent:
        raise InputError(
            f"{absent[0]} is not among the quantities that the model derives "
            f"({', '.join(sorted(derived)) or 'there are none'}): check the name."
        )
    chosen = {
        group: {
            _replicated(name, observed) if group == "posterior_predictive" else name: draws[name]
            for name in names
            if name in derived
        }
        for group, names in wanted.items()
    }
    taken = {name for names in wanted.values() for name in names} & derived
    kept = {name: a for name, a in draws.items() if name not in taken}
    return kept, {group: arrays for group, arrays in chosen.items() if arrays}


def _check_groups(named: object) -> None:
    known = ", ".join(_BY_CUSTOM)
    if not isinstance(named, Mapping):
        raise InputError(
            f"groups is of type {type(named).__name__!r}: give a dictionary from a group ({known}) "
            "to the names of quantities."
        )
    for group, names in named.items():
        if group not in _BY_CUSTOM:
            raise InputError(f"there is no group {group!r} to put quantities in: give {known}.")
        every = [names] if isinstance(names, str) or not isinstance(names, Iterable) else names
        if not all(isinstance(name, str) for name in every):
            raise InputError(f"the names for the group {group} are {names!r}: give strings.")


def _replicated(name: str, observed: Collection[str]) -> str:
    """Return the name of the data that a quantity replicates: "y" for "y_rep"."""
    stem = name.removesuffix("_rep")
    return stem if stem in observed else name


def grouped(
    groups: dict[str, dict[str, np.ndarray]],
    annotations: Annotations,
    attributes: dict[str, str | float | int],
) -> "xarray.DataTree":
    """Make a DataTree of groups of arrays, leaving out those that are empty."""
    from arviz_base import from_dict

    return from_dict(
        {
            group: {_dotted(name): a for name, a in arrays.items()}
            for group, arrays in groups.items()
            if arrays
        },
        index_origin=0,
        coords={_dotted(dim): values for dim, values in annotations.coords.items()},
        dims={
            _dotted(name): [dim and _dotted(dim) for dim in dims]
            for name, dims in annotations.dims.items()
        },
        check_conventions=False,  # more chains than draws is not a slip here
        attrs={"/": attributes},
    )


def _dotted(name: str) -> str:
    """Return a name that does not read as a path of groups, as NumPyro's scopes make them."""
    return name.replace("/", ".")


def arranged(pool: Pool, n: int, seed: int) -> Int[np.ndarray, "chains draws"]:
    """Choose ``n`` points of a pool, arranged as chains."""
    check_count(n, "n", _CHAINS)  # one for each chain
    check_seed(seed)
    # Chains of several modes have weights, and cannot be kept.
    if pool.chains == 1 or n < pool.chains or np.ptp(pool.log_weights) > 0.0:
        return pool.choose(n // _CHAINS * _CHAINS, seed).reshape(_CHAINS, -1)
    length = pool.size // pool.chains
    kept = np.linspace(0, length - 1, min(n // pool.chains, length)).astype(int)
    return np.arange(pool.size).reshape(pool.chains, length)[:, kept]


def attributes(
    evidence: Evidence, judgment: Judgment, provenance: Provenance
) -> dict[str, str | float | int]:
    """Return where a tree comes from and what it is worth, as its attributes."""
    return {
        "inference_library": "fluvial",
        "inference_library_version": provenance.version,
        "sampling_time": sum(provenance.seconds.values()),
        "verdict": judgment.verdict.value,
        "reasons": "\n".join(judgment.reasons),
        "advice": judgment.advice,
        "khat": evidence.khat,
        "ess": evidence.ess,
        "elbo": evidence.elbo,
        "elbo_se": evidence.elbo_se,
        "log_evidence": evidence.log_evidence,
        "log_evidence_se": evidence.log_evidence_se,
        "evidence_up_to_constant": int(evidence.up_to_constant),
        "flow": provenance.flow,
        "seed": provenance.seed,
    }
