"""Every threshold of ``fit``, stage by stage, each with its source.

Where it says "by hand", neither a paper nor a search stands behind the value; a benchmark that is
named is the one in which a change would show.
"""

from fluvial.inference.settings.approximating import AdaptiveSettings, FlowSettings, MatchSettings
from fluvial.inference.settings.checking import CheckSettings
from fluvial.inference.settings.climbs import ClimbSettings, StartSettings
from fluvial.inference.settings.correcting import ChainSettings, WeighSettings
from fluvial.inference.settings.exploration import ExploreSettings
from fluvial.inference.settings.factoring import ProductSettings
from fluvial.inference.settings.flow_training import TrainSettings
from fluvial.inference.settings.gaussians import GaussianSettings
from fluvial.inference.settings.hill_climbing import HillSettings, MixtureSettings
from fluvial.inference.settings.many_rows import RowsSettings
from fluvial.inference.settings.mode_finding import ModeSettings, SearchSettings
from fluvial.inference.settings.promises import VerdictSettings
from fluvial.inference.settings.proper import CollapseSettings, ImproperSettings
from fluvial.inference.settings.settings import DEFAULT, Settings
from fluvial.inference.settings.starting_warm import WarmSettings
from fluvial.inference.settings.structures import NaturalSettings, StructureSettings
from fluvial.inference.settings.tail_asking import MarginSettings, ReachSettings, TailSettings
from fluvial.inference.settings.without_gradients import BlackBoxSettings

__all__ = [
    "DEFAULT",
    "AdaptiveSettings",
    "BlackBoxSettings",
    "ChainSettings",
    "CheckSettings",
    "ClimbSettings",
    "CollapseSettings",
    "ExploreSettings",
    "FlowSettings",
    "GaussianSettings",
    "HillSettings",
    "ImproperSettings",
    "MarginSettings",
    "MatchSettings",
    "MixtureSettings",
    "ModeSettings",
    "NaturalSettings",
    "ProductSettings",
    "ReachSettings",
    "RowsSettings",
    "SearchSettings",
    "Settings",
    "StartSettings",
    "StructureSettings",
    "TailSettings",
    "TrainSettings",
    "VerdictSettings",
    "WarmSettings",
    "WeighSettings",
]
