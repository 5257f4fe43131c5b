r"""The earlier fits of a chain, each the prior of the next, and what they do to the last one.

The evidence of all data is off by as much as the priors were. With p_0 the first prior, q_k the
approximations, Z_k = ∫ q_{k−1} L_k what the fits say, and r_k = ln p_k − ln q_k,

.. math:: \ln \int p_0 L_1 \cdots L_n = \sum_k \ln Z_k + \ln E_{p_n}[e^{r_1 + \dots + r_{n-1}}],

by putting p_k = q_k e^{r_k} in place of q_{k−1} L_k / Z_k, one after the other. Each r_k is
measured under p_{k+1}, and its mean is added. It contains −ln Z_k, so that the error of Z_k drops
out: what is left is that of the mean of ln p_k − ln q_k. As more data come that mean is a
martingale; what it gathers is part of the standard error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from fluvial.posterior.unsettled import Unsettled

__all__ = ["Link", "chain_evidence", "chain_shift", "links_from", "links_mapping"]


@dataclass(frozen=True)
class Link:
    """One earlier fit of a chain.

    Attributes:
        kl: the divergence that its approximation brings into the next fit, in nats.
        log_evidence: of its data, given those before, in nats.
        log_evidence_se: its standard error.
        evaluations: points at which its target was evaluated.
        correction: what its approximation has taken from the log evidence of the next data, in
            nats, to be added to it.
        correction_se: the standard error of both together.
        unsettled: what of ln p − ln q will move if more data come.
        moved: by how much it has moved the mean of each coordinate of the last fit, in standard
            deviations, and then the log sd of each.
        moved_se: the standard errors of these.
        bound: of a move whose direction is not known, in the same units.
    """

    kl: float
    log_evidence: float
    log_evidence_se: float
    evaluations: int
    correction: float = 0.0
    correction_se: float = 0.0
    unsettled: Unsettled = field(default_factory=Unsettled)
    moved: tuple[float, ...] = field(default=(), repr=False)
    moved_se: tuple[float, ...] = field(default=(), repr=False)
    bound: float = 0.0

    @property
    def shift(self) -> float:
        """What it does at most to a mean, in sd, or to a log sd, with two standard errors."""
        return chain_shift((self,))


def links_mapping(links: tuple[Link, ...]) -> tuple[dict[str, Any], ...]:
    """Return what JSON can hold of a chain."""
    return tuple(asdict(link) for link in links)


def links_from(mappings: Sequence[Mapping[str, Any]]) -> tuple[Link, ...]:
    """Undo ``links_mapping``; what earlier versions did not save has its default."""
    return tuple(_link(mapping) for mapping in mappings)


def _link(mapping: Mapping[str, Any]) -> Link:
    known = {f.name: mapping[f.name] for f in fields(Link) if f.name in mapping}
    for name in ("moved", "moved_se"):
        known[name] = tuple(known.get(name, ()))
    # A bound of every move, and a variance, are what earlier versions have.
    known.setdefault("bound", mapping.get("shift", 0.0))
    left = known.pop("unsettled", ())
    return Link(**known, unsettled=Unsettled(*(left if np.ndim(left) else (left,))))


def chain_shift(links: Sequence[Link]) -> float:
    """Return what a chain does at most to a mean, in sd, or to a log sd.

    Moves of a coordinate add up with their signs, and their errors in quadrature, of which there
    are two standard errors; bounds add up.

    Example:
        >>> moves, none = [(0.07, 0.0), (-0.04, 0.0)], (0.0, 0.0)
        >>> links = [Link(0.0, 0.0, 0.0, 1, moved=moved, moved_se=none) for moved in moves]
        >>> round(chain_shift(links), 3)
        0.03
    """
    bound = sum(link.bound for link in links)
    known = [link for link in links if link.moved]
    if not known:
        return float(bound)
    moved = np.sum([link.moved for link in known], axis=0)
    error = np.sqrt(np.sum(np.square([link.moved_se for link in known]), axis=0))
    return float(bound + np.max(np.abs(moved) + 2.0 * error))


def chain_evidence(
    links: Sequence[Link], log_evidence: float, log_evidence_se: float
) -> tuple[float, float]:
    """Return ln of the evidence of all data of a chain, and its standard error, in nats.

    Args:
        links: the earlier fits, the first one first.
        log_evidence: of the last fit.
        log_evidence_se: its standard error.

    Example:
        >>> chain_evidence([Link(0.0, -2.0, 0.05, 1, correction_se=0.03)], -1.0, 0.04)
        (-3.0, 0.05)
    """
    total = log_evidence + sum(link.log_evidence + link.correction for link in links)
    variance = log_evidence_se**2 + sum(link.correction_se**2 for link in links)
    return float(total), float(variance**0.5)
