"""One cell's recorded outputs beside those of a local run."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.estimators import completed, told_parameters
from fluvial.replication.compare.html import compare_html
from fluvial.replication.compare.images import compare_images
from fluvial.replication.compare.outputs import IMAGES, Outputs, displays, errors, stdout
from fluvial.replication.compare.reprs import parsed
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.values import compare_values

__all__ = ["compare_outputs"]

_ADVICE = re.compile(
    r"\. (?:Did you mean|Perhaps you|Maybe you meant|Did you forget).*$", re.DOTALL
)

_TEXTS = ("image/svg+xml", "text/latex", "text/markdown", "text/plain")
_CELL_FILE = re.compile(r"\((?:<ipython-input-[^>]*>|<tokenize>|\d+\.py)(?=, line)")
_FACT = re.compile(r"'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SHARED_WORDS = 0.6
_DENIALS = {"not", "no", "never", "cannot", "can't", "without", "non", "neither", "nor", "isn't"}
# What a page of HTML draws with a script cannot be compared without a browser.
_SCRIPTED = ("<script", "<iframe", "<canvas")


def compare_outputs(
    recorded: Outputs, local: Outputs, tolerance: Tolerance, run: Surroundings | None = None
) -> Iterator[Difference]:
    """Compare the outputs of one cell, as a notebook of format 4 holds them.

    What was printed is compared as one text; displays and results in their order, each in the
    richest form that both have; errors by type and message. What went to stderr, such as warnings
    and progress, is not judged, nor are widgets, which are nothing without their kernel.

    Args:
        recorded: the notebook's outputs.
        local: those of the local run.
        tolerance: how far values may lie apart.
        run: what the local run can print of itself; by default one that goes on now.
    """
    run = run or Surroundings()
    yield from compare_text(stdout(recorded), stdout(local), tolerance, "stdout", run)
    yield from _compare_displays(displays(recorded), displays(local), tolerance, run)
    yield from _compare_errors(errors(recorded), errors(local), tolerance, run)


def _compare_displays(
    recorded: list[Mapping[str, Any]],
    local: list[Mapping[str, Any]],
    tolerance: Tolerance,
    run: Surroundings,
) -> Iterator[Difference]:
    for count, (a, b) in enumerate(zip(recorded, local, strict=False), 1):
        yield from _compare_display(a, b, tolerance, f"output {count}", run)
    shared = min(len(recorded), len(local))
    for count, data in enumerate(recorded[shared:], shared + 1):
        yield _one_sided(Kind.MISSING, f"output {count}", _described(data))
    for count, data in enumerate(local[shared:], shared + 1):
        yield _one_sided(Kind.EXTRA, f"output {count} (local)", _described(data))


def _compare_display(
    recorded: Mapping[str, Any],
    local: Mapping[str, Any],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    mime = _richest(recorded, local)
    if mime is None:
        kinds = ", ".join(recorded), ", ".join(local)
        yield Difference(Kind.TYPE, place, None, *kinds, None, False, "another type of output")
        return
    a, b = recorded[mime], local[mime]
    if mime == "text/plain" and (made := _with_told(recorded, local)) is not None:
        yield from list(compare_values(*made, tolerance, place)) or _by_default(a, b, place)
    elif mime.endswith("json"):
        yield from compare_values(a, b, tolerance, place)
    elif mime in IMAGES:
        yield from compare_images(a, b, tolerance, place)
    elif mime == "text/html":
        yield from compare_html(a, b, tolerance, place, run)
    elif mime in _TEXTS:
        yield from compare_text(a, b, tolerance, place, run)
    elif a != b:
        sizes = f"{len(a)} characters of {mime}", f"{len(b)} characters of {mime}"
        yield Difference(Kind.TYPE, place, None, *sizes, None, False, "other data")


def _by_default(recorded: str, local: str, place: str) -> Iterator[Difference]:
    if recorded != local:
        texts = shortened(recorded, local), shortened(local, recorded)
        reason = "the same parameters, of which one text leaves out the defaults"
        yield Difference(Kind.TEXT, place, None, *texts, None, True, reason, Cause.LIBRARY_PRINTING)


def _with_told(recorded: Mapping[str, Any], local: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Read two texts of estimators, with what their HTML says beyond; None if it says nothing."""
    told = [told_parameters(data.get("text/html", "")) for data in (recorded, local)]
    if not any(told):
        return None
    a, b = parsed(recorded["text/plain"]), parsed(local["text/plain"])
    if a is None or b is None:
        return None
    return completed(a, b, told[0]), completed(b, a, told[1])


