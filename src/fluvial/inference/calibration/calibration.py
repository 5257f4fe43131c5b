"""What a calibration has found, and how it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, final

import numpy as np
from jaxtyping import Float

from fluvial.inference.calibration.uniformity import uniformity

__all__ = ["Calibration"]

_Name = TypeVar("_Name", str, tuple[str, str])
_ALPHA = 0.01  # of all tests together: a right model is called wrong as rarely
_INTERVALS = (0.5, 0.9)
_FEW, _ENOUGH = 50, 100  # fits: a hundred tell a standard deviation that is off by a quarter


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """What became of the fits.

    Attributes:
        names: of the scalar parameters, P of them.
        u: of each fit that came to an end, the share of draws below the truth, in (0, 1): (N, P).
        verdicts: of each of these fits.
        failures: why others have none.
        products: the same of Q products of two standardized parameters, by which a wrong dependence
            shows where every parameter by itself is right: (N, Q).
        distances: the same of the distance from the mean, of all parameters together, by which
            draws show that are too wide or too narrow: (N,).
        pairs: the names of the two, of each product.
        asked: how many fits were asked for; more than there are if Ctrl-C ended it.
    """

    names: tuple[str, ...]
    u: Float[np.ndarray, "N P"]
    verdicts: tuple[str, ...]
    failures: tuple[str, ...]
    products: Float[np.ndarray, "N Q"]
    distances: Float[np.ndarray, " N"]
    pairs: tuple[tuple[str, str], ...] = ()
    asked: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether fits are missing that were asked for."""
        return len(self.u) + len(self.failures) < self.asked

    @cached_property
    def p_values(self) -> dict[str, float]:
        """Of uniform ranks, for each parameter (Säilynoja et al. 2022)."""
        return _p_values(self.names, self.u)

    @cached_property
    def pair_p_values(self) -> dict[tuple[str, str], float]:
        """The same for products of parameters."""
        return _p_values(self.pairs, self.products)

    @cached_property
    def distance_p_value(self) -> float:
        """The same for the distance from the mean."""
        return uniformity(self.distances)

    @property
    def calibrated(self) -> bool:
        """Whether no ranks are at odds with uniform ones, at a level of 1 % in all."""
        each = [*self.p_values.values(), *self.pair_p_values.values()]
        return self._uniform([*each, self.distance_p_value])

    def coverage(self, level: float) -> dict[str, float]:
        """The share of fits whose central interval of a level holds the truth, by parameter."""
        inside = np.abs(self.u - 0.5) <= 0.5 * level
        return dict(zip(self.names, inside.mean(axis=0).tolist(), strict=True))

    @property
    def good(self) -> np.ndarray:
        """Which of the fits are called GOOD, shape (N,)."""
        return np.asarray([verdict == "GOOD" for verdict in self.verdicts], bool)

    def __str__(self) -> str:
        width = max(9, *(len(name) for name in self.names))
        lines = [f"{'parameter':<{width}}  p-value  50 % holds  90 % holds"]
        half, most = (self.coverage(level) for level in _INTERVALS)
        lines += [
            f"{name:<{width}}  {p:7.3f}  {half[name]:9.0%}  {most[name]:9.0%}"
            for name, p in self.p_values.items()
        ]
        return "\n".join([*lines, "", *self.sentences])

    @property
    def sentences(self) -> tuple[str, ...]:
        """The conclusion, in a sentence."""
        cut = f"Interrupted; of {self.asked} there are " if self.interrupted else ""
        said = [f"{cut}{len(self.u)} fits: {self._counted()}."]
        if self.failures:
            said.append(f"{len(self.failures)} more came to no end, such as: {self.failures[0]}")
        if self.good.any():
            said.append(self._of_the_good())
        return (*said, self._conclusion())

    def _conclusion(self) -> str:
        if self.calibrated:
            few = f" {len(self.u)} fits tell little: make {_ENOUGH}." if len(self.u) < _FEW else ""
            return f"Calibrated: no parameter's ranks are at odds with uniform ones.{few}"
        worst = min(self.p_values, key=lambda name: self.p_values[name])
        p, pairs = self.p_values[worst], self.pair_p_values
        both = min(pairs, key=lambda pair: pairs[pair], default=None)
        of_pair, of_distance = pairs.get(both, 1.0) if both else 1.0, self.distance_p_value
        if self._uniform([p]) and of_distance < of_pair:
            how = "narrow" if np.mean(self.distances) > 0.5 else "wide"
            return (
                "NOT calibrated: the ranks of the distance from the mean, of all parameters "
                f"together, are not uniform (p = {of_distance:.2g}): the draws are too "
                f"{how}."
            )
        if both is not None and self._uniform([p]):
            return (
                f"NOT calibrated: the ranks of the product of {both[0]} and {both[1]} are not "
                f"uniform (p = {pairs[both]:.2g}): the draws have another dependence."
            )
        return (
            f"NOT calibrated: the ranks of {worst} are not uniform (p = {p:.2g}){self._how(worst)}."
        )

    @property
    def _tests(self) -> int:
        return len(self.names) + len(self.pairs) + 1

    def _counted(self) -> str:
        kinds = sorted(set(self.verdicts))
        return ", ".join(f"{self.verdicts.count(kind)} {kind}" for kind in kinds)

    def _of_the_good(self) -> str:
        part = self.u[self.good]
        held = float(np.mean(np.abs(part - 0.5) <= 0.45))
        found = [
            uniformity(u) for u in (*part.T, *self.products[self.good].T, self.distances[self.good])
        ]
        right = "are calibrated" if self._uniform(found) else "are NOT calibrated"
        return (
            f"The {len(part)} fits called GOOD {right}: their 90 % intervals hold {held:.0%} of "
            "the truths."
        )

    def _how(self, name: str) -> str:
        """Name the shape of the ranks."""
        u = self.u[:, self.names.index(name)]
        shift, spread = np.mean(u) - 0.5, np.var(u) * 12.0
        noise = (12.0 * len(u)) ** -0.5
        if abs(shift) > 3.0 * noise:
            return f": its draws are too {'low' if shift > 0 else 'high'}"
        if spread > 1.0:
            return ": its draws are too narrow"
        return ": its draws are too wide"

    def _uniform(self, p_values: list[float]) -> bool:
        return bool(min(p_values) * self._tests > _ALPHA)


def _p_values(names: Sequence[_Name], u: Float[np.ndarray, "N P"]) -> dict[_Name, float]:
    return {name: uniformity(column) for name, column in zip(names, u.T, strict=True)}
