"""Monotone rational-quadratic splines, for couplings that bend more than an affine map can."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.transformers import Transformer

__all__ = ["Knots", "RationalQuadratic"]

_SMALLEST_BIN = 1e-3
_MAX_LOG_DERIVATIVE = math.log(100.0)


class RationalQuadratic(Transformer):
    r"""A monotone rational-quadratic spline on [−B, B], the identity outside.

    In a bin of width w and height h, with knots :math:`(z_k, x_k)`, slope :math:`s = h/w` and
    derivatives :math:`\delta_k, \delta_{k+1}` at its ends, let :math:`\xi = (z - z_k)/w` and
    :math:`\zeta = 1 - \xi`. Then

    .. math::
        x = x_k + h\,\frac{\xi (s\xi + \delta_k\zeta)}{N}, \qquad
        N = s(\xi^2 + \zeta^2) + (\delta_k + \delta_{k+1})\,\xi\zeta

        \ln\frac{dx}{dz} = 2\ln s + \ln(\delta_{k+1}\xi^2 + 2s\,\xi\zeta + \delta_k\zeta^2) - 2\ln N

    (Durkan et al. 2019, eq. 4 and 5, with ζ written so that every term is positive and none
    cancels). The inverse, with :math:`\eta = (x - x_k)/h` and :math:`\theta = 1 - \eta`, solves
    the quadratic :math:`\xi(s\xi + \delta_k\zeta) = \eta N`. With
    :math:`g = \delta_k\theta - \delta_{k+1}\eta` its discriminant is the sum of two squares,

    .. math::
        r^2 = g^2 + 4 s^2 \eta\theta > 0, \qquad
        \xi = \frac{2s\eta}{2s\eta + r + g} = \frac{r - g}{r - g + 2s\theta}

    of which the first form is free of cancellation for g ≥ 0, the second for g < 0.

    Each coordinate takes 3K − 1 parameters: K widths and K heights before a softmax, and the
    logarithms of the K − 1 inner derivatives, bounded smoothly to (1/100, 100). At ±B the
    derivative is 1, so that the map has a continuous derivative everywhere; no bin is narrower
    or lower than a thousandth of the interval. With all parameters zero it is the identity.

    Args:
        bins: K, at least 2 and below 1000.
        bound: B, positive.

    Raises:
        InputError: if ``bins`` or ``bound`` is out of range.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import RationalQuadratic
        >>> spline = RationalQuadratic(bins=4, bound=3.0)
        >>> x, log_det = spline.forward(jnp.array([1.5, 9.0]), jnp.ones((spline.size, 2)))
        >>> x[1], log_det[1]
        (Array(9., dtype=float32), Array(0., dtype=float32))
    """

    bins: int = eqx.field(static=True, default=8)
    bound: float = eqx.field(static=True, default=6.0)
    size: int = eqx.field(static=True, init=False)

    def __post_init__(self):
        if not 2 <= self.bins < 1 / _SMALLEST_BIN or self.bound <= 0:
            raise InputError(
                f"bins={self.bins}, bound={self.bound}: a spline needs 2 to 999 bins and a "
                "positive bound."
            )
        self.size = 3 * self.bins - 1

    def forward(
        self, z: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Evaluate the spline."""
        return _knots(parameters, self.bins, self.bound).forward(z, self.bound)

    def inverse(
        self, x: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Undo it."""
        return _knots(parameters, self.bins, self.bound).inverse(x, self.bound)


def _clipped(
    point: Float[Array, " n"], bound: float
) -> tuple[Bool[Array, " n"], Float[Array, " n"]]:
    # The spline sees 0 in place of a point outside: selecting afterwards is not enough, since
    # the gradient of the branch not taken may be NaN, and NaN times zero is NaN.
    inside = jnp.abs(point) < bound
    return inside, jnp.where(inside, point, 0)


class Bin(eqx.Module):
    """Each coordinate's bin: lower knot, width and height, derivatives at the ends."""

    z: Float[Array, " n"]
    x: Float[Array, " n"]
    w: Float[Array, " n"]
    h: Float[Array, " n"]
    lower: Float[Array, " n"]
    upper: Float[Array, " n"]

    def evaluate(
        self, xi: Float[Array, " n"], zeta: Float[Array, " n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Give x and ln(dx/dz)."""
        s = self.h / self.w
        N = s * (xi**2 + zeta**2) + (self.lower + self.upper) * xi * zeta
        slope = self.upper * xi**2 + 2 * s * xi * zeta + self.lower * zeta**2
        x = self.x + self.h * xi * (s * xi + self.lower * zeta) / N
        return x, 2 * jnp.log(s) + jnp.log(slope) - 2 * jnp.log(N)

    def solve(self, eta: Float[Array, " n"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Give ξ and ζ = 1 − ξ, as the ratio of two positive parameters to their sum."""
        s, theta = self.h / self.w, 1 - eta
        g = self.lower * theta - self.upper * eta
        p = jnp.sqrt(g**2 + 4 * s**2 * eta * theta) + jnp.where(g < 0, -g, g)
        xi = jnp.where(g < 0, p, 2 * s * eta)
        zeta = jnp.where(g < 0, 2 * s * theta, p)
        return xi / (xi + zeta), zeta / (xi + zeta)


class Knots(eqx.Module):
    """Each coordinate's bins from lowest to highest, and the derivatives between them.

    Attributes:
        z: lower edges.
        x: where these are mapped to.
        w: widths.
        h: heights.
        derivatives: at all edges.
    """

    z: Float[Array, "K n"]
    x: Float[Array, "K n"]
    w: Float[Array, "K n"]
    h: Float[Array, "K n"]
    derivatives: Float[Array, "K+1 n"]

    def forward(
        self, z: Float[Array, " n"], bound: float
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Evaluate the spline, the identity outside of [−bound, bound]."""
        inside, safe = _clipped(z, bound)
        bin = self.bin(safe, self.z)
        xi = (safe - bin.z) / bin.w
        x, log_derivative = bin.evaluate(xi, 1 - xi)
        return jnp.where(inside, x, z), jnp.where(inside, log_derivative, 0)

    def inverse(
        self, x: Float[Array, " n"], bound: float
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Find the bin by its heights, and solve its quadratic."""
        inside, safe = _clipped(x, bound)
        bin = self.bin(safe, self.x)
        # Rounding may put a point a little outside its bin, where the root is not real. A clip
        # would halve the gradient at a knot itself.
        eta = (safe - bin.x) / bin.h
        xi, zeta = bin.solve(jnp.where(eta < 0, 0, jnp.where(eta > 1, 1, eta)))
        _, log_derivative = bin.evaluate(xi, zeta)
        return jnp.where(inside, bin.z + bin.w * xi, x), jnp.where(inside, -log_derivative, 0)

    def bin(self, point: Float[Array, " n"], lower_edges: Float[Array, "K n"]) -> Bin:
        """Pick the bin of each point, ``lower_edges`` being ``z`` or ``x``."""
        index = jnp.sum(point >= lower_edges[1:], axis=0, keepdims=True)

        def pick(values: Float[Array, "K n"]) -> Float[Array, " n"]:
            return jnp.take_along_axis(values, index, axis=0)[0]

        lower, upper = self.derivatives[:-1], self.derivatives[1:]
        return Bin(*(pick(v) for v in (self.z, self.x, self.w, self.h, lower, upper)))


def _knots(parameters: Float[Array, "size n"], bins: int, bound: float) -> Knots:
    raw_widths, raw_heights, raw_derivatives = jnp.split(parameters, [bins, 2 * bins])
    log_derivatives = smoothly_bounded(raw_derivatives, _MAX_LOG_DERIVATIVE, _MAX_LOG_DERIVATIVE)
    derivatives = jnp.pad(jnp.exp(log_derivatives), ((1, 1), (0, 0)), constant_values=1)
    w, h = _parts(raw_widths, bound), _parts(raw_heights, bound)
    return Knots(_lower_edges(w, bound), _lower_edges(h, bound), w, h, derivatives)


def _parts(raw: Float[Array, "K n"], bound: float) -> Float[Array, "K n"]:
    """Divide [−B, B] into K parts by a softmax, none below the smallest."""
    spare = 1 - _SMALLEST_BIN * raw.shape[0]
    return 2 * bound * (_SMALLEST_BIN + spare * jax.nn.softmax(raw, axis=0))


def _lower_edges(parts: Float[Array, "K n"], bound: float) -> Float[Array, "K n"]:
    # A product with a triangle of ones: cumsum is a chain of small steps on a CPU.
    before = jnp.tril(jnp.ones((parts.shape[0],) * 2, parts.dtype), -1)
    return jnp.matmul(before, parts, precision=jax.lax.Precision.HIGHEST) - bound
