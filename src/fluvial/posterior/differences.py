"""What differs between an earlier model and one whose prior its posterior has become."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial._version import __version__
from fluvial.posterior.shared import Shared

__all__ = ["differences", "same_density"]

_SHOWN = 4  # names
_SAME = 1e-6  # nats, of values that are the same but for a constant


def differences(shared: Shared, version: str) -> tuple[str, ...]:
    """Return a sentence for what differs, if anything is known to.

    Args:
        shared: the parameters of both.
        version: of fluvial, that made the earlier fit.

    Example:
        >>> import numpy as np
        >>> (said,) = differences(Shared((), np.arange(0), np.arange(0), ("tau",)), __version__)
        >>> print(said)
        The model has no parameter tau, which the earlier posterior has: it is integrated out.
    """
    said = []
    if shared.only_old:
        many = len(shared.only_old) > 1
        said.append(
            f"The model has no parameter {_listed(shared.only_old)}, which the earlier posterior "
            f"has: {'they are' if many else 'it is'} integrated out."
        )
    if shared.only_new:
        many = len(shared.only_new) > 1
        said.append(
            f"The earlier posterior has no parameter {_listed(shared.only_new)}, which the model "
            f"has: {'they keep their' if many else 'it keeps its'} own prior."
        )
    if shared.only_old and shared.only_new:
        said.append("If one is another under a new name, call it the same in both models.")
    if version != __version__:
        said.append(
            f"The earlier fit was made by fluvial {version}, and this one by {__version__}."
        )
    return tuple(said)


def same_density(one: Float[np.ndarray, " S"], other: Float[np.ndarray, " S"]) -> bool:
    """Whether two log densities are the same at all points, but for a constant.

    Example:
        >>> same_density(np.arange(3.0), np.arange(3.0) + 7.0)
        True
    """
    finite = np.isfinite(one) & np.isfinite(other)
    scale = max(1.0, float(np.max(np.abs(other[finite]), initial=0.0)))
    return bool(finite.sum() > 1 and np.ptp((one - other)[finite]) <= _SAME * scale)


def _listed(names: Sequence[str]) -> str:
    return " or ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
