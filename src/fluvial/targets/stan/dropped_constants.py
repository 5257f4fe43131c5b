"""The constant that Stan's `~` statements leave out of the log density, found once.

``y ~ normal(mu, sigma)`` drops the terms that depend on no parameter, ``target += normal_lpdf(y |
mu, sigma)`` keeps them; the evidence needs them all. stanli compiles a `~` statement to the same
call with one flag set. Here a second model is made with those flags cleared; the difference is the
constant. It is evaluated at a few points only: the first model, which has less to compute, does
the rest.
"""

import base64
import re

import numpy as np

from fluvial.targets.stan.model import StanModel

__all__ = ["dropped_constant"]

_FORMAT = "STANLI2:"
# The length of a density's name, in four bytes, the name, and the flag that says "drop constants".
_DENSITY = re.compile(rb"(.{4})([A-Za-z]\w*_lp[dm]f)\x01", re.DOTALL)
_POINTS = 10
_ROUNDING = 1e-10


def dropped_constant(model: StanModel) -> float | None:
    """Return what to add to the log density of a model to restore the constants, in nats.

    It is None where that is unknown: the difference is not the same at a few points near the
    origin, or not finite there, or the program is compiled to an unknown format. The density
    is then known up to a constant, as it is in Stan.
    """
    if not model.mir.startswith(_FORMAT):
        return None
    keeping = _keeping(model.mir)
    if keeping == model.mir:
        return 0.0
    try:
        whole = StanModel(keeping, model.data)
    except RuntimeError:
        return None
    points = np.random.default_rng(0).uniform(-1, 1, (_POINTS, model.dim))
    with_all, without = whole.value_and_grad(points)[0], model.value_and_grad(points)[0]
    finite = np.isfinite(with_all) & np.isfinite(without)
    gaps = with_all[finite] - without[finite]
    if len(gaps) < 2 or np.ptp(gaps) > _ROUNDING * max(1.0, np.abs(with_all[finite]).max()):
        return None
    return float(np.median(gaps))


def _keeping(mir: str) -> str:
    """Return the compiled program with every "drop constants" flag cleared."""

    def cleared(match: re.Match[bytes]) -> bytes:
        length, name = match.groups()
        is_name = int.from_bytes(length, "little") == len(name)
        return length + name + b"\x00" if is_name else match[0]

    program = base64.b64decode(mir.removeprefix(_FORMAT))
    return _FORMAT + base64.b64encode(_DENSITY.sub(cleared, program)).decode()
