"""Reading back what fluvial saved, whatever it is."""

from pathlib import Path
from typing import TYPE_CHECKING, overload

from fluvial.errors import InputError
from fluvial.storage.folder import holds

if TYPE_CHECKING:
    from fluvial.amortized import DLGM, Trained
    from fluvial.flows import Flow
    from fluvial.inference import Posterior
    from fluvial.targets import Target

__all__ = ["load"]


# The kinds of what is saved are named by the files that seal it. Reading one kind must not
# import what only another one needs.
_TRAINED = "dlgm"


@overload
def load(directory: str | Path, *, target: "Target", flow: "Flow | None" = None) -> "Posterior": ...


@overload
def load(directory: str | Path, *, flow: "Flow | None" = None, model: "DLGM") -> "Trained": ...


@overload
def load(directory: str | Path, *, flow: "Flow | None" = None) -> "Posterior | Trained": ...


def load(
    directory: str | Path,
    *,
    target: "Target | None" = None,
    flow: "Flow | None" = None,
    model: "DLGM | None" = None,
) -> "Posterior | Trained":
    """Read a posterior that ``Posterior.save`` wrote, or a model that was trained.

    Of a model, the folder is the one that ``Trained.save`` wrote, or the one of its checkpoints
    when training is done.

    A posterior's target from a Stan program, or an example, is rebuilt from what was saved with
    it. For any other, ``draws``, ``summary`` and ``log_prob`` need no target; generated quantities
    that are random are then those of seed 0.

    Args:
        directory: where it was saved.
        target: what was fitted, where it cannot be rebuilt; with it, a posterior is returned.
        flow: one of the structure of the flow that was fitted or trained, if that was a ``Flow``
            rather than a text; its numbers do not matter.
        model: one of the structure of the model that was trained, if its networks or likelihood
            were custom ones; its numbers do not matter. With it, a trained model is returned.

    Returns:
        The posterior, with the same draws to the bit, or the trained model. With neither target
        nor model, what is in the folder decides, and a type checker knows no more than that.

    Raises:
        InputError: if nothing was saved there, it was damaged or edited, another version of the
            format wrote it, or it does not belong to the target, the model or the flow.

    Example:
        >>> import tempfile
        >>> import fluvial
        >>> target = fluvial.Target(lambda x: -0.5 * (x**2).sum(), dim=2)
        >>> posterior = fluvial.fit(target, progress=False)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     folder = posterior.save(f"{directory}/run")
        ...     again = fluvial.load(folder)
        >>> again.verdict is posterior.verdict, again.elbo == posterior.elbo
        (True, True)
    """
    path = Path(directory)
    if not path.is_dir():
        raise InputError(f"{directory} is not a folder: give one that was saved by fluvial.")
    for place in (path, path / "model"):
        if holds(place, _TRAINED):
            if target is not None:
                raise InputError(
                    f"{place} holds a trained model, which has no target: leave it out."
                )
            from fluvial.amortized.load_trained import load_trained

            return load_trained(place, model=model, flow=flow)
    if (path / "checkpoints").is_dir():
        raise InputError(f"{directory} holds a training that is not finished: resume it first.")
    from fluvial.posterior.load_posterior import load_posterior
    from fluvial.posterior.storage import KIND

    if not holds(path, KIND):
        raise InputError(
            f"{directory} holds neither a saved posterior nor a trained model: give a folder that "
            "fluvial fit --out or fluvial train left, or that was saved from Python."
        )
    if model is not None:
        raise InputError(f"{directory} holds a posterior, which has no model: leave it out.")
    return load_posterior(path, target=target, flow=flow)
