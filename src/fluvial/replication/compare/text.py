"""Two texts, line by line, number by number."""

import re
from collections.abc import Iterator, Sequence

from fluvial.replication.compare.align import aligned
from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.estimators import completed
from fluvial.replication.compare.frame_info import in_one_layout
from fluvial.replication.compare.judging import Where, duration_difference, number_difference
from fluvial.replication.compare.noise import Noise, why_noise
from fluvial.replication.compare.numbers import (
    Duration,
    Number,
    Token,
    located_tokens,
    number_from,
    plain_parts,
)
from fluvial.replication.compare.reprs import parsed
from fluvial.replication.compare.shown import shown_lines
from fluvial.replication.compare.style import (
    joined_lines,
    plain_style,
    without_details,
    without_quotes,
)
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.values import compare_values

__all__ = ["compare_lines", "compare_text"]

Located = list[tuple[Token, int]]

_BEGIN = re.compile(r"(?:[A-Za-z_][\w.]*)?[\[({]")
_ARRAY = re.compile(r"^\s*(?:\w+\()?\[")
# Lines that a timer or a progress bar prints, or not, as it likes.
_CHATTER = re.compile(r"The slowest run took|\s*\d+%\||This could mean that an intermediate result")
# What IPython says of its own commands.
_ADVICE = re.compile(
    r"%\w+ is deprecated, use |Using matplotlib backend: "
    r"|Populating the interactive namespace from "
)
_DOTS = re.compile(r"\s*(?:\.{2,3}|…)(?:\s+(?:\.{2,3}|…))*\s*")
_LEFT_OUT = "left out where the other text has dots"
_AROUND = 60


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
    whole = _values_of("\n".join(lines[0]), "\n".join(lines[1]), run)
    if whole is None:
        said = [[line for line in own if not _ADVICE.match(line)] for own in lines]
        yield from _of_ipython(*lines, place)
        yield from compare_lines(*in_one_layout(*said), tolerance, place, run)
    elif lines[0] != lines[1]:
        found = list(compare_values(whole[0], whole[1], tolerance, place))
        yield from found or [_styled(place, None, recorded, local)]


def _of_ipython(recorded: Sequence[str], local: Sequence[str], place: str) -> Iterator[Difference]:
    """Compare what IPython says of its own commands, which is no result."""
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
    left_out = _left_out(pairs, *texts)
    for at, (i, j) in enumerate(pairs):
        if i is None and j is not None:
            line = f"{place} line {after[j][0] + 1} (local)"
            yield _one_sided(Kind.EXTRA, line, None, after[j][1], left_out=at in left_out)
        elif i is not None and j is None:
            number = before[i][0] + 1
            line = f"{place} line {number}"
            yield _one_sided(Kind.MISSING, line, number, before[i][1], left_out=at in left_out)
        elif i is not None and j is not None and before[i][1] != after[j][1]:
            if at in left_out:
                line = f"{place} line {before[i][0] + 1}"
                texts_here = shortened(before[i][1]), shortened(after[j][1])
                yield Difference(
                    Kind.TEXT,
                    line,
                    before[i][0] + 1,
                    *texts_here,
                    None,
                    True,
                    _LEFT_OUT,
                    Cause.LIBRARY_PRINTING,
                )
                continue
            line, text = before[i]
            found = list(_compare_line(text, after[j][1], tolerance, place, line, run))
            yield from found
            if not found and styled is None:
                styled = _styled(f"{place} line {line + 1}", line + 1, text, after[j][1])
    if styled is not None:
        yield styled


def _left_out(
    pairs: Sequence[tuple[int | None, int | None]], recorded: Sequence[str], local: Sequence[str]
) -> set[int]:
    """Return the pairs that only one text has because the other writes dots in their place.

    How many rows of a table are shown depends on the version of pandas.
    """
    found: set[int] = set()
    block: list[int] = []
    for at, (i, j) in enumerate([*pairs, (0, 0)]):
        dotted = (i is not None and j is not None and at < len(pairs)) and (
            bool(_DOTS.fullmatch(recorded[i])) != bool(_DOTS.fullmatch(local[j]))
        )
        if i is None or j is None or dotted:
            block.append(at)
            continue
        own = [pairs[k] for k in block]
        lines = [(recorded[row], 0) for row, _ in own if row is not None]
        lines += [(local[row], 1) for _, row in own if row is not None]
        sides = {side for line, side in lines if _DOTS.fullmatch(line)}
        others = {side for line, side in lines if not _DOTS.fullmatch(line)}
        if len(sides) == 1 and not (sides & others):
            found.update(block)
        block = []
    return found


def _compare_line(
    recorded: str, local: str, tolerance: Tolerance, place: str, first: int, run: Surroundings
) -> Iterator[Difference]:
    """Compare two lines, or two arrays of several lines, the recorded one from a given line on."""
    parts = plain_parts(recorded), plain_parts(local)
    if (
        parts[0]
        and parts[1]
        and list(map(str.split, parts[0][::2])) == list(map(str.split, parts[1][::2]))
    ):
        yield from _compare_plain(parts[0][1::2], parts[1][1::2], tolerance, place, first)
        return
    texts, alike = ("", ""), False
    for styled in _STYLES:
        if (own := styled(recorded, local)) == texts:
            continue
        texts = own
        tokens = located_tokens(texts[0]), located_tokens(texts[1])
        if alike := _skeleton(tokens[0]) == _skeleton(tokens[1]):
            break
    here = f"{place} line {first + 1}"
    if alike:
        yield from _compare_tokens(
            texts[0], texts[1], tokens[0], tokens[1], tolerance, (place, first), run
        )
    elif (values := _values_of(*_by_class(recorded, local), run)) is not None:
        yield from compare_values(values[0], values[1], tolerance, here, first + 1)
    else:
        shown = shortened(recorded, local), shortened(local, recorded)
        yield Difference(Kind.TEXT, here, first + 1, *shown, None, False, "another text")


