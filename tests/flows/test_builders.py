import jax
import jax.numpy as jnp
import pytest

from fluvial.errors import InputError
from fluvial.flows import Chain, Diagonal, Householder, Stacked, Triangular, build_flow, check_flow

KEY = jax.random.key(0)


def test_number_of_layers_and_options_are_heeded():
    flow = build_flow("realnvp:3, width=5, depth=1, max_grow=0.5", 4, key=KEY)
    stack = flow.flows[0]
    assert isinstance(stack, Stacked)
    coupling = stack.layers.flows[0]
    assert coupling.conditioner.weights[0].shape == (3, 5, 2)
    assert len(coupling.conditioner.weights) == 2
    assert coupling.transformer.max_grow == 0.5
    assert coupling.transformer.max_shrink == 2.0


def test_plus_chains_in_the_order_written():
    flow = build_flow("householder:2 + triangular", 3, key=KEY)
    assert isinstance(flow, Chain)
    first, second = flow.flows
    assert isinstance(first.layers, Householder)
    assert isinstance(second, Triangular)


def test_parts_and_layers_have_keys_of_their_own():
    flow = build_flow("planar:2+planar:2", 3, key=KEY)
    normals = jnp.concatenate([part.layers.w for part in flow.flows])
    assert len({tuple(w.tolist()) for w in normals}) == 4


def test_same_key_same_flow():
    one, other = (build_flow("nice-orth:2", 3, key=KEY) for _ in range(2))
    assert all(
        bool((a == b).all())
        for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    )


def test_a_flow_is_returned_as_it_is():
    flow = Diagonal(2)
    assert build_flow(flow, 2, key=KEY) is flow


@pytest.mark.parametrize(
    ("spec", "dim", "sentence"),
    [
        ("realnpv:8", 3, 'no flow is called "realnpv": did you mean "realnvp"?'),
        ("qqq", 3, 'no flow is called "qqq": known are continuous, copula,'),
        ("planar:0", 3, 'flow "planar:0": the number of layers must be 1 or more, got "0".'),
        ("planar:-2", 3, 'must be 1 or more, got "-2".'),
        ("planar:two", 3, 'must be 1 or more, got "two".'),
        ("planar:2.5", 3, 'must be 1 or more, got "2.5".'),
        ("planar:", 3, 'must be 1 or more, got "".'),
        ("triangular:2", 3, 'triangular is one layer; write "triangular" without a number.'),
        ("planar,width=3", 3, 'no option is called "width"; its options: none.'),
        ("nice,deep=3", 3, 'no option is called "deep"; its options: width, depth.'),
        ("realnvp,width=x", 3, 'width must be a whole number, got "x".'),
        ("realnvp,max_grow=x", 3, 'max_grow must be a number, got "x".'),
        ("realnvp,width=0", 3, "width >= 1"),
        ("realnvp+", 3, 'no flow is called ""'),
        ("realnvp", 1, "at least 2 coordinates"),
        ("planar", 0, "at least 1 coordinate"),
        ("planar:99999999999", 3, "99,999,999,999 layers, and at most 1,000 are built"),
        ("planar:1001", 3, "1,001 layers, and at most 1,000 are built: write fewer"),
        ("planar:" + "9" * 5000, 3, "5,007 characters: write it shorter"),
        ("planar:900+radial:900", 3, "1,800 layers"),
        ("+".join(["triangular"] * 10_001), 3, "characters: write it shorter"),
        ("realnvp,width=99999999999", 3, 'width must be at most 10,000, got "99999999999"'),
        ("spline:2,depth=1000000", 3, "depth must be at most 10,000"),
        ("continuous,steps=1000000000", 3, "steps must be at most 10,000"),
        ("realnvp:2,width=9999,depth=99", 3, "its parameters would take"),
        ("continuous,width=1e9", 3, "width must be a whole number"),
        ("realnvp:999,width=9999", 3, "its parameters would take"),
        ("realnvp,max_grow=inf", 3, 'max_grow must be at most 10,000, got "inf"'),
        ("realnvp,max_grow=nan", 3, 'max_grow must be at most 10,000, got "nan"'),
        (Diagonal(2), 3, "the flow is of dimension 2, but 3 is needed."),
    ],
)
def test_what_cannot_be_built_is_refused_in_a_sentence(spec, dim, sentence):
    with pytest.raises(InputError) as caught:
        build_flow(spec, dim, key=KEY)
    assert sentence in str(caught.value)


def test_a_text_is_checked_without_building_it():
    check_flow("planar:1000")
    with pytest.raises(InputError, match="at most 1,000 are built"):
        check_flow("planar:1001")


def test_dtype_reaches_every_parameter(x64):
    flow = build_flow("sinh-arcsinh+realnvp:2+planar:2", 3, key=KEY, dtype=jnp.float64)
    trainable = [a for a in jax.tree.leaves(flow) if jnp.issubdtype(a.dtype, jnp.floating)]
    assert {a.dtype for a in trainable} == {jnp.dtype("float64")}


@pytest.mark.parametrize(
    ("spec", "dim", "words"),
    [
        ("planar:99999999999", 2, "at most 1,000 are built"),
        ("planar:600+radial:600", 2, "has 1,200 layers"),
        ("realnvp:1000,width=10000", 2, "its parameters would take"),
        ("triangular", 10**6, "its parameters would take"),
        ("realnvp:2,width=99999999", 2, "width must be at most 10,000"),
        ("spline:2,bound=nan", 2, "bound must be at most"),
        ("+".join(["planar"] * 500), 2, "write it shorter"),
    ],
)
def test_what_would_fill_the_memory_is_refused_before_it_takes_any(spec, dim, words):
    with pytest.raises(InputError, match=words):
        build_flow(spec, dim, key=jax.random.key(0))
