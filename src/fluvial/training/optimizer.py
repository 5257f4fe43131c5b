"""What trains parameters: a rule of optax's, whole or made for each step size."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, PyTree

from fluvial.compiling import compiled
from fluvial.errors import InputError

__all__ = ["Optimizer", "check_descent", "rule_of"]

Optimizer = Callable[..., optax.GradientTransformation] | optax.GradientTransformation
"""From a step size to an optax rule, such as ``optax.adamw``; or a rule such as
``optax.adamw(1.0)``, whose updates are multiplied by the step size."""


def rule_of(optimizer: Optimizer, rate: Any) -> optax.GradientTransformation:
    """Return the rule at a step size.

    Example:
        >>> isinstance(rule_of(optax.adamw, 1e-3), optax.GradientTransformation)
        True
    """
    if isinstance(optimizer, optax.GradientTransformation):
        return optax.chain(optimizer, optax.scale(rate))
    return optimizer(rate)


def check_descent(optimizer: Optimizer, parameters: PyTree) -> None:
    """Check that a whole rule moves parameters downhill.

    Raises:
        InputError: if it ascends, as those parts of optax's rules do that only scale a gradient.

    Example:
        >>> check_descent(optax.scale_by_adam(), jnp.zeros(2))
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: the optimizer ascends: ...
    """
    if isinstance(optimizer, optax.GradientTransformation) and _ascends(parameters, optimizer):
        raise InputError(
            "the optimizer ascends: its updates have the sign of the gradient, as those of "
            "optax.scale_by_adam() have. Chain optax.scale(-1.0) to it, or give a rule such as "
            "optax.adam(1.0)."
        )


@compiled
def _ascends(parameters: PyTree, rule: optax.GradientTransformation) -> Bool[Array, ""]:
    """Whether the first update at the origin, on a gradient of ones, is uphill."""
    trainable = eqx.filter(parameters, eqx.is_inexact_array)
    zeros, ones = (jax.tree.map(like, trainable) for like in (jnp.zeros_like, jnp.ones_like))
    with jax.numpy_dtype_promotion("standard"):
        update, _ = optax.with_extra_args_support(rule).update(
            ones, rule.init(zeros), zeros, value=jnp.ones(())
        )
        return jnp.asarray(sum(jnp.sum(leaf) for leaf in jax.tree.leaves(update))) > 0
