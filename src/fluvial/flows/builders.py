"""What "realnvp:8" means: from a line of text to a flow."""

import difflib
import inspect

import jax
import jax.numpy as jnp
from jaxtyping import DTypeLike, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.families import FAMILIES, Family
from fluvial.flows.flow import Chain, Flow

__all__ = ["build_flow"]


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
            raise InputError(f"the flow is of dimension {spec.dim}, but {dim} is wanted.")
        return spec
    parts = spec.split("+")
    flows = [
        _build_part(part.strip(), dim, key=part_key, dtype=dtype)
        for part, part_key in zip(parts, jax.random.split(key, len(parts)), strict=True)
    ]
    return flows[0] if len(flows) == 1 else Chain(flows)


def _build_part(part: str, dim: int, *, key: PRNGKeyArray, dtype: DTypeLike) -> Flow:
    head, *option_texts = part.split(",")
    name, colon, count = head.partition(":")
    family = _family(name.strip())
    options = _options(option_texts, family, part)
    if family.layers is None:
        if colon:
            raise InputError(
                f'flow "{part}": {name} is one layer; write "{name}" without a number.'
            )
        return family.build(dim, key=key, dtype=dtype, **options)
    layers = _layer_count(count, part) if colon else family.layers
    return family.build(dim, layers, key=key, dtype=dtype, **options)


def _family(name: str) -> Family:
    if name in FAMILIES:
        return FAMILIES[name]
    near = difflib.get_close_matches(name, FAMILIES, n=1)
    advice = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(sorted(FAMILIES))}."
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
    return options
