"""The study: which unit does what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fluvial.reproduction import Budget, Record, Story
from fluvial.reproduction.study import Study, Unit
from fluvial.studies.scaling.claims import measured_claims
from fluvial.studies.scaling.figures import drawn_figures
from fluvial.studies.scaling.plan import ScalingPlan, Sweep, plan

if TYPE_CHECKING:
    from fluvial.studies.scaling.steps import GradientStep

__all__ = ["STUDY"]


def _units(budget: Budget) -> Sequence[Unit]:
    """List the machine's rates, one unit for each sweep, and the memory."""
    chosen = plan(budget)
    return [
        Unit("machine", lambda: _machine(chosen)),
        *(Unit(s.name, lambda sweep=s: _timed(sweep, chosen)) for s in chosen.sweeps),
        Unit("memory", lambda: _memory(chosen)),
    ]


def _machine(chosen: ScalingPlan) -> Record:
    from fluvial.studies.scaling.timing import machine_rates

    return Record(machine_rates(chosen.repeats)._asdict())


def _timed(sweep: Sweep, chosen: ScalingPlan) -> Record:
    """Time all seeds at each size: ``seconds`` has a row a seed and a column a size."""
    from fluvial.studies.scaling.timing import seconds_of

    columns, memory = [], []
    for size in sweep.sizes:
        step = _step_of(sweep, size)
        columns.append([seconds_of(step, seed, chosen.repeats) for seed in range(chosen.seeds)])
        memory.append(step.temporary_bytes)
    seconds = [list(row) for row in zip(*columns, strict=True)]
    return Record({**sweep._asdict(), "seconds": seconds, "temporary_bytes": memory})


def _step_of(sweep: Sweep, size: int) -> "GradientStep":
    from fluvial.studies.scaling.steps import dense_step, flow_step, network_step

    sizes = {"K": sweep.layers, "D": sweep.dim} | {sweep.axis: size}
    if sweep.what == "dense":
        return dense_step(sizes["D"], sweep.batch)
    if sweep.what == "network":
        return network_step(size, sweep.layers, sweep.batch)
    family, _, checkpoint = sweep.what.partition("-")
    return flow_step(family, sizes["K"], sizes["D"], sweep.batch, checkpoint=bool(checkpoint))


def _memory(chosen: ScalingPlan) -> Record:
    """Ask the compiler what a step of a planar flow needs: a row a dimension, a column a K."""
    from fluvial.studies.scaling.steps import flow_step

    def table(checkpoint: bool) -> list[list[int]]:
        return [
            [
                flow_step("planar", length, dim, 100, checkpoint=checkpoint).temporary_bytes
                for length in chosen.memory_lengths
            ]
            for dim in chosen.memory_dims
        ]

    return Record(
        {
            "dims": chosen.memory_dims,
            "lengths": chosen.memory_lengths,
            "plain": table(False),
            "checkpoint": table(True),
        }
    )


STUDY = Study(
    name="scaling",
    title="The cost of a flow (Rezende & Mohamed 2015, section 4)",
    version=2,
    seeds={budget: plan(budget).seeds for budget in Budget},
    units=_units,
    claims=measured_claims,
    figures=drawn_figures,
    story=Story(
        "A flow of K layers in D dimensions costs O(K D) where a layer's Jacobian has structure, "
        "O(D³) a layer where it has none, and O(L N²) for the inference network.",
        ("planar-cost-in-k", "dense-cost-in-d", "memory-checkpoint"),
        "times.png",
    ),
)
"""Times gradient steps while one size grows, and fits the exponent.

A seed has its own parameters and draws, and its own exponent. The times mean something only on a
machine that does nothing else.
"""
