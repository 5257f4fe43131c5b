"""What is expected of a command, as ``rules.toml`` has it."""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from newcomer.commands import ROOT, Command

__all__ = ["RULES", "Rule", "complete", "rule_for"]

_TABLES = tomllib.loads(Path(__file__).with_name("rules.toml").read_text("utf-8"))
_STAND_INS: dict[str, str] = _TABLES["stand_ins"]
_PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b")


@dataclass(frozen=True)
class Rule:
    """What is expected; ``rules.toml`` explains each field."""

    command: str
    left_out: str = ""
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    codes: tuple[int, ...] = (0,)
    seconds: int = 240
    prints: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


RULES = tuple(
    Rule(**{key: tuple(value) if isinstance(value, list) else value for key, value in r.items()})
    for r in _TABLES["rules"]
)
_USUAL = Rule(".*")


def rule_for(command: Command) -> Rule:
    """Return the first rule that matches, or the usual one."""
    return next((r for r in RULES if re.fullmatch(r.command, command.text)), _USUAL)


def complete(command: Command) -> list[Command]:
    """Put stand-ins where the reader would put something, once for each file that fits.

    Raises:
        ValueError: if there is none for a word in capitals.
    """
    if command.program or rule_for(command).left_out:
        return [command]
    texts = [command.text]
    for word, stand_in in _STAND_INS.items():
        if word in command.text.split():
            files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(stand_in))
            texts = [t.replace(word, f) for t in texts for f in (files or [stand_in])]
    for text in texts:
        if left := _PLACEHOLDER.search(text):
            raise ValueError(
                f"{command.origin} shows `{command.text}`: say in rules.toml what stands for "
                f"{left[0]}, or why it is left out."
            )
    return [replace(command, text=text) for text in texts]
