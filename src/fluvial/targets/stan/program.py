"""A target from a Stan program and its data."""

import json
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from fluvial.errors import InputError
from fluvial.targets.annotations import Annotations
from fluvial.targets.density import Density
from fluvial.targets.elementwise import without_volume
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.space import Space
from fluvial.targets.stan.data import checked_data
from fluvial.targets.stan.density import StanDensity
from fluvial.targets.stan.inputs import (
    compiled,
    construction_error,
    given_data,
    program_code,
)
from fluvial.targets.stan.model import StanModel
from fluvial.targets.stan.normalization import unnormalized
from fluvial.targets.stan.roles import Roles, roles
from fluvial.targets.stan.source import blocks, declarations, with_includes
from fluvial.targets.stan.table import is_table, with_sizes
from fluvial.targets.target import Target

__all__ = ["from_stan"]


def from_stan(program: str | Path, data: str | Path | Mapping[str, Any] | None = None) -> Target:
    r"""Make a target of a Stan program, compiled in this process by `stanli`.

    The log density is that of the unconstrained parameters, with the log Jacobian of the
    constraining transforms. The constants that ``y ~ normal(mu, sigma)`` drops are restored, so
    that the evidence is absolute; where that is impossible, it is known up to a constant, which
    ``target += normal_lpdf(y | mu, sigma)`` always avoids. As everywhere in Stan, a half
    distribution (a constrained parameter with an unconstrained density) lacks the factor that
    would normalize it. Where Stan rejects a point (a domain error, or `reject`), the log density
    is -inf and its gradient is 0.

    Draws hold the parameters, then the transformed parameters and the generated quantities, each
    in its declared shape, indexed as in Stan (row first), counted from 0.

    Args:
        program: a path that ends in .stan, or the source of a Stan program.
        data: a path to a file of JSON, of R's dump format, or of comma- or tab-separated values
            (each column a vector, their size the number of rows); or a mapping from names to
            numbers, lists or NumPy arrays. Each has to have the shape that the program declares,
            a matrix being a list of its rows. NaN and infinities are numbers to Stan; names that
            the program does not declare are ignored.

    Raises:
        InputError: if a file is missing, the program has an error (Stan's own message follows), it
            has no parameters, or the data are not those that it declares: the sentence names the
            field, and both shapes or the element.

    Example:
        >>> target = from_stan("parameters { vector<lower=0>[2] s; } model { s ~ exponential(1); }")
        >>> target.dim, target.variables
        (2, {'s': (2,)})
        >>> target.constrain(np.zeros((1, 2)))["s"].tolist()
        [[1.0, 1.0]]
    """
    code, path = program_code(program)
    mir = compiled(code, path)
    whole = with_includes(code, path and [path.parent])
    fields = given_data(data)
    if is_table(data):
        fields = with_sizes(fields, declarations(blocks(whole).get("data", "")))
    values = checked_data(whole, fields)
    try:
        density = StanDensity(partial(StanModel, mir, json.dumps(values)))
    except RuntimeError as error:
        raise construction_error(error, values) from error
    if density.dim == 0:
        raise InputError(f"{path or 'the program'} has no parameters: there is nothing to infer.")
    _tell(density.model, whole)
    source = {"kind": "stan", "code": whole, "data": values}
    again = partial(from_stan, whole, values)
    space, found = _space(density), roles(whole)
    return Target.of(
        density,
        space,
        source=source,
        again=again,
        annotations=_annotations(found, values, space),
        functions=ModelFunctions(
            without_prior=partial(_without_prior, found, density, space),
            improper=found.improper,
            unnormalized=unnormalized(whole),
        ),
    )


def _as_numbers(value: Any) -> np.ndarray:
    """An array, of numbers also where JSON has "NaN" or "Infinity" in words."""
    array = np.asarray(value)
    return array.astype(float) if array.dtype.kind == "U" else array


def _annotations(found: Roles, values: Mapping[str, Any], space: Space) -> Annotations:
    """Return the data, those with a density apart; Stan names no dimensions."""
    arrays = {name: _as_numbers(value) for name, value in values.items()}
    numbers = {name: a for name, a in arrays.items() if a.dtype.kind in "iuf"}
    observed = {name: a for name, a in numbers.items() if name in found.outcomes}
    constant = {name: a for name, a in numbers.items() if name not in found.outcomes}
    return Annotations.of(space.variables, {}, None, observed, constant)


def _without_prior(
    found: Roles, density: StanDensity, space: Space, replaced: tuple[str, ...]
) -> Density:
    own = [name for name in replaced if name in found.priors]
    if own:
        raise InputError(
            f"the Stan program has a prior for {own[0]} in its model block, which the posterior is "
            "to replace: leave out that statement, so that only the likelihood is left."
        )
    return without_volume(density, space, replaced)


def _tell(model: StanModel, source: str) -> None:
    """Print on stderr, once, stanli's notes on a program, and which variables it drops."""
    if not model.notes:
        return
    found = {column.partition("[")[0] for column in model.columns}
    parts = blocks(source)
    declared = [
        variable
        for name in ("transformed parameters", "generated quantities")
        for variable in declarations(parts.get(name, ""))
    ]
    dropped = [v.name for v in declared if v.name not in found]
    reason = "; ".join(re.findall(r"\((?:stanli \w+: )?(.+?)\)[.,]", " ".join(model.notes))[:1])
    why = f" ({reason})" if reason else ""
    if dropped:
        names = ", ".join(dropped)
        sys.stderr.write(f"fluvial: stanli cannot compute {names}{why}: the draws lack them.\n")
    else:
        sys.stderr.write(
            f"fluvial: stanli has no fast path for a part of this program{why}: it is slow.\n"
        )


def _space(density: StanDensity) -> Space:
    model = density.model
    variables = _grouped(model.columns)
    parameters = tuple(_grouped(model.parameters))
    shapes = {name: places.shape for name, places in variables.items()}

    def constrain(points: Float64[np.ndarray, "N D"], seed: int) -> dict[str, np.ndarray]:
        rows = density.rows(points, seed)
        return {name: rows[:, places] for name, places in variables.items()}

    return Space(shapes, parameters, constrain, _coordinates(model, parameters))


def _coordinates(model: StanModel, parameters: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    owners = model.coordinates
    return {name: (owners.index(name), owners.count(name)) for name in parameters if name in owners}


def _grouped(columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Map each variable's name to an array of its shape that holds the places of its columns.

    Stan lists the elements of a matrix column by column, and of an array of matrices in an order
    of its own; the indices in the names are what counts here.
    """
    groups: dict[str, dict[tuple[int, ...], int]] = {}
    for place, column in enumerate(columns):
        name, _, indices = column.rstrip("]").partition("[")
        index = tuple(int(i) - 1 for i in indices.split(",")) if indices else ()
        groups.setdefault(name, {})[index] = place
    return {name: _as_array(places) for name, places in groups.items()}


def _as_array(places: dict[tuple[int, ...], int]) -> np.ndarray:
    result = np.empty([max(axis) + 1 for axis in zip(*places, strict=True)], int)
    for index, place in places.items():
        result[index] = place
    return result
