r"""Sums over discrete variables, eliminated one after another.

A density is a product of factors, each of which depends on few of the variables. Changing one
variable at a time shows which. Variables that share a factor get different colors; then one
evaluation of all factors for every combination of colors fills all their tables, however many
variables there are: K evaluations for a mixture of any size, K² for a hidden Markov model of any
length. The sum is variable elimination (Koller & Friedman 2009, chapter 9), and its derivative by
the log of an indicator that is 1 everywhere is that indicator's probability (Darwiche 2003, JACM
50).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Plan", "plan"]


@dataclass(frozen=True, eq=False)
class Plan:
    """How the sum is taken.

    Attributes:
        sizes: how many values each variable has.
        scopes: for each factor that depends on any variable, which ones, ascending.
        factors: the index of each of these.
        colors: of each variable.
        color_sizes: how many values a variable of each color has.
        order: in which variables that share factors are eliminated.
        terms: the largest number of terms that are in memory at once.
    """

    sizes: tuple[int, ...]
    scopes: tuple[tuple[int, ...], ...]
    factors: tuple[int, ...]
    colors: tuple[int, ...]
    color_sizes: tuple[int, ...]
    order: tuple[int, ...]
    terms: int

    def assignments(self) -> np.ndarray:
        """For every combination of colors the index of each variable's value, (A, M)."""
        grid = np.indices(self.color_sizes).reshape(len(self.color_sizes), -1).T
        return grid[:, list(self.colors)]

    def log_sum(self, values: jax.Array, tilt: Sequence[jax.Array]) -> jax.Array:
        """Return the log of the sum over all variables of the product of factors.

        Args:
            values: ln of each factor in ``factors`` at each of ``assignments``, (A, F).
            tilt: for each variable a vector to add to its log factors.
        """
        cube = values.T.reshape(len(self.factors), *self.color_sizes)
        shared = {v for scope in self.scopes if len(scope) > 1 for v in scope}
        total = jnp.zeros(())
        tables: list[tuple[tuple[int, ...], jax.Array]] = []
        for color, size in enumerate(self.color_sizes):
            alone = [v for v, c in enumerate(self.colors) if c == color]
            if not alone:
                continue
            row = {v: i for i, v in enumerate(alone)}
            sums = jnp.stack([tilt[v] for v in alone])
            own = [
                (i, row[scope[0]])
                for i, scope in enumerate(self.scopes)
                if len(scope) == 1 and scope[0] in row
            ]
            if own:
                index = tuple(
                    slice(None) if c == color else 0 for c in range(len(self.color_sizes))
                )
                rows = jnp.asarray([r for _, r in own])
                part = cube[(jnp.asarray([i for i, _ in own]), *index)].reshape(len(own), size)
                sums = sums.at[rows].add(part)
            free = [row[v] for v in alone if v not in shared]
            if free:
                total += jnp.sum(jax.nn.logsumexp(sums[jnp.asarray(free)], axis=1))
            tables += [((v,), sums[row[v]]) for v in alone if v in shared]
        for i, scope in enumerate(self.scopes):
            if len(scope) > 1:
                tables.append((scope, self._table(cube[i], scope)))
        return total + self._eliminated(tables)

    def _table(self, cube: jax.Array, scope: tuple[int, ...]) -> jax.Array:
        """A factor as a function of its variables alone, in the order of its scope."""
        used = [self.colors[v] for v in scope]
        index = tuple(slice(None) if c in used else 0 for c in range(len(self.color_sizes)))
        order = np.argsort(np.argsort(used)).tolist()
        return jnp.transpose(cube[index], order)

    def _eliminated(self, tables: list[tuple[tuple[int, ...], jax.Array]]) -> jax.Array:
        total = jnp.zeros(())
        for variable in self.order:
            mine = [t for t in tables if variable in t[0]]
            tables = [t for t in tables if variable not in t[0]]
            scope = tuple(sorted({v for s, _ in mine for v in s}))
            joint = sum(
                table.reshape([self.sizes[v] if v in s else 1 for v in scope]) for s, table in mine
            )
            summed = jax.nn.logsumexp(joint, axis=scope.index(variable))
            rest = tuple(v for v in scope if v != variable)
            if rest:
                tables.append((rest, summed))
            else:
                total += summed
        return total


def plan(depends: np.ndarray, sizes: Sequence[int]) -> Plan:
    """Plan the sum.

    Args:
        depends: whether each factor depends on each variable, (F, M).
        sizes: how many values each variable has, M of them.

    Example:
        >>> chain = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]], bool)
        >>> found = plan(chain, [2, 2, 2])
        >>> found.color_sizes, found.terms
        ((2, 2), 4)
    """
    factors = np.flatnonzero(depends.any(axis=1))
    scopes = [tuple(np.flatnonzero(depends[i]).tolist()) for i in factors]
    neighbors: list[set[int]] = [set() for _ in sizes]
    for scope in set(scopes):
        for v in scope:
            neighbors[v].update(scope)
            neighbors[v].discard(v)
    colors, color_sizes = _colored(neighbors, sizes)
    order, largest = _ordered(neighbors, sizes)
    assignments = float(np.prod([float(size) for size in color_sizes]))
    terms = int(min(max(assignments, largest), 1e300))
    return Plan(
        tuple(sizes), tuple(scopes), tuple(factors.tolist()), colors, color_sizes, order, terms
    )


def _colored(neighbors, sizes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Greedily: variables of one color have as many values, and share no factor."""
    colors: list[int] = []
    color_sizes: list[int] = []
    for v, size in enumerate(sizes):
        taken = {colors[u] for u in neighbors[v] if u < v}
        fitting = [c for c, s in enumerate(color_sizes) if s == size and c not in taken]
        if not fitting:
            color_sizes.append(size)
        colors.append(fitting[0] if fitting else len(color_sizes) - 1)
    return tuple(colors), tuple(color_sizes)


def _ordered(neighbors, sizes) -> tuple[tuple[int, ...], float]:
    """The variable with the smallest table first; also the size of the largest table."""
    left = {v: set(near) for v, near in enumerate(neighbors) if near}
    order, largest = [], 1.0

    def size(v):
        return sizes[v] * float(np.prod([float(sizes[u]) for u in left[v]]))

    while left:
        v = min(left, key=size)
        largest = max(largest, size(v))
        near = left.pop(v)
        for u in near:
            left[u] |= near - {u}
            left[u].discard(v)
        order.append(v)
    return tuple(order), largest
