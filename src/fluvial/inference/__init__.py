"""From a target to a posterior."""

from fluvial.inference.fit import fit
from fluvial.inference.posterior import Posterior
from fluvial.inference.verdict import Verdict

__all__ = ["Posterior", "Verdict", "fit"]
