"""Two lines of text, token by token, or by the values that they write."""

import re
from collections.abc import Iterator, Sequence

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.estimators import completed
from fluvial.replication.compare.judging import (
    Where,
    digits_shown,
    duration_difference,
    number_difference,
)
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
from fluvial.replication.compare.style import (
    only_classes,
    plain_style,
    without_details,
    without_footers,
    without_quotes,
)
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.values import compare_values

__all__ = ["STDOUT", "compare_line", "in_another_style", "values_of"]

STDOUT = "stdout"
"""The place of what a cell prints."""

Located = list[tuple[Token, int]]

_BEGIN = re.compile(r"(?:[A-Za-z_][\w.]*)?[\[({]")
_ARRAY = re.compile(r"^\s*(?:\w+\()?\[")
_AROUND = 60
_LEAST_ADDRESS = 2.0**20  # no system gives a program the memory below


def compare_line(
    recorded: str, local: str, tolerance: Tolerance, place: str, first: int, run: Surroundings
) -> Iterator[Difference]:
    """Compare two lines, or two arrays of several lines, the recorded one from a given line on."""
    if (timed := _read_off_a_clock(recorded, local, place, run)) is not None:
        yield from _compare_tokens(recorded, local, *timed, tolerance, (place, first), run)
        return
    parts = plain_parts(recorded), plain_parts(local)
    if (
        parts[0]
        and parts[1]
        and list(map(str.split, parts[0][::2])) == list(map(str.split, parts[1][::2]))
    ):
        yield from _compare_plain(parts[0][1::2], parts[1][1::2], tolerance, (place, first), run)
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
    elif (values := values_of(*_by_class(recorded, local), run)) is not None:
        yield from compare_values(values[0], values[1], tolerance, here, first + 1, run)
    else:
        shown = shortened(recorded, local), shortened(local, recorded)
        yield Difference(Kind.TEXT, here, first + 1, *shown, None, False, "another text")


def _read_off_a_clock(
    recorded: str, local: str, place: str, run: Surroundings
) -> tuple[Located, Located] | None:
    """Read two lines in which the code prints readings of a clock; None if it does not."""
    spans = [run.printed.readings_in(text, result=place != STDOUT) for text in (recorded, local)]
    if not all(spans):
        return None
    before, after = (
        [(_as_reading(token, start, own), start) for token, start in located_tokens(text)]
        for text, own in zip((recorded, local), spans, strict=True)
    )
    return (before, after) if _skeleton(before) == _skeleton(after) else None


def _as_reading(token: Token, start: int, spans: Sequence[tuple[int, int]]) -> Token:
    if not isinstance(token, Number | Duration) or not any(a <= start < b for a, b in spans):
        return token
    seconds = token.value if isinstance(token, Number) else token.seconds
    return token if seconds < 0.0 else Duration(seconds, token.text, read=True)


def _compare_plain(
    recorded: Sequence[str],
    local: Sequence[str],
    tolerance: Tolerance,
    at: tuple[str, int],
    run: Surroundings,
) -> Iterator[Difference]:
    """Compare the numbers of two lines that differ in nothing else."""
    place, first = at
    for count, (a, b) in enumerate(zip(recorded, local, strict=True), 1):
        if a != b:
            here = f"{place} line {first + 1}"
            here = here if len(recorded) == 1 else f"{here}, number {count}"
            numbers = number_from(a), number_from(b)
            yield from _compare_numbers(*numbers, tolerance, Where(here, first + 1), run)


def _compare_numbers(
    recorded: Number, local: Number, tolerance: Tolerance, where: Where, run: Surroundings
) -> Iterator[Difference]:
    if run.asks_address and _is_address(recorded) and _is_address(local):
        texts, reason = (recorded.text, local.text), "where in memory something is"
        line, cause = where.line, Cause.ENVIRONMENT
        yield Difference(Kind.NUMBER, where.place, line, *texts, None, True, reason, cause)
    else:
        yield from number_difference(recorded, local, tolerance, where)


def _is_address(number: Number) -> bool:
    return number.text.isdecimal() and number.value >= _LEAST_ADDRESS


def _as_written(recorded: str, local: str) -> tuple[str, str]:
    """Leave two texts as they are, unless they hold dicts or sets, whose order means nothing."""
    return _in_plain_style(recorded, local) if "{" in recorded else (recorded, local)


def _in_plain_style(recorded: str, local: str) -> tuple[str, str]:
    return plain_style(recorded), plain_style(local)


def _by_class(recorded: str, local: str) -> tuple[str, str]:
    return without_details(*_in_plain_style(recorded, local))


def _unquoted(recorded: str, local: str) -> tuple[str, str]:
    return without_quotes(*_in_plain_style(recorded, local))


def _as_column(recorded: str, local: str) -> tuple[str, str]:
    return without_footers(*_in_plain_style(recorded, local))


def _as_objects(recorded: str, local: str) -> tuple[str, str]:
    return only_classes(*_in_plain_style(recorded, local))


# The cheapest first: most lines differ in their numbers alone.
_STYLES = (_as_written, _in_plain_style, _by_class, _unquoted, _as_column, _as_objects)


def values_of(recorded: str, local: str, run: Surroundings) -> tuple | None:
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
    scale, digits = _scale(recorded, before), _digits(recorded, before, after)
    several = "\n" in recorded
    for count, ((a, start), (b, begin)) in enumerate(pairs, 1):
        if a == b or isinstance(a, str) or isinstance(b, str):
            continue
        line = first + 1 + (recorded.count("\n", 0, start) if several else 0)
        here = f"{place} line {line}" if len(pairs) == 1 else f"{place} line {line}, number {count}"
        near = recorded[max(0, start - _AROUND) : start + len(a.text) + _AROUND]
        where = Where(here, line, near, scale, digits)
        if isinstance(a, Number) and isinstance(b, Number):
            yield from _compare_numbers(a, b, tolerance, where, run)
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


def _digits(text: str, recorded: Located, local: Located) -> int | None:
    """Return to how many decimals an array is rounded; None if it is none, or not rounded."""
    if not _ARRAY.match(text):
        return None
    values = [
        [token.value for token, _ in tokens if isinstance(token, Number)]
        for tokens in (recorded, local)
    ]
    return digits_shown(values[0], values[1])


def _skeleton(line: Located) -> list[str]:
    """Return a line without its numbers and without white space."""
    return [
        token.replace(" ", "") if isinstance(token, str) else f"\0{_sort(token)}"
        for token, _ in line
    ]


def _sort(token: Token) -> str:
    return token.kind.value if isinstance(token, Noise) else type(token).__name__


def in_another_style(place: str, line: int | None, recorded: str, local: str) -> Difference:
    """Return the tolerated difference between two texts that write the same values."""
    texts = shortened(recorded, local), shortened(local, recorded)
    reason = "the same values in another style"
    return Difference(Kind.TEXT, place, line, *texts, None, True, reason, Cause.LIBRARY_PRINTING)
