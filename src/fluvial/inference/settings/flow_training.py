"""How ``fit`` trains a flow, and when it stops."""

from dataclasses import dataclass, replace

__all__ = ["TrainSettings"]


@dataclass(frozen=True)
class TrainSettings:
    """Stochastic gradients of the free energy; by hand (``benchmarks/posteriordb.py``).

    Attributes:
        rates: step sizes of Adam, the next of which is tried where one diverges.
        dimensions: up to which these are the step sizes. Adam moves what has no gradient but noise
            as far as all else, and what a layer's many inputs add up to grows with the square root
            of their number.
        decay: of Adam's running mean of squares: 0.999 (Kingma & Ba 2015) remembers 1,000 steps, as
            many as a whole training has.
        clip: a longer gradient, as a multiple of the running median norm, is scaled down to this;
            the default of ``fluvial.training.adam``, as is the next one.
        skip: a longer one is left out (Midgley et al. 2023 take 20).
        chunk: steps between two looks at the free energy.
        check_draws: on which flows are compared: their paired differences have a standard error
            far below ``worse``.
        worse: nats below the best ELBO seen, at which a step size has diverged.
        warmup: steps over which the step size rises from 0.
        window: chunks over which free energies are averaged before they are compared.
        min_gain: nats a chunk, less than which is not progress.
        near_half_variance: nats; of log weights, at which a short cooling is tried, once, if a
            chunk gains less than that: the noise of the last steps adds about as much.
        enough_half_variance: nats; of weights as even as that more steps would gain nothing: the
            limit below which ``VerdictSettings.accurate_half_variance`` has been measured.
        enough_largest: the same of the largest weight, as a multiple of the mean.
        shortest_cooling: steps over which the step size falls to 0, at the least.
        cooling: the same as a multiple of the steps before.
        enough_each: the same of log weights, in nats, for each of many coordinates, which may be
            off by a little, after natural-gradient steps ...
        enough_most: ... and of all: half a variance of 0.4 leaves weights that are worth e^-0.8 of
            their number.
        stepped_chunk: after natural-gradient steps training has less to find than from the
            identity, and shows sooner whether it finds it: of 1,500 steps for 300 states of a
            volatility the last 1,200 gained 0.05 nat, and of 1,000 for 1,000 states the last 800
            gained 0.1. So there are so many steps between two looks then, ...
        stepped_window: ... so many chunks, ...
        stepped_cooling: ... a cooling of this multiple of the steps before, ...
        stepped_shortest: ... and of so many steps at the least.
        compiling: a training takes so many times as long to compile as everything before it, from
            which it follows whether it still fits into a budget of seconds: ten to thirty times
            on a ridge in 20 coordinates.
        least_bend: the share of half the variance of log weights that bending each coordinate by
            itself has to promise, if it is to be tried (``benchmarks/large.py``).
    """

    rates: tuple[float, ...] = (5e-3, 1.5e-3, 4e-4)
    dimensions: int = 100
    decay: float = 0.99
    clip: float = 2.0
    skip: float = 10.0
    chunk: int = 100
    check_draws: int = 1024
    worse: float = 1.0
    warmup: int = 50
    window: int = 3
    min_gain: float = 0.005
    near_half_variance: float = 0.1
    enough_half_variance: float = 0.02
    enough_largest: float = 10.0
    shortest_cooling: int = 300
    cooling: float = 1.5
    enough_each: float = 2e-4
    enough_most: float = 0.4
    stepped_chunk: int = 50
    stepped_window: int = 2
    stepped_cooling: float = 0.5
    stepped_shortest: int = 100
    compiling: float = 20.0
    least_bend: float = 0.2

    def after_steps(self) -> "TrainSettings":
        """Return those of a training that natural-gradient steps have begun.

        Example:
            >>> TrainSettings().after_steps().chunk
            50
        """
        return replace(
            self,
            chunk=self.stepped_chunk,
            window=self.stepped_window,
            cooling=self.stepped_cooling,
            shortest_cooling=self.stepped_shortest,
        )
