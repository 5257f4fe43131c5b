"""Are the latents of groups integrated out as well as a verdict needs?

Of some groups the integral is compared with one by importance sampling, which sees modes and tails
that a rule around one mode misses, and with a rule of more nodes, which is more precise. What
counts is the error of the sum over all groups: how much it differs between draws distorts the
posterior, and its mean is the error of the log evidence.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float64, PyTree

from fluvial.inference.run import Run
from fluvial.targets.local_latents import RULES, Locals, marginal
from fluvial.targets.local_reference import STARTS, Estimate, noises, reference
from fluvial.targets.rows_density import RowsDensity
from fluvial.xla import jit

__all__ = ["Checked", "check_integrals"]

_KEPT = 8  # memory: programs, so that a second look compiles nothing


class Checked(NamedTuple):
    """What a check of some groups has found.

    Attributes:
        rule: the first rule that is good enough, from the one in use on; None if none is.
        complaint: about the one in use; "" if there is none.
        agreed: what was compared, where a rule is good enough.
    """

    rule: int | None
    complaint: str
    agreed: str


class _CheckedGroups(NamedTuple):
    """Groups that are checked.

    Attributes:
        groups: as a block has them.
        size: how many.
        count: of all groups.
        points: draws of the shared parameters, (S, D).
        truth: the integrals by importance sampling, at the first of the points.
    """

    groups: PyTree
    size: int
    count: int
    points: np.ndarray
    truth: Estimate


def check_integrals(run: Run, stream: RowsDensity, points: Float64[np.ndarray, "S D"]) -> Checked:
    """Check the integrals of some groups, and look for a rule by which they are right.

    Args:
        run: the fit.
        stream: the density, whose rows are groups with latents of their own.
        points: draws of the parameters that the groups share.
    """
    local, rows = stream.local, run.settings.rows
    assert local is not None
    most = int(np.clip(rows.checked_rows // stream.unit, *rows.checked_groups))
    groups = stream.sample(most, run.rng)
    size = len(groups["present"])
    with jax.enable_x64(True):
        truth = _truth(local, points[0], groups, run.seed, rows.checked_at_once // stream.unit)
        sample = _CheckedGroups(groups, size, stream.count, points, truth)
        complaint = ""
        for rule in range(local.rule, len(RULES[local.dim])):
            tried = local._replace(rule=rule)
            found = _complaint(run, tried, sample)
            if found is None:
                return Checked(rule, complaint, _agreed(tried, sample))
            complaint = complaint or found
    return Checked(None, complaint, "")


def _truth(
    local: Locals, point: np.ndarray, groups: PyTree, seed: int, most_climbs: int
) -> Estimate:
    """Estimates of some groups' integrals, so many groups at once as memory allows."""
    count = len(groups["present"])
    noise = noises(count, local.dim, np.random.default_rng(seed))
    at_once = int(np.clip(most_climbs // STARTS, 1, count))
    found = _reference(local._replace(rule=0), at_once)(point, groups, noise)
    return Estimate(*jax.tree.map(np.asarray, tuple(found)))


@lru_cache(_KEPT)
def _reference(local: Locals, at_once: int) -> Callable:
    def of_all(theta, groups, noise):
        def one(pair):
            return reference(local, theta, *pair)

        return jax.lax.map(one, (groups, noise), batch_size=at_once)

    return jit(of_all)


@lru_cache(_KEPT)
def _marginal(local: Locals, nodes: int) -> Callable:
    return jit(jax.vmap(marginal(local, nodes), (0, None)))


def _complaint(run: Run, local: Locals, sample: _CheckedGroups) -> str | None:
    """Say what is wrong with a rule, if anything is."""
    finer = int(np.ceil(run.settings.rows.finer * local.nodes)) | 1
    values, more = (
        np.asarray(_marginal(local._replace(rule=0), nodes)(sample.points, sample.groups))
        for nodes in (local.nodes, finer)
    )
    return _missed(run, local, sample, values[0]) or _imprecise(run, local, sample, values - more)


def _missed(run: Run, local: Locals, sample: _CheckedGroups, values: np.ndarray) -> str | None:
    """Compare with importance sampling: of each group, and of all together."""
    rows, (truth, se) = run.settings.rows, sample.truth
    off = values - truth
    sure = np.isfinite(se) & np.isfinite(off)
    wrong = ~(np.abs(off) <= run.settings.verdict.max_missing_mass + rows.integral_noise * se)
    if wrong.any():
        worst = np.max(np.abs(off[sure & wrong]), initial=0.0)
        return (
            f"The integrals over the latents of {int(wrong.sum())} of {sample.size} groups that "
            f"were checked are wrong, by up to {worst:.2g} nat: {_rule(local)} misses a mode, or a "
            "tail, of them."
        )
    mean, noise = float(np.mean(off)), float(np.sqrt(np.sum(se**2)) / sample.size)
    if abs(mean) <= rows.integral_noise * noise:
        return None
    return _off(run, local, sample, abs(mean) * sample.count, "the log evidence")


def _imprecise(run: Run, local: Locals, sample: _CheckedGroups, off: np.ndarray) -> str | None:
    """Compare with more nodes, at all points."""
    share = (1.0 - sample.size / sample.count) / sample.size
    mean, spread = off.mean(axis=1), (off - off.mean(axis=0)).std(axis=1)
    noise = sample.count * np.sqrt(share)
    differ = sample.count * np.std(mean) + noise * np.max(spread)
    whole = sample.count * np.abs(mean.mean()) + noise * np.max(off.std(axis=1))
    return _off(run, local, sample, float(differ), "the log density, from draw to draw,") or _off(
        run, local, sample, float(whole), "the log evidence"
    )


def _off(run: Run, local: Locals, sample: _CheckedGroups, error: float, of: str) -> str | None:
    if error <= run.settings.verdict.max_evidence_se:
        return None
    return (
        f"{of.capitalize()} is off by about {error:.2g} nat, as the integrals over the latents of "
        f"{sample.size} of {sample.count:,} groups tell, for which {_rule(local)} is not precise "
        "enough."
    )


def _agreed(local: Locals, sample: _CheckedGroups) -> str:
    return (
        f"The integrals over the latents of {sample.size:,} of {sample.count:,} groups, by "
        f"{_rule(local)}, agree with importance sampling and with more nodes."
    )


def _rule(local: Locals) -> str:
    of = "" if local.dim == 1 else f"^{local.dim}"
    return f"quadrature with {local.nodes}{of} nodes"
