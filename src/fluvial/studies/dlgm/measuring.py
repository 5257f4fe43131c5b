"""Train one posterior, and measure it on the test images."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from fluvial.amortized import DLGM, Trained, train
from fluvial.datasets import Dataset
from fluvial.reproduction import Record
from fluvial.studies.dlgm.checkpoint_folder import checkpoint_folder
from fluvial.studies.dlgm.setting import PosteriorSetting, TrainingPlan, unit_name

__all__ = ["measure"]

_SHOWN = 16
_STEPS = 9
_REACH = 2.5


def measure(study: str, plan: TrainingPlan, setting: PosteriorSetting, seed: int) -> Record:
    """Train a setting with a seed, in a folder from which it resumes, and measure it.

    Args:
        study: names the folder, with the version of the study and the budget.
        plan: of the budget.
        setting: the posterior.
        seed: decides the networks' start and all draws.
    """
    data = plan.load()
    dlgm = DLGM(
        data.dim,
        plan.latent,
        plan.hidden,
        likelihood=data.likelihood,
        prior=setting.prior or None,
        key=jax.random.key(seed),
    )
    with checkpoint_folder(f"{study}/{unit_name(setting, seed)}") as folder:
        trained = train(
            dlgm,
            data,
            setting.flow,
            seed,
            recipe=plan.recipe(setting),
            checkpoint=folder,
            resume=True,
            progress=False,
        )
        return _record(trained, data, plan, setting, seed)


def _record(
    trained: Trained, data: Dataset, plan: TrainingPlan, setting: PosteriorSetting, seed: int
) -> Record:
    bound = trained.bound(data.test)
    log_p = trained.log_likelihood(data.test, samples=plan.samples)
    last, recipe = trained.history[-1], trained.recipe
    values = {
        "flow": setting.flow,
        "family": setting.family,
        "layers": setting.layers,
        "prior": setting.prior or None,
        "seed": seed,
        "data": data.name,
        "note": data.note,
        "bound": bound.mean(),
        "log_likelihood": log_p.mean(),
        "divergence": (log_p - bound).mean(),
        "samples": plan.samples,
        **_by_more_samples(trained, data, plan, log_p),
        "validation_bound": trained.validation_bound,
        "train_bound": last["train_bound"],
        "best_step": trained.best_step,
        "steps": last["step"],
        "skipped": trained.skipped,
        "training_seconds": last["seconds"],
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(trained.dlgm)),
        "batch": recipe.batch,
        "rate": recipe.rate,
        "annealing": recipe.annealing,
        "binarization": recipe.binarization if data.likelihood == "bernoulli" else None,
    }
    arrays = {
        "bound": bound.astype(np.float32),
        "log_likelihood": log_p.astype(np.float32),
        **_curves(trained.history),
        **(_pictures(trained, data) if seed == 0 else {}),  # only the first training's are drawn
    }
    return Record(values, arrays)


def _by_more_samples(
    trained: Trained, data: Dataset, plan: TrainingPlan, log_p: np.ndarray
) -> dict[str, Any]:
    """Mean ln p(x) of the first test images, by the usual samples and by more, of other draws."""
    if not plan.more_samples:
        return {}
    few = data.test[: plan.few]
    more = trained.log_likelihood(few, samples=plan.more_samples, seed=1)
    return {
        "few": len(few),
        "more_samples": plan.more_samples,
        "log_likelihood_few": log_p[: plan.few].mean(),
        "log_likelihood_more": more.mean(),
    }


def _curves(history: tuple[Mapping[str, Any], ...]) -> dict[str, np.ndarray]:
    names = ("step", "train_bound", "validation_bound")
    return {
        f"curve_{name}": np.array(
            [np.nan if line[name] is None else line[name] for line in history], np.float64
        )
        for name in names
    }


def _pictures(trained: Trained, data: Dataset) -> dict[str, np.ndarray]:
    """Test images beside their reconstructions, samples, and a way through the latent space."""
    shown = data.test[:_SHOWN]
    z = trained.encode(shown[:2])
    # From one image's place to the other's, and beyond both.
    t = np.linspace(-0.5, 1.5, _STEPS, dtype=np.float32)[:, None]
    between = (1 - t) * z[0] + t * z[1]
    axis = np.argmax(np.abs(trained.encode(data.test[:200]).std(0)))
    along = np.repeat(z[:1], _STEPS, axis=0)
    along[:, axis] = np.linspace(-_REACH, _REACH, _STEPS)
    return {
        "originals": _bytes(shown),
        "reconstructions": _bytes(trained.decode(trained.encode(shown))),
        "drawn": _bytes(trained.sample(_SHOWN)),
        "between": _bytes(trained.decode(between)),
        "along": _bytes(trained.decode(along)),
    }


def _bytes(images: np.ndarray) -> np.ndarray:
    """Intensities from 0 to 1 in 255ths, which is all that a figure shows; bytes as they are."""
    if images.dtype == np.uint8:
        return images
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
