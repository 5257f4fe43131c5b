"""A posterior on disk: JSON for the facts, safetensors for the flow, npz for the draws."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.flows.revision import FLOW_REVISION, check_revision
from fluvial.posterior.evidence import Evidence
from fluvial.posterior.file_schema import SCHEMA
from fluvial.posterior.judgment import Judgment, Resolution, Verdict
from fluvial.posterior.mixture_file import mixture_from_bytes, mixture_to_bytes
from fluvial.posterior.parts import Parts
from fluvial.posterior.pool import Pool
from fluvial.posterior.provenance import Provenance
from fluvial.posterior.recorded import RecordedValues
from fluvial.posterior.structure import Structure
from fluvial.storage.array_files import from_npz, to_npz
from fluvial.storage.folder import read_folder, write_folder
from fluvial.storage.schema import check
from fluvial.targets import Annotations

__all__ = ["KIND", "from_parts", "read", "save", "to_parts"]

KIND = "posterior"
_FLOW, _DRAWS = "flow.safetensors", "draws.npz"
_NO_FLOW, _CUSTOM_FLOW = "gaussian", "custom"
_VARIABLE, _PLACES = "variable.", "places"
_ANNOTATIONS = {"coords": "coord.", "observed": "observed.", "constant": "constant."}


def save(parts: Parts, directory: Path) -> Path:
    """Write a posterior's parts to a folder; see ``Posterior.save``."""
    write_folder(directory, KIND, *to_parts(parts))
    return directory


def read(directory: Path, *, flow: Flow | None = None) -> Parts:
    """Read the parts of a posterior that ``save`` wrote; see ``fluvial.load``."""
    content, files = read_folder(directory, KIND)
    check(content, SCHEMA, directory / f"{KIND}.json")
    return from_parts(content, files, directory, flow=flow)


