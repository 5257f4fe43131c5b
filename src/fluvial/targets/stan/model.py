"""One Stan model in this process: the only file that touches stanli's C interface.

The functions called are those of BridgeStan's documented C interface, which stanli's library
implements. stanli's own Python methods will not do: JAX calls back on threads of its own, and there
a gradient by `stanli.Model.log_prob_grad` (0.24) ends the process, since Stan's automatic
differentiation has no stack in a thread that Stan did not start; besides, that method spends nine
tenths of a small model's time in Python, and none maps a point to the constrained space.
"""

import ctypes
import json
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from itertools import repeat

import numpy as np
from jaxtyping import Float64

from fluvial.all_finite import all_finite
from fluvial.targets.stan.row_calls import RowCalls

__all__ = ["StanModel"]

_FLAG, _ADDRESS = ctypes.c_bool, ctypes.c_void_p
_SIGNATURES = {
    # (data, seed, message) -> model, or null
    "bs_model_construct": (_ADDRESS, ctypes.c_char_p, ctypes.c_uint, _ADDRESS),
    "bs_model_destruct": (None, _ADDRESS),
    # (model, drop constants, with Jacobian, point, log density, message) -> 0 if done
    "bs_log_density": (ctypes.c_int, _ADDRESS, _FLAG, _FLAG, *[_ADDRESS] * 3),
    # (model, drop constants, with Jacobian, point, log density, gradient, message) -> 0 if done
    "bs_log_density_gradient": (ctypes.c_int, _ADDRESS, _FLAG, _FLAG, *[_ADDRESS] * 4),
    # (model, with transformed parameters, with generated quantities, point, row, generator,
    # message) -> 0 if done
    "bs_param_constrain": (ctypes.c_int, _ADDRESS, _FLAG, _FLAG, *[_ADDRESS] * 4),
    "bs_param_unc_num": (ctypes.c_int, _ADDRESS),
    "bs_param_unc_names": (ctypes.c_char_p, _ADDRESS),
    # (model, with transformed parameters, with generated quantities) -> names with commas
    "bs_param_names": (ctypes.c_char_p, _ADDRESS, _FLAG, _FLAG),
    # (seed, message) -> generator
    "bs_rng_construct": (_ADDRESS, ctypes.c_uint, _ADDRESS),
    "bs_rng_destruct": (None, _ADDRESS),
    "bs_free_error_msg": (None, _ADDRESS),
    # (a function of text and length, or null; message) -> 0 if done
    "bs_set_print_callback": (ctypes.c_int, _ADDRESS, _ADDRESS),
    # stanli's own: (its model, point, row) -> 0 if done; the first evaluates the density, too,
    # while the second writes what `stanli_wa_n_columns` counts
    "stanli_constrain": (ctypes.c_int, _ADDRESS, _ADDRESS, _ADDRESS),
    "stanli_wa_row": (ctypes.c_int, _ADDRESS, _ADDRESS, _ADDRESS),
    "stanli_wa_n_columns": (ctypes.c_int64, _ADDRESS),
}

_PRINT = ctypes.CFUNCTYPE(None, _ADDRESS, ctypes.c_size_t)
_printing = threading.Lock()


