"""Stage 5, where weights fail: short Hamiltonian chains in a flow's latent space.

If the flow is close, the pulled-back density p(f(z))|det f′(z)| is close to N(0, I) even where the
target is a funnel or a ridge, and short chains mix (NeuTra: Hoffman et al. 2019, arXiv 1903.03704).
"""

from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from fluvial.flows import Flow
from fluvial.inference.settings import DEFAULT, ChainSettings, Settings
from fluvial.objectives import LogDensity
from fluvial.posterior.mixture import Component
from fluvial.posterior.pool import Pool
from fluvial.targets import Target
from fluvial.training.compiling import compiled

__all__ = ["Chains", "latent_chains", "pool_of_chains"]


_TAILS = 0.05, 0.95  # whose quantiles Vehtari et al. 2021 ask the effective sample size of
_FEWER = 0.25  # rejections: a step of about half the length
_LOOKED_AT = 512  # coordinates by ArviZ, which takes a millisecond for each; others are screened


class Chains(NamedTuple):
    """Draws of several chains, with their diagnostics.

    Attributes:
        draws: in the target's unconstrained space, shape (chains, draws, D), float64.
        log_p: log density at each, in nats, shape (chains, draws).
        rhat: the largest rank-normalized split R-hat over coordinates and the log density.
        ess: the smallest effective sample size over these, of the bulk and of the tails.
        acceptance: mean acceptance probability after warm-up.
        evaluations: gradients of the target that were taken.
        outermost: the lowest mean acceptance probability of transitions that begin in the outermost
            twentieth of a coordinate, or of the log density, as a share of ``acceptance``.
    """

    draws: Float[np.ndarray, "chains draws D"]
    log_p: Float[np.ndarray, "chains draws"]
    rhat: float
    ess: float
    acceptance: float
    evaluations: int
    outermost: float = 1.0

    def mixed(self, settings: Settings = DEFAULT) -> bool:
        """Whether the chains agree, are long enough, and were not turned back anywhere."""
        verdict = settings.verdict
        long = self.rhat <= verdict.max_rhat and self.ess >= verdict.min_ess
        return long and self.outermost >= verdict.least_outermost


class _State(NamedTuple):
    z: Float[Array, "C D"]
    value: Float[Array, " C"]
    score: Float[Array, "C D"]
    log_step: Float[Array, ""]
    log_step_mean: Float[Array, ""]
    error_sum: Float[Array, ""]


def latent_chains(
    component: Component,
    target: Target,
    starts: Float[np.ndarray, "chains D"],
    key: PRNGKeyArray,
    settings: Settings = DEFAULT,
) -> Chains:
    """Run chains that leave the target invariant, from base points ``starts``.

    Chains that have not mixed are run on, and their first half is then left out as more warm-up,
    unless they are so far apart that as many rounds again would not bring them together. That is
    asked for the first time after a part of the first round. Chains that were turned back go on
    with shorter steps.

    Args:
        component: whose flow carries latent points to the target's space.
        target: the density to sample.
        starts: latent points, one a chain.
        key: decides momenta, trajectory lengths and acceptances.
        settings: when chains have mixed.
    """
    rounds: list[Chains] = []
    z, rejected = starts, 1.0 - settings.chain.acceptance
    for k in range(settings.chain.rounds):
        with jax.enable_x64(True):
            pieces = _Pieces(
                component.flow,
                target,
                z,
                jax.random.fold_in(key, k),
                settings.chain,
                jnp.asarray(1.0 - rejected),
            )
            if not rounds:
                part = _measured(*pieces.first())
                if part.rhat > _hopeless_after_one(settings.chain):
                    return part
            rounds.append(_measured(*pieces.whole()))
            z = pieces.end
        joined = _joined(rounds)
        if joined.mixed(settings):
            break
        if joined.rhat > settings.chain.hopeless_rhat:
            break
        if joined.outermost < settings.verdict.least_outermost:
            rejected *= _FEWER
    return joined


def _hopeless_after_one(settings: ChainSettings) -> float:
    """The R-hat of a piece that would be the hopeless one of a round: R-hat² − 1 falls as 1/n."""
    return float(np.sqrt(1.0 + settings.pieces * (settings.hopeless_rhat**2 - 1.0)))


