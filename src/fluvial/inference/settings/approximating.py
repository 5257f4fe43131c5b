"""What ``fit`` approximates a density by."""

from dataclasses import dataclass

__all__ = ["AdaptiveSettings", "FlowSettings", "MatchSettings"]


@dataclass(frozen=True)
class MatchSettings:
    """Gaussians by batch-and-match.

    Attributes:
        max_modes: that are matched; by hand.
        max_doubtful: that are matched where others are known to be missing; by hand.
        no_mass: nats below the largest mass, by Laplace's approximation, where a mode is left out:
            e^-30 is none.
        same: squared sd between the means of two, below which one lies within the other.
        steps: the most; by hand.
        batch: twice as many draws as coordinates, but at least and at most so many; by hand.
        check_every: steps between two looks at the mean log weight; by hand.
        enough_kl: nats, at which matching stops: a tenth of
            ``VerdictSettings.accurate_half_variance``.
        near_kl: nats, below which matching stops, too, where it has gained no more than noise, ...
        patience: ... in so many looks, one after the other; by hand (``benchmarks/posteriordb``).
        max_log_scale: of ln|det L| for each coordinate, beyond which a Gaussian has run away.
        lost: nats below its start at which matching has gone astray, as it can with fewer draws
            than coordinates; by hand.
        poor_half_variance: nats, above which matching is tried again from the origin; by hand.
        dense: coordinates up to which a matrix is matched at once; above, coordinates are taken to
            be independent first, and a matrix is matched only where they are coupled.
        independent_batch: draws of independent coordinates: errors of an sd of a tenth, of which
            the later steps make an average.
        independent_gain: of a look's own standard error, less than which is none, ...
        independent_patience: ... and the looks without one after which matching them stops.
        most_dense: coordinates above which no matrix of D x D is made: one of 3,000 is 72 MB.
        one_by_one: coordinates up to which each is moved by itself to see what depends on it, at a
            cost that grows with D²; above, all are moved at once. By hand (``benchmarks/large.py``,
            as the next five).
        few_heads: of coordinates that rule the others, up to which one small network takes them in
            and a modulated flow is thought of: in the models measured there were up to three.
        held_heads: of these, held while the others are matched: each takes two Laplace
            approximations a step.
        replacements: the most times that structure is looked for again from a better place.
        replacing_looks: the first ones, and those that follow where these gain.
        close: nats that natural-gradient steps still gain, at which they stop there.
        misplaced: nats that a few such steps gain where structure was seen from a wrong place.
    """

    max_modes: int = 64
    max_doubtful: int = 8
    no_mass: float = 30.0
    same: float = 4.0
    steps: int = 200
    batch: tuple[int, int] = (32, 256)
    check_every: int = 10
    enough_kl: float = 0.002
    near_kl: float = 0.5
    patience: int = 2
    max_log_scale: float = 100.0
    lost: float = 1.0
    poor_half_variance: float = 1.0
    dense: int = 300
    independent_batch: int = 64
    independent_gain: float = 0.1
    independent_patience: int = 6
    most_dense: int = 3000
    one_by_one: int = 1000
    few_heads: int = 8
    held_heads: int = 3
    replacements: int = 3
    replacing_looks: tuple[int, int] = (3, 10)
    close: float = 0.05
    misplaced: float = 3.0


@dataclass(frozen=True)
class AdaptiveSettings:
    """Mixtures of Gaussians by adaptive importance sampling; by hand (``benchmarks/posteriordb``).

    Attributes:
        max_dim: coordinates, above which a flow is nearer than so few Gaussians.
        max_modes: that mixtures grow from.
        components: of the mixture in each round, where there are up to ``few_modes``; of more
            modes in proportion, since each has a shape of its own.
        draws: of each round, likewise.
        points: that a mixture is fitted to, resampled by their weights; likewise.
        few_modes: see above.
        em_steps: of one fit.
        defensive: share of a round's draws from wider Gaussians.
        least_ess: of the draws that judge a mixture, as a share of their number: below it a
            flow is worth its training.
        max_khat: of the draws that are handed out: a little below ``VerdictSettings.max_khat``,
            since the first of several mixtures that passes is taken.
        patience: rounds after which ...
        hopeless: ... a smaller share than this ends the attempt, ...
        unproven: ... as do so many rounds without ``least_ess``. Once a round has had it, all are
            made: a mixture fitted to other draws costs a hundredth of a flow's training.
        agreement: of ln Z from two mixtures, in standard errors of the difference.
        sizes: of one Gaussian, which are tried as a mixture where one mode may lie within another,
            ...
        sizes_max_dim: ... in up to so many coordinates: in more, sizes hardly overlap.
        seed_width: of a component that is added to a mixture, as a part of the shape of the mode
            that it grows from.
        sharpening: the share of the half variance that a round of sharpening may leave, if another
            one is to follow.
        sharpening_draws: in effect, for each coordinate, of which a covariance is estimated.
    """

    max_dim: int = 15
    max_modes: int = 12
    components: tuple[int, ...] = (4, 8, 8, 12, 12, 14, 14, 14, 14, 14, 14, 14)
    draws: tuple[int, ...] = (4096,) * 3 + (8192,) * 9
    points: int = 4096
    few_modes: int = 4
    em_steps: int = 12
    defensive: float = 0.08
    least_ess: float = 0.6
    max_khat: float = 0.65
    patience: int = 3
    hopeless: float = 0.1
    unproven: int = 6
    agreement: float = 4.0
    sizes: tuple[float, ...] = (0.25, 1.0, 4.0)
    sizes_max_dim: int = 8
    seed_width: float = 0.7
    sharpening: float = 0.8
    sharpening_draws: float = 10.0


@dataclass(frozen=True)
class FlowSettings:
    """Which flow "auto" trains, and for how many modes; by hand (``benchmarks/families.py``).

    Attributes:
        one_dimension: the flow for D = 1.
        few_dimensions: for D up to ``few``.
        some_dimensions: up to ``some``.
        most_dimensions: up to ``many``.
        many_dimensions: beyond.
        few: see above.
        some: see above.
        many: see above.
        independent: where no matrix is made, and no hub or head was found.
        max_modes: that get a flow each: of more, the Gaussians are weighed as they are.
        degrees: of freedom of the Student-t densities by which modes share the target.
        least_weight: of a mode among them.
    """

    one_dimension: str = "sinh-arcsinh+planar:8+diagonal"
    few_dimensions: str = "realnvp:8+triangular"
    some_dimensions: str = "realnvp:12,width=48+sinh-arcsinh+triangular"
    most_dimensions: str = "realnvp:10,width=96+sinh-arcsinh+triangular"
    many_dimensions: str = "realnvp:8+sinh-arcsinh+diagonal"
    independent: str = "sinh-arcsinh+diagonal"
    few: int = 4
    some: int = 20
    many: int = 200
    max_modes: int = 12
    degrees: float = 4.0
    least_weight: float = 1e-6

    def choose(self, dim: int) -> str:
        """Return the text of the flow for so many coordinates.

        Example:
            >>> FlowSettings().choose(2)
            'realnvp:8+triangular'
        """
        if dim == 1:
            return self.one_dimension
        if dim <= self.few:
            return self.few_dimensions
        if dim <= self.some:
            return self.some_dimensions
        return self.most_dimensions if dim <= self.many else self.many_dimensions
