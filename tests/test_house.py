"""What holds of the code as a whole: a name says one thing, and prose is American."""

import ast
import itertools
import re
from collections import defaultdict
from pathlib import Path

import pytest

import fluvial

SOURCE = Path(fluvial.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
# A command is named for the verb that it calls, and every study has the same parts.
ALIKE = ("cli", "studies")

# Of the 0.1.0 release: what its files and attributes are called is not respelled.
EARLIER = re.compile(r"judgement", re.IGNORECASE)
BRITISH = re.compile(
    r"colour|behaviour|modell|(normal|real|initial|parametr|summar|recogn|minim|maxim|general|"
    r"regular|marginal|standard|vector|discret|organ)is(e|ed|es|ing|ation)\b|optimis(e|ed|ation|ing)|"
    r"\bgrey|\bcentre|favour|judgement|whilst|\bshall\b|neighbour|\blabell|artefact|licence|"
    r"catalogue|\btowards\b|amongst|\bcancell(ed|ing)\b|\btravell",
    re.IGNORECASE,
)


def test_no_class_name_is_used_twice():
    where = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                where[node.name.lstrip("_")].append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_no_two_modules_of_sibling_rooms_have_one_name():
    stems = defaultdict(set)
    for path in FILES:
        room = path.parent.relative_to(SOURCE)
        if not {room.name, room.parent.name} & set(ALIKE) and path.stem != "__init__":
            stems[room].add(path.stem)
    siblings = [(a, b) for a, b in itertools.combinations(stems, 2) if a.parent == b.parent != a]
    shared = {(str(a), str(b)): stems[a] & stems[b] for a, b in siblings}
    assert {rooms: names for rooms, names in shared.items() if names} == {}


@pytest.mark.parametrize("text", ["colour", "optimised", "it shall", "modelled", "towards"])
def test_british_spelling_is_noticed(text):
    assert BRITISH.search(text)


def test_spelling_is_american():
    found = [
        f"{path.relative_to(SOURCE)}:{number}: {word[0]}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (word := BRITISH.search(line)) and not EARLIER.search(line)
    ]
    assert found == []
