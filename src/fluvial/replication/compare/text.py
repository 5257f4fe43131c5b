"""Two texts, line by line, number by number."""

import re
from collections.abc import Iterator, Sequence

from fluvial.replication.compare.align import aligned
from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.fields import in_one_form
from fluvial.replication.compare.frame_info import in_one_layout
from fluvial.replication.compare.layout import in_another_order, laid_out_otherwise
from fluvial.replication.compare.left_out import LEFT_OUT, is_dots, left_out_pairs
from fluvial.replication.compare.lines import (
    STDOUT,
    compare_line,
    in_another_style,
    values_of,
)
from fluvial.replication.compare.print_statement import as_python_3_prints
from fluvial.replication.compare.shown import shown_lines
from fluvial.replication.compare.style import joined_lines
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.unwrapped import unwrapped
from fluvial.replication.compare.values import compare_values

__all__ = ["compare_lines", "compare_text"]

_OF_LINES = (Kind.TEXT, Kind.MISSING, Kind.EXTRA)
# Lines that a timer or a progress bar prints, or not, as it likes.
_SIZE = re.compile(r"\[\d+ rows? x \d+ columns?\]")
_CHATTER = re.compile(r"The slowest run took|\s*\d+%\||This could mean that an intermediate result")
_RULE = re.compile(r"[\s\u2500-\u257f]+")  # of the characters that draw boxes
# What IPython says of its own commands.
_ADVICE = re.compile(
    r"%\w+ is deprecated, use |Using matplotlib backend: "
    r"|Populating the interactive namespace from |For more information, type 'help\(pylab\)'"
    r"|Welcome to pylab, a matplotlib-based Python environment"
)


def compare_text(
    recorded: str,
    local: str,
    tolerance: Tolerance,
    place: str,
    run: Surroundings | None = None,
) -> Iterator[Difference]:
    """Compare two texts.

    Lines are aligned, arrays that go over several lines being one. Numbers are then judged by
    value, durations that the run took by ratio, and dates, paths and addresses by whether they are
    the run's own; text that writes a dict, a list or an object by the values in it. The same values
    in another style are one difference, tolerated.

    Args:
        recorded: the recorded text.
        local: the local one.
        tolerance: how far numbers may lie apart.
        place: of the text in the cell, in words; the line is added.
        run: the local run; by default one that goes on now.

    Example:
        >>> text = "epoch 1, loss 0.5012, took 3.1 s", "epoch 1, loss 0.5013, took 2.2 s"
        >>> for found in compare_text(*text, Tolerance(rtol=1e-3), "stdout"):
        ...     print(found.place, found.kind, found.recorded, found.local, found.tolerated)
        stdout line 1, number 2 number 0.5012 0.5013 True
        stdout line 1, number 3 duration 3.1 s 2.2 s True
    """
    if recorded == local:
        return
    run = run or Surroundings()
    lines = shown_lines(recorded), shown_lines(local)
    found = list(_compare_shown(*lines, tolerance, place, run))
    apart = sum(not difference.tolerated for difference in found)
    printed = (as_python_3_prints(*lines), as_python_3_prints(*lines[::-1])) if apart else lines
    if printed != lines:  # code that was converted prints tuples where it printed values before
        again = list(_compare_shown(*printed, tolerance, place, run))
        if sum(not difference.tolerated for difference in again) < apart:
            found = again or [in_another_style(place, None, recorded, local)]
    yield from found


def _compare_shown(
    recorded: Sequence[str],
    local: Sequence[str],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    """Compare two texts as lines, by the values that they write if they write any as a whole."""
    texts = "\n".join(recorded), "\n".join(local)
    if texts[0] == texts[1]:
        return
    timed = run.printed.readings_in(texts[0], result=place != STDOUT)
    if not timed and (whole := values_of(*texts, run)) is not None:
        found = list(compare_values(whole[0], whole[1], tolerance, place, run=run))
        yield from found or [in_another_style(place, None, *texts)]
        return
    said = _without_advice(recorded), _without_advice(local)
    yield from _of_ipython(recorded, local, place)
    sizes = [next(filter(_SIZE.fullmatch, lines), "") for lines in said]
    if any(sizes) and "" in sizes and not any(map(is_dots, (*said[0], *said[1]))):
        reason, cause = "the size of a table, which some versions write", Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, place, None, sizes[0], sizes[1], None, True, reason, cause)
        said = ([x for x in said[0] if x not in sizes], [x for x in said[1] if x not in sizes])
    formed = in_one_form(*in_one_layout(unwrapped(said[0]), unwrapped(said[1])))
    found = list(compare_lines(*formed, tolerance, place, run))
    if not found and said[0] != said[1]:
        found = [in_another_style(place, None, *texts)]
    if any(not other.tolerated and other.kind in _OF_LINES for other in found):
        plain = "\n".join(said[0]), "\n".join(said[1])
        found = laid_out_otherwise(*plain, tolerance, place) or found
        if run.unordered and (reordered := in_another_order(*said, place)) is not None:
            found = [reordered]
    yield from found


