"""The table of families, and how many numbers a flow trains."""

import jax

from benchmarks.families import FAMILIES, parameters, table
from fluvial.flows import build_flow
from fluvial.flows.families import FAMILIES as KNOWN

FIXED = {"householder", "margins", "mixtures", "orthogonal", "permutation"}
"""They preserve the standard normal until they are given something else, and learn nothing."""


def test_every_family_that_can_approximate_is_measured():
    assert set(FAMILIES) == KNOWN.keys() - FIXED - {"nice"}
    assert len(FAMILIES) == len(set(FAMILIES))


def test_parameters_are_counted_as_they_are_trained():
    assert parameters("planar", 3) == 32 * (3 + 3 + 1)
    assert parameters("diagonal", 5) == 10
    flow = build_flow("nice-orth", 4, key=jax.random.key(0))
    trained = [leaf for leaf in jax.tree.leaves(flow) if leaf.dtype == "float32"]
    assert parameters("nice-orth", 4) == sum(leaf.size for leaf in trained)  # not its rotations


def test_what_was_not_measured_is_said():
    measured = {"gap": 0.0123, "khat": "0.5", "cpu_seconds": 9.6, "parameters": 1234}
    cells = [
        {"family": "planar", "target": "U1", **measured},
        {"family": "maf", "target": "U1", "failed": "ValueError: no"},
    ]
    rows = {line.split("`")[1]: line for line in table(cells).splitlines()[2:]}
    assert "0.012 / 0.50 / 10 s / 1,234" in rows["planar"]
    assert rows["planar"].count("not measured") == 7
    assert "failed" in rows["maf"]