@final
class _Pieces:
    """A round: warm-up, and then pieces of as many transitions each."""

    def __init__(
        self,
        flow: Flow,
        target: Target,
        z: Any,
        key: PRNGKeyArray,
        settings: ChainSettings,
        acceptance: Float[Array, ""],
    ):
        self._given = flow, target.as_argument()
        keys = jax.random.split(key, settings.warmup + settings.kept)
        warming, *self._keys = jnp.split(
            keys, settings.warmup + np.arange(settings.pieces) * (settings.kept // settings.pieces)
        )
        self._settings, self._parts = settings, []
        self._state, self._leapfrogs = _warmed(
            *self._given, jnp.asarray(z, jnp.float64), warming, acceptance, settings
        )

    def first(self) -> tuple[np.ndarray, ...]:
        """Draws, their log densities, acceptances and leapfrogs of the first piece."""
        self._run(1)
        return self._joined()

    def whole(self) -> tuple[np.ndarray, ...]:
        """The same of all pieces."""
        self._run(self._settings.pieces)
        return self._joined()

    @property
    def end(self) -> Array:
        """Where the chains are."""
        return self._state.z

    def _run(self, count: int) -> None:
        for keys in self._keys[len(self._parts) : count]:
            self._state, part, leapfrogs = _kept(*self._given, self._state, keys, self._settings)
            self._parts.append(tuple(map(np.asarray, part)))
            self._leapfrogs += leapfrogs

    def _joined(self) -> tuple[np.ndarray, ...]:
        x, log_p, accepted = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        return x, log_p, accepted, np.asarray(self._leapfrogs)


def _measured(draws, log_p, accepted, leapfrogs) -> Chains:
    draws, log_p, accepted = np.swapaxes(draws, 0, 1), log_p.T, accepted.T
    mean, evaluations = float(np.mean(accepted)), int(leapfrogs) * len(draws)
    outermost = _outermost(draws, log_p, accepted) / max(mean, 1e-9)
    return Chains(draws, log_p, *_mixing(draws, log_p), mean, evaluations, outermost)


def _outermost(
    draws: Float[np.ndarray, "chains draws D"],
    log_p: Float[np.ndarray, "chains draws"],
    accepted: Float[np.ndarray, "chains draws"],
) -> float:
    """The lowest mean acceptance among the draws at either end of a coordinate.

    Where a direction grows stiff faster than the step size allows, moves into its tails are turned
    back, and what lies there is not seen; nor is it missed by R-hat or effective sample sizes.
    """
    chosen = _slowest(draws) if draws.shape[2] > _LOOKED_AT else np.arange(draws.shape[2])
    following, count = accepted[:, 1:].ravel(), max(int(_TAILS[0] * accepted[:, 1:].size), 1)
    lowest = np.inf
    for column in (*(draws[:, :-1, i] for i in chosen), log_p[:, :-1]):
        order = np.argsort(column.ravel())
        ends = following[order[:count]], following[order[-count:]]
        lowest = min(lowest, *(float(np.mean(end)) for end in ends))
    return lowest


def _joined(rounds: list[Chains]) -> Chains:
    """The second half of several rounds, concatenated."""
    if len(rounds) == 1:
        return rounds[0]
    kept = rounds[len(rounds) // 2 :]
    draws = np.concatenate([part.draws for part in kept], axis=1)
    log_p = np.concatenate([part.log_p for part in kept], axis=1)
    acceptance = float(np.mean([part.acceptance for part in kept]))
    evaluations = sum(part.evaluations for part in rounds)
    outermost = min(part.outermost for part in kept)
    return Chains(draws, log_p, *_mixing(draws, log_p), acceptance, evaluations, outermost)


def _mixing(
    draws: Float[np.ndarray, "chains draws D"], log_p: Float[np.ndarray, "chains draws"]
) -> tuple[float, float]:
    """The largest R-hat and the smallest effective sample size, the log density's among them.

    Chains that begin at draws of a flow are no wider than it is, so that R-hat does not see tails
    that none of them has reached yet; that few of their visits there are independent does show.
    A transition changes the log density by no more than its kinetic energy does. Where a scale of
    many coordinates is not the flow's, it is what holds chains back from that scale's tails
    (Betancourt 2016, arXiv 1604.00695), and mixes more slowly than any coordinate.
    """
    from arviz_stats.base.array import array_stats

    if draws.shape[2] > _LOOKED_AT:
        draws = draws[:, :, _slowest(draws)]
    draws = np.concatenate([draws, np.nan_to_num(log_p)[:, :, None]], axis=2)
    rhat = array_stats.rhat(draws, chain_axis=0, draw_axis=1)
    ess = np.minimum(
        array_stats.ess(draws, chain_axis=0, draw_axis=1),
        array_stats.ess(draws, chain_axis=0, draw_axis=1, method="tail", prob=_TAILS),
    )
    return float(np.max(rhat)), float(np.min([*ess, draws.shape[0] * draws.shape[1]]))


def _slowest(draws: Float[np.ndarray, "chains draws D"]) -> Int[np.ndarray, " M"]:
    """The coordinates whose halves of chains differ the most, in location or in spread."""
    found = []
    for part in (draws, np.abs(draws - np.median(draws, axis=(0, 1)))):
        half = part.shape[1] // 2
        halves = np.concatenate([part[:, :half], part[:, -half:]])
        between = np.var(halves.mean(axis=1), axis=0)
        found.append(np.argsort(-between / np.var(halves, axis=1).mean(axis=0), kind="stable"))
    return np.unique(np.concatenate([one[: _LOOKED_AT // 2] for one in found]))


@compiled
def _warmed(
    flow: Flow,
    target: LogDensity,
    z: Float[Array, "C D"],
    keys: Array,
    acceptance: Float[Array, ""],
    settings: ChainSettings,
):
    """Find the step size; also how many leapfrogs that took."""
    value_and_score = _pulled_back(flow, target)
    value, score = value_and_score(z)
    log_step = jnp.log(0.5 * z.shape[1] ** -0.25)
    state = _State(z, value, score, log_step, log_step, jnp.zeros(()))

    def warm_up(state, inputs):
        t, key = inputs
        state, accepted, count = _transition(value_and_score, state, key, settings)
        return _adapt(state, acceptance - jnp.mean(accepted), t, settings), count

    steps = jnp.arange(1, settings.warmup + 1).astype(z.dtype)
    state, counts = jax.lax.scan(warm_up, state, (steps, keys))
    return state._replace(log_step=state.log_step_mean), counts.sum()


@compiled
def _kept(flow: Flow, target: LogDensity, state: _State, keys: Array, settings: ChainSettings):
    """A piece of the chains; also how many leapfrogs it took."""
    value_and_score = _pulled_back(flow, target)

    def keep(state, key):
        state, acceptance, count = _transition(value_and_score, state, key, settings)
        x, log_det = jax.vmap(flow.forward)(state.z)
        return state, (x, state.value - log_det, acceptance, count)

    state, (x, log_p, accepted, counts) = jax.lax.scan(keep, state, keys)
    return state, (x, log_p, accepted), counts.sum()


def _pulled_back(flow: Flow, target: LogDensity):
    """The log density of latent points, and its score, where both are finite."""

    def log_prob(z):
        x, log_det = flow.forward(z)
        return target.log_prob(x) + log_det

    def value_and_score(z):
        value, score = jax.vmap(jax.value_and_grad(log_prob))(z)
        usable = jnp.isfinite(value) & jnp.all(jnp.isfinite(score), axis=1)
        return jnp.where(usable, value, -jnp.inf), jnp.where(usable[:, None], score, 0.0)

    return value_and_score


def _transition(value_and_score, state: _State, key: PRNGKeyArray, settings: ChainSettings):
    """One Hamiltonian transition of every chain; also their acceptances, and the leapfrogs."""
    momentum_key, length_key, accept_key = jax.random.split(key, 3)
    step = jnp.exp(state.log_step)
    length = settings.trajectory * jax.random.uniform(length_key, (), state.z.dtype, 0.5, 1.5)
    count = jnp.clip(jnp.ceil(length / step), 1, settings.max_leapfrogs).astype(jnp.int32)
    momentum = jax.random.normal(momentum_key, state.z.shape, state.z.dtype)

    def leapfrog(_, carry):
        z, p, _, score = carry
        p = p + 0.5 * step * score
        z = z + step * p
        value, score = value_and_score(z)
        return z, p + 0.5 * step * score, value, score

    start = (state.z, momentum, state.value, state.score)
    z, p, value, score = jax.lax.fori_loop(0, count, leapfrog, start)
    log_ratio = (value - 0.5 * jnp.sum(p**2, axis=1)) - (
        state.value - 0.5 * jnp.sum(momentum**2, axis=1)
    )
    acceptance = jnp.minimum(1.0, jnp.exp(jnp.where(jnp.isnan(log_ratio), -jnp.inf, log_ratio)))
    take = jax.random.uniform(accept_key, acceptance.shape, acceptance.dtype) < acceptance
    moved = state._replace(
        z=jnp.where(take[:, None], z, state.z),
        value=jnp.where(take, value, state.value),
        score=jnp.where(take[:, None], score, state.score),
    )
    return moved, acceptance, count


def _adapt(
    state: _State, error: Float[Array, ""], t: Float[Array, ""], settings: ChainSettings
) -> _State:
    """Dual averaging of the step size (Hoffman & Gelman 2014, eq. 6), shared by the chains."""
    error_sum = state.error_sum + error
    anchor = jnp.log(10.0 * 0.5 * state.z.shape[1] ** -0.25)
    log_step = anchor - jnp.sqrt(t) / settings.gamma * error_sum / (t + settings.t0)
    eta = t**-settings.kappa
    mean = eta * log_step + (1.0 - eta) * state.log_step_mean
    return state._replace(log_step=log_step, log_step_mean=mean, error_sum=error_sum)


def pool_of_chains(chains: list[Chains], shares: Float[np.ndarray, " M"]) -> Pool:
    """Put the chains of all modes together, each mode with its share of the mass.

    Of chains that were run on for longer than others, the end is taken.
    """
    length = min(c.draws.shape[1] for c in chains)
    draws = [c.draws[:, -length:].reshape(-1, c.draws.shape[2]) for c in chains]
    log_p = np.concatenate([c.log_p[:, -length:].ravel() for c in chains])
    log_weights = [
        np.full(len(part), np.log(share / len(part)))
        for part, share in zip(draws, shares, strict=True)
    ]
    return Pool(
        np.concatenate(draws),
        log_p,
        np.concatenate(log_weights),
        chains=sum(c.draws.shape[0] for c in chains),
    )
