"""A study that keeps which of its units ran."""

from pathlib import Path

from fluvial.reproduction import Claim, Figure, Record, Rule
from fluvial.studies import Study, Unit

_HOLDS = Rule(low=-1.0, high=10.0)


def fresh_toy(rule=_HOLDS, interrupt_at=None):
    """A class of its own, that measures 1, 2 and 3 unless Ctrl-C comes in between."""
    judged_by, interrupted = rule, interrupt_at

    class Toy(Study):
        name = "toy"
        title = "A toy"
        version = 1
        rule = judged_by
        interrupt_at = interrupted
        runs: list = []  # noqa: RUF012  a list a class

        def seeds(self, budget):
            return range(3)

        def units(self, budget):
            return [Unit(f"seed-{seed}", lambda seed=seed: self._run(seed)) for seed in range(3)]

        def _run(self, seed):
            if seed == self.interrupt_at:
                raise KeyboardInterrupt
            self.runs.append(seed)
            return Record({"x": seed + 1.0})

        def claims(self, ledger):
            values = [ledger.record(f"seed-{seed}").values["x"] for seed in range(3)]
            claim = Claim("count", "We count to three.", "Figure 0", "3", "count", self.rule)
            return [claim.judge(values, ledger.budget)]

        def figures(self, ledger, directory):
            Path(directory, "count.png").write_bytes(b"")
            return [Figure("count.png", "Count", "One, two, three.")]

    return Toy
