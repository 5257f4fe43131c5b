"""A posterior as ArviZ's DataTree."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from fluvial.errors import InputError
from fluvial.posterior.pool import Pool
from fluvial.targets import Annotations

if TYPE_CHECKING:
    import xarray

    from fluvial.posterior.posterior import Posterior

__all__ = ["arranged", "grouped", "to_datatree"]

_CHAINS = 4
_STAN_LOG_LIKELIHOOD = "log_lik"


def to_datatree(
    posterior: "Posterior", n: int, seed: int, *, log_likelihood: bool
) -> "xarray.DataTree":
    """Convert corrected draws to a DataTree.

    Args:
        posterior: what to convert.
        n: how many draws. Independent draws are presented as four chains, so that ArviZ's
            diagnostics can be asked for; chains stay chains, where there is a draw for each, and
            of them at most all draws are taken.
        seed: decides which draws, and whatever the model's generated quantities draw.
        log_likelihood: whether the group of that name is wanted.

    Returns:
        The groups ``posterior``; ``sample_stats`` with the log density ``lp`` of the
        unconstrained parameters, in nats; ``log_likelihood`` where the model tells it: that of a
        NumPyro or PyMC model, or the generated quantity ``log_lik`` of a Stan program; and
        ``observed_data`` and ``constant_data`` where the model names them. Dimensions and
        coordinates are the model's; where it has none, elements are counted from 0. A slash in a
        name becomes a dot. Evidence and verdict are attributes.

    Raises:
        InputError: if ``n`` is less than four, or the target is not at hand.
    """
    posterior = posterior.enlarged(n, seed)
    indices = arranged(posterior.pool, n, seed)
    flat = indices.ravel()
    draws = posterior.constrained(flat, seed)
    generated = _generated_log_likelihood(posterior)
    likelihood = _log_likelihood(posterior, draws, flat, generated) if log_likelihood else {}
    drawn = {
        "posterior": {name: draws[name] for name in draws if name not in generated},
        "sample_stats": {"lp": posterior.pool.log_p[flat]},
        "log_likelihood": likelihood,
    }
    groups = {
        group: {name: a.reshape(*indices.shape, *a.shape[1:]) for name, a in arrays.items()}
        for group, arrays in drawn.items()
    }
    data = posterior.annotations
    groups |= {"observed_data": data.observed, "constant_data": data.constant}
    return grouped(groups, data, _attributes(posterior))


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


def _generated_log_likelihood(posterior: "Posterior") -> tuple[str, ...]:
    """Return the names among the draws that are log likelihoods by the custom of Stan."""
    name, target = _STAN_LOG_LIKELIHOOD, posterior.target
    told = target is not None and target.log_likelihood is not None
    return () if told or name in posterior.parameters else (name,)


def _log_likelihood(
    posterior: "Posterior",
    draws: dict[str, np.ndarray],
    indices: Int[np.ndarray, " n"],
    generated: tuple[str, ...],
) -> dict[str, np.ndarray]:
    target = posterior.target
    if target is not None and target.log_likelihood is not None:
        return target.log_likelihood(posterior.pool.points[indices])
    return {name: draws[name] for name in generated if name in draws}


def _attributes(posterior: "Posterior") -> dict[str, str | float | int]:
    evidence, provenance = posterior.evidence, posterior.provenance
    return {
        "inference_library": "fluvial",
        "inference_library_version": provenance.version,
        "sampling_time": sum(provenance.seconds.values()),
        "verdict": posterior.verdict.value,
        "reasons": "\n".join(posterior.reasons),
        "advice": posterior.advice,
        "khat": evidence.khat,
        "ess": evidence.ess,
        "elbo": evidence.elbo,
        "elbo_se": evidence.elbo_se,
        "log_evidence": evidence.log_evidence,
        "log_evidence_se": evidence.log_evidence_se,
        "flow": provenance.flow,
        "seed": provenance.seed,
    }
