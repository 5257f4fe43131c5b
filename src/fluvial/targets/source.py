"""A target from its description, as a saved posterior keeps it."""

from fluvial.targets.examples.registry import example
from fluvial.targets.stan.program import from_stan
from fluvial.targets.target import Target

__all__ = ["target_from_source"]


def target_from_source(source: dict | None) -> Target | None:
    """Rebuild the target that `Target.source` describes, or return None if it cannot be.

    Args:
        source: {"kind": "stan", "code": ..., "data": {...}} or {"kind": "example", "name": ...};
            None for targets, such as JAX functions, that have no description.

    Raises:
        InputError: if the description is one of these but can no longer be turned into a target.

    Example:
        >>> target_from_source({"kind": "example", "name": "funnel"}).dim
        10
    """
    match source:
        case {"kind": "stan", "code": code, "data": data}:
            return from_stan(code, data)
        case {"kind": "example", "name": name}:
            return example(name).target
        case _:
            return None
