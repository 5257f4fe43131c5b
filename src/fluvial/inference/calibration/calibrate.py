r"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788).

Draw parameters from the prior and data from them: then the parameters are a draw from the posterior
given the data, and their rank among its draws is uniform. Where it is not, the posterior, the prior
or the likelihood is wrong, and the shape of the ranks says how.
"""

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, final

import cloudpickle
import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError, described
from fluvial.evaluating.fingerprint import fingerprint
from fluvial.inference.calibration.simulation import Simulation
from fluvial.inference.calibration.uniformity import uniformity
from fluvial.inference.checkpoint import Checkpoint
from fluvial.inference.fit import fit
from fluvial.progress import Progress
from fluvial.seeds import check_seed

__all__ = ["Calibration", "calibrate"]

_ALPHA = 0.01  # of all parameters together: a right model is called wrong as rarely
_INTERVALS = (0.5, 0.9)


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """What became of the fits.

    Attributes:
        names: of the scalar parameters, P of them.
        u: of each fit that came to an end, the share of draws below the truth, in (0, 1): (N, P).
        verdicts: of each of these fits.
        failures: why others have none.
    """

    names: tuple[str, ...]
    u: Float[np.ndarray, "N P"]
    verdicts: tuple[str, ...]
    failures: tuple[str, ...]

    @cached_property
    def p_values(self) -> dict[str, float]:
        """Of uniform ranks, for each parameter (Säilynoja et al. 2022)."""
        return self._p_values(self.u)

    @property
    def calibrated(self) -> bool:
        """Whether no parameter's ranks are at odds with uniform ones, at a level of 1 % in all."""
        return self._uniform(self.u)

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
        said = [f"{len(self.u)} fits: {self._counted()}."]
        if self.failures:
            said.append(f"{len(self.failures)} more came to no end, such as: {self.failures[0]}")
        if self.good.any():
            said.append(self._of_the_good())
        worst = min(self.p_values, key=lambda name: self.p_values[name])
        if self.calibrated:
            said.append("Calibrated: no parameter's ranks are at odds with uniform ones.")
        else:
            said.append(
                f"NOT calibrated: the ranks of {worst} are not uniform "
                f"(p = {self.p_values[worst]:.2g}){self._how(worst)}."
            )
        return tuple(said)

    def _counted(self) -> str:
        kinds = sorted(set(self.verdicts))
        return ", ".join(f"{self.verdicts.count(kind)} {kind}" for kind in kinds)

    def _of_the_good(self) -> str:
        part = self.u[self.good]
        held = float(np.mean(np.abs(part - 0.5) <= 0.45))
        right = "are calibrated" if self._uniform(part) else "are NOT calibrated"
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

    def _p_values(self, u: np.ndarray) -> dict[str, float]:
        return {name: uniformity(column) for name, column in zip(self.names, u.T, strict=True)}

    def _uniform(self, u: np.ndarray) -> bool:
        return bool(min(self._p_values(u).values()) * len(self.names) > _ALPHA)


def calibrate(
    simulation: Simulation,
    fits: int = 100,
    seed: int = 0,
    *,
    fit: Callable[..., Any] = fit,
    draws: int = 500,
    executor: Executor | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    **options: Any,
) -> Calibration:
    """Fit data that were simulated from the prior, and see whether the posteriors are right.

    Args:
        simulation: the model.
        fits: how many; 100 tell a standard deviation that is off by a quarter.
        seed: decides the simulations and the fits.
        fit: called as ``fit(target, seed=..., progress=False, **options)``; whatever it returns
            has ``draws(n, seed=...)`` and a ``verdict``.
        draws: of each posterior, among which the truth is ranked.
        executor: of ``concurrent.futures``, on which fits run at the same time, as in ``fit_many``.
        checkpoint: a folder in which every fit's ranks are kept, so that the next call with the
            same arguments goes on from there; those of another model, as far as its functions,
            constants and arrays tell, are not taken for this one's.
        progress: show a progress line on the terminal.
        options: further arguments of ``fit``.

    Raises:
        InputError: if an argument is invalid, all fits fail, or parameters have other names or
            shapes than the draws.

    Example:
        >>> import fluvial
        >>> def simulate(rng):
        ...     mu = rng.normal()
        ...     return {"x": np.array([mu])}, rng.normal(mu, 1.0)
        >>> def target(y):
        ...     return fluvial.Target.from_numpy(
        ...         lambda x: -0.5 * (x[0] ** 2 + (y - x[0]) ** 2), dim=1
        ...     )
        >>> found = calibrate(Simulation(simulate, target), 3, progress=False)
        >>> found.u.shape, found.names
        ((3, 1), ('x[0]',))
    """
    if fits < 1 or draws < 10:
        raise InputError(f"fits is {fits} and draws is {draws}: give at least 1 and 10.")
    check_seed(seed)
    made_of = [fingerprint(part)[0] for part in (simulation.simulate, simulation.target)]
    kept = Checkpoint(
        None if checkpoint is None else Path(checkpoint),
        ["calibration", seed, draws, *made_of, sorted(options.items())],
    )
    one = partial(_fitted, simulation, fit, seed, draws, options)
    outcomes: dict[int, Any] = {}
    with Progress(shown=progress) as shown, shown.stage("fits"):
        try:
            for number, outcome in _outcomes(one, fits, executor, kept):
                outcomes[number] = outcome
                shown.update(len(outcomes), fits)
        except KeyboardInterrupt:
            if not outcomes:
                raise
    return _calibration([outcomes[number] for number in sorted(outcomes)])


