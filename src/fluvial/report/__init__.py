"""Figures, drawn from saved results."""

from fluvial.report.pair_plot import pair_plot

__all__ = ["pair_plot"]
