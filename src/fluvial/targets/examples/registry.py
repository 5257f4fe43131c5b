"""Named examples with known answers."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from fluvial.errors import InputError, nearest
from fluvial.targets.examples.eight_schools import eight_schools, eight_schools_centered
from fluvial.targets.examples.energy_examples import energy_example
from fluvial.targets.examples.example import Example
from fluvial.targets.examples.synthetic import (
    banana,
    correlated,
    funnel,
    ill_conditioned,
    mixture,
    ring,
    student_t,
)
from fluvial.targets.target import Target

__all__ = ["EXAMPLES", "example"]

_BUILDERS: dict[str, Callable[[], Example]] = {
    "eight_schools": eight_schools,
    "eight_schools_centered": eight_schools_centered,
    "funnel": funnel,
    "banana": banana,
    "mixture": mixture,
    "mixture_8d": partial(mixture, 8),
    "ring": ring,
    "ill_conditioned": ill_conditioned,
    "correlated": correlated,
    "student_t": student_t,
    "U1": partial(energy_example, "U1"),
    "U2": partial(energy_example, "U2"),
    "U3": partial(energy_example, "U3"),
    "U4": partial(energy_example, "U4"),
}
EXAMPLES = tuple(_BUILDERS)


def example(name: str) -> Example:
    """Return the example of that name: a target, its exact evidence, and exact draws.

    Args:
        name: one of `EXAMPLES`.

    Raises:
        InputError: if there is none of that name; one that is near is suggested.

    Example:
        >>> banana = example("banana")
        >>> banana.target.dim, banana.log_evidence, banana.sample(0, 5).shape
        (2, 0.0, (5, 2))
    """
    if name not in _BUILDERS:
        near = nearest(name, EXAMPLES)
        hint = f", did you mean {near!r}?" if near else "."
        raise InputError(f"there is no example {name!r}{hint} There are {', '.join(EXAMPLES)}.")
    built = _BUILDERS[name]()
    source = {"kind": "example", "name": name}
    return replace(built, target=built.target.with_source(source, partial(_target, name)))


def _target(name: str) -> Target:
    return example(name).target
