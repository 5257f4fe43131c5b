r"""Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788).

Draw parameters from the prior and data from them: then the parameters are a draw from the posterior
given the data, and their rank among its draws is uniform. Where it is not, the posterior, the prior
or the likelihood is wrong, and the shape of the ranks says how.
"""

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from fluvial.errors import InputError, described
from fluvial.evaluating.fingerprint import fingerprint
from fluvial.inference.calibration.calibration import Calibration
from fluvial.inference.calibration.ranks import distances, multiplied, pairs, ranked
from fluvial.inference.calibration.simulation import Simulation
from fluvial.inference.checkpoint import Checkpoint
from fluvial.inference.fit import fit
from fluvial.progress import Progress
from fluvial.seeds import check_seed
from fluvial.targets.family import TargetFamily

__all__ = ["calibrate", "simulation_rng"]


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
        ["calibration by distances", seed, draws, *made_of, sorted(options.items())],
    )
    family = TargetFamily(simulation.target)
    one = partial(_fitted, simulation.simulate, family, fit, seed, draws, options)
    outcomes: dict[int, Any] = {}
    with Progress(shown=progress) as shown, shown.stage("fits"):
        try:
            for number, outcome in _outcomes(one, fits, executor, kept):
                outcomes[number] = outcome
                shown.update(len(outcomes), fits)
        except KeyboardInterrupt:
            if not outcomes:
                raise
    return _calibration([outcomes[number] for number in sorted(outcomes)], fits)


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
    return _unpacked(cargo)(number)


@lru_cache(maxsize=1)
def _unpacked(cargo: bytes) -> Callable[[int], dict[str, np.ndarray]]:
    """Unpack once in every process, so that all of its fits share what is compiled."""
    return cloudpickle.loads(cargo)


def _fitted(
    simulate: Callable,
    family: TargetFamily,
    fit: Callable,
    seed: int,
    draws: int,
    options: Mapping[str, Any],
    number: int,
) -> dict[str, np.ndarray]:
    """Simulate, fit and rank, wherever this runs; errors return as text."""
    rng = simulation_rng(seed, number)
    own = int(np.random.SeedSequence((seed, number)).generate_state(1)[0] >> 1)
    try:
        parameters, data = simulate(rng)
        posterior = fit(family(data), seed=own, progress=False, **options)
        if getattr(posterior, "interrupted", False):  # what Ctrl-C left of a fit is not one
            raise KeyboardInterrupt
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
    u = ranked(truth, sample, rng)
    products = ranked(*multiplied(truth, sample), rng)
    distance = ranked(*distances(truth, sample), rng)
    verdict = np.array(str(getattr(posterior.verdict, "value", posterior.verdict)))
    found = {"u": u, "products": products, "distances": distance}
    return {"names": np.array(names), "verdict": verdict, **found}


def simulation_rng(seed: int, number: int) -> np.random.Generator:
    """Return the generator of one simulation's parameters and data.

    It is spawned: the first normal numbers of ``default_rng((0, n))``, n < 100, which most models
    begin with, are not uniform by the very test that is made of ranks (p = 0.0002).

    Args:
        seed: of the calibration.
        number: of the simulation.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))


def _flat(values: Mapping[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    """Return the names of all scalars, and their values (N, P)."""
    names, columns = [], [np.empty((len(next(iter(values.values()), ())), 0))]
    for name in sorted(values):
        value = values[name]
        for index in np.ndindex(value.shape[1:]):
            names.append(name + (f"[{','.join(map(str, index))}]" if index else ""))
            columns.append(value[(slice(None), *index)][:, None])
    return names, np.concatenate(columns, axis=1)


def _calibration(outcomes: list[Mapping[str, np.ndarray]], asked: int) -> Calibration:
    failures = tuple(str(one["failure"]) for one in outcomes if "failure" in one)
    done = [one for one in outcomes if "failure" not in one]
    if not done:
        raise InputError(f"no fit came to an end, such as: {failures[0]}")
    names = tuple(str(name) for name in done[0]["names"])
    return Calibration(
        names,
        np.stack([one["u"] for one in done]),
        tuple(str(one["verdict"]) for one in done),
        failures,
        np.stack([one["products"] for one in done]),
        np.concatenate([one["distances"] for one in done]),
        tuple((names[i], names[j]) for i, j in pairs(len(names))),
        asked,
    )
