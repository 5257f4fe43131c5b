"""From a target to a posterior."""

from fluvial.inference.calibration.calibrate import calibrate
from fluvial.inference.calibration.calibration import Calibration
from fluvial.inference.calibration.simulation import Simulation
from fluvial.inference.fit import fit
from fluvial.inference.many import Failure, Fits, fit_many
from fluvial.inference.settings import Settings
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.posterior import Posterior

__all__ = [
    "Calibration",
    "Failure",
    "Fits",
    "Posterior",
    "Settings",
    "Simulation",
    "Verdict",
    "calibrate",
    "fit",
    "fit_many",
]
