"""What follows from the check of the groups' integrals: nothing, a finer rule, or FAILED."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.rows.integrals import check_integrals
from fluvial.inference.run import Run
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Judgment, Verdict
from fluvial.posterior.posterior import Posterior
from fluvial.targets.rows_density import RowsDensity

__all__ = ["Finer", "finer_rule", "integrated", "with_rule"]

_ADVICE = (
    "Write the groups' latents so that each group has one mode of them, near Gaussian, or make "
    "them parameters of all, with Target.from_rows."
)
_UNCHECKED = "The integrals over the groups' latents were not checked, as the fit was interrupted."


class Finer(NamedTuple):
    """A fit has to begin again, with more nodes.

    Attributes:
        rule: of ``RULES``.
    """

    rule: int


def finer_rule(run: Run, stream: RowsDensity, gaussian: Gaussian) -> Finer | None:
    """Return the rule by which a fit should go on, before it has taken long, if it is another.

    Args:
        run: the fit.
        stream: the density of all rows.
        gaussian: about where its mass is.
    """
    if stream.local is None:
        return None
    count = run.settings.rows.checked_draws
    z = np.random.default_rng(run.seed).normal(size=(count, gaussian.dim))
    points = gaussian.mean + z @ gaussian.cholesky.T
    with run.progress.stage("groups"):
        checked = check_integrals(run, stream, points)
    if checked.rule is None or checked.rule == stream.local.rule:
        return None
    return Finer(checked.rule)


def integrated(run: Run, stream: RowsDensity, posterior: Posterior) -> Posterior | Finer:
    """Return a posterior whose groups' integrals are right, or that is FAILED; or what to try.

    Args:
        run: the fit.
        stream: the density of all rows.
        posterior: of their parameters.
    """
    if stream.local is None or posterior.verdict is Verdict.FAILED:
        return posterior
    pool = posterior.pool
    points = pool.points[pool.choose(run.settings.rows.checked_draws, run.seed)]
    try:
        with run.progress.stage("groups"):
            checked = check_integrals(run, stream, points)
    except KeyboardInterrupt:
        return _failed(posterior, _UNCHECKED)
    if not checked.complaint:
        judgment = posterior.judgment
        reasons = (*judgment.reasons, checked.agreed)
        return replace(posterior, judgment=replace(judgment, reasons=reasons))
    ended = posterior.interrupted or run.budget.over(
        run.counted.evaluations, run.settings.rows.left
    )
    if checked.rule is None or ended:
        return _failed(posterior, checked.complaint)
    return Finer(checked.rule)


def with_rule(run: Run, stream: RowsDensity, finer: Finer) -> Run:
    """Return the fit of the same target with another rule, whose evaluations are added."""
    density = stream.with_rule(finer.rule)
    counted = CountedTarget(run.target.with_density(density), run.settings, run.budget)
    counted.count(run.counted.evaluations, run.counted.nonfinite)
    return replace(run, counted=counted)


def _failed(posterior: Posterior, complaint: str) -> Posterior:
    reasons = (complaint, *posterior.reasons)
    return replace(posterior, judgment=Judgment(Verdict.FAILED, reasons, _ADVICE))
