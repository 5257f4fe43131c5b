"""The schema of ``posterior.json``."""

import dataclasses

from fluvial.posterior.evidence import Evidence
from fluvial.posterior.judgment import Verdict
from fluvial.storage.schema import TEXT, TEXTS, record

__all__ = ["SCHEMA"]

_COUNT = {"type": "integer", "minimum": 0}
# As ``float`` reads them: results of 0.1.0 have Python's words, later ones JavaScript's.
_WORDS = ["nan", "inf", "-inf", "NaN", "Infinity", "-Infinity"]
_MEASURE = {"anyOf": [{"type": "number"}, {"enum": _WORDS}]}
_NAME = {"type": ["string", "null"]}
_SPEC = {"type": "string", "maxLength": 1000}

# With a brace it is a program; without, ``from_stan`` would take it for a path.
_CODE = {"type": "string", "pattern": r"\{"}
_STAN = record(kind={"const": "stan"}, code=_CODE, data={"type": "object"})
_EXAMPLE = record(kind={"const": "example"}, name=TEXT)
_MEASURED = dataclasses.fields(Evidence)
_FLAGS = ("khat_matters", "up_to_constant", "bridged")
_EVIDENCE = {
    **record(
        **{field.name: _MEASURE for field in _MEASURED if field.default is dataclasses.MISSING},
        optional={
            field.name: {"type": "boolean"} if field.name in _FLAGS else _MEASURE
            for field in _MEASURED
            if field.default is not dataclasses.MISSING
        },
    ),
    "additionalProperties": False,
}
_PLACE = {"type": "array", "items": _COUNT, "minItems": 2, "maxItems": 2}
_MEASURES = {"type": "array", "items": _MEASURE}
_LINK = record(
    kl=_MEASURE,
    log_evidence=_MEASURE,
    log_evidence_se=_MEASURE,
    evaluations=_COUNT,
    optional={
        "correction": _MEASURE,
        "correction_se": _MEASURE,
        "unsettled": {"anyOf": [_MEASURE, _MEASURES]},
        "moved": _MEASURES,
        "moved_se": _MEASURES,
        "bound": _MEASURE,
        "shift": _MEASURE,  # of earlier versions
    },
)
_PROVENANCE = {
    **record(
        flow=_SPEC,
        seed={"type": "integer"},
        seconds={"type": "object", "additionalProperties": {"type": "number"}},
        evaluations=_COUNT,
        nonfinite=_COUNT,
        interrupted={"type": "boolean"},
        version=TEXT,
        optional={
            "settings": {"type": "object"},
            "chain": {"type": "array", "items": _LINK},
            "warm_start": {"type": "object"},
            "improper_priors": TEXTS,
            "unnormalized_priors": TEXTS,
            "elbo_trace": {"type": "array", "items": {"type": "array", "items": _MEASURE}},
        },
    ),
    "additionalProperties": False,
}

_STRUCTURE = {
    **record(
        dim=_COUNT,
        heads={"type": "array", "items": _COUNT},
        influence={"type": "array", "items": {"type": "number"}},
        names=TEXTS,
    ),
    "additionalProperties": False,
}

_RESOLUTION = {
    **record(of_prior=_MEASURE, of_largest=_MEASURE, probability=_MEASURE, draws=_COUNT),
    "additionalProperties": False,
}

SCHEMA = record(
    judgement=record(  # spelled as in the files of 0.1.0
        verdict={"enum": [verdict.value for verdict in Verdict]},
        reasons=TEXTS,
        advice=TEXT,
        optional={"resolution": {"anyOf": [{"type": "null"}, _RESOLUTION]}},
    ),
    evidence=_EVIDENCE,
    provenance=_PROVENANCE,
    chains={"type": "integer", "minimum": 1},
    parameters=TEXTS,
    recorded={**TEXTS, "uniqueItems": True},
    source={"anyOf": [{"type": "null"}, _STAN, _EXAMPLE]},
    optional={
        "flows": {"type": "integer", "minimum": 1},
        "widened": {"type": "boolean"},
        "grouping": {"type": "array", "items": _COUNT},
        "structure": {"anyOf": [{"type": "null"}, _STRUCTURE]},
        "dims": {"type": "object", "additionalProperties": {"type": "array", "items": _NAME}},
        "coordinates": {"type": "object", "additionalProperties": _PLACE},
    },
)
"""Of the content; see ``fluvial.posterior.storage.save``."""
