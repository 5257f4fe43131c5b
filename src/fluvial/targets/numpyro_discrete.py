"""Discrete latent sites of a NumPyro model, summed out, and their probabilities."""

from collections.abc import Callable, Mapping
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError
from fluvial.targets.batching import batched
from fluvial.targets.elimination import Plan, plan
from fluvial.targets.space import Layout
from fluvial.targets.tracing import Traced

__all__ = ["Enumeration"]

_MOST_TERMS = 100_000  # of a sum, at once
_MOST_VARIABLES = 20_000
_LOOKS = 2  # random points at which it is seen what depends on what


@final
class Enumeration:
    """The sum over all discrete sites.

    Args:
        discrete: name -> (shape, values) of each site.
        factors: from unconstrained sites and discrete ones to ln of all factors (F,).
        layout: of the unconstrained sites.

    Raises:
        InputError: if the sum has too many terms.
    """

    def __init__(
        self,
        discrete: Mapping[str, tuple[tuple[int, ...], np.ndarray]],
        factors: Callable[[Any, Any], jax.Array],
        layout: Layout,
    ):
        self._discrete, self._factors, self._layout = dict(discrete), factors, layout
        self._sizes = [
            len(values)
            for shape, values in self._discrete.values()
            for _ in range(int(np.prod(shape)))
        ]
        if len(self._sizes) > _MOST_VARIABLES:
            raise self._refused(f"there are {len(self._sizes):,} of them")
        self._plan: Plan = plan(self._depends(), self._sizes)
        if self._plan.terms > _MOST_TERMS:
            raise self._refused(
                f"the sum over all values has {_power(self._plan.terms)} terms that cannot be "
                "taken apart"
            )

    def sites(self, indices) -> dict[str, jax.Array]:
        """Return the value of each site from the index of every element's value."""
        found, start = {}, 0
        for name, (shape, values) in self._discrete.items():
            stop = start + int(np.prod(shape))
            found[name] = jnp.asarray(values)[indices[start:stop]].reshape(shape)
            start = stop
        return found

    @property
    def base(self) -> dict[str, jax.Array]:
        """Every site at its first value."""
        return self.sites(jnp.zeros(len(self._sizes), jnp.int32))

    def log_gain(self, sites) -> jax.Array:
        """Return ln of the sum, less ln of its term at ``base``."""
        return self._tilted(sites, self._untilted())

    def probabilities(self, sites) -> dict[str, jax.Array]:
        """Return the probability of each value of each site, name -> (*shape, K)."""
        gradients = jax.grad(lambda tilt: self._tilted(sites, tilt))(self._untilted())
        found, start = {}, 0
        for name, (shape, values) in self._discrete.items():
            stop = start + int(np.prod(shape))
            found[name] = jnp.stack(gradients[start:stop]).reshape(*shape, len(values))
            start = stop
        return found

    def _untilted(self) -> list[jax.Array]:
        return [jnp.zeros(size) for size in self._sizes]

    def _tilted(self, sites, tilt) -> jax.Array:
        assignments = jnp.asarray(self._plan.assignments())
        rows = jnp.asarray(self._plan.factors)
        values = jax.vmap(lambda z: self._factors(sites, self.sites(z))[rows])(assignments)
        return self._plan.log_sum(values, tilt) - jnp.sum(values[0])

    def _depends(self) -> np.ndarray:
        """Change one variable at a time, and see which factors change."""
        dim, count = self._layout.dim, len(self._sizes)

        def of(v):
            z = self.sites(v[dim:].astype(jnp.int32))
            return self._factors(self._layout.unravel(v[:dim]), z)

        evaluate = batched(Traced(of, dim + count))
        rng, found = np.random.default_rng(0), None
        for _ in range(_LOOKS):
            x, z = 0.5 * rng.standard_normal(dim), rng.integers(self._sizes)
            points, moved = [np.append(x, z)], []
            for v, size in enumerate(self._sizes):
                for step in range(1, size):
                    other = z.copy()
                    other[v] = (z[v] + step) % size
                    points.append(np.append(x, other))
                    moved.append(v)
            values = evaluate(np.stack(points))
            changed = values[1:] != values[0]
            changed &= ~(np.isnan(values[1:]) & np.isnan(values[0]))
            depends = np.zeros((values.shape[1], count), bool)
            for v, row in zip(moved, changed, strict=True):
                depends[:, v] |= row
            found = depends if found is None else found | depends
        return np.zeros((0, count), bool) if found is None else found

    def _refused(self, why: str) -> InputError:
        names = " and ".join(repr(name) for name in self._discrete)
        many = "site" if len(self._discrete) == 1 else "sites"
        return InputError(
            f"the discrete NumPyro {many} {names} cannot be summed out: {why}: put them in a plate "
            "in which they are independent, or sum them out by hand."
        )


def _power(terms: int) -> str:
    return f"{terms:,}" if terms < 10**9 else f"about 10^{len(str(terms)) - 1}"
