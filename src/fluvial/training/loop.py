"""One loop for all training: gradient, optimizer and schedule, in one compiled scan."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.core import Tracer
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from fluvial.compiling import compiled
from fluvial.errors import InputError
from fluvial.training.optimizer import Optimizer, check_descent, rule_of
from fluvial.training.schedules import step_sizes

__all__ = ["Loss", "TrainingState", "scan_steps", "start_state", "train_steps"]

Loss = Callable[..., Any]
"""(parameters, key) or, where there are batches, (parameters, key, batch) -> a scalar to minimize,
or a tuple whose first entry is that scalar."""

_STEPS = 1000  # of a schedule that does not say how many


class TrainingState(NamedTuple):
    """All that changes from step to step: training that continues from it reaches the same bits.

    Attributes:
        parameters: a tree, of which the floating arrays are trained.
        optimizer: the optimizer's state.
        step: steps so far; with the key it decides what is drawn next.
    """

    parameters: PyTree
    optimizer: PyTree
    step: Int[Array, ""]


def start_state(parameters: PyTree, optimizer: Optimizer) -> TrainingState:
    """Return the state before the first step.

    Raises:
        InputError: if the parameters hold no floating array.
    """
    trainable = eqx.filter(parameters, eqx.is_inexact_array)
    if not jax.tree.leaves(trainable):
        raise InputError(
            "there is nothing to train: give parameters that hold at least one floating array, "
            "such as jnp.zeros(2) or a flow."
        )
    with jax.numpy_dtype_promotion("standard"):
        state = rule_of(optimizer, 0.0).init(trainable)
    return TrainingState(parameters, state, jnp.zeros((), jnp.int32))


def train_steps(
    loss: Loss,
    parameters: PyTree,
    optimizer: Optimizer,
    schedule: optax.Schedule | Float[Array | np.ndarray, "*steps"] | int | float,
    key: PRNGKeyArray,
    *,
    steps: int | None = None,
    batches: PyTree = None,
) -> tuple[PyTree, PyTree]:
    r"""Minimize a loss by stochastic gradients, all steps in one compiled loop.

    Step t draws from a key of its own, fold_in(key, t), and moves the parameters by what the
    optimizer makes of the gradient at step size η_t:

    .. math:: \theta_{t+1} = \theta_t + u_{\eta_t}\left(\nabla_\theta L(\theta_t, k_t)\right)

    This is the loop of ``fluvial.fit`` and of ``fluvial.amortized.train``. A program is compiled
    for each loss, optimizer and shape, and serves all keys, schedules, starts and data: make the
    loss and the optimizer once, not in a loop over seeds, and give data as ``batches`` or in an
    ``equinox.Module`` or ``functools.partial`` that is the loss. It can be called under
    ``jax.vmap``, to train from several seeds at once, and ``jax.jit``.

    What is not finite shows in the trace, and reaches the optimizer: ``clip_by_running_median``
    around any rule, or ``optax.apply_if_finite``, keeps one bad step from ending the training.

    Args:
        loss: from (parameters, key), or (parameters, key, batch), to a scalar, such as a free
            energy in nats; or to a tuple whose first entry is that scalar and whose others are
            only recorded.
        parameters: a flow or any other tree. Its floating arrays are trained; the rest stays.
        optimizer: from a step size to an optax rule, such as ``optax.adamw``, or
            ``fluvial.training.adam``, which survives absurd gradients; or a whole rule, such as
            ``optax.adamw(1.0, weight_decay=0.1)``, whose updates are multiplied by the step size.
        schedule: the step sizes η_t, as a function of t such as optax's, an array of shape
            (steps,), or a number.
        key: decides every random draw.
        steps: how many; by default as many as the schedule, if it is an array, or the batches
            have, and else 1,000.
        batches: a tree of arrays with a leading axis of length ``steps``: what each step is given.

    Returns:
        The trained parameters, and the trace: what the loss returned at each step, stacked.

    Raises:
        InputError: if there is nothing to train, if the loss is not a scalar, if the numbers of
            steps of schedule, batches and ``steps`` differ, or if the optimizer ascends.

    Example:
        A planar flow on a ring, by the free energy with the path gradient:

        >>> import fluvial
        >>> from fluvial.objectives import FreeEnergy
        >>> target = fluvial.Target(
        ...     lambda x: -0.5 * ((jnp.sqrt(jnp.sum(x**2)) - 2.0) / 0.4) ** 2, dim=2
        ... )
        >>> flow = fluvial.flows.build_flow("planar:8", dim=2, key=jax.random.key(0))
        >>> objective = FreeEnergy(draws=256)
        >>> def loss(flow, key):
        ...     return objective(flow, target, key)
        >>> schedule = optax.cosine_decay_schedule(1e-2, decay_steps=500)
        >>> trained, trace = fluvial.training.train_steps(
        ...     loss, flow, optax.adamw, schedule, jax.random.key(1), steps=500
        ... )
        >>> trace.shape, bool(trace[-50:].mean() < trace[:50].mean() - 1.0)
        ((500,), True)
    """
    count = _count(schedule, batches, steps)
    if isinstance(schedule, Array | np.ndarray):
        rates = jnp.broadcast_to(jnp.asarray(schedule, jnp.float32), count)
    else:
        rates = step_sizes(schedule, np.arange(count))
    inputs = (_as_tree(loss), parameters, _as_tree(optimizer), rates, key, batches)
    inputs = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, inputs)
    # XLA's options are those of the outermost program: within another one there is none to compile
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(inputs)):
        return _train(*inputs)
    check_descent(optimizer, parameters)
    return _train_compiled(*inputs)


def scan_steps(
    loss: Loss,
    state: TrainingState,
    optimizer: Optimizer,
    rates: Float[Array, " steps"],
    key: PRNGKeyArray,
    batches: PyTree = None,
) -> tuple[TrainingState, PyTree]:
    """Take a step for each step size: the loop of ``train_steps``, for a compiled function.

    Args:
        loss: see ``train_steps``.
        state: from ``start_state``, or from the steps before.
        optimizer: the one that the state is from.
        rates: step sizes, shape (steps,).
        key: the same for all steps of a training.
        batches: see ``train_steps``.

    Returns:
        The state after the steps, and what the loss returned at each, stacked.
    """
    trainable, fixed = eqx.partition(state.parameters, eqx.is_inexact_array)

    def measured(trainable, *inputs):
        found = loss(eqx.combine(trainable, fixed), *inputs)
        return _scalar(found[0] if isinstance(found, tuple) else found), found

    def step(carry: TrainingState, inputs):
        rate, batch = inputs
        step_key = jax.random.fold_in(key, carry.step)
        given = (step_key,) if batch is None else (step_key, batch)
        (value, found), gradient = jax.value_and_grad(measured, has_aux=True)(
            carry.parameters, *given
        )
        rule = optax.with_extra_args_support(rule_of(optimizer, rate))
        # optax raises a Python float to an int32 power, which strict promotion forbids
        with jax.numpy_dtype_promotion("standard"):
            update, memory = rule.update(gradient, carry.optimizer, carry.parameters, value=value)
            moved = optax.apply_updates(carry.parameters, update)
        return TrainingState(moved, memory, carry.step + 1), found

    start = state._replace(parameters=trainable)
    end, trace = jax.lax.scan(step, start, (rates, batches))
    return end._replace(parameters=eqx.combine(end.parameters, fixed)), trace


def _train(loss, parameters, optimizer, rates, key, batches):
    state = start_state(parameters, optimizer)
    state, trace = scan_steps(loss, state, optimizer, rates, key, batches)
    return state.parameters, trace


_train_compiled = compiled(_train)


def _scalar(value: Any) -> Float[Array, ""]:
    if jnp.shape(value) != ():
        raise InputError(
            f"a loss must be a scalar, and this one has shape {jnp.shape(value)}: return its mean, "
            "or a tuple whose first entry is the scalar."
        )
    return value


def _as_tree(function: Any) -> Any:
    """Make a partial application a tree, so that its arrays are data, and equal ones are equal."""
    if isinstance(function, functools.partial):
        return jax.tree_util.Partial(function.func, *function.args, **function.keywords)
    return function


def _count(schedule: Any, batches: PyTree, steps: int | None) -> int:
    """Return how many steps there are to take, on which all that say it must agree."""
    said = {} if steps is None else {"steps": steps}
    if not callable(schedule) and jnp.ndim(schedule):
        said["the schedule"] = len(schedule)
    for path, leaf in jax.tree.leaves_with_path(batches):
        said[f"batches{jax.tree_util.keystr(path)}"] = jnp.shape(leaf)[0]
    if len(set(said.values())) > 1:
        numbers = ", ".join(f"{number} of {name}" for name, number in said.items())
        raise InputError(f"the numbers of steps differ ({numbers}): give one for all.")
    count = next(iter(said.values()), _STEPS)
    if count < 1:
        raise InputError(f"{count} steps train nothing: take at least one.")
    return count
