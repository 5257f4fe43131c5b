"""What the trained posteriors say of one another."""

from collections.abc import Callable, Sequence

import numpy as np

from fluvial.reproduction import StudyResults
from fluvial.studies.dlgm.setting import PosteriorSetting, unit_name

__all__ = ["Compared"]


class Compared:
    """−ln p(x) and the free energy of each posterior: one value for each training.

    Args:
        results: with the records of all settings and seeds.
        settings: those that were trained.
    """

    def __init__(self, results: StudyResults, settings: Sequence[PosteriorSetting]):
        self.results = results
        self.settings = tuple(settings)

    def nll(self, setting: PosteriorSetting) -> np.ndarray:
        """−ln p(x), in nats, shape (trainings,)."""
        return -self._values(setting, "log_likelihood")

    def free_energy(self, setting: PosteriorSetting) -> np.ndarray:
        """The free energy F = −bound, in nats, shape (trainings,)."""
        return -self._values(setting, "bound")

    def divergence(self, setting: PosteriorSetting) -> np.ndarray:
        """KL(q ‖ p(z | x)), the free energy less −ln p(x), in nats, shape (trainings,)."""
        return self.free_energy(setting) - self.nll(setting)

    def family(self, name: str) -> list[PosteriorSetting]:
        """The settings of a family with the prior N(0, I), by length."""
        found = [setting for setting in self.settings if setting.kind == name]
        return sorted(found, key=lambda setting: setting.layers)

    def least_gain(
        self,
        pairs: Sequence[tuple[PosteriorSetting, PosteriorSetting]],
        measured: Callable[[PosteriorSetting], np.ndarray] | None = None,
    ) -> np.ndarray:
        """The least, over pairs, by which the second has a lower −ln p(x), in nats.

        The pair is the one with the least gain on average, so that noise is not sought out.

        Args:
            pairs: of settings, the one claimed to be worse first.
            measured: what is compared, by default −ln p(x).
        """
        measured = measured or self.nll
        gains = [measured(worse) - measured(better) for worse, better in pairs]
        return min(gains, key=np.mean)

    def missed(self, setting: PosteriorSetting) -> np.ndarray:
        """What more importance samples add to ln p(x), in nats, shape (trainings,)."""
        seeds = self.results.header["seeds"]
        values = [self.results.record(unit_name(setting, seed)).values for seed in seeds]
        return np.array([one["log_likelihood_more"] - one["log_likelihood_few"] for one in values])

    def _values(self, setting: PosteriorSetting, name: str) -> np.ndarray:
        seeds = self.results.header["seeds"]
        images = [self.results.record(unit_name(setting, seed)).arrays[name] for seed in seeds]
        return np.array([one.mean(dtype=np.float64) for one in images])
