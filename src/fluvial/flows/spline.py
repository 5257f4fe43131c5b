"""Monotone rational-quadratic splines, for couplings that bend more than an affine map can."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded
from fluvial.flows.transformers import Transformer

__all__ = ["RationalQuadratic"]

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

    Each coordinate takes 3K − 1 numbers: K widths and K heights before a softmax, and the
    logarithms of the K − 1 inner derivatives, bounded smoothly to (1/100, 100). At ±B the
    derivative is 1, so that the map has a continuous derivative everywhere; no bin is narrower
    or lower than a thousandth of the interval. With all numbers zero it is the identity.

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
        self, z: Float[Array, " n"], numbers: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Evaluate the spline."""
        return jax.vmap(self._scalar_forward, in_axes=(0, 1))(z, numbers)

    def inverse(
        self, x: Float[Array, " n"], numbers: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Find the bin by its heights, and solve its quadratic."""
        return jax.vmap(self._scalar_inverse, in_axes=(0, 1))(x, numbers)

    def _scalar_forward(self, z: Array, numbers: Array) -> tuple[Array, Array]:
        inside, safe = _clipped(z, self.bound)
        spline = _Knots.of(numbers, self.bins, self.bound)
        bin = spline.bin(safe, spline.z)
        xi = (safe - bin.z) / bin.w
        x, log_derivative = bin.evaluate(xi, 1 - xi)
        return jnp.where(inside, x, z), jnp.where(inside, log_derivative, 0)

    def _scalar_inverse(self, x: Array, numbers: Array) -> tuple[Array, Array]:
        inside, safe = _clipped(x, self.bound)
        spline = _Knots.of(numbers, self.bins, self.bound)
        bin = spline.bin(safe, spline.x)
        xi, zeta = bin.solve((safe - bin.x) / bin.h)
        _, log_derivative = bin.evaluate(xi, zeta)
        return jnp.where(inside, bin.z + bin.w * xi, x), jnp.where(inside, -log_derivative, 0)


def _clipped(point: Array, bound: float) -> tuple[Bool[Array, ""], Float[Array, ""]]:
    # The spline sees 0 in place of a point outside: selecting afterwards is not enough, since
    # the gradient of the branch not taken may be NaN, and NaN times zero is NaN.
    inside = jnp.abs(point) < bound
    return inside, jnp.where(inside, point, 0)


class _Bin(eqx.Module):
    """One bin: lower knot, width and height, derivatives at its ends."""

    z: Array
    x: Array
    w: Array
    h: Array
    lower: Array
    upper: Array

    def evaluate(self, xi: Array, zeta: Array) -> tuple[Array, Array]:
        s = self.h / self.w
        N = s * (xi**2 + zeta**2) + (self.lower + self.upper) * xi * zeta
        slope = self.upper * xi**2 + 2 * s * xi * zeta + self.lower * zeta**2
        x = self.x + self.h * xi * (s * xi + self.lower * zeta) / N
        return x, 2 * jnp.log(s) + jnp.log(slope) - 2 * jnp.log(N)

    def solve(self, eta: Array) -> tuple[Array, Array]:
        """Solve for ξ and ζ = 1 − ξ, given η."""
        s, theta = self.h / self.w, 1 - eta
        g = self.lower * theta - self.upper * eta
        p = jnp.sqrt(g**2 + 4 * s**2 * eta * theta) + jnp.where(g < 0, -g, g)
        near = jnp.where(g < 0, p, 2 * s * eta)
        far = jnp.where(g < 0, 2 * s * theta, p)
        return near / (near + far), far / (near + far)


class _Knots(eqx.Module):
    """The knots of one coordinate's spline, from lowest to highest."""

    z: Float[Array, " knots"]
    x: Float[Array, " knots"]
    derivatives: Float[Array, " knots"]

    @staticmethod
    def of(numbers: Float[Array, " size"], bins: int, bound: float) -> "_Knots":
        widths, heights, log_derivatives = jnp.split(numbers, [bins, 2 * bins])
        inner = jnp.exp(smoothly_bounded(log_derivatives, _MAX_LOG_DERIVATIVE, _MAX_LOG_DERIVATIVE))
        return _Knots(
            _edges(widths, bound), _edges(heights, bound), jnp.pad(inner, 1, constant_values=1)
        )

    def bin(self, point: Array, edges: Array) -> _Bin:
        # A sum over bins of which one counts: the transpose of indexing would be a scatter,
        # which is slow on a CPU once batched.
        index = jnp.sum(point >= edges[1:-1])
        chosen = jnp.arange(edges.size - 1) == index

        def pick(values: Array) -> Array:
            return jnp.sum(jnp.where(chosen, values, 0))

        return _Bin(
            z=pick(self.z[:-1]),
            x=pick(self.x[:-1]),
            w=pick(jnp.diff(self.z)),
            h=pick(jnp.diff(self.x)),
            lower=pick(self.derivatives[:-1]),
            upper=pick(self.derivatives[1:]),
        )


def _edges(raw: Float[Array, " bins"], bound: float) -> Float[Array, " knots"]:
    """Edges from −B to B whose distances are the softmax of ``raw``, none too small."""
    share = _SMALLEST_BIN + (1 - _SMALLEST_BIN * raw.size) * jax.nn.softmax(raw)
    inner = 2 * bound * jnp.cumsum(share)[:-1] - bound
    end = jnp.full(1, bound, raw.dtype)
    return jnp.concatenate([-end, inner, end])
