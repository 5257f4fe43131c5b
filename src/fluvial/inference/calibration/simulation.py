"""How a model makes data, and data make a target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.targets import Target, from_numpyro

__all__ = ["Simulation"]


@final
@dataclass(frozen=True, eq=False)
class Simulation:
    """A model that can be run forward, and fitted.

    Args:
        simulate: from a NumPy generator to parameters, name -> value in the model's own space as
            its posterior's draws have them, and data of any kind.
        target: from data to the target whose posterior is of those parameters.

    Example:
        >>> import fluvial
        >>> def simulate(rng):
        ...     mu = rng.normal()
        ...     return {"x": np.array([mu])}, rng.normal(mu, 1.0)
        >>> def target(y):
        ...     return fluvial.Target(lambda x: -0.5 * (x[0] ** 2 + (y - x[0]) ** 2), dim=1)
        >>> parameters, y = Simulation(simulate, target).simulate(np.random.default_rng(0))
        >>> parameters["x"].shape
        (1,)
    """

    simulate: Callable[[np.random.Generator], tuple[Mapping[str, Any], Any]]
    target: Callable[[Any], Target]

    @classmethod
    def from_numpyro(cls, model: Callable, *args: Any, **kwargs: Any) -> "Simulation":
        """Take both from a NumPyro model: its prior, and new data in place of the observed.

        Args:
            model: as for ``fluvial.from_numpyro``, with data, whose values do not matter.
            args: its arguments.
            kwargs: its keyword arguments.

        Raises:
            InputError: if NumPyro is not installed, or the model observes nothing.

        Example:
            >>> import numpyro
            >>> from numpyro.distributions import Normal
            >>> def model(y):
            ...     mu = numpyro.sample("mu", Normal(0.0, 1.0))
            ...     numpyro.sample("y", Normal(mu, 1.0), obs=y)
            >>> parameters, data = Simulation.from_numpyro(model, 0.3).simulate(
            ...     np.random.default_rng(0)
            ... )
            >>> list(parameters), list(data)
            (['mu'], ['y'])
        """
        require("numpyro", "a NumPyro model")
        return cls(
            partial(_simulated, model, args, kwargs), partial(_conditioned, model, args, kwargs)
        )


def _simulated(model: Callable, args: tuple, kwargs: dict, rng: np.random.Generator):
    import jax
    from numpyro.handlers import seed, trace

    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        key = jax.random.key(int(rng.integers(2**31)))
        unobserved = _Unobserved(model)
        sites = trace(seed(unobserved, key)).get_trace(*args, **kwargs)
    sampled = {n: s for n, s in sites.items() if s["type"] == "sample" and n not in unobserved.data}
    if not unobserved.data:
        raise InputError("the NumPyro model observes nothing: give it data, of any value.")
    parameters = {name: np.asarray(site["value"]) for name, site in sampled.items()}
    return parameters, {name: np.asarray(sites[name]["value"]) for name in unobserved.data}


class _Unobserved:
    """A model whose observed sites are drawn."""

    def __init__(self, model: Callable):
        self.model = model
        self.data: list[str] = []

    def __call__(self, *args: Any, **kwargs: Any):
        from numpyro.primitives import Messenger

        outer = self

        class Forget(Messenger):
            def process_message(self, msg):
                if msg["type"] == "sample" and msg["is_observed"] and not _is_factor(msg):
                    outer.data.append(msg["name"])
                    msg["value"], msg["is_observed"] = None, False

        with Forget():
            return self.model(*args, **kwargs)


def _is_factor(message: dict) -> bool:
    return bool(message["infer"].get("is_auxiliary", False))


def _conditioned(model: Callable, args: tuple, kwargs: dict, data: dict) -> Target:
    return from_numpyro(_Conditioned(model), data, *args, **kwargs)


class _Conditioned:
    """A model whose first argument is the data of its observed sites."""

    def __init__(self, model: Callable):
        self.model = model

    def __call__(self, data: dict, *args: Any, **kwargs: Any):
        from numpyro.handlers import condition

        return condition(self.model, data)(*args, **kwargs)