def _richest(recorded: Mapping[str, Any], local: Mapping[str, Any]) -> str | None:
    """Choose the form that says most and can be compared: data, a picture, a table, text."""
    shared = [mime for mime in recorded if mime in local]
    structured = [mime for mime in shared if mime.endswith("json")]
    scripted = any(
        mark in data.get("text/html", "").lower()
        for mark in _SCRIPTED
        for data in (recorded, local)
    )
    # The title of a table may hold a script; whoever has both keeps what can be read.
    html = [] if scripted and "text/plain" in shared else ["text/html"]
    ranked = [*structured, *IMAGES, *html, *_TEXTS, *shared]
    return next((mime for mime in ranked if mime in shared), None)


def _compare_errors(
    recorded: list[Mapping[str, Any]],
    local: list[Mapping[str, Any]],
    tolerance: Tolerance,
    run: Surroundings,
) -> Iterator[Difference]:
    if not recorded and not local:
        return
    if not local:
        yield _one_sided(Kind.MISSING, "error", _message(recorded[0]))
    elif not recorded:
        yield Difference(Kind.ERROR, "error", None, "", _message(local[0]), None, False, "an error")
    elif recorded[0]["ename"] != local[0]["ename"]:
        messages = _message(recorded[0]), _message(local[0])
        yield Difference(Kind.ERROR, "error", None, *messages, None, False, "another error")
    else:
        yield from _compare_messages(recorded[0], local[0], tolerance, run)


def _compare_messages(
    recorded: Mapping[str, Any], local: Mapping[str, Any], tolerance: Tolerance, run: Surroundings
) -> Iterator[Difference]:
    """Compare what two errors of one type say; newer versions of Python add advice."""
    plain = [
        _CELL_FILE.sub("(<cell>", _ADVICE.sub("", error["evalue"])) for error in (recorded, local)
    ]
    found = list(compare_text(plain[0], plain[1], tolerance, "error", run))
    if all(difference.tolerated for difference in found):
        yield from found
        if not found and recorded["evalue"] != local["evalue"]:
            texts = _message(recorded), _message(local)
            reason, cause = "the same message, with advice", Cause.LIBRARY_PRINTING
            yield Difference(Kind.TEXT, "error", None, *texts, None, True, reason, cause)
        return
    texts = _message(recorded), _message(local)
    if _reworded(*plain):
        reason, cause = "the same message in other words", Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, "error", None, *texts, None, True, reason, cause)
    else:
        yield Difference(Kind.ERROR, "error", None, *texts, None, False, "another message")


def _reworded(recorded: str, local: str) -> bool:
    """Whether one message says what the other does, and some words more, none of which denies it.

    A word in place of another may be its opposite, and a number another one.
    """
    facts = [Counter(_FACT.findall(text)) for text in (recorded, local)]
    if not (facts[0] <= facts[1] or facts[1] <= facts[0]):
        return False
    words = [_FACT.sub("", text).split() for text in (recorded, local)]
    matcher = SequenceMatcher(None, *words, autojunk=False)
    for operation, a, b, c, d in matcher.get_opcodes():
        changed = {word.lower() for word in (*words[0][a:b], *words[1][c:d])}
        if operation == "replace" or (operation != "equal" and changed & _DENIALS):
            return False
    return matcher.ratio() >= _SHARED_WORDS


def _message(error: Mapping[str, Any]) -> str:
    return shortened(f"{error['ename']}: {error['evalue']}")


def _described(data: Mapping[str, Any]) -> str:
    if isinstance(text := data.get("text/plain"), str):
        return shortened(text)
    mime = next(iter(data))
    return f"{len(json.dumps(data[mime]))} characters of {mime}"


def _one_sided(kind: Kind, place: str, text: str) -> Difference:
    texts = ("", text) if kind is Kind.EXTRA else (text, "")
    reason = "not recorded" if kind is Kind.EXTRA else "not made locally"
    return Difference(kind, place, None, *texts, None, False, reason)
