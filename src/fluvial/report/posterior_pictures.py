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
_DOTS = 120  # per inch
_BLOCK = 100  # steps of training that a point of the trace is the mean of
_LONGEST_NAME = 32  # letters; longer ones leave no room for what they name
_LONGEST_IN_PAIR = 18  # letters along the side of a panel
_LEAST_LOG_WEIGHT = -20.0  # draws that weigh less than e^-20 of the mean are never handed out
_LEAST_WIDTH = 0.01  # of an axis: a standard deviation below it is a dot


def draw_pictures(
    posterior: "Posterior", columns: Mapping[str, np.ndarray], folder: Path
) -> list[str]:
    """Draw a posterior, as PNG on white, in place of what pictures a folder has.

    forest.png has the intervals of the first 40 scalars, with as many axes as their scales need;
    pair.png has the first six against each other; rank.png shows whether chains agree or, where
    there are none, weights.png how even the importance weights are; elbo.png is the ELBO during
    training, if a flow was trained.

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
    """Write what a function draws: a figure, or several, which are stacked."""
    from matplotlib import image, pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fonts and layouts: the picture is there in any case
        drawn = draw()
        figures = drawn if isinstance(drawn, list) else [drawn]
        try:
            pixels = np.concatenate([_pixels(figure) for figure in figures])
            with replaced(path) as fresh:
                image.imsave(fresh, pixels, format="png", dpi=_DOTS)
        finally:
            for figure in figures:
                pyplot.close(figure)


def _pixels(figure: Any) -> np.ndarray:
    """Return a figure as an array of shape (height, width, 4); all of one size are equally wide."""
    figure.set_dpi(_DOTS)
    figure.set_facecolor("white")
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def _tree(
    columns: Mapping[str, np.ndarray], chains: int = _CHAINS, longest: int = _LONGEST_NAME
) -> Any:
    """Scalars as a DataTree."""
    from arviz_base import from_dict

    def split(column: np.ndarray) -> np.ndarray:
        return column[: len(column) // chains * chains].reshape(chains, -1)

    labels = _labels(list(columns), longest)
    posterior = {labels[name]: split(column) for name, column in columns.items()}
    return from_dict({"posterior": posterior}, check_conventions=False)


def _labels(names: Sequence[str], longest: int) -> dict[str, str]:
    """Give each name a label that has no slash, which would make groups, and is short.

    Example:
        >>> _labels(["mu", "a/b", "x" * 40 + "[1]"], 32)
        {'mu': 'mu', 'a/b': 'a.b', 'xxxx...[1]': 'xxxxxxxxxxxxxxxx…xxxxxxxxxxxx[1]'}
    """
    half = longest // 2
    whole = {name: name.replace("/", ".") for name in names}
    short = {
        name: label if len(label) <= longest else f"{label[:half]}…{label[1 - half :]}"
        for name, label in whole.items()
    }
    return short if len(set(short.values())) == len(names) else whole


def _first(columns: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {name: columns[name] for name in list(columns)[:count]}


def _figure(collection: Any) -> Any:
    return collection.viz["figure"].item()


def _forest(columns: Mapping[str, np.ndarray]) -> list[Any]:
    import arviz_plots

    figures = []
    first = _first(columns, _MOST_ROWS)
    for shown in _by_scale(first):
        size = {"figsize": (7.0, 1.2 + 0.3 * len(shown)), "layout": "constrained"}
        collection = arviz_plots.plot_forest(
            _tree(shown), combined=True, backend="matplotlib", figure_kwargs=size
        )
        figures.append(_figure(collection))
    _headed(figures[0], len(first), len(columns))
    return figures


def _headed(figure: Any, shown: int, count: int) -> Any:
    """Head a figure that leaves scalars out with how many it shows."""
    if shown < count:
        figure.suptitle(f"the first {shown} of {count} scalars")
    return figure


def _by_scale(columns: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Divide columns, in their order, among as few axes as show the width of each.

    Example:
        >>> wave = np.sin(np.arange(9.0))
        >>> groups = _by_scale({"a": wave, "year": 2000.0 + wave, "b": 2.0 * wave})
        >>> [list(group) for group in groups]
        [['a', 'b'], ['year']]
    """
    low, high = np.quantile(list(columns.values()), (0.03, 0.97), axis=1)
    widths = np.std(list(columns.values()), axis=1)
    groups: list[list[int]] = []
    for row in range(len(columns)):
        for group in groups:
            span = high[[*group, row]].max() - low[[*group, row]].min()
            if widths[[*group, row]].min() > _LEAST_WIDTH * span:
                group.append(row)
                break
        else:
            groups.append([row])
    names = list(columns)
    return [{names[row]: columns[names[row]] for row in group} for group in groups]


def _pair(columns: Mapping[str, np.ndarray]) -> Any:
    import arviz_plots

    shown = {name: column[:_POINTS] for name, column in _first(columns, _MOST_PAIRS).items()}
    side = 1.2 + 1.6 * len(shown)
    size = {"figsize": (side, side), "layout": "constrained"}
    if len(shown) == 1:
        drawn = arviz_plots.plot_dist(_tree(shown), backend="matplotlib", figure_kwargs=size)
        return _figure(drawn)
    collection = arviz_plots.plot_pair(
        _tree(shown, longest=_LONGEST_IN_PAIR),
        visuals={"scatter": {"alpha": 0.3, "size": 4}},
        backend="matplotlib",
        figure_kwargs=size,
    )
    return _headed(_figure(collection), len(shown), len(columns))


def _ranks(posterior: "Posterior", names: list[str]) -> Any:
    import arviz_plots

    origin, annotations = index_origin(posterior.target), posterior.annotations
    columns = scalars(posterior.constrained_pool, origin, annotations)
    shown = {name: columns[name] for name in names[:_MOST_PAIRS]}
    tree = _tree(shown, posterior.pool.chains)
    figure = _figure(arviz_plots.plot_rank(tree, backend="matplotlib"))
    return _headed(figure, len(shown), len(columns))


def _weights(log_weights: np.ndarray) -> Any:
    """The distribution of ln w: a step at 0 where the approximation is the posterior."""
    import arviz_plots

    finite = log_weights[np.isfinite(log_weights)]
    label = "log of weight over mean weight"
    figure = _figure(
        arviz_plots.plot_dist(
            _tree({label: np.maximum(finite + np.log(len(finite)), _LEAST_LOG_WEIGHT)}, 1),
            kind="ecdf",
            visuals={
                "point_estimate": False,
                "point_estimate_text": False,
                "credible_interval": False,
            },
            backend="matplotlib",
            figure_kwargs={"figsize": (6.0, 3.6), "layout": "constrained"},
        )
    )
    figure.axes[0].set_ylabel("share of the draws below")
    return figure


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
