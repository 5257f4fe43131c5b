"""What "realnvp:8" means: from a line of text to a flow."""

import difflib
import inspect
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.families import FAMILIES, Family
from fluvial.flows.flow import Chain, Flow

__all__ = ["build_flow", "check_flow"]

# Far beyond every published flow, whose layers and units are below a thousand; a larger number is a
# slip of the keyboard or a damaged file, and building it would fill the memory.
_MOST_LAYERS, _LARGEST_OPTION = 10_000, 10_000
_MOST_WEIGHTS = 10**9  # 4 GB of float32
_LONGEST_SHOWN = 40


class _Part(NamedTuple):
    """A part of a text between two plus signs, understood."""

    family: Family
    layers: int | None
    options: dict[str, int | float]


def build_flow(
    spec: str | Flow, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike = jnp.float32
) -> Flow:
    """Make the flow that a text describes.

    ``"name:K,option=value"``: a family, its number of layers and its options, the last two
    where wanted; ``"first+second"`` applies one flow after another. The names are the keys of
    ``fluvial.flows.families.FAMILIES``. A ``Flow`` is returned as it is.

    Args:
        spec: the text, or a flow.
        dim: D, at least 1.
        key: decides whatever is random in the flow.
        dtype: float32 or float64, of the parameters.

    Returns:
        A flow of R^D.

    Raises:
        InputError: if the text cannot be understood, asks for more than 10,000 layers or an
            option above 10,000, or does not fit ``dim``; nothing is allocated before that.

    Example:
        >>> import jax
        >>> from fluvial.flows import build_flow
        >>> build_flow("realnvp:8,width=32+triangular", 5, key=jax.random.key(0)).dim
        5
    """
    if dim < 1:
        raise InputError(f"dim is {dim}: a flow needs at least 1 coordinate.")
    if isinstance(spec, Flow):
        if spec.dim != dim:
            raise InputError(f"the flow is of dimension {spec.dim}, but {dim} is wanted.")
        return spec
    parts = _parsed(spec)
    flows = [
        _build_part(part, dim, key=part_key, dtype=dtype)
        for part, part_key in zip(parts, jax.random.split(key, len(parts)), strict=True)
    ]
    return flows[0] if len(flows) == 1 else Chain(flows)


def check_flow(spec: str) -> None:
    """Check a text as ``build_flow`` does, but for its fit with a dimension; nothing is built.

    Raises:
        InputError: if it cannot be understood, or asks for too much.

    Example:
        >>> check_flow("planar:99999999999")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: flow "planar:99999999999": that is more than 10000 layers: ...
    """
    _parsed(spec)


def _parsed(spec: str) -> list[_Part]:
    texts = spec.split("+", _MOST_LAYERS)
    parts = [_parsed_part(text.strip()) for text in texts]
    if sum(part.layers or 1 for part in parts) > _MOST_LAYERS:
        raise _too_many(spec)
    return parts


def _parsed_part(part: str) -> _Part:
    head, *option_texts = part.split(",")
    name, colon, count = head.partition(":")
    family = _family(name.strip())
    options = _options(option_texts, family, part)
    if family.layers is None:
        if colon:
            raise InputError(
                f'flow "{_shown(part)}": {name} is one layer; write "{name}" without a number.'
            )
        _check_weights(1, _defaults(family) | options, part)
        return _Part(family, None, options)
    layers = _layer_count(count, part) if colon else family.layers
    _check_weights(layers, _defaults(family) | options, part)
    return _Part(family, layers, options)


def _check_weights(layers: int, options: dict[str, int | float], part: str) -> None:
    """Check the size of the layers' networks, each of ``depth`` square matrices at least."""
    weights = layers * options.get("depth", 1) * options.get("width", 1) ** 2
    if weights > _MOST_WEIGHTS:
        raise InputError(
            f'flow "{_shown(part)}": its networks would have more than {_MOST_WEIGHTS:,} weights: '
            "choose fewer layers, or a smaller width or depth."
        )


def _build_part(part: _Part, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    if part.layers is None:
        return part.family.build(dim, key=key, dtype=dtype, **part.options)
    return part.family.build(dim, part.layers, key=key, dtype=dtype, **part.options)


def _family(name: str) -> Family:
    if name in FAMILIES:
        return FAMILIES[name]
    near = difflib.get_close_matches(name, FAMILIES, n=1)
    advice = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(sorted(FAMILIES))}."
    raise InputError(f'no flow is called "{_shown(name)}": {advice}')


def _layer_count(text: str, part: str) -> int:
    try:
        # A number of many digits is too large, whatever they are; Python refuses to read it.
        layers = int(text) if len(text) < _LONGEST_SHOWN else _MOST_LAYERS + 1
    except ValueError:
        layers = 0
    if layers < 1:
        raise InputError(
            f'flow "{_shown(part)}": the number of layers must be 1 or more, got "{text}".'
        )
    if layers > _MOST_LAYERS:
        raise _too_many(part)
    return layers


def _too_many(text: str) -> InputError:
    return InputError(
        f'flow "{_shown(text)}": that is more than {_MOST_LAYERS} layers: choose fewer, such as 32.'
    )


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _options(texts: list[str], family: Family, part: str) -> dict[str, int | float]:
    defaults = _defaults(family)
    options = {}
    for text in texts:
        name, _, value = (piece.strip() for piece in text.partition("="))
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            raise InputError(
                f'flow "{_shown(part)}": no option is called "{_shown(name)}"; its options: '
                f"{known}."
            )
        options[name] = _option(name, value, type(defaults[name]), part)
    return options


def _defaults(family: Family) -> dict[str, int | float]:
    return {
        name: parameter.default
        for name, parameter in inspect.signature(family.build).parameters.items()
        if isinstance(parameter.default, int | float)
    }


def _option(name: str, text: str, kind: type, part: str) -> int | float:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        word = "a whole number" if kind is int else "a number"
        raise InputError(
            f'flow "{_shown(part)}": {name} must be {word}, got "{_shown(text)}".'
        ) from None
    if abs(value) > _LARGEST_OPTION:
        raise InputError(
            f'flow "{_shown(part)}": {name} must be at most {_LARGEST_OPTION}, got '
            f'"{_shown(text)}".'
        )
    return value
