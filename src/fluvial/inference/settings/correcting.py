"""How ``fit`` weighs draws, and runs chains where weights fail."""

from dataclasses import dataclass

from fluvial.posterior.defense import EVERY, REACH, widened
from fluvial.posterior.mixture import Mixture

__all__ = ["ChainSettings", "WeighSettings"]


@dataclass(frozen=True)
class WeighSettings:
    """How draws and components are weighed.

    Attributes:
        draws: of the pool; at an efficiency of 5 % they are worth ``VerdictSettings.min_ess``.
        most_draws: of the pool, where so many make standard errors small enough for GOOD.
        numbers: of all draws together, coordinates or parameters: 256 MB.
        spare: times as many draws as seem to be needed, since how uneven weights are is known from
            few that are large; by hand, as the next five.
        rounds: in which more draws are made.
        in_vain: times ``most_draws``; where more seem to be needed, none are made.
        plenty: of ``VerdictSettings.max_standard_error``, below which no product of coordinates is
            likely to have too large a standard error.
        derived: times D numbers of a model's own quantities; what has more is predictions for
            data.
        glance: one in so many of the draws, by which it is seen whether all are worth making.
        component_draws: by which components are weighed, of all together; by hand.
        least_component_draws: of each component; by hand.
        budget_part: one in so many of the evaluations that a budget allows, at most, for ``draws``
            ...
        component_budget_part: ... and for ``component_draws``.
        em_steps: of their weights; by hand.
        sharpenings: rounds in which overlapping Gaussians are estimated anew from weighted draws;
            by hand.
        negligible: share of the mass below which a component is left out.
        inverse_draws: by which a flow is compared with its inverse.
        max_mismatch: nats between both, for the median draw: a tenth of ``max_evidence_se``.
        defensive_every: of how many draws one comes from each of the wider bases, where the tail
            of the weights matters: at most a fifth of the draws is lost.
        defensive_reach: how much wider these are, in standard deviations of the radius of N(0, I)
            (see ``fluvial.posterior.defense``).
    """

    draws: int = 8192
    most_draws: int = 65536
    numbers: int = 2**25
    spare: float = 1.3
    rounds: int = 3
    in_vain: int = 8
    plenty: float = 0.4
    derived: int = 10
    glance: int = 10
    component_draws: int = 2048
    least_component_draws: int = 256
    budget_part: int = 3
    component_budget_part: int = 12
    em_steps: int = 100
    sharpenings: int = 8
    negligible: float = 1e-3
    inverse_draws: int = 512
    max_mismatch: float = 0.01
    defensive_every: int = EVERY
    defensive_reach: tuple[float, ...] = REACH

    def widened(self, q: Mixture) -> Mixture:
        """Return the mixture with its base made wider."""
        return widened(q, self.defensive_every, self.defensive_reach)


@dataclass(frozen=True)
class ChainSettings:
    """Hamiltonian chains in a flow's latent space.

    Attributes:
        chains: run at once: 64 halves, for which see ``VerdictSettings.max_rhat``.
        warmup: transitions, of which those of a piece in their middle tell chains that will not
            mix; by hand.
        kept: transitions; by hand.
        least_kept: of each chain in a round, where there are too many coordinates for ``kept``.
        pieces: of which the first tells, too.
        rounds: of as many: chains that have just not mixed are run on, not thrown away.
        hopeless_rhat: of the draws so far, above which chains are not run on. R-hat² − 1 falls as
            one over their number, and from here would have to fall to a sixteenth of it for
            ``VerdictSettings.max_rhat``.
        acceptance: that the step size aims for (Stan's adapt_delta, 0.8).
        examined: coordinates for R-hat and effective sample sizes, which take a millisecond for
            each: of more, those whose halves of chains differ most.
        fewer_rejections: of those so far, that are aimed for where transitions are turned back at
            the ends of a coordinate: a step of about half the length; by hand.
        max_leapfrogs: of a transition; by hand.
        trajectory: its length: π/2 is a quarter turn, after which the end in N(0, I) is independent
            of the start.
        gamma: of dual averaging (Hoffman & Gelman 2014, section 3.2), as are the next two.
        t0: see above.
        kappa: see above.
    """

    chains: int = 32
    warmup: int = 200
    kept: int = 256
    least_kept: int = 64
    pieces: int = 4
    rounds: int = 4
    hopeless_rhat: float = 1.46
    acceptance: float = 0.8
    examined: int = 512
    fewer_rejections: float = 0.25
    max_leapfrogs: int = 24
    trajectory: float = 1.5707963267948966
    gamma: float = 0.05
    t0: float = 10.0
    kappa: float = 0.75
