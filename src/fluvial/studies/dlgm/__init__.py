"""What the studies of deep latent Gaussian models share: settings, measurement, figures."""

from fluvial.studies.dlgm.comparing import Compared
from fluvial.studies.dlgm.setting import PosteriorSetting, TrainingPlan
from fluvial.studies.dlgm.study import dlgm_study

__all__ = ["Compared", "PosteriorSetting", "TrainingPlan", "dlgm_study"]
