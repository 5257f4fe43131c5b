"""A posterior as ArviZ's DataTree."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from fluvial.errors import InputError
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.targets import Annotations

if TYPE_CHECKING:
    import xarray

__all__ = ["arranged", "attributes", "grouped", "separated", "to_datatree"]

_CHAINS = 4
_STAN_LOG_LIKELIHOOD = "log_lik"


def to_datatree(
    draws: dict[str, np.ndarray],
    log_p: Float[np.ndarray, " n"],
    shape: tuple[int, ...],
    *,
    log_likelihood: dict[str, np.ndarray],
    annotations: Annotations,
    attributes: dict[str, str | float | int],
) -> "xarray.DataTree":
    """Convert corrected draws to a DataTree.

    Args:
        draws: in the model's own space: name -> (n, *shape).
        log_p: log density of the unconstrained parameters at each, in nats.
        shape: (chains, draws), of n in all. Independent draws are presented as four chains, so that
            ArviZ's diagnostics can be asked for.
        log_likelihood: of each observation at each draw: name -> (n, *shape).
        annotations: names of dimensions, coordinates and data.
        attributes: of the whole tree.

    Returns:
        The groups ``posterior``; ``sample_stats`` with the log density ``lp`` of the
        unconstrained parameters, in nats; ``log_likelihood``; and ``observed_data`` and
        ``constant_data`` where the model names them. Dimensions and coordinates are the model's;
        where it has none, elements are counted from 0. A slash in a name becomes a dot.
    """
    drawn = {
        "posterior": draws,
        "sample_stats": {"lp": log_p},
        "log_likelihood": log_likelihood,
    }
    groups = {
        group: {name: a.reshape(*shape, *a.shape[1:]) for name, a in arrays.items()}
        for group, arrays in drawn.items()
    }
    groups |= {"observed_data": annotations.observed, "constant_data": annotations.constant}
    return grouped(groups, annotations, attributes)


def separated(
    draws: dict[str, np.ndarray], parameters: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Take out of the draws what is a log likelihood by the custom of Stan: ``log_lik``."""
    names = {_STAN_LOG_LIKELIHOOD}.difference(parameters)
    kept = {name: a for name, a in draws.items() if name not in names}
    return kept, {name: a for name, a in draws.items() if name in names}


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
        check_conventions=False,  # more chains than draws is no slip here
        attrs={"/": attributes},
    )


def _dotted(name: str) -> str:
    """Return a name that does not read as a path of groups, as NumPyro's scopes make them."""
    return name.replace("/", ".")


def arranged(pool: Pool, n: int, seed: int) -> Int[np.ndarray, "chains draws"]:
    """Choose ``n`` points of a pool, arranged as chains."""
    if n < _CHAINS:
        raise InputError(f"to_arviz(n={n}): ask for at least {_CHAINS}, one for each chain.")
    # Chains of several modes have weights, and cannot be kept.
    if pool.chains == 1 or n < pool.chains or np.ptp(pool.log_weights) > 0.0:
        return pool.choose(n // _CHAINS * _CHAINS, seed).reshape(_CHAINS, -1)
    length = pool.size // pool.chains
    kept = np.linspace(0, length - 1, min(n // pool.chains, length)).astype(int)
    return np.arange(pool.size).reshape(pool.chains, length)[:, kept]


def attributes(
    evidence: Evidence, judgment: Judgment, provenance: Provenance
) -> dict[str, str | float | int]:
    """Say of a whole tree where it is from, and what it is worth."""
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
