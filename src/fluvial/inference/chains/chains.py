"""Stage 6, where weights fail: short Hamiltonian chains in a flow's latent space.

If the flow is close, the pulled-back density p(f(z))|det f′(z)| is close to N(0, I) even where the
target is a funnel or a ridge, and short chains mix (NeuTra: Hoffman et al. 2019, arXiv 1903.03704).
One transition is in transitions.py; what says whether chains have mixed, in mixing.py.
"""

from typing import Any, NamedTuple, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.flows import Flow
from fluvial.inference.chains.mixing import accepted_at_ends, mixing
from fluvial.inference.chains.transitions import kept_transitions, started, warmed
from fluvial.inference.settings import DEFAULT, ChainSettings, Settings
from fluvial.posterior.mixture import Component
from fluvial.posterior.pool import Pool
from fluvial.targets import Target

__all__ = ["Chains", "latent_chains", "pool_of_chains"]


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
    asked for the first time in the middle of the first warm-up. Chains that were turned back go on
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
            for look in () if rounds else (pieces.glance, pieces.first):
                part = _measured(settings.chain, *look())
                if part.rhat > _hopeless_after_one(settings.chain):
                    return part
            rounds.append(_measured(settings.chain, *pieces.whole()))
            z = pieces.end
        joined = _joined(settings.chain, rounds)
        if joined.mixed(settings):
            break
        if joined.rhat > settings.chain.hopeless_rhat:
            break
        if joined.outermost < settings.verdict.least_outermost:
            rejected *= settings.chain.fewer_rejections
    return joined


def _hopeless_after_one(settings: ChainSettings) -> float:
    """The R-hat of a piece that would be the hopeless one of a round: R-hat² − 1 falls as 1/n."""
    return float(np.sqrt(1.0 + settings.pieces * (settings.hopeless_rhat**2 - 1.0)))


@final
class _Pieces:
    """A round: warm-up, with a glance in its middle, and then pieces of as many transitions."""

    def __init__(
        self,
        flow: Flow,
        target: Target,
        z: Any,
        key: PRNGKeyArray,
        settings: ChainSettings,
        acceptance: Float[Array, ""],
    ):
        self._given, self._acceptance = (flow, target.as_argument()), acceptance
        self._settings, self._parts, self._leapfrogs = settings, [], 0
        piece = settings.kept // settings.pieces
        half = (settings.warmup - piece) // 2
        lengths = half, piece, settings.warmup - half - piece, *(piece,) * (settings.pieces - 1)
        keys = jax.random.split(key, settings.warmup + settings.kept)
        first, glanced, self._second, *self._keys = jnp.split(keys, np.cumsum(lengths))
        self._state = started(*self._given, jnp.asarray(z, jnp.float64))
        self._adapt(first)
        self._glance = self._keep(glanced)

    def glance(self) -> tuple[np.ndarray, ...]:
        """Draws, their log densities, acceptances and leapfrogs of a piece of the warm-up."""
        return _joined_parts([self._glance], self._leapfrogs)

    def first(self) -> tuple[np.ndarray, ...]:
        """The same of the first piece."""
        return self._run(1)

    def whole(self) -> tuple[np.ndarray, ...]:
        """The same of all pieces."""
        return self._run(self._settings.pieces)

    @property
    def end(self) -> Array:
        """Where the chains are."""
        return self._state.z

    def _adapt(self, keys: Array) -> None:
        self._state, leapfrogs = warmed(
            *self._given, self._state, keys, self._acceptance, self._settings
        )
        self._leapfrogs += leapfrogs

    def _keep(self, keys: Array) -> tuple[np.ndarray, ...]:
        self._state, part, leapfrogs = kept_transitions(
            *self._given, self._state, keys, self._settings
        )
        self._leapfrogs += leapfrogs
        return tuple(map(np.asarray, part))

    def _run(self, count: int) -> tuple[np.ndarray, ...]:
        if not self._parts:
            self._adapt(self._second)
        self._parts += [self._keep(keys) for keys in self._keys[len(self._parts) : count]]
        return _joined_parts(self._parts, self._leapfrogs)


def _joined_parts(parts: list[tuple[np.ndarray, ...]], leapfrogs: Any) -> tuple[np.ndarray, ...]:
    x, log_p, accepted = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x, log_p, accepted, np.asarray(leapfrogs)


def _measured(settings: ChainSettings, draws, log_p, accepted, leapfrogs) -> Chains:
    draws, log_p, accepted = np.swapaxes(draws, 0, 1), log_p.T, accepted.T
    mean, evaluations = float(np.mean(accepted)), int(leapfrogs) * len(draws)
    outermost = accepted_at_ends(draws, log_p, accepted, settings) / max(mean, 1e-9)
    return Chains(draws, log_p, *mixing(draws, log_p, settings), mean, evaluations, outermost)


def _joined(settings: ChainSettings, rounds: list[Chains]) -> Chains:
    """The second half of several rounds, concatenated."""
    if len(rounds) == 1:
        return rounds[0]
    kept = rounds[len(rounds) // 2 :]
    draws = np.concatenate([part.draws for part in kept], axis=1)
    log_p = np.concatenate([part.log_p for part in kept], axis=1)
    acceptance = float(np.mean([part.acceptance for part in kept]))
    evaluations = sum(part.evaluations for part in rounds)
    outermost = min(part.outermost for part in kept)
    mixed = mixing(draws, log_p, settings)
    return Chains(draws, log_p, *mixed, acceptance, evaluations, outermost)


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
