"""What section 4 claims of the cost, and what is claimed of the memory here."""

from collections.abc import Iterator, Sequence

from fluvial.reproduction import Claim, Repetition, Rule, StudyResults
from fluvial.reproduction.exponent import exponent
from fluvial.studies.scaling.plan import Sweep, plan

__all__ = ["measured_claims"]

_PAPER = "Rezende & Mohamed 2015, arXiv 1505.05770, section 4"
_AXES = {"K": "the number of layers", "D": "the dimension", "N": "the width of the layers"}
# Sizes differ in how well they fit in a cache: an exponent so near to the law's counts as it.
_LINEAR, _QUADRATIC, _CUBIC = Rule(0.8, 1.2), Rule(1.7, 2.3), Rule(2.5, 3.3)
_SQUARE_ROOT = Rule(0.4, 0.6)


def measured_claims(results: StudyResults) -> Iterator[tuple[Claim, Sequence[float]]]:
    """Measure all claims; a seed's value is the exponent fitted to its own times."""
    for sweep in plan(results.budget).sweeps:
        values = results.record(sweep.name).values
        yield _cost(sweep), [exponent(values["sizes"], row).value for row in values["seconds"]]
    yield from _memory(results)


def _cost(sweep: Sweep) -> Claim:
    statement, source, published, rule = _law(sweep)
    return Claim(
        name=f"{sweep.what}-cost-in-{sweep.axis.lower()}",
        statement=statement,
        source=source,
        published=published,
        quantity=f"exponent of seconds a gradient step in {sweep.axis}, {_span(sweep.sizes)}",
        rule=rule,
        each=Repetition.REPEATS,
    )


def _law(sweep: Sweep) -> tuple[str, str, str, Rule]:
    """Return the statement, its source, the published exponent, and which ones count as it."""
    if sweep.what == "dense":
        statement = "A general flow, whose Jacobian has no structure, costs O(D³) a layer."
        return statement, _PAPER, "3", _CUBIC
    if sweep.what == "network":
        statement = "The inference network costs O(L N²), quadratic in the width of its layers."
        return statement, _PAPER, "2", _QUADRATIC
    if sweep.what == "planar-checkpoint":
        statement = "With checkpoints a planar flow still costs O(K D), linear in K."
        return statement, "this project", "", _LINEAR
    statement = f"A {sweep.what} flow costs O(K D), linear in {_AXES[sweep.axis]}."
    return statement, _PAPER, "1", _LINEAR


def _memory(results: StudyResults) -> Iterator[tuple[Claim, Sequence[float]]]:
    """Measure the memory: the compiler's answer has no chance in it, so each D is a repeat."""
    values = results.record("memory").values
    span = f"{_span(values['lengths'])}, at each of D = {', '.join(map(str, values['dims']))}"
    for kind, words, rule in (
        ("plain", "The memory of a gradient grows with K as the stored activations do", _LINEAR),
        ("checkpoint", "With checkpoints it grows with the square root of K", _SQUARE_ROOT),
    ):
        claim = Claim(
            name=f"memory-{kind}",
            statement=f"{words}.",
            source="Chen et al. 2016, arXiv 1604.06174" if kind == "checkpoint" else "this project",
            published="0.5" if kind == "checkpoint" else "",
            quantity=f"exponent of temporary bytes in K, {span}",
            rule=rule,
            each=Repetition.REPEATS,
        )
        yield claim, [exponent(values["lengths"], row).value for row in values[kind]]


def _span(sizes: Sequence[int]) -> str:
    return f"from {sizes[0]} to {sizes[-1]}"
