"""One file a library: ``trainer(problem)`` builds its flow and returns ``train(steps)``.

Each uses the training loop that the library's own documentation recommends, Adam at the problem's
learning rate, and the plain reparameterized ELBO, which all of them offer. ``train`` goes on from
where it stopped and returns when the last step is done; its first call includes compilation.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from benchmarks.speed_problems import NotOfferedError, Problem

__all__ = ["LIBRARIES", "Trainer", "trainer"]

Trainer = Callable[[int], None]

LIBRARIES = {
    "fluvial": "fluvial",
    "fluvial, path gradient": "fluvial",
    "fluvial, train_steps": "fluvial",
    "FlowJAX": "flowjax",
    "NumPyro": "numpyro",
    "zuko": "zuko",
    "normflows": "normflows",
    "Pyro": "pyro",
}
"""As the table prints them, and the package each needs."""


def trainer(library: str, problem: Problem) -> Trainer:
    """Build a library's flow for a problem.

    Raises:
        NotOfferedError: if the library is not installed, or has no such flow.
    """
    package = LIBRARIES[library]
    if find_spec(package) is None:
        raise NotOfferedError("not installed")
    module = import_module(f"benchmarks.peers.with_{package}")
    if library == "fluvial, train_steps":
        return module.public_trainer(problem)
    if library == "fluvial, path gradient":
        return module.trainer(problem, path=True)
    return module.trainer(problem)
