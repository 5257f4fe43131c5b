"""The pipeline: from a target to a posterior, stage by stage."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.linalg import solve_triangular
from threadpoolctl import threadpool_limits

from fluvial._version import __version__
from fluvial.devices import Devices
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.inference.accuracy import ApproximationError, approximation_error, precision
from fluvial.inference.chains import Chains, latent_chains
from fluvial.inference.check import finite_starts, gradient_complaint
from fluvial.inference.counted_target import Meter
from fluvial.inference.defense import widened
from fluvial.inference.exploring import climb_from, explore
from fluvial.inference.gaussian import Gaussian, batch_and_match
from fluvial.inference.improper import (
    IMPROPER_ADVICE,
    improper_complaint,
    unidentified_complaint,
)
from fluvial.inference.inversion import inverse_complaint
from fluvial.inference.laplace import laplace_or
from fluvial.inference.mixture import (
    Component,
    FlowComponent,
    GaussianComponent,
    Mixture,
    mixture_of,
)
from fluvial.inference.mode_search import Search, mass_outside
from fluvial.inference.modes import group_into_modes
from fluvial.inference.responsibilities import Shared
from fluvial.inference.settings import Settings
from fluvial.inference.starts import differ, distinct
from fluvial.inference.train import train
from fluvial.inference.verdict import (
    Judgement,
    Verdict,
    is_accurate,
    is_weighable,
    judge,
    tail_matters,
)
from fluvial.inference.whitening import Whitened
from fluvial.objectives import FreeEnergy, Importance
from fluvial.posterior.pool import Pool, pool_of_chains
from fluvial.posterior.posterior import Evidence, Posterior, Provenance
from fluvial.progress import Progress
from fluvial.seeds import check_seed
from fluvial.targets import Target

__all__ = ["fit"]

_STARTS = 16
_MAX_MODES = 64
_MAX_TRAINED = 12  # modes: of more, the Gaussians are weighed as they are
_NO_MASS = 30.0  # nats below the largest mass, by Laplace's approximation
_DRAWS = 8192
_CHAINS = 32
_SEARCH_ROUNDS = 8
_POOR_HALF_VARIANCE = 1.0  # nats
_AUTO = "realnvp:10,width=96+sinh-arcsinh+triangular"
_AUTO_SOME_DIMENSIONS = "realnvp:12,width=48+sinh-arcsinh+triangular"
_AUTO_FEW_DIMENSIONS = "realnvp:8+triangular"
_AUTO_ONE_DIMENSION = "sinh-arcsinh+planar:8+diagonal"
_AUTO_MANY_DIMENSIONS = "realnvp:8+sinh-arcsinh+diagonal"
_FEW_DIMENSIONS, _SOME_DIMENSIONS, _MANY_DIMENSIONS = 4, 20, 200


def fit(
    target: Target,
    flow: str | Flow = "auto",
    seed: int = 0,
    *,
    progress: bool = True,
    max_steps: int = 3000,
    every_device: bool | None = None,
) -> Posterior:
    """Fit a posterior, and say whether to trust it.

    The draws of training are split over all GPUs or TPUs, and over all processes if
    ``amortized.join`` was called first, which then all have to make the same calls; the numbers
    are those of one device but for rounding. CPU devices of one process share its cores: of those
    one is used, unless ``every_device`` is True. What the host computes, such as a Stan program,
    is not split.

    Args:
        target: what to infer.
        flow: "auto" trains a flow only if a Gaussian is not already right; otherwise a flow, or
            the text of one such as "realnvp:8" or "planar:32", that is always trained.
        seed: decides everything random; the same seed gives the same bits on the same machine.
        progress: show a progress line on the terminal.
        max_steps: the most training steps for one component.
        every_device: True splits over all devices, also where one process has several on one CPU
            (``XLA_FLAGS``, ``numpyro.set_host_device_count``); with False the first device of
            this process does all.

    Returns:
        The posterior; its ``verdict`` says what its draws are worth. A density that is improper
        is FAILED before any training, and has none. Ctrl-C during training
        returns the best posterior so far, with ``interrupted`` set.

    Raises:
        InputError: if the flow cannot be built, the density is finite nowhere, or another process
            has stopped.

    Example:
        >>> import jax.numpy as jnp
        >>> import fluvial
        >>> target = fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=3)
        >>> posterior = fluvial.fit(target, progress=False)
        >>> abs(posterior.log_evidence - 1.5 * 1.837877) < 0.01
        True
    """
    if max_steps < 1:
        raise InputError(f"max_steps is {max_steps}: give at least 1.")
    spec = _choose(flow, target.dim)
    check_seed(seed)
    build_flow(spec, target.dim, key=jax.random.key(seed))  # fail before any work is done
    # Threads cost more than they bring on matrices of this size, most of all on a busy machine.
    threads = 1 if target.dim <= _MANY_DIMENSIONS else None
    devices = Devices(every=False if target.on_host else every_device)
    progress = progress and devices.first
    with threadpool_limits(threads, "blas"), Progress(shown=progress) as shown:
        return _Fit(target, spec, flow != "auto", seed, max_steps, shown, devices).run()


def _choose(flow: str | Flow, dim: int) -> str | Flow:
    if flow != "auto":
        return flow
    if dim == 1:
        return _AUTO_ONE_DIMENSION
    if dim <= _FEW_DIMENSIONS:
        return _AUTO_FEW_DIMENSIONS
    if dim <= _SOME_DIMENSIONS:
        return _AUTO_SOME_DIMENSIONS
    return _AUTO if dim <= _MANY_DIMENSIONS else _AUTO_MANY_DIMENSIONS


class _Weighed(NamedTuple):
    """An approximation with evaluated draws of it, and their importance weights."""

    q: Mixture
    x: Float[np.ndarray, "S D"]
    log_p: Float[np.ndarray, " S"]
    weights: Importance


@dataclass
class _Fit:
    """One run of the pipeline: what the stages hand on to each other."""

    target: Target
    spec: str | Flow
    always_train: bool
    seed: int
    max_steps: int
    progress: Progress
    devices: Devices
    settings: Settings = field(default_factory=Settings)
    trained: bool = False
    interrupted: bool = False
    around: float = 0.0
    lucky: int = 0
    doubts: list[str] = field(default_factory=list)
    fatal: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.meter = Meter(self.target)
        self.rng = np.random.default_rng(self.seed)
        self.key = jax.random.key(self.seed)

    def run(self) -> Posterior:
        """Go through the stages; each is a method below, and a file of its own."""
        with self.progress.stage("starts"):
            starts = self._look()
            ends = self._climb(starts)
            known = np.concatenate([starts, *(end.x[None] for end in ends)])
            improper = unidentified_complaint(self.meter, known, self.rng)
        if improper:
            return self._improper_posterior(improper, known[0])
        with self.progress.stage("gaussian"):
            gaussians = self._match(ends, starts)
            fitted = self._weigh([GaussianComponent(g) for g in gaussians])
            if not fitted.weights.half_variance <= _POOR_HALF_VARIANCE:
                # Densities without a finite mode, such as a centered hierarchy's, lead climbs
                # into a corner from which no matching comes back.
                gaussians.append(self._match_anywhere([], starts))
                fitted = self._weigh([GaussianComponent(g) for g in gaussians])
            improper = self._improper(gaussians)
        if improper:
            return self._improper_posterior(improper, known[0])
        fitted = self._refine(fitted)
        self._check_inverses(fitted.q)
        if self.lucky:
            self.fatal.append(
                f"Of the modes that matter, {self.lucky} turned up in at most one of several "
                "independent searches, so that others may be missing."
            )
        chains: list[Chains] = []
        drawn = fitted if self.fatal or self.interrupted else self._defend(fitted)
        if not (self.fatal or self.interrupted or self._is_weighable(drawn)):
            with self.progress.stage("chains"), self._stoppable():
                chains = self._chains(fitted.q)
        return self._posterior(fitted, drawn, chains)

    def _refine(self, fitted: "_Weighed") -> "_Weighed":
        """Train flows where Gaussians will not do, and look for what they all miss."""
        for _ in range(_SEARCH_ROUNDS):
            if self._needs_flows(fitted):
                with self.progress.stage("flow"):
                    fitted = self._weigh(self._train(fitted.q))
            found = Search([], 0.0)
            if not self.interrupted:
                with self.progress.stage("search"), self._stoppable():
                    evidence = fitted.weights.log_evidence
                    found = mass_outside(self.meter, fitted.q, evidence, self.rng)
            self.around = found.around
            if self.interrupted or not found.outliers:
                return fitted
            extra = [GaussianComponent(outlier.gaussian) for outlier in found.outliers]
            fitted = self._weigh([*fitted.q.components, *extra])
        share = sum(outlier.share for outlier in found.outliers)
        self.fatal.append(
            "A search from far outside kept finding mass that the fit had missed "
            f"({share:.1%} in its last round)."
        )
        return fitted

    def _needs_flows(self, fitted: "_Weighed") -> bool:
        few = len(fitted.q.components) <= _MAX_TRAINED
        return self.always_train or (few and not is_accurate(fitted.weights, self.settings))

    def _check_inverses(self, q: Mixture) -> None:
        for component in q.components:
            if isinstance(component, FlowComponent) and not self.interrupted:
                complaint = inverse_complaint(component, self.rng)
                self.doubts += [complaint] if complaint else []

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Let Ctrl-C end a stage, and the fit go on to its verdict with what there is."""
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True

    # Stages 0 and 1.

    def _look(self):
        starts = finite_starts(self.meter, _STARTS, self.rng)
        # not at the first, which is the origin: densities like to have a kink there
        complaint = gradient_complaint(self.meter, starts[-1], self.rng)
        if complaint:
            self.doubts.append(complaint)
        return starts

    def _climb(self, starts):
        ends = climb_from(self.meter, starts)
        if differ(self.meter, [end for end in ends if end.converged]):
            points = np.concatenate([starts, [end.x for end in ends]])
            explored = explore(self.meter, points, ends, self.rng)
            self.lucky = explored.lucky
            ends += explored.ends
        return ends

    # Stage 2.

    def _match(self, ends, starts):
        heads = distinct(self.meter, [end for end in ends if end.converged])[:_MAX_MODES]
        if not heads:
            return [self._match_anywhere(ends, starts)]
        fitted: list[Gaussian] = []
        tops = [laplace_or(self.meter, head.x, head.gaussian) for head in heads]
        masses = np.array([head.log_p + g.log_det for head, g in zip(heads, tops, strict=True)])
        for top, mass in zip(tops, masses, strict=True):
            if mass < masses.max() - _NO_MASS:
                continue
            gaussian = batch_and_match(self.meter, top, self.rng)
            if not any(_same(gaussian, other) for other in fitted):
                fitted.append(gaussian)
        return fitted

    def _match_anywhere(self, ends, starts):
        """Where no climb arrived: from the highest end, and from the origin, the better of both."""
        candidates = [Gaussian(starts[0], np.eye(self.target.dim))]
        if ends:
            candidates.append(max(ends, key=lambda end: end.log_p).gaussian)
        fitted = [batch_and_match(self.meter, start, self.rng) for start in candidates]
        return max(fitted, key=lambda g: self._weigh([GaussianComponent(g)]).weights.elbo)

    def _improper(self, gaussians):
        complaints = (improper_complaint(self.meter, g.mean, g.cholesky) for g in gaussians)
        return next(filter(None, complaints), None)

    # Stages 3 and 4.

    def _train(self, q: Mixture) -> list[Component]:
        components: list[Component] = []
        for k, component in enumerate(q.components):
            if isinstance(component, GaussianComponent) and not self.interrupted:
                component = self._train_one(q, k)
            components.append(component)
        self.trained = True
        return components

    def _train_one(self, q: Mixture, k: int) -> Component:
        gaussians = [component.gaussian for component in q.components]
        flow_key, train_key = jax.random.split(jax.random.fold_in(self.key, k))
        flow = build_flow(self.spec, self.target.dim, key=flow_key, dtype=jnp.float32)
        with jax.enable_x64(True):
            result = train(
                flow,
                Whitened(self.target, gaussians[0])
                if len(gaussians) == 1
                else Shared(self.target, gaussians, q.weights, k),
                train_key,
                objective=FreeEnergy(),
                max_steps=self.max_steps,
                on_chunk=lambda steps, elbo: self.progress.update(
                    steps, self.max_steps, f"part {k + 1} of {len(gaussians)}, ELBO {elbo:.3f}"
                ),
                devices=self.devices,
            )
        self.meter.count(result.evaluations, result.nonfinite)
        self.interrupted |= result.interrupted
        return FlowComponent(result.flow, gaussians[k])

    # Stage 5.

    def _weigh(self, components: list[Component]) -> "_Weighed":
        q = mixture_of(components, self.meter, self.rng)
        x, log_q = q.sample(self.rng, _DRAWS)
        log_p = self.meter.values(x)
        return _Weighed(q, x, log_p, Importance(log_p - log_q))

    def _defend(self, fitted: "_Weighed") -> "_Weighed":
        """Draws with a wider base, where the weights of those without are not even."""
        weights = fitted.weights
        if not tail_matters(weights.ess, weights.size, weights.largest, self.settings):
            return fitted
        x, log_q = widened(fitted.q).sample(self.rng, _DRAWS)
        log_p = self.meter.values(x)
        return _Weighed(fitted.q, x, log_p, Importance(log_p - log_q))

    def _is_weighable(self, drawn: "_Weighed") -> bool:
        return is_weighable(drawn.weights, self.around, self.settings)

    def _chains(self, q: Mixture) -> list[Chains]:
        chains = []
        for k, component in enumerate(q.components):
            starts = self.rng.standard_normal((_CHAINS, self.target.dim))
            result = latent_chains(component, self.target, starts, self.seed + k, self.settings)
            self.meter.count(result.evaluations, 0)
            chains.append(result)
        return chains

    # Stage 6.

    def _improper_posterior(self, complaint: str, center: np.ndarray) -> Posterior:
        """What is known of a density without a finite integral: that it has no draws."""
        dim = self.target.dim
        q = mixture_of([GaussianComponent(Gaussian(center, np.eye(dim)))], self.meter, self.rng)
        pool = Pool(np.empty((0, dim)), np.empty(0), np.empty(0))
        evidence = Evidence(*[np.nan] * 7)
        judgement = Judgement(Verdict.FAILED, (complaint, *self.doubts), IMPROPER_ADVICE)
        return Posterior(q, pool, evidence, judgement, self._provenance(), self.target)

    def _posterior(self, fitted: "_Weighed", drawn: "_Weighed", chains: list[Chains]) -> Posterior:
        q, weights, doubts = fitted.q, drawn.weights, list(self.doubts)
        if self.interrupted:
            doubts.append("The fit was interrupted; this is the best found until then.")
        nonfinite = fitted.weights.nonfinite
        if nonfinite:
            doubts.append(f"{nonfinite} of {weights.size} draws had a density that was not finite.")
        pool = Pool(drawn.x, drawn.log_p, weights.smoothed, widened=drawn is not fitted)
        if chains:
            pool = pool_of_chains(chains, q.weights)
        error = _error(fitted, pool)
        judgement = judge(
            weights,
            chains,
            around=self.around,
            fatal=self.fatal,
            doubts=doubts,
            precise=precision(pool.points, np.exp(pool.log_weights)),
            error=error,
            settings=self.settings,
        )
        evidence = Evidence(
            fitted.weights.elbo,
            fitted.weights.elbo_se,
            weights.log_evidence,
            weights.log_evidence_se,
            fitted.weights.half_variance,
            weights.khat,
            weights.ess,
            float(weights.size),
            weights.largest,
            *dataclasses.astuple(error),
        )
        grouping = group_into_modes(self.meter, q, pool)
        return Posterior(
            q, pool, evidence, judgement, self._provenance(), self.target, grouping=grouping
        )

    def _provenance(self) -> Provenance:
        name = self.spec if isinstance(self.spec, str) else "custom"
        return Provenance(
            name if self.trained else "gaussian",
            self.seed,
            self.progress.seconds,
            self.meter.evaluations,
            self.meter.nonfinite,
            self.interrupted,
            __version__,
        )


def _error(fitted: "_Weighed", pool: Pool) -> ApproximationError:
    """Compare q's own draws with the pool, point by point where they are the same."""
    finite = np.isfinite(fitted.weights.log_weights)
    v, w = finite / max(1, np.sum(finite)), np.exp(pool.log_weights)
    if pool.points is fitted.x:
        return approximation_error(fitted.x, w, v)
    x = np.concatenate([pool.points, fitted.x])
    return approximation_error(x, np.append(w, 0.0 * v), np.append(0.0 * w, v))


def _same(a: Gaussian, b: Gaussian) -> bool:
    """Whether two Gaussians lie within two standard deviations of each other."""
    pooled = np.linalg.cholesky(0.5 * (a.cholesky @ a.cholesky.T + b.cholesky @ b.cholesky.T))
    distance = solve_triangular(pooled, a.mean - b.mean, lower=True)
    return float(distance @ distance) < 4.0
