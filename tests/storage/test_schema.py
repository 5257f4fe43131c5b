"""The checker of fluvial's own files against the reference implementation of JSON Schema."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from fluvial import InputError
from fluvial.amortized.schemas import CHECKPOINT, TRAINED
from fluvial.posterior.schema import SCHEMA
from fluvial.report.replications import REPLICATION
from fluvial.report.results import _HEADER
from fluvial.reproduction.results_files import _SCHEMAS
from fluvial.storage.folder import _FILES
from fluvial.storage.schema import FILE_NAME, TEXTS, check, record

SCHEMAS = [
    {"type": "integer", "minimum": 0, "maximum": 3},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.5},
    {"type": ["string", "null"], "maxLength": 2},
    {"minimum": 1, "maxItems": 1},
    {"enum": ["a", "b"]},
    {"const": "a"},
    FILE_NAME,
    {**TEXTS, "uniqueItems": True, "minItems": 1, "maxItems": 2},
    record(a={"type": "boolean"}, optional={"b": TEXTS}),
    {**record(a={"type": "number"}), "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
    {"propertyNames": FILE_NAME},
    {"anyOf": [{"type": "measure"}, record(b={"type": "string"})]},
]
OWN = [SCHEMA, TRAINED, CHECKPOINT, REPLICATION, _HEADER, _FILES, *_SCHEMAS.values()]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 4)
    | st.sampled_from([2**63 - 1, 2**63, 10**400, 0.0, 1.0, 1.5, math.inf, math.nan])
    | st.sampled_from(["", "a", "b", "abc", "../a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)


def _reference():
    def real(value):
        return isinstance(value, int | float) and not isinstance(value, bool)

    def finite(value):
        return real(value) and abs(value) <= 1.7976931348623157e308

    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "number": lambda _, value: finite(value),
            "integer": lambda _, value: (
                real(value) and isinstance(value, int) and abs(value) < 2**63
            ),
            "measure": lambda _, value: finite(value) or isinstance(value, float),
        }
    )
    return extend(Draft202012Validator, type_checker=types)


REFERENCE = _reference()


@given(st.sampled_from(SCHEMAS), VALUES)
@settings(max_examples=400, deadline=None)
def test_it_accepts_what_the_reference_accepts(schema, value):
    try:
        check(value, schema, "file")
        accepted = True
    except InputError:
        accepted = False
    assert accepted == REFERENCE(schema).is_valid(value)


@pytest.mark.parametrize("schema", OWN)
def test_every_keyword_of_fluvials_own_schemas_is_known(schema):
    REFERENCE.check_schema(_standard(schema))
    with pytest.raises(InputError, match="is not what fluvial writes, at its top: null is not of"):
        check(None, schema, "file")
    for inner in _schemas(schema):
        for value in (None, True, 1, "a", [], ["a"], {}, {"a": 1}):
            try:
                check(value, inner, "file")
            except InputError:
                continue


def _standard(schema):
    """The same with the standard's types, since "measure" is none of them."""
    if isinstance(schema, dict):
        return {k: "number" if v == "measure" else _standard(v) for k, v in schema.items()}
    return [_standard(s) for s in schema] if isinstance(schema, list) else schema


def _schemas(schema):
    yield schema
    for inner in schema.get("properties", {}).values():
        yield from _schemas(inner)
    others = [schema.get(key) for key in ("items", "additionalProperties", "propertyNames")]
    for inner in (*schema.get("anyOf", ()), *others):
        if isinstance(inner, dict):
            yield from _schemas(inner)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": [{"b": 1}]}, 'at a[0].b: 1 is not of type "string"'),
        ({"a": [{}]}, "at a[0]: b is missing"),
        ({}, "at its top: a is missing"),
        ({"a": "x" * 1000}, "xxx…"),
    ],
)
def test_the_complaint_names_the_place_and_stays_short(value, said):
    items = {"type": "array", "items": record(b={"type": "string"})}
    with pytest.raises(InputError) as error:
        check(value, record(a=items), "run.json")
    assert said in str(error.value)
    assert len(str(error.value)) < 400
