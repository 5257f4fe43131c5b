"""A trained model, and what can be asked of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Key, Shaped

from fluvial.amortized.data import as_rows, seen
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.dlgm_files import save
from fluvial.amortized.evaluate import bounds, log_likelihoods
from fluvial.amortized.label_columns import with_labels
from fluvial.amortized.recipe import Recipe
from fluvial.errors import InputError
from fluvial.xla import filter_jit

__all__ = ["Trained"]

_BINARY_SEED = 2


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained deep latent Gaussian model. It does not change.

    Images are given as (N, *shape) or as (N, data_dim): bool, uint8 in 255ths, or floats. For a
    Bernoulli likelihood gray ones are made black and white, once and for all, by a fixed seed. If
    the model is conditional, its methods take ``labels``, whole numbers from 0, one for each image.

    Attributes:
        dlgm: the model with its flow, at the parameters of the best validation bound.
        recipe: how it was trained.
        shape: of one image.
        validation_bound: the best, in nats.
        best_step: where that was.
        skipped: steps that were left out, since their gradient was absurdly long or not finite.
        history: what training measured, one mapping for each line of ``metrics.jsonl``.

    Example:
        >>> from fluvial.amortized import DLGM
        >>> dlgm = DLGM(data_dim=64, latent=4, hidden=16)
        >>> trained = Trained(dlgm, Recipe(), (8, 8), -27.0, 100, skipped=0, history=())
        >>> trained.sample(9).shape
        (9, 8, 8)
    """

    dlgm: DLGM
    recipe: Recipe
    shape: tuple[int, ...]
    validation_bound: float
    best_step: int
    skipped: int
    history: tuple[Mapping[str, Any], ...]

    def bound(
        self,
        x: Shaped[np.ndarray, "N ..."],
        samples: int = 10,
        seed: int = 0,
        *,
        labels: np.ndarray | None = None,
    ) -> Float64[np.ndarray, " N"]:
        """The lower bound on ln p(x) of each image, in nats, as a mean over samples of z.

        Args:
            x: images.
            samples: draws of z for each; the mean over images is unbiased for any number.
            seed: decides the draws.
            labels: of the images, if the model is conditional.

        Raises:
            InputError: if the images do not fit the model.
        """
        rows = self._seen(x, labels)
        return bounds(self.dlgm, rows, _positive(samples), jax.random.key(seed))

    def log_likelihood(
        self,
        x: Shaped[np.ndarray, "N ..."],
        samples: int = 200,
        seed: int = 0,
        *,
        labels: np.ndarray | None = None,
    ) -> Float64[np.ndarray, " N"]:
        """Ln p(x) of each image, in nats, by importance sampling from the approximate posterior.

        In expectation it is a lower bound, which rises to ln p(x) with ``samples``; 200 is what
        Rezende & Mohamed (2015) used. Memory does not grow with ``samples``.

        Args:
            x: images.
            samples: draws of z for each.
            seed: decides the draws.
            labels: of the images, if the model is conditional.

        Raises:
            InputError: if the images do not fit the model.
        """
        rows = self._seen(x, labels)
        return log_likelihoods(self.dlgm, rows, _positive(samples), jax.random.key(seed))

    def encode(
        self,
        x: Shaped[np.ndarray, "N ..."],
        samples: int | None = None,
        seed: int = 0,
        *,
        labels: np.ndarray | None = None,
    ) -> Float32[np.ndarray, "N ... D"]:
        """Latent vectors of images.

        Args:
            x: images.
            samples: how many draws from the approximate posterior of each, for a result of shape
                (N, samples, D); None for where the flow takes the mean of q0, shape (N, D).
            seed: decides the draws.
            labels: of the images, if the model is conditional.

        Raises:
            InputError: if the images do not fit the model.
        """
        rows = self._seen(x, labels)
        size = (len(rows), 1 if samples is None else _positive(samples), self.dlgm.dim)
        noise = np.zeros(size, np.float32)
        if samples is not None:
            noise = np.random.default_rng(seed).standard_normal(size, np.float32)
        z = np.asarray(_encode(self.dlgm, jnp.asarray(rows), jnp.asarray(noise)))
        return z[:, 0] if samples is None else z

    def decode(
        self, z: Float[np.ndarray, "N D"], *, labels: np.ndarray | None = None
    ) -> Float32[np.ndarray, "N ..."]:
        """The mean image given each latent vector, shape (N, *shape).

        For the logit-normal likelihood, whose mean has no closed form, it is the median.

        Args:
            z: latent vectors.
            labels: one for each, if the model is conditional.

        Raises:
            InputError: if the vectors do not fit the model.
        """
        if np.ndim(z) != 2 or np.shape(z)[1] != self.dlgm.dim:
            raise InputError(
                f"latent vectors have shape {np.shape(z)}: give an array of shape "
                f"(N, {self.dlgm.dim})."
            )
        given = with_labels(np.asarray(z, np.float32), labels, self.dlgm)
        rows = np.asarray(_decode(self.dlgm, jnp.asarray(given)))
        return rows.reshape(len(rows), *self.shape)

    def sample(
        self, n: int, seed: int = 0, *, mean: bool = True, labels: np.ndarray | None = None
    ) -> Float32[np.ndarray, "n ..."]:
        """New images, shape (n, *shape).

        Args:
            n: how many.
            seed: decides them.
            mean: give the mean image of each drawn z, as is the custom in pictures; otherwise
                draw the pixels as well.
            labels: of the images, if the model is conditional; by default all in turn.
        """
        z_key, x_key = jax.random.split(jax.random.key(seed))
        noise = jax.random.normal(z_key, (_positive(n), self.dlgm.dim))
        z = np.asarray(_from_prior(self.dlgm, noise))
        if labels is None and self.dlgm.classes:
            labels = np.arange(n) % self.dlgm.classes
        if mean:
            return self.decode(z, labels=labels)
        given = jnp.asarray(with_labels(z, labels, self.dlgm))
        rows = np.asarray(_draw(self.dlgm, given, jax.random.split(x_key, n)))
        return rows.reshape(n, *self.shape)

    def save(self, directory: str | Path) -> Path:
        """Write the model to a folder, from which ``fluvial.load`` reads it.

        Args:
            directory: made where needed; a model that is there already is replaced.

        Raises:
            InputError: if the folder holds anything else, or cannot be written.
        """
        said = {
            "recipe": dataclasses.asdict(self.recipe),
            "shape": list(self.shape),
            "validation_bound": self.validation_bound,
            "best_step": self.best_step,
            "skipped": self.skipped,
            "history": [dict(line) for line in self.history],
        }
        return save(self.dlgm, said, Path(directory))

    def _seen(
        self, x: Shaped[np.ndarray, "N ..."], labels: np.ndarray | None
    ) -> Float32[np.ndarray, "N D"]:
        return with_labels(seen(as_rows(x, self.dlgm), self.dlgm, _BINARY_SEED), labels, self.dlgm)


def _positive(count: int) -> int:
    if count < 1:
        raise InputError(f"the number of samples is {count}: ask for at least 1.")
    return count


@filter_jit
def _encode(dlgm: DLGM, x: Float[Array, "N D"], noise: Float[Array, "N S L"]) -> Array:
    def draws(x, noise):
        approximation = dlgm.inference(dlgm.fitted(x))
        return jax.vmap(lambda one: approximation.draw(one)[0])(noise)

    return jax.vmap(draws)(x, noise)


@filter_jit
def _decode(dlgm: DLGM, z: Float[Array, "N L"]) -> Float[Array, "N D"]:
    return jax.vmap(lambda one: dlgm.likelihood.mean(dlgm.decode(one)))(z)


@filter_jit
def _draw(dlgm: DLGM, z: Float[Array, "N L"], keys: Key[Array, " N"]) -> Float[Array, "N D"]:
    return jax.vmap(lambda key, one: dlgm.likelihood.sample(key, dlgm.decode(one)))(keys, z)


@filter_jit
def _from_prior(dlgm: DLGM, noise: Float[Array, "N L"]) -> Float[Array, "N L"]:
    return jax.vmap(dlgm.draw_latent)(noise)
