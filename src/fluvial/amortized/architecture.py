"""What a model is made of, as JSON can hold it, and a model made of that."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax

from fluvial.amortized.decoder import Decoder
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.likelihood_base import Likelihood
from fluvial.amortized.likelihoods import LIKELIHOODS, build_likelihood, likelihood_options
from fluvial.amortized.networks import MLP
from fluvial.amortized.real_likelihoods import LogitNormal
from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.flows.revision import FLOW_REVISION, changed_since, check_revision

__all__ = ["check_same", "describe", "rebuild"]

_OWN = "own"


def describe(dlgm: DLGM) -> dict[str, Any]:
    """Say what a model is made of; "own" is what cannot be made again from a description."""
    flow = dlgm.inference.flow
    decoder = dlgm.decoder.output if isinstance(dlgm.decoder, Decoder) else dlgm.decoder
    # Earlier versions had no labels, and their files do not mention them.
    classes = {"classes": dlgm.classes} if dlgm.classes else {}
    options = likelihood_options(dlgm.likelihood)
    more = classes | ({"likelihood_options": options} if options else {})
    specs = [one.spec for one in (flow, dlgm.prior) if one is not None and one.spec]
    # Only files of flows that have changed say which revision they are of.
    if any(changed_since(1, spec) for spec in specs):
        more |= {"flows": FLOW_REVISION}
    return more | {
        "data_dim": dlgm.data_dim,
        "latent": list(dlgm.latent),
        "likelihood": dlgm.likelihood.name if dlgm.likelihood.name in LIKELIHOODS else _OWN,
        "encoder": _describe_network(dlgm.inference.encoder),
        "decoder": _describe_network(decoder),
        "flow": None if flow is None else (flow.spec or _OWN),
        "amortize": None if flow is None else flow.which,
        "prior": None if dlgm.prior is None else (dlgm.prior.spec or _OWN),
    }


def rebuild(
    description: dict[str, Any], origin: Path, *, model: DLGM | None, flow: Flow | None
) -> DLGM:
    """Make a model from a description; its arrays must be filled in.

    Args:
        description: from ``describe``.
        origin: what the complaint names.
        model: one of the same structure; needed for custom networks or a custom likelihood.
        flow: one of the same structure, for a custom flow.

    Raises:
        InputError: if ``model`` or ``flow`` is needed and not given, or of another architecture.
    """
    for which in ("flow", "prior"):
        check_revision(description.get("flows", 1), description.get(which) or "", origin)
    if model is None:
        model = _made(description, origin)
    spec = description["flow"]
    if spec == _OWN:
        if flow is None:
            raise InputError(
                f"{origin} was trained with a Flow of your own: give one of the same structure as "
                "fluvial.load(directory, flow=flow)."
            )
        spec = flow
    amortize = description["amortize"] or "auto"
    prior = _prior(description.get("prior"), model, origin)
    rebuilt = eqx.filter_eval_shape(
        lambda: model.with_flow(spec, amortize=amortize).with_prior(prior)
    )
    check_same(description, describe(rebuilt), origin)
    return rebuilt


def check_same(found: dict[str, Any], wanted: dict[str, Any], origin: Path) -> None:
    """Refuse what was saved of a model of another architecture.

    Raises:
        InputError: naming the first difference.
    """
    for name, value in wanted.items():
        if found.get(name) != value:
            raise InputError(
                f"{origin} is of another architecture: its {name} is {found.get(name)}, and this "
                f"model's is {value}; give the model that was trained there, or another folder."
            )


def _prior(spec: str | None, model: DLGM, origin: Path) -> str | Flow | None:
    """Say what makes the prior's flow; earlier models have none."""
    if spec != _OWN:
        return spec
    if model.prior is None:
        raise InputError(
            f"{origin} was trained with a prior of your own: give a DLGM of the same structure as "
            "fluvial.load(directory, model=dlgm)."
        )
    return model.prior.flow


def _made(description: dict[str, Any], origin: Path) -> DLGM:
    networks = description["encoder"], description["decoder"]
    if _OWN in (*networks, description["likelihood"]):
        raise InputError(
            f"{origin} was trained with a network or likelihood of your own: give a DLGM of the "
            "same structure as fluvial.load(directory, model=dlgm)."
        )
    encoder, decoder = networks
    data_dim, latent = description["data_dim"], description["latent"]
    classes = description.get("classes", 0)
    outputs = _likelihood(description).size * data_dim
    key = jax.random.key(0)

    def make() -> DLGM:
        return DLGM(
            data_dim,
            latent,
            likelihood=_likelihood(description),
            classes=classes,
            encoder=MLP(data_dim + classes, None, key=key, **encoder),
            decoder=Decoder(
                latent,
                outputs,
                key=key,
                network=lambda n, m, key: MLP(n, m, key=key, **decoder),
                classes=classes,
            ),
        )

    return eqx.filter_eval_shape(make)


def _likelihood(description: dict[str, Any]) -> Likelihood:
    options = description.get("likelihood_options")
    if options is None:
        return build_likelihood(description["likelihood"])
    dim = description["data_dim"] if options["scale"] == "pixel" else None
    return LogitNormal(**options, dim=dim)


def _describe_network(network: eqx.Module) -> dict[str, Any] | str:
    if not isinstance(network, MLP):
        return _OWN
    return {
        "width": [layer.b.size // network.window for layer in network.layers],
        "activation": network.activation,
        "window": network.window,
    }
