"""One cell's recorded outputs beside those of a local run."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.drawings import plain_formula, plain_svg
from fluvial.replication.compare.estimators import completed, told_parameters
from fluvial.replication.compare.html import compare_html, read_html
from fluvial.replication.compare.images import compare_images
from fluvial.replication.compare.messages import plain_messages, reworded
from fluvial.replication.compare.outputs import (
    IMAGES,
    IN_LIKE_FONTS,
    MISSING_FONTS,
    Outputs,
    displays,
    errors,
    stdout,
    with_stream,
)
from fluvial.replication.compare.reprs import parsed
from fluvial.replication.compare.shown import shown_lines
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_text
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.values import compare_values

__all__ = ["compare_outputs"]

_TEXTS = ("image/svg+xml", "text/latex", "text/markdown", "text/plain")
_PLAIN = {"image/svg+xml": plain_svg, "text/latex": plain_formula}
_SET = ("text/html", "text/latex", "text/markdown")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OBJECT = r"<[\w.]+(?: object)? at 0x[0-9a-fA-F]+>"
_OF_PARSER = ("SyntaxError", "IndentationError", "TabError")
# What IPython shows of an object when code asks for help with ``?``: its fields, by name.
_HELP = re.compile(
    r"^(?:Signature|Init signature|Call signature|Type|String form|Length|File|Docstring|"
    r"Init docstring|Class docstring|Call docstring|Source):",
    re.MULTILINE,
)
_LEAST_FIELDS = 2
_BARE = re.compile(rf"[\[(]?\s*{_OBJECT}(?:,\s*{_OBJECT})*\s*[\])]?")
_EMPTY_FIGURE = re.compile(r"<Figure size [\d.]+x[\d.]+ with 0 Axes>")
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
    saved = recorded, local
    recorded, local = with_stream(recorded, local), with_stream(local, recorded)
    if recorded is not saved[0] or local is not saved[1]:
        reason, cause = "printed text that was saved as a result", Cause.LIBRARY_PRINTING
        texts = ("a result", "printed") if local is saved[1] else ("printed", "a result")
        yield Difference(Kind.TYPE, "stdout", None, *texts, None, True, reason, cause)
    yield from compare_text(stdout(recorded), stdout(local), tolerance, "stdout", run)
    yield from _compare_displays(displays(recorded), displays(local), tolerance, run)
    yield from _compare_errors(errors(recorded), errors(local), tolerance, run)


def _compare_displays(
    recorded: list[Mapping[str, Any]],
    local: list[Mapping[str, Any]],
    tolerance: Tolerance,
    run: Surroundings,
) -> Iterator[Difference]:
    for i, j in _paired(recorded, local):
        if j is None and i is not None:
            yield _one_sided(Kind.MISSING, f"output {i + 1}", _described(recorded[i]))
        elif i is None and j is not None:
            yield _one_sided(Kind.EXTRA, f"output {j + 1} (local)", _described(local[j]))
        elif i is not None and j is not None:
            yield from _compare_display(recorded[i], local[j], tolerance, f"output {i + 1}", run)


def _paired(
    recorded: Sequence[Mapping[str, Any]], local: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[int | None, int | None]]:
    """Pair displays in their order, pictures with pictures and tables with tables if one lacks."""
    if len(recorded) == len(local):
        yield from ((at, at) for at in range(len(recorded)))
        return
    forms = [[_form(data) for data in displayed] for displayed in (recorded, local)]
    for _, i, stop, j, end in SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        yield from zip_longest(range(i, stop), range(j, end))


def _form(data: Mapping[str, Any]) -> str:
    return next((mime for mime in (*IMAGES, "text/html") if mime in data), "text/plain")


def _compare_display(
    recorded: Mapping[str, Any],
    local: Mapping[str, Any],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    """Compare two displays in their richest common form, and if they differ there as plain text.

    How a table or a formula is set is a matter of the version; its text says as much.
    """
    mime = _richest(recorded, local)
    found = list(_compare_form(mime, recorded, local, tolerance, place, run))
    formula = mime in IMAGES and "text/latex" in recorded.keys() & local.keys()
    apart = any(not difference.tolerated for difference in found)
    if mime is not None and apart and (mime in _SET or formula):
        before, after = (data.get("text/plain", "") for data in (recorded, local))
        if _says_all(before, recorded[mime]) and _says_all(after, local[mime]):
            said = list(compare_text(before, after, tolerance, place, run))
            numbers = [d for d in found if d.kind is Kind.NUMBER and not d.tolerated]
            written = all(d.recorded in before and d.local in after for d in numbers)
            if written and all(difference.tolerated for difference in said):
                reason, cause = "the same as plain text", Cause.LIBRARY_PRINTING
                found = [d if d.tolerated else d.accepted(reason, cause) for d in found]
    yield from found


def _says_all(plain: Any, rich: str) -> bool:
    """Whether a plain text has all the numbers that a table or a formula has, and is not a name."""
    if not isinstance(plain, str) or not plain or "<" in plain:
        return False
    content = read_html(rich)
    shown = " ".join(
        [*(" ".join(row) for table in content.tables for row in table), *content.lines]
    )
    return len(_NUMBER.findall(plain)) >= len(_NUMBER.findall(shown))


def _compare_form(
    mime: str | None,
    recorded: Mapping[str, Any],
    local: Mapping[str, Any],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    if mime is None:
        kinds = ", ".join(recorded), ", ".join(local)
        yield Difference(Kind.TYPE, place, None, *kinds, None, False, "another type of output")
        return
    a, b = recorded[mime], local[mime]
    if mime == "text/plain" and (made := _with_told(recorded, local, run)) is not None:
        yield from list(compare_values(*made, tolerance, place)) or _by_default(a, b, place)
    elif mime.endswith("json"):
        yield from compare_values(a, b, tolerance, place)
    elif mime in IMAGES:
        yield from _compare_pictures(a, local, mime, tolerance, place)
    elif mime == "text/html":
        yield from compare_html(a, b, tolerance, place, run)
    elif mime in _PLAIN:
        yield from _compare_plain(a, b, _PLAIN[mime], tolerance, place, run)
    elif mime in _TEXTS:
        yield from compare_text(a, b, tolerance, place, run)
    elif a != b:
        sizes = f"{len(a)} characters of {mime}", f"{len(b)} characters of {mime}"
        yield Difference(Kind.TYPE, place, None, *sizes, None, False, "other data")


def _compare_plain(
    recorded: str,
    local: str,
    plain: Callable[[str], str],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    """Compare two drawings or formulas by what is seen of them."""
    texts = plain(recorded), plain(local)
    if texts[0] == texts[1] and recorded != local:
        shown, cause = (shortened(recorded), shortened(local)), Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, place, None, *shown, None, True, "the same as it looks", cause)
    else:
        yield from compare_text(*texts, tolerance, place, run)


def _compare_pictures(
    recorded: str, local: Mapping[str, Any], mime: str, tolerance: Tolerance, place: str
) -> Iterator[Difference]:
    """Compare two pictures, the local one also as it is in other fonts if it was drawn so."""
    found = list(compare_images(recorded, local[mime], tolerance, place))
    if IN_LIKE_FONTS in local and any(not difference.tolerated for difference in found):
        again = list(compare_images(recorded, local[IN_LIKE_FONTS], tolerance, place))
        if all(difference.tolerated for difference in again):
            reason, cause = "the same plot in fonts that are not installed here", Cause.ENVIRONMENT
            found = [difference.accepted(reason, cause) for difference in found]
    if MISSING_FONTS in local:
        told = f"in other letters, since this is not installed here: {local[MISSING_FONTS]}"
        found = [d if d.tolerated else replace(d, reason=f"{d.reason}, {told}") for d in found]
    yield from found


def _by_default(recorded: str, local: str, place: str) -> Iterator[Difference]:
    if recorded != local:
        texts = shortened(recorded, local), shortened(local, recorded)
        reason = "the same parameters, of which one text leaves out the defaults"
        yield Difference(Kind.TEXT, place, None, *texts, None, True, reason, Cause.LIBRARY_PRINTING)


def _with_told(
    recorded: Mapping[str, Any], local: Mapping[str, Any], run: Surroundings
) -> tuple[Any, Any] | None:
    """Read two texts of estimators, with what their HTML says beyond; None if it says nothing."""
    told = [told_parameters(data.get("text/html", "")) for data in (recorded, local)]
    if not any(told):
        return None
    a, b = parsed(recorded["text/plain"]), parsed(local["text/plain"])
    if a is None or b is None:
        return None
    known = [
        {**run.defaults, **{name: {**run.defaults.get(name, {}), **own[name]} for name in own}}
        for own in told
    ]
    return completed(a, b, known[0]), completed(b, a, known[1])


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
    plain = plain_messages(recorded["evalue"], local["evalue"])
    found = list(compare_text(plain[0], plain[1], tolerance, "error", run))
    if all(difference.tolerated for difference in found):
        yield from found
        if not found and recorded["evalue"] != local["evalue"]:
            texts = _message(recorded), _message(local)
            reason, cause = (
                "the same message in the words of another version",
                Cause.LIBRARY_PRINTING,
            )
            yield Difference(Kind.TEXT, "error", None, *texts, None, True, reason, cause)
        return
    texts = _message(recorded), _message(local)
    # What is wrong with the same code is the same; how the parser says so is its own.
    if recorded["ename"] in _OF_PARSER or reworded(*plain):
        reason, cause = "the same message in other words", Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, "error", None, *texts, None, True, reason, cause)
    else:
        yield Difference(Kind.ERROR, "error", None, *texts, None, False, "another message")


def _message(error: Mapping[str, Any]) -> str:
    return shortened(f"{error['ename']}: {error['evalue']}")


def _described(data: Mapping[str, Any]) -> str:
    if isinstance(text := data.get("text/plain"), str):
        return text
    mime = next(iter(data))
    return f"{len(json.dumps(data[mime]))} characters of {mime}"


def _one_sided(kind: Kind, place: str, text: str) -> Difference:
    said = shortened(text)
    texts = ("", said) if kind is Kind.EXTRA else (said, "")
    if len(_HELP.findall("\n".join(shown_lines(text)))) >= _LEAST_FIELDS:
        reason, cause = "help, which some programs show beside the notebook", Cause.ENVIRONMENT
        return Difference(kind, place, None, *texts, None, True, reason, cause)
    if _EMPTY_FIGURE.fullmatch(text):
        reason, cause = "a figure with nothing in it", Cause.LIBRARY_PRINTING
        return Difference(kind, place, None, *texts, None, True, reason, cause)
    if _BARE.fullmatch(text):
        reason, cause = "objects of which the text says no more than where", Cause.LIBRARY_PRINTING
        return Difference(kind, place, None, *texts, None, True, reason, cause)
    reason = "not recorded" if kind is Kind.EXTRA else "not made locally"
    return Difference(kind, place, None, *texts, None, False, reason)