class StanModel:
    """A compiled Stan program with its data; two threads take turns.

    Args:
        mir: the compiled program, from `stanli.stan_to_mir`.
        data: the data, as JSON text.

    Raises:
        RuntimeError: with stanli's message, if the data do not fit the program.

    Attributes:
        dim: D, the number of unconstrained coordinates.
        parameters: the flat names of the parameters, such as "theta[1]".
        columns: those of all that `rows` returns, the parameters first.
        coordinates: for each unconstrained coordinate the parameter that it belongs to.
        mir, data: as given.
        notes: what stanli would have printed about the program.
    """

    def __init__(self, mir: str, data: str):
        self._call = _functions()
        self.mir, self.data = mir, data
        self._model, self.notes = _construct(self._call, mir, data)
        weakref.finalize(self, self._call["bs_model_destruct"], self._model)
        # Converted once: to convert them for every point takes a tenth of a small model's time.
        self._first = ctypes.c_void_p(self._model), _FLAG(True), _FLAG(True)
        self._lock = threading.Lock()
        self.dim = int(self._call["bs_param_unc_num"](self._model))
        self.parameters = self._names(derived=False)
        self.columns = self._names(derived=True)
        names = self._call["bs_param_unc_names"](self._model).decode()
        self.coordinates = tuple(name.partition(".")[0] for name in names.split(",") if name)

    def _names(self, *, derived: bool) -> tuple[str, ...]:
        names = self._call["bs_param_names"](self._model, derived, derived).decode()
        return tuple(_bracketed(name) for name in names.split(",") if name)

    def values(
        self, points: Float64[np.ndarray, "N D"], *, holding: bool = False
    ) -> Float64[np.ndarray, " N"]:
        """Return the log densities of ``value_and_grad``, to the bit, in half of its time."""
        function = _untyped("bs_log_density", holding=holding)
        with self._lock:
            values, failed = self._rows.values(function, self._first, points)
        if failed:
            values[failed] = -np.inf
        if not all_finite(points):
            values[~np.isfinite(points).all(axis=1)] = np.nan
        return values

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"], *, holding: bool = False
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and gradients; -inf, and a gradient of 0, where Stan rejects.

        A point that is not finite has the log density NaN.

        Args:
            points: unconstrained.
            holding: whether to hold Python's lock meanwhile. To let go of it and take it back for
                every point is a fifth of the time of a model of a microsecond.
        """
        function = _untyped("bs_log_density_gradient", holding=holding)
        with self._lock:
            values, gradients, failed = self._rows.value_and_grad(function, self._first, points)
        if failed:
            values[failed], gradients[failed] = -np.inf, 0.0
        if not all_finite(points):
            strange = ~np.isfinite(points).all(axis=1)
            values[strange], gradients[strange] = np.nan, 0.0
        return values, gradients

    def rows(self, points: Float64[np.ndarray, "N D"], seed: int) -> Float64[np.ndarray, "N C"]:
        """Return the columns of the constrained space; NaN where a quantity cannot be computed.

        Args:
            points: unconstrained.
            seed: of what generated quantities draw.
        """
        points = np.ascontiguousarray(points)
        result = np.full((len(points), len(self.columns)), np.nan)
        if self.columns == self.parameters:
            self._constrain_parameters(points, result)
            return result
        generator = self._call["bs_rng_construct"](seed % 2**32, None)
        try:
            with self._lock:
                self._constrain(points, result, generator)
        finally:
            self._call["bs_rng_destruct"](generator)
        return result

    def _constrain(self, points: np.ndarray, rows: np.ndarray, generator: int) -> None:
        function = self._call["bs_param_constrain"]
        failed = _each(function, self._first, (points, rows), generator, None)
        rows[failed] = np.nan
        places = list(zip(_addresses(points), _addresses(rows), strict=True))
        for i in failed:
            self._call["stanli_constrain"](self._parameters_only._m, *places[i])

    def _constrain_parameters(self, points: np.ndarray, rows: np.ndarray) -> None:
        with self._lock:
            model = self._parameters_only._m
            alone = self._call["stanli_wa_n_columns"](model) == len(self.parameters)
            function = self._call["stanli_wa_row" if alone else "stanli_constrain"]
            failed = _each(function, (model,), (points, rows))
        rows[failed] = np.nan
        if not all_finite(points):
            rows[~np.isfinite(points).all(axis=1)] = np.nan

    @cached_property
    def _rows(self) -> RowCalls:
        return RowCalls(self.dim)

    @cached_property
    def _parameters_only(self):
        """A second model, for where a generated quantity fails: there the first gives nothing."""
        import stanli

        with warnings.catch_warnings():  # these are the `notes`
            warnings.simplefilter("ignore", RuntimeWarning)
            return stanli.Model(mir=self.mir, data=self.data)


def _each(function: Callable, first: tuple, arrays: Sequence[np.ndarray], *last) -> list[int]:
    """Call a function for each row of some arrays, and return the rows at which it failed.

    A loop in Python's own words would take a quarter of a small model's time.
    """
    constant = map(repeat, first), map(repeat, last)
    codes = list(map(function, *constant[0], *map(_addresses, arrays), *constant[1]))
    return [i for i, code in enumerate(codes) if code] if any(codes) else []


def _addresses(array: np.ndarray) -> Sequence[int]:
    """Return where each row of an array begins; asking row by row takes a microsecond."""
    rows, start = len(array), array.__array_interface__["data"][0]
    width = array.nbytes // max(rows, 1)
    return range(start, start + rows * width, width) if width else (start,) * rows


@cache
def _functions() -> dict[str, Callable]:
    """Return stanli's functions, which let go of Python's lock."""
    import stanli

    return {
        name: ctypes.CFUNCTYPE(*signature)((name, stanli._lib))
        for name, signature in _SIGNATURES.items()
    }


@cache
def _untyped(name: str, *, holding: bool) -> Callable:
    """Return a function that takes objects of ctypes as they are, holding Python's lock or not."""
    import stanli

    prototype = ctypes.PYFUNCTYPE if holding else ctypes.CFUNCTYPE
    return prototype(_SIGNATURES[name][0])((name, stanli._lib))


def _construct(call: dict[str, Callable], mir: str, data: str) -> tuple[int, tuple[str, ...]]:
    """Return the address of a new model, and stanli's notes on it."""
    import stanli

    program = {"build_id": stanli.build_id(), "mir": mir, "name": "model"}
    payload = json.dumps({**json.loads(data), "__stanli": program})
    message = ctypes.c_char_p()
    with _listening(call) as notes:
        model = call["bs_model_construct"](payload.encode(), 1, ctypes.addressof(message))
    if not model:
        text = (message.value or b"").decode()
        call["bs_free_error_msg"](message)
        raise RuntimeError(text)
    return model, tuple(notes)


@contextmanager
def _listening(call: dict[str, Callable]) -> Iterator[list[str]]:
    """Collect what stanli prints, which is otherwise written to stderr, once for each model."""
    notes: list[str] = []

    def note(text, length):
        notes.append(ctypes.string_at(text, length).decode(errors="replace"))

    callback = _PRINT(note)
    with _printing:
        call["bs_set_print_callback"](ctypes.cast(callback, _ADDRESS), None)
        try:
            yield notes
        finally:
            call["bs_set_print_callback"](None, None)


def _bracketed(name: str) -> str:
    """Turn Stan's "theta.1.2" into "theta[1,2]"."""
    base, *indices = name.split(".")
    return f"{base}[{','.join(indices)}]" if indices else base
