"""What "realnvp:8" means: from a line of text to a flow."""

import inspect
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.errors import InputError, nearest
from fluvial.flows.families import FAMILIES, Family
from fluvial.flows.flow import Chain, Flow

__all__ = ["build_flow", "check_flow"]

# Ten times the deepest flows that are published, of about a hundred layers (Kingma & Dhariwal 2018,
# "Glow"); the layers of a flow are made one by one.
_MOST_LAYERS = 1_000
_LARGEST_OPTION = 10_000
_LONGEST = 1_000  # characters
_MOST_BYTES = 4 * 2**30  # of parameters; Adam and the gradient take three times as much again


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
        InputError: if the text cannot be understood, or does not fit ``dim``.

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
            raise InputError(f"the flow is of dimension {spec.dim}, but {dim} is needed.")
        return spec
    parts = _read_parts(spec)
    _check_size(parts, dim, dtype)
    keys = jax.random.split(key, len(parts))
    flows = [
        part.build(dim, key=part_key, dtype=dtype)
        for part, part_key in zip(parts, keys, strict=True)
    ]
    return flows[0] if len(flows) == 1 else Chain(flows)


def check_flow(spec: str) -> None:
    """Check a text as ``build_flow`` does, but for its fit with a dimension; nothing is built.

    Raises:
        InputError: if it cannot be understood, or asks for too many layers.

    Example:
        >>> check_flow("planar:99999999999")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: the flow has 99,999,999,999 layers, and at most 1,000 ...
    """
    _read_parts(spec)


class _Part(NamedTuple):
    """One family of a flow's text, with its number of layers and its options."""

    text: str
    family: Family
    layers: int | None
    options: dict[str, int | float]

    def build(
        self, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike, layers: int | None = None
    ) -> Flow:
        count = [] if self.layers is None else [layers or self.layers]
        return self.family.build(dim, *count, key=key, dtype=dtype, **self.options)


def _read_parts(spec: str) -> list[_Part]:
    if len(spec) > _LONGEST:
        raise InputError(f'the flow "{spec[:40]}…" is {len(spec):,} characters: write it shorter.')
    parts = [_read_part(part.strip()) for part in spec.split("+")]
    layers = sum(part.layers or 1 for part in parts)
    if layers > _MOST_LAYERS:
        raise InputError(
            f"the flow has {layers:,} layers, and at most {_MOST_LAYERS:,} are built: write fewer."
        )
    return parts


def _read_part(part: str) -> _Part:
    head, *option_texts = part.split(",")
    name, colon, count = head.partition(":")
    family = _family(name.strip())
    options = _options(option_texts, family, part)
    if family.layers is None and colon:
        raise InputError(f'flow "{part}": {name} is one layer; write "{name}" without a number.')
    return _Part(part, family, _layer_count(count, part) if colon else family.layers, options)


def _check_size(parts: list[_Part], dim: int, dtype: DTypeLike) -> None:
    """Refuse a flow that would fill the memory, before it takes any."""
    for part in parts:
        one = eqx.filter_eval_shape(
            lambda part=part: part.build(dim, key=jax.random.key(0), dtype=dtype, layers=1)
        )
        each = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(one))
        if each * (part.layers or 1) > _MOST_BYTES:
            raise InputError(
                f'flow "{part.text}": its parameters would take '
                f"{each * (part.layers or 1) / 2**30:,.0f} GiB in {dim} dimensions: choose a "
                "smaller one."
            )


def _family(name: str) -> Family:
    if name in FAMILIES:
        return FAMILIES[name]
    near = nearest(name, FAMILIES)
    advice = f'did you mean "{near}"?' if near else f"known are {', '.join(sorted(FAMILIES))}."
    raise InputError(f'no flow is called "{name}": {advice}')


def _layer_count(text: str, part: str) -> int:
    try:
        layers = int(text)
    except ValueError:
        layers = 0
    if layers < 1:
        raise InputError(f'flow "{part}": the number of layers must be 1 or more, got "{text}".')
    return layers


def _options(texts: list[str], family: Family, part: str) -> dict[str, int | float]:
    parameters = inspect.signature(family.build).parameters
    defaults = {
        name: parameter.default
        for name, parameter in parameters.items()
        if isinstance(parameter.default, int | float)
    }
    options = {}
    for text in texts:
        name, _, value = (piece.strip() for piece in text.partition("="))
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            raise InputError(f'flow "{part}": no option is called "{name}"; its options: {known}.')
        number = type(defaults[name])
        try:
            options[name] = number(value)
        except ValueError:
            kind = "a whole number" if number is int else "a number"
            raise InputError(f'flow "{part}": {name} must be {kind}, got "{value}".') from None
        if not abs(options[name]) <= _LARGEST_OPTION:  # nor if it is NaN
            raise InputError(
                f'flow "{part}": {name} must be at most {_LARGEST_OPTION:,}, got "{value}".'
            )
    return options
