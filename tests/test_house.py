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


KINDS = ("definition", "arithmetic", "memory", "speed", "wording")
# What ``calibrate`` says is no matter of a fit's settings.
APART = ("settings", "calibration")


def _numeric(node):
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.Tuple | ast.Call | ast.UnaryOp | ast.BinOp):
        return any(_numeric(child) for child in ast.iter_child_nodes(node))
    return False


def _unsaid(path):
    """Numbers of a module whose comments do not begin with what kind they are."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if not (isinstance(node, ast.Assign | ast.AnnAssign) and node.value):
            continue
        own = lines[node.end_lineno - 1].partition("#")[2]
        above = itertools.takewhile(lambda line: line.startswith("#"), lines[node.lineno - 2 :: -1])
        said = [own, *(line[1:] for line in above)]
        if _numeric(node.value) and not any(one.strip().lower().startswith(KINDS) for one in said):
            yield f"{path.relative_to(SOURCE)}:{node.lineno}"


def test_a_number_of_a_fit_is_a_setting_or_says_what_else_it_is():
    rooms = [path for path in FILES if path.relative_to(SOURCE).parts[0] == "inference"]
    rooms = [path for path in rooms if not set(APART) & set(path.parts)]
    assert [place for path in rooms for place in _unsaid(path)] == []
