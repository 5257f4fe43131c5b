"""Modes of a posterior of many rows, looked for on a sample whose log likelihood is scaled up."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.inference.checks.unidentified import unidentified_complaint
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.hasty import around_the_best
from fluvial.inference.mode_search.mode_search import mass_outside
from fluvial.inference.run import Run
from fluvial.inference.starting import Started, begin
from fluvial.inference.verdict.weighing import mixture_of, weighed
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent
from fluvial.targets.rows_density import RowsDensity
from fluvial.targets.sampled_rows import SampledRows
from fluvial.targets.target import Target

__all__ = ["Sample", "Suspects", "on_sample", "sampled", "suspects"]


class Suspects(NamedTuple):
    """Where all rows may have mass, as a sample of them says.

    Attributes:
        started: what starts and climbs found.
        gaussians: one at each mode, the highest first.
        interrupted: whether Ctrl-C, or a budget, has ended the search.
    """

    started: Started
    gaussians: list[Gaussian]
    interrupted: bool = False


class Sample(NamedTuple):
    """A fit of some rows in place of all.

    Attributes:
        run: the fit.
        density: theirs, scaled to that of all.
    """

    run: Run
    density: SampledRows


def sampled(target: Target, stream: RowsDensity, size: int, rng: np.random.Generator) -> Target:
    """Return the target of a sample of rows, which fit in memory, as one that JAX can trace."""
    return target.with_density(SampledRows(stream, stream.sample(size, rng)).traced)


def on_sample(run: Run, stream: RowsDensity) -> Sample:
    """Return the fit of a new sample of rows, whose evaluations are not those of all."""
    rows = run.settings.rows
    size = int(np.clip(rows.sample_per_dim * run.target.dim, *rows.sample))
    rows_seen = stream.sample(max(size // stream.unit, rows.least_groups), run.rng)
    density = SampledRows(stream, rows_seen)
    # What lies next to a mode is another thing on all rows.
    search = replace(run.settings.search, sideways=rows.looks, looks=rows.looks, beside=False)
    weigh = replace(run.settings.weigh, draws=rows.sample_draws, component_draws=rows.sample_draws)
    # As where a density costs a call of its own: a point costs as much as all the sample's rows.
    explore, host = run.settings.explore, run.settings.explore.size_on_host
    explore = replace(
        explore,
        most_evaluations=rows.sample_climbs,
        first_looks=rows.looks,
        sizes=(host, host),
        moves=explore.moves_on_host,
    )
    settings = replace(run.settings, search=search, weigh=weigh, explore=explore)
    target = run.target.with_density(density)
    counted = CountedTarget(target, settings, replace(run.budget, evaluations=None))
    return Sample(replace(run, counted=counted, settings=settings), density)


def suspects(run: Run, stream: RowsDensity) -> Suspects:
    """Climb, and search, on a sample.

    A mode of all rows that holds mass is one of the sample, too, but for what is too shallow to
    show in so few rows; and scaled as it is, the sample's posterior is as narrow as that of all.

    Raises:
        InputError: if the density is finite nowhere.
        KeyboardInterrupt: if Ctrl-C comes before it was evaluated.
    """
    small = on_sample(run, stream).run
    started = None
    try:
        started = begin(small)
        if started.product is not None:  # whose modes were not listed, as all rows would need
            started = started._replace(doubtful=True)
        if started.improper:
            # What a sample cannot tell, all rows may.
            known = np.concatenate([started.starts, *(end.x[None] for end in started.ends)])
            improper = unidentified_complaint(run.counted, known, run.rng, run.settings)
            started = started._replace(improper=improper)
        if started.improper:
            return Suspects(started, [])
        return Suspects(started, _modes(small, started))
    except KeyboardInterrupt:
        if not len(small.counted.evaluated.points):
            raise
        best = around_the_best(small)
        run.counted.spent = run.counted.spent or small.counted.spent
        started = started or Started(best.mean[None], [], False, (), (), None)
        return Suspects(started, [best], interrupted=True)


def _modes(small: Run, started: Started) -> list[Gaussian]:
    counted, settings = small.counted, small.settings
    heads = distinct(counted, [end for end in started.ends if end.converged], settings)
    heads = heads or sorted(started.ends, key=lambda end: -end.log_p)[:1]
    tops = [laplace_or(counted, head.x, head.gaussian, settings) for head in heads]
    tops = tops or [Gaussian(started.starts[0], np.eye(counted.dim))]
    tops = tops[: settings.rows.max_modes]
    q = mixture_of([GaussianComponent(top) for top in tops], counted, small.rng, settings)
    evidence = weighed(q, q, small).weights.log_evidence
    found = mass_outside(counted, q, evidence, small.rng, settings)
    places = [outlier.gaussian for outlier in found.outliers]
    return [*tops, *(place for place in places if isinstance(place, Gaussian))]
