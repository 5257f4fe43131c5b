"""What a fit found and took, a line each: evidence, diagnostics, seconds and evaluations."""

import math

import numpy as np
from jaxtyping import Float

from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Resolution
from fluvial.posterior.links import chain_evidence, links_from
from fluvial.posterior.provenance import Provenance
from fluvial.posterior.structure import Structure

__all__ = ["facts"]

_MOST_SHARES = 12  # of modes, on a line


def _with_error(value: float, se: float) -> str:
    """Write a value to one digit more than its standard error supports, two at least."""
    digits = 4 if se < 1e-3 else 3 if se < 1e-1 else 2
    return f"{value:z.{digits}f} ± {se:.{digits}f}"


def facts(
    evidence: Evidence,
    provenance: Provenance,
    modes: Float[np.ndarray, " M"],
    components: int,
    structure: Structure | None = None,
    resolution: Resolution | None = None,
) -> tuple[str, ...]:
    """Return evidence, diagnostics and seconds, a line each; the last two need no evidence.

    Args:
        evidence: of the weights.
        provenance: of the fit.
        modes: the share of the mass in each.
        components: how many the approximation has.
        structure: which coordinates modulate the others, if that was looked for.
        resolution: how narrow a mode would have been met, if that was measured.
    """
    e, by = evidence, ", by bridge sampling" if evidence.bridged else ""
    links = links_from(provenance.chain)
    total = chain_evidence(links, e.log_evidence, e.log_evidence_se)
    of_all = (f"of the chain  {_with_error(*total)} {e.unit}",) if links else ()
    found = () if structure is None else (f"structure     {structure}; hence {provenance.flow}",)
    return (
        f"ELBO          {_with_error(e.elbo, e.elbo_se)} {e.unit}",
        f"log evidence  {_with_error(e.log_evidence, e.log_evidence_se)} {e.unit}{by}",
        *of_all,
        f"k-hat {_khat(e)}   ESS {e.ess:.0f}{_modes(modes, components)}",
        *found,
        *_resolved(resolution),
        f"seconds       {_seconds(provenance.seconds)}",
        f"evaluations   {provenance.evaluations}, {provenance.nonfinite} of them not finite",
    )


def _resolved(resolution: Resolution | None) -> tuple[str, ...]:
    if resolution is None:
        return ()
    if not math.isfinite(resolution.of_prior):
        return (
            "resolution    other modes may be missing, even ones as wide as the largest one: only "
            f"{resolution.draws:,} draws looked",
        )
    return (
        f"resolution    modes narrower than {resolution.of_prior:.2g} of the prior's width (their "
        f"sd; {resolution.of_largest:.2g} of that of the largest one) may be missing",
    )


def _khat(evidence: Evidence) -> str:
    """K-hat, or a dash where no weight is large enough for it to say anything."""
    return f"{evidence.khat:.2f}" if evidence.khat_matters and evidence.khat > -math.inf else "–"


def _modes(shares: Float[np.ndarray, " M"], components: int) -> str:
    text = f"   {components} components" if components > 1 else ""
    if len(shares) > 1:
        more = f", and {len(shares) - _MOST_SHARES} more" if len(shares) > _MOST_SHARES else ""
        text += f"   modes {', '.join(f'{share:.1%}' for share in shares[:_MOST_SHARES])}{more}"
    return text


def _seconds(seconds: dict[str, float]) -> str:
    by_stage = ", ".join(f"{stage} {s:.1f}" for stage, s in seconds.items())
    return f"{sum(seconds.values()):.1f} ({by_stage})"
