"""A posterior as ArviZ's DataTree."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from fluvial.errors import InputError
from fluvial.inference.pool import Pool

if TYPE_CHECKING:
    import xarray

    from fluvial.inference.posterior import Posterior

__all__ = ["to_datatree"]

_CHAINS = 4
_STAN_LOG_LIKELIHOOD = "log_lik"


def to_datatree(posterior: "Posterior", n: int, seed: int) -> "xarray.DataTree":
    """Convert corrected draws to a DataTree.

    Args:
        posterior: what to convert.
        n: how many draws. Independent draws are presented as four chains, so that ArviZ's
            diagnostics can be asked for; chains stay chains, where there is a draw for each, and
            of them at most all draws are taken.
        seed: decides which draws, and whatever the model's generated quantities draw.

    Returns:
        The groups ``posterior``; ``sample_stats`` with the log density ``lp`` of the
        unconstrained parameters, in nats; and ``log_likelihood`` where the model tells it: that
        of a NumPyro or PyMC model, or the generated quantity ``log_lik`` of a Stan program.
        Elements of a variable are counted from 0. Evidence and verdict are attributes.

    Raises:
        InputError: if ``n`` is less than four, or the target is not at hand.
    """
    from arviz_base import from_dict

    posterior = posterior.enlarged(n, seed)
    indices = _by_chain(posterior.pool, n, seed)
    flat = indices.ravel()
    draws = posterior.constrained(flat, seed)
    likelihood = _log_likelihood(posterior, draws, flat)
    groups = {
        "posterior": {name: draws[name] for name in draws if name not in likelihood},
        "sample_stats": {"lp": posterior.pool.log_p[flat]},
        "log_likelihood": likelihood,
    }
    return from_dict(
        {
            group: {name: a.reshape(*indices.shape, *a.shape[1:]) for name, a in arrays.items()}
            for group, arrays in groups.items()
            if arrays
        },
        index_origin=0,
        check_conventions=False,  # more chains than draws is no slip here
        attrs={"/": _attributes(posterior)},
    )


def _by_chain(pool: Pool, n: int, seed: int) -> Int[np.ndarray, "chains draws"]:
    """Choose ``n`` points of a pool, arranged as chains."""
    if n < _CHAINS:
        raise InputError(f"to_arviz(n={n}): ask for at least {_CHAINS}, one for each chain.")
    # Chains of several modes have weights, and cannot be kept.
    if pool.chains == 1 or n < pool.chains or np.ptp(pool.log_weights) > 0.0:
        return pool.choose(n // _CHAINS * _CHAINS, seed).reshape(_CHAINS, -1)
    length = pool.size // pool.chains
    kept = np.linspace(0, length - 1, min(n // pool.chains, length)).astype(int)
    return np.arange(pool.size).reshape(pool.chains, length)[:, kept]


def _log_likelihood(
    posterior: "Posterior", draws: dict[str, np.ndarray], indices: Int[np.ndarray, " n"]
) -> dict[str, np.ndarray]:
    target = posterior.target
    if target is not None and target.log_likelihood is not None:
        return target.log_likelihood(posterior.pool.points[indices])
    if _STAN_LOG_LIKELIHOOD in draws and _STAN_LOG_LIKELIHOOD not in posterior.parameters:
        return {_STAN_LOG_LIKELIHOOD: draws[_STAN_LOG_LIKELIHOOD]}
    return {}


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
