"""Starting from an earlier fit: its modes, its Gaussians and its flows, where they still fit.

The earlier fit has looked everywhere, with independent searches that had to agree. A target that
is a little different (more data, another prior, one more parameter) has most of its modes where
they were, so that they need no second confirmation; a search for others is still made, by climbs
from overdispersed points, by a population where climbs differ, and from outside the approximation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError
from fluvial.inference.settings import Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian, merged
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.shared import Shared, shared_parameters
from fluvial.targets import Target

__all__ = ["Warm", "fewer_moves", "lighter", "warm_from"]


@dataclass(frozen=True, eq=False)
class Warm:
    """An earlier fit in the coordinates of a target.

    Attributes:
        posterior: the earlier fit.
        components: its components; Gaussians where coordinates were added, left out or moved.
        complete: whether these are the earlier fit's own, in the same coordinates.
        shared: which coordinates are the same.
    """

    posterior: Posterior
    components: tuple[Component, ...]
    complete: bool
    shared: Shared

    @property
    def centers(self) -> Float[np.ndarray, "M D"]:
        """Where the components lie."""
        return np.stack([component.gaussian.mean for component in self.components])

    @property
    def places(self) -> list[Gaussian | DiagonalGaussian]:
        """Where to match again: of Gaussians that share a mode, one for all of them.

        A mixture grown on a mode is grown again: its parts would all end in the same place.
        """
        gaussians = [component.gaussian for component in self.components]
        full = [g for g in gaussians if isinstance(g, Gaussian)]
        weights = self.posterior.approximation.weights
        modes = np.asarray(self.posterior.grouping or range(len(gaussians)))
        if len(full) < len(gaussians) or self.posterior.approximation.has_flows:
            return gaussians
        parts = [np.flatnonzero(modes == mode) for mode in range(max(modes) + 1)]
        return [merged([full[i] for i in p], weights[p] / weights[p].sum()) for p in parts]

    @property
    def seen(self) -> Float[np.ndarray, "P D"]:
        """Where the earlier fit has seen much density, in the coordinates of the target."""
        before = self.posterior.places
        points = np.zeros((0 if before is None else len(before), self.dim))
        if before is not None:
            points[:, self.shared.new] = before[:, self.shared.old]
        return points

    @property
    def dim(self) -> int:
        """D, of the target."""
        return self.components[0].gaussian.dim

    def flow_of(self, component: Component) -> FlowComponent | None:
        """Return the component itself if it has an earlier flow, not trained on this target yet."""
        if not isinstance(component, FlowComponent):
            return None
        earlier = [own for own in self.components if isinstance(own, FlowComponent)]
        return component if any(component.trained is own.trained for own in earlier) else None

    def report(
        self, pool: Pool, evaluations: int, seconds: Mapping[str, float], gone: float
    ) -> dict[str, Any]:
        """Say what became of the earlier modes, and what was saved.

        Args:
            pool: of the new fit.
            evaluations: that it took.
            seconds: that it took, by stage.
            gone: the share of the mass below which a mode is said to be gone.
        """
        before = self.posterior.provenance
        modes = np.asarray(self.posterior.grouping or range(len(self.components)))
        kept = np.bincount(modes, self._masses(pool)) > gone
        taken = sum(seconds.values())
        return {
            "modes_before": len(kept),
            "modes_kept": int(kept.sum()),
            "evaluations_before": before.evaluations,
            "evaluations_saved": before.evaluations - evaluations,
            "seconds_before": sum(before.seconds.values()),
            "seconds_saved": sum(before.seconds.values()) - taken,
        }

    def _masses(self, pool: Pool) -> np.ndarray:
        """The share of the new mass that is nearest to each earlier component."""
        distances = [
            np.sum(c.gaussian.whiten(pool.points) ** 2, axis=1) + 2.0 * c.gaussian.log_det
            for c in self.components
        ]
        nearest = np.argmin(distances, axis=0)
        return np.bincount(nearest, np.exp(pool.log_weights), len(self.components))


def warm_from(target: Target, posterior: Posterior, flow: object) -> Warm:
    """Take an earlier fit as the start of another.

    Args:
        target: what is fitted now.
        posterior: the earlier fit.
        flow: what would be trained now; an earlier flow of another text is not used.

    Raises:
        InputError: if it is not a posterior, has FAILED, or shares no parameter with the target.
    """
    if not isinstance(posterior, Posterior):
        raise InputError(
            f"start is of type {type(posterior).__name__!r}: give a posterior that fluvial.fit has "
            "returned, or fluvial.load has read."
        )
    if posterior.verdict is Verdict.FAILED or not posterior.pool.size:
        raise InputError("the posterior to start from has FAILED: leave out `start`.")
    shared = shared_parameters(target, posterior)
    q = posterior.approximation
    same = target.dim == q.dim and np.array_equal(shared.old, shared.new)
    same = same and len(shared.old) == q.dim
    usable = same and (posterior.provenance.flow == flow or not q.has_flows)
    if usable:
        return Warm(posterior, q.components, True, shared)
    gaussians = [_moved(c.gaussian, shared, target.dim) for c in q.components]
    return Warm(posterior, tuple(GaussianComponent(g) for g in gaussians), False, shared)


def fewer_moves(settings: Settings) -> Settings:
    """Return settings whose search makes fewer moves sideways; the rest of it is as it was."""
    search, share = settings.search, settings.warm.share
    moves, each = int(share * search.sideways), int(share * search.sideways_per_pair)
    return replace(settings, search=replace(search, sideways=moves, sideways_per_pair=each))


def lighter(settings: Settings, dim: int, far: Sequence[int]) -> Settings:
    """Return settings of the search that is made first where little has changed.

    Draws with a wider base have seen what lies next to the approximation, so that the narrowest
    looks are left out. What is further away is seen soonest by the widest ones, and by climbs.

    Args:
        settings: of a cold fit.
        dim: D, on which depends how many looks meet a mode.
        far: looks that a cold fit makes far out, at each distance.
    """
    search, warm = settings.search, settings.warm
    wide = search.look_spreads[1:] or search.look_spreads
    looks = search.looks * len(wide) // len(search.look_spreads)
    looks = looks if dim <= search.sideways_dims[1] else looks // warm.futile
    kept = min(1.0, warm.far * looks / max(sum(far), 1))
    far = [int(kept * count) for count in far]
    light = replace(
        search,
        looks=min(looks - sum(far), search.looks >> max(warm.sparse - dim, 0)),
        far_looks=(0, sum(far) // max(len(far), 1)),
        look_spreads=wide,
        chains=int(warm.share * search.chains),
        leaps=int(warm.share * search.leaps),
        suspects=search.suspects // 2,
        climbs=warm.climbs * search.climbs,
    )
    return replace(settings, search=light)


def _moved(
    gaussian: Gaussian | DiagonalGaussian, shared: Shared, dim: int
) -> Gaussian | DiagonalGaussian:
    """Put the shared coordinates where they are now; what is new gets N(0, 1)."""
    if isinstance(gaussian, DiagonalGaussian):
        mean, sd = np.zeros(dim), np.ones(dim)
        mean[shared.new], sd[shared.new] = gaussian.mean[shared.old], gaussian.sd[shared.old]
        return DiagonalGaussian(mean, sd)
    rows = gaussian.cholesky[shared.old]
    mean, covariance = np.zeros(dim), np.eye(dim)
    mean[shared.new] = gaussian.mean[shared.old]
    covariance[np.ix_(shared.new, shared.new)] = rows @ rows.T
    return Gaussian(mean, np.linalg.cholesky(covariance))
