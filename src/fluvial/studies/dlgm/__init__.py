"""What the studies of deep latent Gaussian models share: settings, measurement, figures."""

from fluvial.studies.dlgm.comparing import Compared
from fluvial.studies.dlgm.setting import Plan, Setting
from fluvial.studies.dlgm.study import dlgm_study

__all__ = ["Compared", "Plan", "Setting", "dlgm_study"]
