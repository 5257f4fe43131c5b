"""Figures, drawn from saved results."""

from fluvial.report.posterior_pictures import draw_pictures

__all__ = ["draw_pictures"]
