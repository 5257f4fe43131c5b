"""Every threshold of ``fit``, in one record.

A number is a setting if it decides what ``fit`` does or says: what is believed, refused or
repeated, and how many draws, chains, looks, steps or rounds are spent on it. It stands in the
record of its stage, with the benchmark or the paper that set it; "by hand" means neither.

A number stays in its module, with a comment that begins with its kind, if it is

* definition: part of an algorithm or of a quantity as its source has it (a line search's
  constants, the quantiles of a diagnostic);
* arithmetic: what rounding or resolution asks for (steps of differences, nodes of a quadrature,
  ridges, floors);
* memory or speed: how work is cut into blocks, which changes no result but by rounding;
* wording: how many names a sentence lists, or from where on it gives no number.

What an earlier posterior brings along as a prior is measured in ``fluvial.posterior``, and what
``calibrate`` says of ranks in ``inference.calibration``, by constants of their own.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluvial.errors import InputError
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
from fluvial.inference.settings.starting_warm import WarmSettings
from fluvial.inference.settings.structures import NaturalSettings, StructureSettings
from fluvial.inference.settings.tail_asking import MarginSettings, ReachSettings, TailSettings
from fluvial.inference.settings.without_gradients import BlackBoxSettings

__all__ = ["DEFAULT", "Settings"]


@dataclass(frozen=True)
class Settings:
    """Every threshold of ``fit``; the defaults are those that the benchmarks were run with.

    Attributes:
        start: see ``StartSettings``, and so on.
        climb: from the starts.
        explore: where climbs differ.
        improper: which densities have no draws.
        collapse: which lose their mass in a funnel's neck.
        product: which are products.
        match: Gaussians.
        gaussian: those of many coordinates.
        structure: which coordinates modulate or depend on which.
        natural: gradients that follow it.
        adaptive: mixtures of Gaussians, where few dimensions let them be enough.
        flow: where Gaussians will not do.
        train: how it is trained.
        search: for what is missed.
        weigh: draws.
        chain: where weights fail.
        mode: which components are one.
        rows: where the density is a sum over many.
        black_box: functions without a gradient, ...
        hill: ... their peaks, ...
        mixture: ... and what is fitted to their points.
        warm: fits from an earlier one.
        tail: which coordinates are asked whether they go on where draws end, ...
        margin: ... by following them outward, ...
        reach: ... and by chains that begin at draws.
        check: what is asked once more of results.
        verdict: what is promised.

    Example:
        >>> settings = Settings(verdict=VerdictSettings(min_ess=1000.0))
        >>> Settings.of(settings.mapping()) == settings
        True
    """

    start: StartSettings = field(default_factory=StartSettings)
    climb: ClimbSettings = field(default_factory=ClimbSettings)
    explore: ExploreSettings = field(default_factory=ExploreSettings)
    improper: ImproperSettings = field(default_factory=ImproperSettings)
    collapse: CollapseSettings = field(default_factory=CollapseSettings)
    product: ProductSettings = field(default_factory=ProductSettings)
    match: MatchSettings = field(default_factory=MatchSettings)
    gaussian: GaussianSettings = field(default_factory=GaussianSettings)
    structure: StructureSettings = field(default_factory=StructureSettings)
    natural: NaturalSettings = field(default_factory=NaturalSettings)
    adaptive: AdaptiveSettings = field(default_factory=AdaptiveSettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    weigh: WeighSettings = field(default_factory=WeighSettings)
    chain: ChainSettings = field(default_factory=ChainSettings)
    mode: ModeSettings = field(default_factory=ModeSettings)
    rows: RowsSettings = field(default_factory=RowsSettings)
    black_box: BlackBoxSettings = field(default_factory=BlackBoxSettings)
    hill: HillSettings = field(default_factory=HillSettings)
    mixture: MixtureSettings = field(default_factory=MixtureSettings)
    warm: WarmSettings = field(default_factory=WarmSettings)
    tail: TailSettings = field(default_factory=TailSettings)
    margin: MarginSettings = field(default_factory=MarginSettings)
    reach: ReachSettings = field(default_factory=ReachSettings)
    check: CheckSettings = field(default_factory=CheckSettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)

    def mapping(self) -> dict[str, dict[str, Any]]:
        """Return group -> name -> value as JSON has them, which ``Provenance`` saves."""
        groups = {group.name: vars(getattr(self, group.name)) for group in dataclasses.fields(self)}
        return json.loads(json.dumps(groups))

    @classmethod
    def of(cls, mapping: Mapping[str, Mapping[str, Any]]) -> "Settings":
        """Return the settings of a mapping; what it lacks has its default.

        Args:
            mapping: such as ``posterior.provenance.settings``.

        Raises:
            InputError: if there is no setting of a name.
        """
        groups = {group.name: getattr(DEFAULT, group.name) for group in dataclasses.fields(cls)}
        for group, values in mapping.items():
            known = {f.name for f in dataclasses.fields(groups[group])} if group in groups else ()
            unknown = [name for name in values if name not in known]
            if unknown or group not in groups:
                name = ".".join([group, *unknown[:1]])
                raise InputError(f"there is no setting {name}: see fluvial.inference.Settings.")
            lists = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
            groups[group] = dataclasses.replace(groups[group], **lists)
        return cls(**groups)


DEFAULT = Settings()
"""What holds where nothing else is said."""
