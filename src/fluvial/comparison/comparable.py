"""Whether evidences can be compared at all, and whether they differ by more than their errors."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from fluvial.comparison.row import Row
from fluvial.posterior.posterior import Posterior

__all__ = ["different_data", "ranked", "refusals", "unnormalized"]

_BOUND = 2.0  # standard errors of a difference, below which it decides nothing


def refusals(posteriors: Mapping[str, Posterior]) -> tuple[str, ...]:
    """Return why the evidences cannot be compared, a sentence for each kind of reason."""
    found = []
    failed = [n for n, p in posteriors.items() if p.verdict.value == "FAILED"]
    if failed:
        found.append(
            f"The fit of {_names(failed)} has FAILED, so nothing of it can be compared: see "
            "its reasons, and fit again."
        )
    chains = [n for n, p in posteriors.items() if p.verdict.value == "USE_MCMC"]
    if chains:
        found.append(
            f"The verdict on {_names(chains)} is USE_MCMC, which does not vouch for the evidence: "
            "compare by leave-one-out, or reparameterize the model."
        )
    constants = [n for n, p in posteriors.items() if p.evidence.up_to_constant]
    if constants:
        found.append(
            f"The evidence of {_names(constants)} is known up to a constant only: write the "
            "program's densities as target += normal_lpdf(y | mu, sigma), which keeps constants."
        )
    improper = {n: p.provenance.improper_priors for n, p in posteriors.items()}
    improper = {n: names for n, names in improper.items() if names}
    if improper:
        name, parameters = next(iter(improper.items()))
        found.append(
            f"The prior of {parameters[0]} in {name} has no finite integral, so its evidence "
            "has no scale: give it a proper prior."
        )
    versions = sorted({p.provenance.version for p in posteriors.values()})
    if len(versions) > 1:
        found.append(
            f"The posteriors are from different versions of fluvial ({', '.join(versions)}): fit "
            "them again with one."
        )
    return tuple(found)


def unnormalized(posteriors: Mapping[str, Posterior]) -> tuple[str, ...]:
    """Say which evidences have a factor that may differ from model to model."""
    priors = {n: p.provenance.unnormalized_priors for n, p in posteriors.items()}
    told = [f"{_names(list(names))} in {model}" for model, names in priors.items() if names]
    if not told:
        return ()
    many = len(told) > 1 or max(map(len, priors.values())) > 1
    return (
        f"The prior{'s' * many} of {', '.join(told)} {'are' if many else 'is'} not normalized "
        "within bounds, or in order, so the log evidence is off by a constant unless all "
        "models share it: in Stan, write sigma ~ normal(0, 1) T[0, ], or add the constant to "
        "target.",
    )


def different_data(posteriors: Mapping[str, Posterior]) -> tuple[str | None, tuple[str, ...]]:
    """Compare the observations, as numbers in any order and under any names.

    Returns:
        A sentence if two models have seen different data; and those whose data are not known.
    """
    data = {name: _numbers(p) for name, p in posteriors.items()}
    known = {name: values for name, values in data.items() if values is not None}
    unknown = tuple(name for name, values in data.items() if values is None)
    for (a, x), (b, y) in pairwise(known.items()):
        if len(x) != len(y):
            said = f"{a} has {len(x)} observed values and {b} has {len(y)}"
        elif not np.allclose(x, y, rtol=1e-6, equal_nan=True):
            said = f"the observed values of {a} and {b} differ"
        else:
            continue
        return f"The models have seen different data ({said}): fit them to the same.", unknown
    return None, unknown


def _numbers(posterior: Posterior) -> np.ndarray | None:
    """All that a model observed, sorted; None if it does not tell."""
    observed = posterior.annotations.observed
    if not observed or posterior.chain:
        return None
    return np.sort(np.concatenate([np.ravel(a).astype(np.float64) for a in observed.values()]))


def ranked(rows: tuple[Row, ...]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Sort models by evidence, and let those within the error of the next share a place.

    Returns:
        Names, the best first; and a sentence for each pair of neighbors that is not decided.
    """
    best_first = sorted(rows, key=lambda row: -row.log_evidence)
    places, undecided = [[best_first[0].name]], []
    for above, below in pairwise(best_first):
        difference = above.log_evidence - below.log_evidence
        error = float(np.hypot(above.log_evidence_se, below.log_evidence_se))
        if difference > _BOUND * error:
            places.append([below.name])
            continue
        places[-1].append(below.name)
        undecided.append(
            f"{above.name} and {below.name} differ by {difference:.3g} nat of log evidence, within "
            f"{_BOUND:.0f} standard errors of {error:.2g}: neither is ranked before the other."
        )
    return tuple(tuple(names) for names in places), tuple(undecided)


def _names(names: list[str]) -> str:
    return " and ".join(names)
