"""What the studies of deep latent Gaussian models share: settings, measurement, figures."""

from fluvial.studies.latent.comparing import Compared
from fluvial.studies.latent.measuring import measure
from fluvial.studies.latent.setting import Plan, Setting

__all__ = ["Compared", "Plan", "Setting", "measure"]
