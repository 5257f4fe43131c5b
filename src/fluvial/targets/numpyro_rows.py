"""A NumPyro model whose plate subsamples, as a log prior and the log likelihood of rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError
from fluvial.targets.refusals import subsampled

__all__ = [
    "Subsampled",
    "block_model",
    "inside",
    "row_terms",
    "split_arguments",
    "subsampling",
]


class Subsampled(NamedTuple):
    """A plate that subsamples.

    Attributes:
        name: the plate's.
        size: of all its rows.
    """

    name: str
    size: int


def subsampling(model: Callable, args: tuple, kwargs: dict) -> Subsampled | None:
    """Return the plate of a seeded model that subsamples, or None.

    Raises:
        InputError: if there are several.
    """
    from numpyro.primitives import Messenger

    found: dict[str, Subsampled] = {}

    class PlateFinder(Messenger):
        """Notes plates, whose rows are the first ones."""

        def process_message(self, msg):
            if msg["type"] == "plate" and msg["args"][1] not in (None, msg["args"][0]):
                found[msg["name"]] = Subsampled(msg["name"], msg["args"][0])
                msg["value"] = _first(msg["args"][1])

    def look():
        with PlateFinder():
            model(*args, **kwargs)
        return 0

    try:
        jax.eval_shape(look)
    except Exception:
        return None  # the code that reads the model's sites says what is wrong with it
    if len(found) > 1:
        names = " and ".join(map(repr, found))
        raise subsampled(f"the NumPyro plates {names} subsample", "let one of them do so")
    return next(iter(found.values()), None)


def split_arguments(plate: Subsampled, args: tuple, kwargs: dict) -> tuple[PyTree, Callable]:
    """Return the arguments that hold a plate's rows, and a function that replaces them.

    Raises:
        InputError: if there are none.
    """
    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=_is_array)
    held = [i for i, leaf in enumerate(leaves) if _is_array(leaf) and _length(leaf) == plate.size]
    if not held:
        raise subsampled(
            f"the NumPyro plate {plate.name!r} subsamples {plate.size} rows, and none of the "
            "model's arguments has so many",
            "give the data to the model as arguments",
        )

    def with_rows(rows: list) -> tuple[tuple, dict]:
        replaced = list(leaves)
        for place, row in zip(held, rows, strict=True):
            replaced[place] = row
        return jax.tree.unflatten(structure, replaced)

    return [leaves[i] for i in held], with_rows


def block_model(model: Callable, plate: Subsampled, rows: int, *, observed: bool) -> Callable:
    """Return a model whose plate has only the rows that its arguments hold.

    Args:
        model: the model.
        plate: that subsamples.
        rows: how many there are.
        observed: whether the sites within the plate count; without them, the log density of the
            model is the log prior.
    """
    from numpyro.primitives import Messenger

    class Block(Messenger):
        """Makes the plate one of the block's rows, none of which is weighted."""

        size = rows  # as the model says

        def process_message(self, msg):
            if msg["type"] == "plate" and msg["name"] == plate.name:
                self.size = msg["args"][0]
                msg["args"], msg["value"] = (rows, rows), _first(rows)
            elif msg["type"] == "sample" and _within(msg, plate):
                if not msg["is_observed"]:
                    raise InputError(
                        f"the NumPyro site {msg['name']!r} is a latent one of each row of the "
                        f"plate {plate.name!r}, which subsamples: sum it out, or give groups of "
                        "rows with latents of their own to Target.from_groups."
                    )
                if msg["scale"] is not None:
                    msg["scale"] = msg["scale"] * rows / self.size
                if not observed:
                    msg["fn"] = msg["fn"].mask(False)

    def of_block(*args: Any, **kwargs: Any):
        with Block():
            return model(*args, **kwargs)

    return of_block


def row_terms(found: dict, plate: Subsampled, rows: int) -> jax.Array:
    """Return the log likelihood of each row, from the sites of a trace within the plate."""
    total = jnp.zeros(rows)
    for site in found.values():
        if site["type"] != "sample" or not _within(site, plate) or not site["is_observed"]:
            continue
        terms = site["fn"].log_prob(site["value"])
        terms = terms if site["scale"] is None else terms * site["scale"]
        (dim,) = (f.dim for f in site["cond_indep_stack"] if f.name == plate.name)
        shape = jnp.broadcast_shapes(terms.shape, (rows,) + (1,) * (-dim - 1))
        terms = jnp.moveaxis(jnp.broadcast_to(terms, shape), dim, 0)
        total = total + jnp.sum(terms.reshape(rows, -1), axis=1)
    return total


def inside(found: dict, plate: Subsampled) -> set[str]:
    """Return the names of the sites within a plate."""
    return {name for name, site in found.items() if _within(site, plate)}


def _first(rows: int) -> jax.Array:
    """Row numbers that are not a tracer, so that they can index a NumPy array."""
    with jax.ensure_compile_time_eval():
        return jnp.arange(rows)


def _within(site: dict, plate: Subsampled) -> bool:
    return plate.name in {frame.name for frame in site.get("cond_indep_stack", ())}


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray | jax.Array) or (
        hasattr(leaf, "shape") and hasattr(leaf, "__getitem__")
    )


def _length(leaf: Any) -> int:
    return leaf.shape[0] if len(leaf.shape) else 0