def _without_advice(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not _ADVICE.match(line)]


def _of_ipython(recorded: Sequence[str], local: Sequence[str], place: str) -> Iterator[Difference]:
    """Compare what IPython says of its own commands, which is not a result."""
    texts = ["\n".join(filter(_ADVICE.match, lines)) for lines in (recorded, local)]
    if texts[0] != texts[1]:
        reason, cause = "what IPython says of itself", Cause.LIBRARY_PRINTING
        shown = shortened(texts[0]), shortened(texts[1])
        yield Difference(Kind.TEXT, place, None, *shown, None, True, reason, cause)


def compare_lines(
    recorded: Sequence[str],
    local: Sequence[str],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    """Compare two texts that are given as lines."""
    if recorded == local:
        return
    before, after = joined_lines(recorded), joined_lines(local)
    texts = [line for _, line in before], [line for _, line in after]
    styled = None
    pairs = list(aligned(*texts))
    left_out = left_out_pairs(pairs, *texts)
    last = _last_by_the_clock(pairs, texts[0], run)
    for at, (i, j) in enumerate(pairs):
        if i is None and j is not None:
            line, text = f"{place} line {after[j][0] + 1} (local)", after[j][1]
            why = _why_one_sided(text, left_out=at in left_out, late=at > last, run=run)
            yield _one_sided(Kind.EXTRA, line, None, text, why)
        elif i is not None and j is None:
            number, text = before[i][0] + 1, before[i][1]
            why = _why_one_sided(text, left_out=at in left_out, late=at > last, run=run)
            yield _one_sided(Kind.MISSING, f"{place} line {number}", number, text, why)
        elif i is not None and j is not None and before[i][1] != after[j][1]:
            line, text = before[i]
            if at in left_out:
                yield _dotted(f"{place} line {line + 1}", line + 1, text, after[j][1])
                continue
            found = list(compare_line(text, after[j][1], tolerance, place, line, run))
            yield from found
            if not found and styled is None:
                styled = in_another_style(f"{place} line {line + 1}", line + 1, text, after[j][1])
    if styled is not None:
        yield styled


def _last_by_the_clock(
    pairs: Sequence[tuple[int | None, int | None]], recorded: Sequence[str], run: Surroundings
) -> int:
    """Return which pair is the last of lines that are printed as long as a clock allows."""
    if not run.printed.ends:
        return -1
    both = [(at, i) for at, (i, j) in enumerate(pairs) if i is not None and j is not None]
    return max((at for at, i in both if run.printed.go_on_for_a_time(recorded[i])), default=-1)


def _why_one_sided(
    text: str, *, left_out: bool, late: bool, run: Surroundings
) -> tuple[str, Cause] | None:
    """Say why a line that only one text has means nothing; None if it does."""
    if not text.strip():
        return "an empty line", Cause.LIBRARY_PRINTING
    if left_out:
        return LEFT_OUT, Cause.LIBRARY_PRINTING
    if _RULE.fullmatch(text):
        return "a rule of a table", Cause.LIBRARY_PRINTING
    if _CHATTER.match(text):
        return "what a timer or a progress bar prints", Cause.WALL_TIME
    if late and run.printed.go_on_for_a_time(text):
        return "one of the lines that are printed until a clock ends them", Cause.WALL_TIME
    return None


def _one_sided(
    kind: Kind, place: str, line: int | None, text: str, why: tuple[str, Cause] | None
) -> Difference:
    recorded, local = ("", shortened(text)) if kind is Kind.EXTRA else (shortened(text), "")
    if why is None:
        reason = "not recorded" if kind is Kind.EXTRA else "not made locally"
        return Difference(kind, place, line, recorded, local, None, False, reason)
    return Difference(kind, place, line, recorded, local, None, True, *why)


def _dotted(place: str, line: int, recorded: str, local: str) -> Difference:
    texts, cause = (shortened(recorded), shortened(local)), Cause.LIBRARY_PRINTING
    return Difference(Kind.TEXT, place, line, *texts, None, True, LEFT_OUT, cause)
