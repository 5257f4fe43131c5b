"""From a target to a posterior."""

from fluvial.inference.fit import fit
from fluvial.inference.many import Failure, Fits, fit_many
from fluvial.inference.settings import Settings
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.posterior import Posterior

__all__ = ["Failure", "Fits", "Posterior", "Settings", "Verdict", "fit", "fit_many"]