def _compare_plain(
    recorded: Sequence[str], local: Sequence[str], tolerance: Tolerance, place: str, first: int
) -> Iterator[Difference]:
    """Compare the numbers of two lines that differ in nothing else."""
    for count, (a, b) in enumerate(zip(recorded, local, strict=True), 1):
        if a != b:
            here = f"{place} line {first + 1}"
            here = here if len(recorded) == 1 else f"{here}, number {count}"
            numbers = number_from(a), number_from(b)
            yield from number_difference(*numbers, tolerance, Where(here, first + 1))


def _as_written(recorded: str, local: str) -> tuple[str, str]:
    """Leave two texts as they are, unless they hold dicts or sets, whose order means nothing."""
    return _in_plain_style(recorded, local) if "{" in recorded else (recorded, local)


def _in_plain_style(recorded: str, local: str) -> tuple[str, str]:
    return plain_style(recorded), plain_style(local)


def _by_class(recorded: str, local: str) -> tuple[str, str]:
    return without_details(*_in_plain_style(recorded, local))


def _unquoted(recorded: str, local: str) -> tuple[str, str]:
    return without_quotes(*_in_plain_style(recorded, local))


# The cheapest first: most lines differ in their numbers alone.
_STYLES = (_as_written, _in_plain_style, _by_class, _unquoted)


def _values_of(recorded: str, local: str, run: Surroundings) -> tuple | None:
    """Read the values that two texts write, after the same words; None if they write none.

    Arguments that only one of them writes are added to the other with their defaults.
    """
    starts = [
        match.start() if (match := _BEGIN.search(text)) else None for text in (recorded, local)
    ]
    if None in starts:
        return None
    a, b = parsed(recorded), parsed(local)
    if a is None or b is None:
        if recorded[: starts[0]] != local[: starts[1]]:
            return None
        a, b = parsed(recorded[starts[0] :]), parsed(local[starts[1] :])
    if a is None or b is None:
        return None
    return completed(a, b, run.defaults), completed(b, a, run.defaults)


def _compare_tokens(
    recorded: str,
    local: str,
    before: Located,
    after: Located,
    tolerance: Tolerance,
    at: tuple[str, int],
    run: Surroundings,
) -> Iterator[Difference]:
    place, first = at
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if not isinstance(a[0], str)]
    scale = _scale(recorded, before)
    several = "\n" in recorded
    for count, ((a, start), (b, begin)) in enumerate(pairs, 1):
        if a == b or isinstance(a, str) or isinstance(b, str):
            continue
        line = first + 1 + (recorded.count("\n", 0, start) if several else 0)
        here = f"{place} line {line}" if len(pairs) == 1 else f"{place} line {line}, number {count}"
        near = recorded[max(0, start - _AROUND) : start + len(a.text) + _AROUND]
        where = Where(here, line, near, scale)
        if isinstance(a, Number) and isinstance(b, Number):
            yield from number_difference(a, b, tolerance, where)
        elif isinstance(a, Duration) and isinstance(b, Duration):
            yield from duration_difference(a, b, tolerance, where, run)
        elif isinstance(a, Noise) and isinstance(b, Noise):
            around = (
                (recorded[:start], local[:begin]),
                (
                    recorded[start + len(a.text) :],
                    local[begin + len(b.text) :],
                ),
            )
            yield _noise_difference(a, b, why_noise(a, b, *around, run), where)


def _noise_difference(
    recorded: Noise, local: Noise, why: tuple[str, Cause] | None, where: Where
) -> Difference:
    reason, cause = why or (f"another {recorded.kind}", None)
    texts = shortened(recorded.text, local.text), shortened(local.text, recorded.text)
    return Difference(
        Kind.TEXT, where.place, where.line, *texts, None, why is not None, reason, cause
    )


def _scale(text: str, tokens: Located) -> float:
    """Return the largest magnitude in a text that is an array; 0 if it is none."""
    if not _ARRAY.match(text):
        return 0.0
    sizes = [abs(token.value) for token, _ in tokens if isinstance(token, Number)]
    return max((size for size in sizes if size < float("inf")), default=0.0)


def _skeleton(line: Located) -> list[str]:
    """Return a line without its numbers and without white space."""
    return [
        token.replace(" ", "") if isinstance(token, str) else f"\0{_sort(token)}"
        for token, _ in line
    ]


def _sort(token: Token) -> str:
    return token.kind.value if isinstance(token, Noise) else type(token).__name__


def _styled(place: str, line: int | None, recorded: str, local: str) -> Difference:
    texts = shortened(recorded, local), shortened(local, recorded)
    reason = "the same values in another style"
    return Difference(Kind.TEXT, place, line, *texts, None, True, reason, Cause.LIBRARY_PRINTING)


def _one_sided(
    kind: Kind, place: str, line: int | None, text: str, *, left_out: bool
) -> Difference:
    recorded, local = ("", shortened(text)) if kind is Kind.EXTRA else (shortened(text), "")
    if not text.strip():
        reason, cause = "an empty line", Cause.LIBRARY_PRINTING
    elif left_out:
        reason, cause = _LEFT_OUT, Cause.LIBRARY_PRINTING
    elif _CHATTER.match(text):
        reason, cause = "what a timer or a progress bar prints", Cause.WALL_TIME
    else:
        reason = "not recorded" if kind is Kind.EXTRA else "not made locally"
        return Difference(kind, place, line, recorded, local, None, False, reason)
    return Difference(kind, place, line, recorded, local, None, True, reason, cause)
