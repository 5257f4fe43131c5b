"""One Stan model in this process: the only file that touches stanli's C interface.

stanli's public `Model` evaluates a gradient, but takes two thirds of the time of a small model to
get in and out of Python, and it maps no point of the caller's to the constrained space. Both are
one call of the C interface, whose functions are looked up here, and nowhere else.
"""

import ctypes
import threading

import numpy as np
from jaxtyping import Float64

__all__ = ["StanModel"]

_POINTER = ctypes.c_void_p  # to float64 numbers: an address is cheaper to pass than an array
_SIGNATURES = {
    # (model, point, log density, gradient) -> 0, or not 0 where Stan rejects the point
    "stanli_grad": ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER, _POINTER),
    # (model, point, parameters) -> 0
    "stanli_constrain": ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER),
    # (model, point, parameters, transformed parameters, generated quantities) -> 0
    "stanli_wa_row": ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER),
    # (model, seed of the generated quantities)
    "stanli_wa_seed": ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_uint32),
    "stanli_wa_n_columns": ctypes.CFUNCTYPE(ctypes.c_int64, _POINTER),
    "stanli_wa_column_name": ctypes.CFUNCTYPE(ctypes.c_char_p, _POINTER, ctypes.c_int64),
}


class StanModel:
    """A compiled Stan program with its data; two threads take turns.

    Args:
        mir: the compiled program, from `stanli.stan_to_mir`.
        data: the data, as JSON text.

    Raises:
        RuntimeError: from stanli, if the data do not fit the program.

    Attributes:
        dim: D, the number of unconstrained coordinates.
        parameters: the flat names of the parameters, such as "theta[1]".
        columns: those of all that `rows` returns, the parameters first.
    """

    def __init__(self, mir: str, data: str):
        import stanli

        self._model = stanli.Model(mir=mir, data=data)
        self._handle = self._model._m
        self._lock = threading.Lock()
        self._call = {
            name: signature((name, stanli._lib)) for name, signature in _SIGNATURES.items()
        }
        self.dim = int(self._model.n_unconstrained)
        self.parameters = tuple(self._model.constrained_names)
        self.columns = self._column_names() or self.parameters

    def _column_names(self) -> tuple[str, ...]:
        name_of = self._call["stanli_wa_column_name"]
        count = self._call["stanli_wa_n_columns"](self._handle)
        names = (name_of(self._handle, i).decode() for i in range(count))
        return tuple(_bracketed(name) for name in names)

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and gradients; -inf, and a gradient of 0, where Stan rejects.

        A point that is not finite has the log density NaN.
        """
        values, gradients = np.empty(len(points)), np.empty(points.shape)
        gradient, handle = self._call["stanli_grad"], self._handle
        row = points.strides[0]
        point, value, slope = points.ctypes.data, values.ctypes.data, gradients.ctypes.data
        with self._lock:
            for i in range(len(points)):
                if gradient(handle, point + i * row, value + i * 8, slope + i * row) != 0:
                    values[i], gradients[i] = -np.inf, 0.0
        strange = ~np.isfinite(points).all(axis=1)
        values[strange], gradients[strange] = np.nan, 0.0
        return values, gradients

    def rows(self, points: Float64[np.ndarray, "N D"], seed: int) -> Float64[np.ndarray, "N C"]:
        """Return the columns of the constrained space; NaN where a quantity cannot be computed."""
        result = np.full((len(points), len(self.columns)), np.nan)
        with self._lock:
            self._call["stanli_wa_seed"](self._handle, seed)
            for point, row in zip(points, result, strict=True):
                addresses = point.ctypes.data, row.ctypes.data
                if self._call["stanli_wa_row"](self._handle, *addresses) != 0:
                    row[:] = np.nan
                    self._call["stanli_constrain"](self._handle, *addresses)
        return result


def _bracketed(name: str) -> str:
    """Turn CmdStan's "theta.1.2" into "theta[1,2]"."""
    base, *indices = name.split(".")
    return f"{base}[{','.join(indices)}]" if indices else base
