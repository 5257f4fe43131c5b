r"""How much of an approximation's error will show only when more data come.

Of r = ln p − ln q, a link of a chain knows how its linear part and its squares move means and log
sds. What is left is of a higher degree: it moves neither now, and will once a narrower posterior
sees a part of it, in an unknown direction. In a normal model with ρ the ratio of the new
standard deviation to the one before, and s = 1 − ρ², a Hermite polynomial of degree m

- moves its mean, and with it the log evidence, by s^m of its variance,
- gets a linear part of m ρ² s^{m−1} of it, and
- leaves 1 − s^m of it in the narrower posterior.

The degree is measured: as many data again are imagined, which see each coordinate with a noise as
large as its standard deviation, so that s = 1/2.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

__all__ = ["Unsettled", "unsettled"]

_IMAGINED = 256  # sets of data, which tell a variance to a tenth
_ENOUGH = 100.0  # effective draws, as for other measurements of a link
_LEAST = 3.0  # what is neither linear nor a square
_MOST = 12.0  # where what is left is noise of the windows; by hand


class Unsettled(NamedTuple):
    """What may still move, in nats².

    Attributes:
        known: the variance of the linear part and of the squares.
        rest: of what is left.
        degree: of that.
    """

    known: float = 0.0
    rest: float = 0.0
    degree: float = _LEAST

    def gathered(self, s: float) -> float:
        """Return the variance of what the log evidence gathers, where a variance falls by s."""
        return s * self.known + s**self.degree * self.rest

    def moves(self, s: float) -> float:
        """Return the variance of what a mean gets, in sd, or a log sd."""
        return (1.0 - s) * self.degree * s ** (self.degree - 1.0) * self.rest

    def after(self, s: float) -> "Unsettled":
        """Return what may still move after that."""
        rest = (1.0 - s**self.degree) * self.rest
        half = (((1.0 + s) / 2.0) ** self.degree - s**self.degree) * self.rest
        return Unsettled((1.0 - s) * self.known, rest, _degree(rest, half))


def unsettled(
    x: Float[np.ndarray, "S d"], v: Float[np.ndarray, " S"], r: Float[np.ndarray, " S"]
) -> Unsettled:
    """Measure what may still move.

    Args:
        x: weighted draws.
        v: their weights, summing to 1.
        r: what an approximation lacks there, in nats.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((8000, 1))
        >>> r = np.polynomial.hermite_e.hermeval(x[:, 0], [0, 1, 0, 0, 0.1])
        >>> found = unsettled(x, np.full(8000, 1 / 8000), r)
        >>> round(found.known, 1), round(found.rest, 2), round(found.degree)
        (1.0, 0.19, 4)
    """
    mean = v @ x
    z = (x - mean) / np.maximum(np.sqrt(v @ (x - mean) ** 2), 1e-300)
    root = np.sqrt(v)[:, None]
    design = np.concatenate([np.ones((len(z), 1)), z, z**2], axis=1)
    fitted = design @ np.linalg.lstsq(design * root, r * root[:, 0], rcond=None)[0]
    rest = float(v @ (r - fitted) ** 2)
    known = float(max(v @ (r - v @ r) ** 2 - rest, 0.0))
    return Unsettled(known, rest, _degree(rest, _half(z, v, r - fitted)))


def _half(z: np.ndarray, v: np.ndarray, left: np.ndarray) -> float:
    """The variance of the mean of what is left, given as many data again."""
    rng = np.random.default_rng(0)
    covariance = (v[:, None] * z).T @ z
    scale = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    z = np.linalg.solve(scale, z.T).T
    means = []
    for center in z[rng.choice(len(z), _IMAGINED, p=v / v.sum())]:
        seen = center + rng.standard_normal(len(center))
        log_w = -0.5 * np.sum((z - seen) ** 2, axis=1)
        w = v * np.exp(log_w - log_w.max())
        w /= w.sum()
        if 1.0 / (w @ w) < _ENOUGH:
            return np.inf
        means.append(w @ left)
    squares = np.square(means)
    return float(np.mean(squares) + 2.0 * np.std(squares) / _IMAGINED**0.5)


def _degree(whole: float, half: float) -> float:
    """The degree of which 2^-degree is left."""
    if not (whole > 0.0 and np.isfinite(half)):
        return _LEAST
    return float(np.clip(np.log2(whole / max(half, 1e-300)), _LEAST, _MOST))
