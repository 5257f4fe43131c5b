"""How a model is trained: the numbers that decide it, and the schedules that they make."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from fluvial.errors import InputError
from fluvial.training.schedules import step_sizes, warmup_cosine

__all__ = ["ANNEALING", "BINARIZATION", "PRECISION", "Recipe"]

ANNEALING = ("kl", "joint", "none")
BINARIZATION = ("fresh", "fixed")
PRECISION = ("default", "bfloat16")
_LAST_RATE = 0.01
_MOST_STEPS = 10**9 - 1  # folders of checkpoints are named by nine digits
_JOINT_START, _JOINT_STEPS = 0.01, 10_000


@dataclass(frozen=True)
class Recipe:
    r"""How to train. The defaults are those that were best on MNIST in a given time.

    Args:
        epochs: how often each image is seen.
        batch: images in a step.
        rate: the largest step size of Adam. It rises to that in a straight line, and falls to a
            hundredth of it as a cosine.
        warmup: steps of the rise.
        annealing: what tempers the free energy at the start. "kl": β (ln q − ln p(z)) − ln p(x|z)
            with β from 0 to 1 (Bowman et al. 2016); "joint": ln q − β ln p(x, z) with
            β = min(1, 0.01 + t/10000) at step t (Rezende & Mohamed 2015, eq. 20); or "none".
        annealing_epochs: how long "kl" lasts.
        draws: of z for each image in a step. With more than one, what is raised is the
            importance-weighted bound (Burda et al. 2016), which is tighter, and as many times
            the work; the bound that is reported stays that of one draw.
        binarization: how gray images are made black and white for a Bernoulli likelihood, each
            pixel white with a probability that is its intensity: "fresh" at each step, or "fixed"
            once and for all. Images to validate and to test with are fixed in either case.
        amortize: which of the flow's parameters depend on the datum; see ``DLGM.with_flow``.
        patience: epochs without a better bound on the validation images after which training
            ends; 0 goes through all epochs. The best parameters are kept in any case.
        precision: of the networks' products while training: "default", which on CPUs is float32,
            or "bfloat16", half the width for factors and float32 for sums, parameters and all
            else. It is faster where the processor has instructions for it (AMX, AVX-512 BF16,
            tensor cores) and slower elsewhere. Bounds are always measured at "default".

    Raises:
        InputError: if a number is not positive, or a word not one of those above.

    Example:
        >>> recipe = Recipe(epochs=10, warmup=2)
        >>> recipe.steps(1000)
        100
        >>> np.allclose(recipe.rates(np.array([0, 1, 99]), 100), [0.0015, 0.003, 3e-5], rtol=1e-3)
        True
    """

    epochs: int | float = 100
    batch: int = 100
    rate: int | float = 3e-3
    warmup: int = 500
    annealing: str = "kl"
    annealing_epochs: int | float = 5
    draws: int = 1
    binarization: str = "fresh"
    amortize: str = "auto"
    precision: str = "default"
    patience: int | float = 0

    def __post_init__(self):
        for name in ("epochs", "batch", "rate", "draws"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name}={value}: give a positive number.")
        for name in ("warmup", "annealing_epochs", "patience"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name}={getattr(self, name)}: give a number of at least 0.")
        for name, known in (
            ("annealing", ANNEALING),
            ("binarization", BINARIZATION),
            ("precision", PRECISION),
        ):
            if getattr(self, name) not in known:
                raise InputError(
                    f'no {name} is called "{getattr(self, name)}": choose one of '
                    f"{', '.join(known)}."
                )

    @property
    def products(self) -> str | None:
        """The value of ``jax.default_matmul_precision`` while training; None for JAX's default."""
        return None if self.precision == "default" else self.precision

    def steps(self, images: int) -> int:
        """How many steps the epochs take.

        Raises:
            InputError: if there are more than 999,999,999.
        """
        steps = self.epochs * images / self.batch
        if steps > _MOST_STEPS:
            raise InputError(
                f"epochs={self.epochs:g} of {images} images in batches of {self.batch} are more "
                f"than {_MOST_STEPS:,} steps: choose fewer."
            )
        return max(1, math.ceil(steps))

    def rates(self, step: np.ndarray, steps: int) -> Float32[np.ndarray, " n"]:
        """Step sizes at given steps, counted from 0, of ``steps`` in all."""
        schedule = warmup_cosine(self.rate, steps - 1, self.warmup, last=_LAST_RATE)
        return np.asarray(step_sizes(schedule, step))

    def weights(self, step: np.ndarray, images: int) -> Float32[np.ndarray, "n 3"]:
        """Weights of ln p(x|z), ln p(z) and ln q in the free energy at given steps."""
        one = np.ones(len(step))
        columns = (one, one, one)
        if self.annealing == "joint":
            beta = np.minimum(1.0, _JOINT_START + step / _JOINT_STEPS)
            columns = (beta, beta, one)
        elif self.annealing == "kl":
            lasts = self.annealing_epochs * images / self.batch
            beta = np.minimum(1.0, (step + 1.0) / max(lasts, 1.0))
            columns = (one, beta, beta)
        return np.stack(columns, axis=1).astype(np.float32)
