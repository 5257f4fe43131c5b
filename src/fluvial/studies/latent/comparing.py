"""What the trained posteriors say of one another."""

from collections.abc import Callable, Sequence

import numpy as np

from fluvial.reproduction import Budget, Ledger
from fluvial.studies.latent.setting import Setting, unit_name

__all__ = ["PARTS", "Compared"]

_PARTS = 10
PARTS = "tenths of the test set"
"""What one value of a claim belongs to where each posterior is trained once."""


class Compared:
    """−ln p(x) and the free energy of each posterior, several independent values of each.

    At the full budget, where a posterior takes an hour to train, it is trained once, and there is
    one value for each tenth of the test images: what is judged are these models. At the others
    there is one value for each seed.

    Args:
        ledger: with the records of all settings and seeds.
        settings: those that were trained.
    """

    def __init__(self, ledger: Ledger, settings: Sequence[Setting]):
        self.ledger = ledger
        self.settings = tuple(settings)
        self._by_part = ledger.budget is Budget.FULL

    def nll(self, setting: Setting) -> np.ndarray:
        """−ln p(x), in nats, shape (values,)."""
        return -self._values(setting, "log_likelihood")

    def free_energy(self, setting: Setting) -> np.ndarray:
        """The free energy F = −bound, in nats, shape (values,)."""
        return -self._values(setting, "bound")

    def family(self, name: str) -> list[Setting]:
        """The settings of a family, by length."""
        found = [setting for setting in self.settings if setting.family == name]
        return sorted(found, key=lambda setting: setting.layers)

    def least_gain(
        self,
        pairs: Sequence[tuple[Setting, Setting]],
        measured: Callable[[Setting], np.ndarray] | None = None,
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

    def _values(self, setting: Setting, name: str) -> np.ndarray:
        seeds = self.ledger.header["seeds"]
        images = [self.ledger.record(unit_name(setting, seed)).arrays[name] for seed in seeds]
        if not self._by_part:
            return np.array([one.mean(dtype=np.float64) for one in images])
        parts = np.array_split(np.mean(images, axis=0, dtype=np.float64), _PARTS)
        return np.array([part.mean() for part in parts])
