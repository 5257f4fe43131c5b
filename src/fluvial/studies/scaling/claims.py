"""What section 4 claims of the cost, and what is claimed of the memory here."""

from collections.abc import Iterator, Sequence

from fluvial.reproduction import Claim, JudgedClaim, Ledger, Rule
from fluvial.reproduction.exponent import exponent
from fluvial.studies.scaling.plan import Sweep, plan

__all__ = ["judged_claims"]

_PAPER = "Rezende & Mohamed 2015, arXiv 1505.05770, section 4"
_AXES = {"K": "the number of layers", "D": "the dimension", "N": "the width of the layers"}
# Sizes differ in how well they fit in a cache: an exponent so near to the law's counts as it.
_LINEAR, _QUADRATIC, _CUBIC = Rule(0.8, 1.2), Rule(1.7, 2.3), Rule(2.5, 3.3)
_SQUARE_ROOT = Rule(0.4, 0.6)


def judged_claims(ledger: Ledger) -> Sequence[JudgedClaim]:
    """Judge all claims; a seed's value is the exponent fitted to its own times."""
    judged = []
    for sweep in plan(ledger.budget).sweeps:
        values = ledger.record(sweep.name).values
        exponents = [exponent(values["sizes"], row).value for row in values["seconds"]]
        judged.append(_cost(sweep).judge(exponents, ledger.budget))
    return [*judged, *_memory(ledger)]


def _cost(sweep: Sweep) -> Claim:
    quantity = f"exponent of seconds a gradient step in {sweep.axis}, {_span(sweep.sizes)}"
    name = f"{sweep.what}-cost-in-{sweep.axis.lower()}"
    axis = _AXES[sweep.axis]
    if sweep.what == "dense":
        statement = "A general flow, whose Jacobian has no structure, costs O(D³) a layer."
        return Claim(name, statement, _PAPER, "3", quantity, _CUBIC)
    if sweep.what == "network":
        statement = "The inference network costs O(L N²), quadratic in the width of its layers."
        return Claim(name, statement, _PAPER, "2", quantity, _QUADRATIC)
    if sweep.what == "planar-checkpoint":
        statement = "With checkpoints a planar flow still costs O(K D), linear in K."
        return Claim(name, statement, "this project", "", quantity, _LINEAR)
    statement = f"A {sweep.what} flow costs O(K D), linear in {axis}."
    return Claim(name, statement, _PAPER, "1", quantity, _LINEAR)


def _memory(ledger: Ledger) -> Iterator[JudgedClaim]:
    """Judge the memory: the compiler's answer has no chance in it, so each D stands for a seed."""
    values = ledger.record("memory").values
    span = f"{_span(values['lengths'])}, at each of D = {', '.join(map(str, values['dims']))}"
    for kind, words, rule in (
        ("plain", "The memory of a gradient grows with K as the stored activations do", _LINEAR),
        ("checkpoint", "With checkpoints it grows with the square root of K", _SQUARE_ROOT),
    ):
        exponents = [exponent(values["lengths"], row).value for row in values[kind]]
        yield Claim(
            name=f"memory-{kind}",
            statement=f"{words}.",
            source="Chen et al. 2016, arXiv 1604.06174" if kind == "checkpoint" else "this project",
            published="0.5" if kind == "checkpoint" else "",
            quantity=f"exponent of temporary bytes in K, {span}",
            rule=rule,
        ).judge(exponents, ledger.budget)


def _span(sizes: Sequence[int]) -> str:
    return f"from {sizes[0]} to {sizes[-1]}"
