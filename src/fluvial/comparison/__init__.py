"""Several posteriors of the same data, side by side."""

from fluvial.comparison.compare import compare
from fluvial.comparison.comparison import Comparison
from fluvial.comparison.row import Row

__all__ = ["Comparison", "Row", "compare"]
