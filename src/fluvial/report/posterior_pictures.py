"""Pictures of a posterior, by ArviZ: intervals, pairs, and the quality of the draws."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.posterior.labels import index_origin, scalars
from fluvial.storage.writing import replaced

if TYPE_CHECKING:
    from fluvial.posterior.posterior import Posterior

__all__ = ["PICTURES", "draw_pictures"]

PICTURES = ("forest.png", "pair.png", "weights.png", "rank.png", "elbo.png")
"""All that there may be; which, depends on the posterior."""

_MOST_ROWS = 40  # of a forest
_MOST_PAIRS = 6
_POINTS = 1000  # in a panel: more of them are a blot
_CHAINS = 4
_BLOCK = 100  # steps of training that a point of the trace is the mean of


def draw_pictures(
    posterior: "Posterior", columns: Mapping[str, np.ndarray], folder: Path
) -> list[str]:
    """Draw a posterior, as PNG on white, in place of what pictures a folder has.

    forest.png has the intervals of the first 40 scalars, pair.png the first six against each
    other; rank.png shows whether chains agree or, where there are none, weights.png how even the
    importance weights are; elbo.png is the ELBO during training, if a flow was trained.

    Args:
        posterior: what the weights and the trace are taken from.
        columns: draws of scalars: name -> (n,); those that do not vary, or not finitely, are left
            out.
        folder: where the pictures go.

    Returns:
        The names of the files.

    Raises:
        InputError: if ArviZ's plots are not installed, nothing is left to draw, or a file cannot be
            written.
    """
    require("arviz", "drawing a posterior", "arviz_base", "arviz_plots", "matplotlib")
    varying = {name: column for name, column in columns.items() if 0.0 < np.ptp(column) < np.inf}
    if not varying:
        raise InputError("none of the draws vary, and are finite: there is nothing to draw.")
    for name in PICTURES:  # of an earlier fit
        (folder / name).unlink(missing_ok=True)
    drawn = {"forest.png": lambda: _forest(varying), "pair.png": lambda: _pair(varying)}
    if posterior.pool.chains > 1:
        drawn["rank.png"] = lambda: _ranks(posterior, list(varying))
    else:
        drawn["weights.png"] = lambda: _weights(posterior.pool.log_weights)
    traces = [trace for trace in posterior.provenance.elbo_trace if np.isfinite(trace).any()]
    if traces:  # none is, if training was interrupted at once
        drawn["elbo.png"] = lambda: _trace(traces)
    for name, draw in drawn.items():
        _write(draw, folder / name)
    return list(drawn)


def _write(draw: Callable[[], Any], path: Path) -> None:
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fonts and layouts: the picture is there in any case
        figure = draw()
        try:
            with replaced(path) as fresh:
                figure.savefig(fresh, format="png", facecolor="white", dpi=120)
        finally:
            pyplot.close(figure)


def _tree(columns: Mapping[str, np.ndarray], chains: int = _CHAINS) -> Any:
    """Scalars as a DataTree, whose names have no slash, which would make groups."""
    from arviz_base import from_dict

    def split(column: np.ndarray) -> np.ndarray:
        return column[: len(column) // chains * chains].reshape(chains, -1)

    posterior = {name.replace("/", "."): split(column) for name, column in columns.items()}
    return from_dict({"posterior": posterior}, check_conventions=False)


def _first(columns: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {name: columns[name] for name in list(columns)[:count]}


def _figure(collection: Any) -> Any:
    return collection.viz["figure"].item()


def _forest(columns: Mapping[str, np.ndarray]) -> Any:
    import arviz_plots

    shown = _first(columns, _MOST_ROWS)
    size = {"figsize": (7.0, 1.2 + 0.3 * len(shown)), "layout": "constrained"}
    return _figure(
        arviz_plots.plot_forest(
            _tree(shown), combined=True, backend="matplotlib", figure_kwargs=size
        )
    )


def _pair(columns: Mapping[str, np.ndarray]) -> Any:
    import arviz_plots

    shown = {name: column[:_POINTS] for name, column in _first(columns, _MOST_PAIRS).items()}
    side = 1.2 + 1.6 * len(shown)
    size = {"figsize": (side, side), "layout": "constrained"}
    if len(shown) == 1:
        return _figure(
            arviz_plots.plot_dist(_tree(shown), backend="matplotlib", figure_kwargs=size)
        )
    return _figure(
        arviz_plots.plot_pair(
            _tree(shown),
            visuals={"scatter": {"alpha": 0.3, "size": 4}},
            backend="matplotlib",
            figure_kwargs=size,
        )
    )


def _ranks(posterior: "Posterior", names: list[str]) -> Any:
    import arviz_plots

    origin, annotations = index_origin(posterior.target), posterior.annotations
    columns = scalars(posterior.constrained_pool, origin, annotations)
    shown = {name: columns[name] for name in names[:_MOST_PAIRS]}
    tree = _tree(shown, posterior.pool.chains)
    return _figure(arviz_plots.plot_rank(tree, backend="matplotlib"))


def _weights(log_weights: np.ndarray) -> Any:
    """The distribution of ln w: a step at 0 where the approximation is the posterior."""
    import arviz_plots

    finite = log_weights[np.isfinite(log_weights)]
    label = "log of weight over mean weight"
    return _figure(
        arviz_plots.plot_dist(
            _tree({label: finite + np.log(len(finite))}, 1),
            kind="ecdf",
            visuals={
                "point_estimate": False,
                "point_estimate_text": False,
                "credible_interval": False,
            },
            backend="matplotlib",
            figure_kwargs={"figsize": (6.0, 3.6)},
        )
    )


def _trace(traces: Sequence[Sequence[float]]) -> Any:
    from fluvial.reproduction.drawing import COLORS, panels

    figure, axes = panels(1, 1, 6.0, 3.6)
    for k, trace in enumerate(traces):
        steps = _BLOCK * np.arange(1, len(trace) + 1)
        label = f"component {k + 1}" if len(traces) > 1 else None
        axes[0, 0].plot(steps, trace, color=COLORS[k % len(COLORS)], label=label, marker=".")
    axes[0, 0].set_xlabel("training step")
    axes[0, 0].set_ylabel("ELBO (nats)")
    if 1 < len(traces) <= len(COLORS):
        axes[0, 0].legend()
    return figure