def to_parts(parts: Parts) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Split the parts into what JSON can hold, and files; ``from_parts`` undoes it."""
    recorded = parts.recorded
    files = {
        _FLOW: mixture_to_bytes(parts.approximation),
        _DRAWS: _draws_file(parts.pool, parts.places, recorded.values, recorded.annotations),
    }
    return _content(parts), files


def from_parts(
    content: dict[str, Any], files: dict[str, bytes], origin: Path, *, flow: Flow | None = None
) -> Parts:
    """Undo ``to_parts``; complaints name ``origin``."""
    pool, places, values, annotations = _read_draws(files, content, origin)
    provenance = _provenance(content["provenance"])
    check_revision(content.get("flows", 1), provenance.flow, origin)
    template = _template(provenance.flow, pool.points.shape[1], flow, origin)
    approximation = mixture_from_bytes(_file(files, _FLOW, origin), template, str(origin / _FLOW))
    if approximation.components[0].gaussian.mean.size != pool.points.shape[1]:
        raise _disagree(origin, f"{_FLOW} and {_DRAWS} are of different dimensions")
    return Parts(
        approximation,
        pool,
        _evidence(content["evidence"]),
        _judgment(content["judgement"]),
        provenance,
        RecordedValues(values, tuple(content["parameters"]), annotations, _coordinates(content)),
        tuple(content.get("grouping", ())),
        _structure(content.get("structure")),
        content["source"],
        places,
    )


def _content(parts: Parts) -> dict[str, Any]:
    judgment, evidence = parts.judgment, dataclasses.asdict(parts.evidence)
    return {
        "judgement": dataclasses.asdict(judgment) | {"verdict": judgment.verdict.value},
        "evidence": evidence,
        "provenance": dataclasses.asdict(parts.provenance),
        "flows": FLOW_REVISION,
        "chains": parts.pool.chains,
        "widened": parts.pool.widened,
        "grouping": list(parts.grouping),
        "structure": None if parts.structure is None else dataclasses.asdict(parts.structure),
        "parameters": list(parts.recorded.parameters),
        "recorded": list(parts.recorded.values),
        "dims": parts.recorded.annotations.dims,
        "coordinates": {name: list(place) for name, place in parts.recorded.coordinates.items()},
        "source": parts.source,
    }


def _coordinates(content: dict[str, Any]) -> dict[str, tuple[int, int]]:
    places = content.get("coordinates", {})
    return {name: (int(start), int(size)) for name, (start, size) in places.items()}


def _provenance(content: dict[str, Any]) -> Provenance:
    seconds = {name: float(value) for name, value in content["seconds"].items()}
    trace = tuple(tuple(map(float, elbos)) for elbos in content.get("elbo_trace", ()))
    known: dict[str, Any] = {"seconds": seconds, "elbo_trace": trace}
    rows = ("chain", "improper_priors", "unnormalized_priors")
    known |= {name: tuple(content.get(name, ())) for name in rows}
    return Provenance(**content | known)


def _evidence(content: dict[str, Any]) -> Evidence:
    values: dict[str, Any] = {
        name: value if isinstance(value, bool) else float(value) for name, value in content.items()
    }
    return Evidence(**values)


def _structure(content: dict[str, Any] | None) -> Structure | None:
    if content is None:
        return None
    heads, influence, names = (tuple(content[name]) for name in ("heads", "influence", "names"))
    return Structure(content["dim"], heads, influence, names)


def _annotations(dims: dict[str, list[str | None]], arrays: Mapping[str, Any]) -> Annotations:
    named = {
        kind: {
            name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)
        }
        for kind, prefix in _ANNOTATIONS.items()
    }
    return Annotations({name: tuple(axes) for name, axes in dims.items()}, **named)


def _draws_file(
    pool: Pool,
    places: np.ndarray | None,
    recorded: dict[str, np.ndarray],
    annotations: Annotations,
) -> bytes:
    arrays = {"points": pool.points, "log_p": pool.log_p, "log_weights": pool.log_weights}
    if places is not None:
        arrays[_PLACES] = places
    arrays |= {_VARIABLE + name: values for name, values in recorded.items()}
    for kind, prefix in _ANNOTATIONS.items():
        arrays |= {prefix + name: a for name, a in getattr(annotations, kind).items()}
    return to_npz(arrays, compressed=False)


def _read_draws(
    files: dict[str, bytes], content: dict[str, Any], origin: Path
) -> tuple[Pool, np.ndarray | None, dict[str, np.ndarray], Annotations]:
    arrays = from_npz(_file(files, _DRAWS, origin), str(origin / _DRAWS))
    wanted = ["points", "log_p", "log_weights", *(_VARIABLE + n for n in content["recorded"])]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise _disagree(origin, f"{_DRAWS} lacks {missing[0][:80]}")
    points = arrays["points"]
    # No rows are those of a density that is improper.
    if points.ndim != 2 or not points.shape[1] or len(points) % content["chains"]:
        raise _disagree(origin, f"{_DRAWS} has points of shape {points.shape}")
    for name in wanted:
        array, own = arrays[name], name.startswith(_VARIABLE)
        right_type = array.dtype.kind in "biuf" if own else array.dtype == np.float64
        right_axes = own or name == "points" or array.ndim == 1
        if not (right_type and right_axes and array.shape[:1] == points.shape[:1]):
            said = f"{name[:80]} in {_DRAWS} is {array.dtype} of shape {array.shape}"
            raise _disagree(origin, said)
    if content["recorded"] and not set(content["parameters"]) <= set(content["recorded"]):
        raise _disagree(origin, f"{_DRAWS} lacks a parameter")
    widened = content.get("widened", False)
    pool = Pool(points, arrays["log_p"], arrays["log_weights"], content["chains"], widened)
    values = {name: arrays[_VARIABLE + name] for name in content["recorded"]}
    places = arrays.get(_PLACES)  # of earlier versions there are none
    if places is not None and (
        places.dtype != np.float64 or places.ndim != 2 or places.shape[1] != points.shape[1]
    ):
        said = f"{_PLACES} in {_DRAWS} is {places.dtype} of shape {places.shape}"
        raise _disagree(origin, said)
    return pool, places, values, _annotations(content.get("dims", {}), arrays)


def _file(files: dict[str, bytes], name: str, origin: Path) -> bytes:
    if name not in files:
        raise _disagree(origin, f"it has no {name}")
    return files[name]


def _disagree(origin: Path, reason: str) -> InputError:
    return InputError(
        f"{origin} is not a posterior that fluvial saved ({reason}): restore it, or fit again."
    )


def _judgment(content: dict[str, Any]) -> Judgment:
    verdict, reasons = Verdict(content["verdict"]), tuple(content["reasons"])
    return Judgment(verdict, reasons, content["advice"], _resolution(content.get("resolution")))


def _resolution(content: dict[str, Any] | None) -> Resolution | None:
    if content is None:
        return None
    measures = {name: float(value) for name, value in content.items() if name != "draws"}
    return Resolution(**measures, draws=content["draws"])


def _template(spec: str, dim: int, flow: Flow | None, directory: Path) -> Flow | None:
    """Return a flow of the saved flow's structure, without computing its arrays."""
    if spec == _NO_FLOW:
        return None
    if spec != _CUSTOM_FLOW:
        return eqx.filter_eval_shape(lambda: build_flow(spec, dim, key=jax.random.key(0)))
    if flow is None:
        raise InputError(
            f"{directory} was fitted with a Flow of your own: give one of the same structure as "
            "fluvial.load(directory, flow=flow)."
        )
    return flow
