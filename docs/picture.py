"""The README's picture: three posteriors, by mean-field and by fluvial.

$ python docs/picture.py        # writes docs/picture.png
"""

from pathlib import Path

import jax
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

import fluvial
from fluvial.flows import Diagonal
from fluvial.inference.flow_training.train import train
from fluvial.objectives import FreeEnergy
from fluvial.targets import example

# name, title, which two coordinates, and the part of the plane to show
PANELS = (
    ("funnel", "Neal's funnel, D = 10", (1, 0), ((-25, 25), (-9, 9))),
    ("banana", "banana", (0, 1), ((-32, 32), (-9, 22))),
    ("U1", "U1 of Rezende & Mohamed", (0, 1), ((-4, 4), (-4, 4))),
)
DRAWS = 1500
MEAN_FIELD, FLUVIAL, INK = "#d55e00", "#0072b2", "#333333"  # Okabe and Ito's


def mean_field(target: fluvial.Target) -> np.ndarray:
    """Draws, shape (n, D), of the diagonal Gaussian with the best ELBO."""
    train_key, draw_key = jax.random.split(jax.random.key(0))
    flow = train(Diagonal(target.dim), target, train_key, objective=FreeEnergy()).flow
    z = jax.random.normal(draw_key, (DRAWS, target.dim))
    return np.asarray(jax.vmap(flow.forward)(z)[0])


def by_fluvial(target: fluvial.Target) -> np.ndarray:
    """Corrected draws, shape (n, D)."""
    draws = fluvial.fit(target, seed=0, progress=False).draws(DRAWS)
    return np.concatenate([values.reshape(DRAWS, -1) for values in draws.values()], axis=1)


def main() -> None:
    matplotlib.rc("font", size=8)
    figure = Figure(figsize=(7.2, 4.9), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(PANELS), sharex="col", sharey="col")
    for column, (name, title, pair, window) in zip(axes.T, PANELS, strict=True):
        known = example(name)
        truth = known.sample(0, 400_000)[:, pair]
        column[0].set_title(title, color=INK)
        for panel, draws, color in (
            (column[0], mean_field(known.target), MEAN_FIELD),
            (column[1], by_fluvial(known.target), FLUVIAL),
        ):
            panel.hist2d(*truth.T, bins=70, range=window, cmap="Greys", norm=LogNorm(0.3, 1e6))
            panel.scatter(*draws[:, pair].T, s=3, color=color, alpha=0.6, linewidths=0)
            panel.set(xlim=window[0], ylim=window[1], xticks=[], yticks=[])
    axes[0, 0].set_ylabel("mean-field", color=MEAN_FIELD, fontsize=10)
    axes[1, 0].set_ylabel("fluvial", color=FLUVIAL, fontsize=10)
    figure.tight_layout(pad=0.6)
    figure.savefig(Path(__file__).with_name("picture.png"), facecolor="white")


if __name__ == "__main__":
    main()
