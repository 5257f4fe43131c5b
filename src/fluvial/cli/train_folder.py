"""What ``fluvial train`` leaves beside a model, and says of it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from fluvial.amortized import Recipe, Trained
    from fluvial.datasets import Dataset

__all__ = ["facts", "leave_beside"]


def leave_beside(trained: "Trained", images: "Dataset", out: Path) -> list[str]:
    """Write the metrics as a table, and draw the results; return the names of all files."""
    from fluvial.cli.machine_formats import write_columns
    from fluvial.report.training_pictures import draw_training

    names = list(trained.history[-1])
    columns = {name: [line.get(name, "") for line in trained.history] for name in names}
    write_columns(columns, out / "metrics.csv")
    drawn = draw_training(trained, images.test, out, _labels_of_test(trained, images))
    return ["model", "checkpoints", "metrics.jsonl", "metrics.csv", *drawn]


def _labels_of_test(trained: "Trained", images: "Dataset") -> "np.ndarray | None":
    return images.labels[2] if trained.dlgm.classes and images.labels is not None else None


def facts(trained: "Trained", images: "Dataset", recipe: "Recipe") -> list[str]:
    """What was measured, and on what."""
    labels = _labels_of_test(trained, images)
    bound = trained.bound(images.test, labels=labels).mean()
    log_p = trained.log_likelihood(images.test, labels=labels).mean()
    lines = [
        f"test bound        {bound:.2f} nats an image",
        f"test log p(x)     {log_p:.2f} nats an image, by 200 importance samples",
        f"validation bound  {trained.validation_bound:.2f} nats, the best, at step "
        f"{trained.best_step} of {trained.history[-1]['step']}",
    ]
    if images.likelihood == "bernoulli" and images.train.dtype != bool:
        lines.append(
            f"gray pixels were drawn black or white: {recipe.binarization} for training, once "
            "with a fixed seed to validate and to test"
        )
    if trained.skipped:
        lines.append(f"{trained.skipped} steps were skipped: their gradient was not usable")
    return [*lines, images.note] if images.note else lines