def _outcomes(one: Callable, fits: int, executor: Executor | None, kept: Checkpoint):
    """Yield (number, outcome) of every fit."""
    if executor is None:
        for number in range(fits):
            yield number, kept.recall("fit", [number], partial(one, number))
        return
    cargo = cloudpickle.dumps(one)
    futures: dict[int, Future | None] = {}
    for number in range(fits):
        futures[number] = (
            None if kept.has("fit", [number]) else executor.submit(_run, cargo, number)
        )
    try:
        for number, future in futures.items():
            yield number, kept.recall("fit", [number], future.result if future else dict)
    finally:
        for future in futures.values():
            if future is not None:
                future.cancel()


def _run(cargo: bytes, number: int) -> dict[str, np.ndarray]:
    return cloudpickle.loads(cargo)(number)


def _fitted(
    simulation: Simulation,
    fit: Callable,
    seed: int,
    draws: int,
    options: Mapping[str, Any],
    number: int,
) -> dict[str, np.ndarray]:
    """Simulate, fit and rank, wherever this runs; errors return as text."""
    rng = np.random.default_rng((seed, number))
    own = int(np.random.SeedSequence((seed, number)).generate_state(1)[0] >> 1)
    try:
        parameters, data = simulation.simulate(rng)
        posterior = fit(simulation.target(data), seed=own, progress=False, **options)
        names, truth = _flat({n: np.asarray(v, np.float64)[None] for n, v in parameters.items()})
        sampled = posterior.draws(draws, seed=own)
        found, sample = _flat({n: v for n, v in sampled.items() if n in parameters})
    except InputError as error:
        return {"failure": np.array(str(error))}
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{described(error)} ({Path(place.filename).name}, line {place.lineno})"
        return {"failure": np.array(where)}
    if names != found:
        raise InputError(
            f"the simulation has the parameters {', '.join(names)} and of these the draws have "
            f"{', '.join(found) or 'none'}: give them the same names and shapes."
        )
    below = np.sum(sample < truth, axis=0) + rng.integers(np.sum(sample == truth, axis=0) + 1)
    u = (below + rng.uniform(size=len(names))) / (draws + 1)
    verdict = getattr(posterior.verdict, "value", posterior.verdict)
    return {"names": np.array(names), "u": u, "verdict": np.array(str(verdict))}


def _flat(values: Mapping[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    """Return the names of all scalars, and their values (N, P)."""
    names, columns = [], [np.empty((len(next(iter(values.values()), ())), 0))]
    for name in sorted(values):
        value = values[name]
        for index in np.ndindex(value.shape[1:]):
            names.append(name + (f"[{','.join(map(str, index))}]" if index else ""))
            columns.append(value[(slice(None), *index)][:, None])
    return names, np.concatenate(columns, axis=1)


def _calibration(outcomes: list[Mapping[str, np.ndarray]]) -> Calibration:
    failures = tuple(str(one["failure"]) for one in outcomes if "failure" in one)
    done = [one for one in outcomes if "failure" not in one]
    if not done:
        raise InputError(f"no fit came to an end, such as: {failures[0]}")
    return Calibration(
        tuple(str(name) for name in done[0]["names"]),
        np.stack([one["u"] for one in done]),
        tuple(str(one["verdict"]) for one in done),
        failures,
    )
