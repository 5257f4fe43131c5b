"""A posterior in the hands of other libraries: ArviZ, NumPyro, PyMC."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial.posterior.arviz import attributes
from fluvial.posterior.data_tree import Contents, Drawn, data_tree
from fluvial.posterior.earlier import need_density
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.mixture import Mixture
from fluvial.posterior.netcdf import write_netcdf
from fluvial.posterior.provenance import Provenance
from fluvial.targets import Target

if TYPE_CHECKING:
    import xarray

__all__ = ["Exports"]


class Exports(ABC):
    """What ``Posterior`` inherits to leave fluvial, as draws or as a density."""

    approximation: Mixture
    evidence: Evidence
    judgment: Judgment
    provenance: Provenance
    target: Target | None

    @abstractmethod
    def _drawn(self, n: int, seed: int) -> Drawn:
        """Return corrected draws, arranged as chains."""

    @property
    @abstractmethod
    def _traceable(self) -> Callable[[Any], Any]:
        """Ln q of one unconstrained point, which JAX can trace."""

    def to_arviz(
        self,
        n: int = 4000,
        seed: int = 0,
        *,
        log_likelihood: bool = True,
        predictive: bool = True,
        groups: Mapping[str, str | Sequence[str]] | None = None,
    ) -> "xarray.DataTree":
        """Draws for ArviZ, in groups, with the dimensions and coordinates of the model.

        Args:
            n: how many draws.
            seed: decides which.
            log_likelihood: whether there is a group ``log_likelihood``, where the model provides
                it: n numbers for each observation.
            predictive: whether there are groups of draws from the model: ``posterior_predictive``,
                ``prior`` and ``prior_predictive``.
            groups: group -> names of derived quantities that belong there, such as
                ``{"posterior_predictive": "y_new"}``. Of a Stan program ``log_lik``, ``log_prior``
                and ``y_rep`` are known without; ``y_rep`` is called ``y`` there if that is data.

        Returns:
            The groups posterior and sample_stats and, of a NumPyro or PyMC model, or as the derived
            quantities of any other, log_likelihood, log_prior, posterior_predictive, prior,
            prior_predictive, observed_data and constant_data. Evidence and verdict are attributes.
            Independent draws are presented as four chains; chains stay chains, where there is a
            draw for each, and of them at most all draws are taken.

        Raises:
            InputError: if ``n`` is less than four, the target is not available, or a name in
                ``groups`` is no derived quantity.
        """
        drawn = self._drawn(n, seed)
        contents = Contents(log_likelihood, predictive, groups)
        return data_tree(drawn, self.target, contents, self._attributes)

    def to_netcdf(
        self,
        path: str | Path,
        n: int = 4000,
        seed: int = 0,
        *,
        log_likelihood: bool = True,
        predictive: bool = True,
        groups: Mapping[str, str | Sequence[str]] | None = None,
    ) -> None:
        """Write what ``to_arviz`` returns to a NetCDF file, the log likelihood piece by piece.

        Args:
            path: of the file, which is written whole or not at all.
            n: how many draws.
            seed: decides which.
            log_likelihood: as in ``to_arviz``; never more than a piece of it is in memory.
            predictive: as in ``to_arviz``; left out where there are more than 4 million numbers.
            groups: as in ``to_arviz``.

        Raises:
            InputError: if ``n`` is less than four, the target is not available, or the file cannot
                be written.
        """
        drawn = self._drawn(n, seed)
        contents = Contents(log_likelihood, predictive, groups)
        write_netcdf(Path(path), drawn, self.target, contents, self._attributes)

    def to_numpyro(self) -> Any:
        """Return the approximation as a NumPyro distribution over R^D, for use in a model.

        In a model, ``x = numpyro.sample("x", posterior.to_numpyro())`` draws the unconstrained
        coordinates of all parameters; ``posterior.parameters_at(x)`` names them.

        Raises:
            InputError: if NumPyro is not installed, or the verdict does not vouch for the density,
                being USE_MCMC or FAILED.
        """
        from fluvial.posterior.distributions import numpyro_distribution

        need_density(self.judgment.verdict)
        return numpyro_distribution(self.approximation, self._traceable)

    def to_pymc(self, name: str) -> Any:
        """Add the approximation to the PyMC model that is being built, as a free variable on R^D.

        Args:
            name: of the variable; its coordinates are those of all parameters, unconstrained, which
                ``posterior.parameters_at`` names.

        Raises:
            InputError: if PyMC is not installed, or the verdict does not vouch for the density,
                being USE_MCMC or FAILED.
        """
        from fluvial.posterior.distributions import pymc_distribution

        need_density(self.judgment.verdict)
        return pymc_distribution(name, self.approximation, self._traceable)

    @property
    def _attributes(self) -> dict[str, str | float | int]:
        return attributes(self.evidence, self.judgment, self.provenance)
