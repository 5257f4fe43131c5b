"""A study that keeps which of its units ran."""

import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

from fluvial.reproduction import Budget, Claim, Curve, Figure, Record, Rule, Story
from fluvial.studies import Study, Unit

_HOLDS = Rule(low=-1.0, high=10.0)


@dataclass
class Toy:
    """Measures 1, 2 and 3 unless Ctrl-C, or a kill, comes in between."""

    rule: Rule = _HOLDS
    interrupt_at: int | None = None
    killed_at: int | None = None
    version: int = 1
    runs: list[int] = field(default_factory=list)

    @property
    def study(self):
        return replace(_STUDY, version=self.version, units=self._units, claims=self._claims)

    def _units(self, budget):
        return [Unit(f"seed-{seed}", lambda seed=seed: self._run(seed)) for seed in range(3)]

    def _run(self, seed):
        if seed == self.interrupt_at:
            raise KeyboardInterrupt
        if seed == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.runs.append(seed)
        return Record({"x": seed + 1.0})

    def _claims(self, results):
        claim = Claim("count", "We count to three.", "Figure 0", "3", "count", self.rule)
        yield claim, [results.record(f"seed-{seed}").values["x"] for seed in range(3)]


def _figures(results, directory):
    Path(directory, "count.png").write_bytes(b"")
    return [Figure("count.png", "Count", "One, two, three.")]


_STUDY = Study(
    name="toy",
    title="A toy",
    version=1,
    seeds=dict.fromkeys(Budget, 3),
    units=lambda budget: [],
    claims=lambda results: [],
    figures=_figures,
    curves=lambda results: [Curve("seed-0", "path", "x")],
    story=Story("We can count.", ("count",), "count.png"),
)
