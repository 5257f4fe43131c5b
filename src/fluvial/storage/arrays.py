"""A tree of arrays as the bytes of a safetensors file, and back."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from fluvial.errors import InputError
from fluvial.storage.array_files import from_safetensors

__all__ = ["from_bytes", "shapes", "to_bytes"]


def to_bytes(tree: Any) -> bytes:
    """Put all arrays of a tree in one file, each under its path in the tree.

    Example:
        >>> data = to_bytes({"a": jnp.arange(3)})
        >>> from_bytes(data, {"a": jnp.zeros(3, jnp.int32)}, "here")
        {'a': Array([0, 1, 2], dtype=int32)}
    """
    # Whoever wants the bytes wants them of arrays that may be donated to the next step.
    return safetensors.numpy.save(
        {name: np.array(leaf, order="C") for name, leaf in _leaves(tree).items()}
    )


def from_bytes(data: bytes, template: Any, origin: str) -> Any:
    """Fill a tree with the arrays of a file.

    Args:
        data: from ``to_bytes``.
        template: a tree of the same structure, whose arrays may be ``jax.ShapeDtypeStruct``.
        origin: what the complaint shall name.

    Raises:
        InputError: if the file's arrays are not those of the template.
    """
    arrays = from_safetensors(data, origin)
    given = {name: _shape(array) for name, array in arrays.items()}
    wanted = shapes(template)
    if wanted != given:
        name = sorted(set(wanted.items()) ^ set(given.items()))[0][0]
        raise InputError(
            f"{origin} is of another architecture: {name} is {given.get(name, 'not there')}, and "
            f"this model's is {wanted.get(name, 'not there')}; give the model that it is of."
        )
    return jax.tree.map_with_path(
        lambda path, leaf: jnp.array(arrays[_name(path)]) if _is_array(leaf) else leaf, template
    )


def shapes(tree: Any) -> Mapping[str, str]:
    """Say of all arrays of a tree what they are: path -> "float32(3, 2)"."""
    return {name: _shape(leaf) for name, leaf in _leaves(tree).items()}


def _shape(array: Any) -> str:
    return f"{array.dtype}{tuple(array.shape)}"


def _leaves(tree: Any) -> dict[str, Any]:
    return {_name(path): leaf for path, leaf in jax.tree.leaves_with_path(tree) if _is_array(leaf)}


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path).lstrip(".")
