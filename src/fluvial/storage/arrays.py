"""A tree of arrays as the bytes of a safetensors file, and back."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError
from fluvial.storage.array_files import from_safetensors, to_safetensors

__all__ = ["filled", "from_bytes", "named", "shapes", "to_bytes"]


def to_bytes(tree: Any) -> bytes:
    """Put all arrays of a tree in one file, each under its path in the tree.

    Example:
        >>> data = to_bytes({"a": jnp.arange(3)})
        >>> from_bytes(data, {"a": jnp.zeros(3, jnp.int32)}, "here")
        {'a': Array([0, 1, 2], dtype=int32)}
    """
    return to_safetensors(named(tree))


def from_bytes(data: bytes, template: Any, origin: str) -> Any:
    """Fill a tree with the arrays of a file.

    Args:
        data: from ``to_bytes``.
        template: a tree of the same structure, whose arrays may be ``jax.ShapeDtypeStruct``.
        origin: what the complaint names.

    Raises:
        InputError: if the file's arrays are not those of the template.
    """
    return filled(template, from_safetensors(data, origin), origin)


def named(tree: Any) -> dict[str, Any]:
    """Return all arrays of a tree, each by its path in the tree.

    Example:
        >>> list(named({"a": jnp.arange(3), "b": "text"}))
        ["['a']"]
    """
    return {_name(path): leaf for path, leaf in jax.tree.leaves_with_path(tree) if _is_array(leaf)}


def filled(template: Any, arrays: Mapping[str, np.ndarray], origin: str) -> Any:
    """Put arrays in the places of a tree that ``named`` gives them.

    Args:
        template: as for ``from_bytes``.
        arrays: by their paths.
        origin: what the complaint names.

    Raises:
        InputError: if they are not those of the template.
    """
    given = {name: _shape(array) for name, array in arrays.items()}
    wanted = shapes(template)
    if wanted != given:
        name = sorted(set(wanted.items()) ^ set(given.items()))[0][0]
        raise InputError(
            f"{origin} is of another architecture: its {name} is {given.get(name, 'not there')}, "
            f"and that of what it is put in is {wanted.get(name, 'not there')}; load it with "
            "the flow or model, and the version of fluvial, that it was made with."
        )
    with jax.enable_x64(True):  # a leaf in float64 must stay so
        return jax.tree.map_with_path(
            lambda path, leaf: jnp.array(arrays[_name(path)]) if _is_array(leaf) else leaf,
            template,
        )


def shapes(tree: Any) -> Mapping[str, str]:
    """Say of all arrays of a tree what they are: path -> "float32(3, 2)"."""
    return {name: _shape(leaf) for name, leaf in named(tree).items()}


def _shape(array: Any) -> str:
    return f"{array.dtype}{tuple(array.shape)}"


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path).lstrip(".")
