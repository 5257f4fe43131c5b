"""What ``dlgm.json`` and ``checkpoint.json`` have to hold to be read."""

import dataclasses

from fluvial.amortized.likelihoods import LIKELIHOODS
from fluvial.amortized.networks import ACTIVATIONS
from fluvial.amortized.real_likelihoods import SCALES
from fluvial.amortized.recipe import Recipe
from fluvial.storage.schema import TEXT, record

__all__ = ["CHECKPOINT", "TRAINED"]

_COUNT = {"type": "integer", "minimum": 0}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0, "maximum": 1e12}
# What a machine can hold of one axis; the shapes are then compared with the arrays'.
_SIZE = {"type": "integer", "minimum": 1, "maximum": 10**8}
_SIZES = {"type": "array", "items": _SIZE, "minItems": 1, "maxItems": 100}
_OWN = {"const": "own"}
_NETWORK = {
    **record(width=_SIZES, activation={"enum": list(ACTIVATIONS)}, window=_SIZE),
    "additionalProperties": False,
}
_FLOW = {"type": ["string", "null"], "maxLength": 1000}

_OPTIONS = record(
    scale={"enum": list(SCALES)},
    margin={"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
)

_ARCHITECTURE = record(
    data_dim=_SIZE,
    latent=_SIZES,
    likelihood={"enum": [*LIKELIHOODS, "own"]},
    encoder={"anyOf": [_OWN, _NETWORK]},
    decoder={"anyOf": [_OWN, _NETWORK]},
    flow=_FLOW,
    amortize={"type": ["string", "null"]},
    optional={
        "classes": _SIZE,
        "prior": _FLOW,
        "likelihood_options": _OPTIONS,
        "flows": _SIZE,
    },
)
_FIELDS = {int: _COUNT, str: TEXT}
_RECIPE = {
    "type": "object",
    "properties": {
        field.name: _FIELDS.get(field.type, {"type": "number"})
        for field in dataclasses.fields(Recipe)
    },
    "additionalProperties": False,
}

TRAINED = record(
    architecture=_ARCHITECTURE,
    recipe=_RECIPE,
    shape={"type": "array", "items": _SIZE, "maxItems": 10},
    validation_bound={"type": "number"},
    best_step=_COUNT,
    skipped=_COUNT,
    history={"type": "array", "items": record(step=_COUNT), "minItems": 1},
)
"""Of the content of ``dlgm.json``; see ``Trained.save``."""

CHECKPOINT = record(
    architecture={"type": "object"},
    step=_COUNT,
    seconds={"type": "number", "minimum": 0},
    best_bound={"anyOf": [{"type": "measure"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
    best_step=_COUNT,
)
"""Of the content of ``checkpoint.json``; what identifies a training is compared with it."""
