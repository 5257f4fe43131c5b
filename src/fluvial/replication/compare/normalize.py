"""Text without what no two runs have in common: addresses, paths, times of day, progress bars."""

import re

__all__ = ["masked", "shown_lines"]

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BACKSPACE = re.compile(r"[^\n\b]\x08")
# Spaces at the end of a line are padding, and a terminal shows none of them.
_LINE_END = re.compile(r"\r*\n")

_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_UNIT = r"(?:n|µ|μ|u|m)?s"

# Pairs of pattern and replacement, applied in this order.
_MASKS = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        # tqdm: "loss:  45%|████▌     | 450/1000 [00:12<00:15, 36.5it/s, loss=0.31]"
        (
            r"\d+%\|[^|]*\|\s*[\d.]+[kMGT]?/[\d.?]+[kMGT]?\s*"
            r"\[[\d:]+<[\d:?]+,\s*[\d.?e+]+\s*[^\s,\]]+(.*?)\]",
            r"<progress>\1",
        ),
        # Keras: "938/938 [==============================] - 12s 13ms/step - loss: 0.2"; the metrics
        # after the bar stay.
        (r"\d+/(?:\d+|Unknown)\s*(?:\[[=>.\s]*\]|[━╸╺ ]{5,})\s*-?\s*", "<progress> "),
        (r"(?<=<progress> )ETA: [\d:]+s?", ""),
        (r"^CPU times:.*", "CPU times: <durations>"),
        # The spread and the number of loops are %timeit's own choice.
        (rf"({_UNIT}) ± [\d.]+ ?(?:{_UNIT}|min) per loop \(.*?\)", r"\1 per loop"),
        (r"^(?:The slowest run took.*|[\d,]+ loops?, best of \d+: )", ""),
        (r"<ipython-input-\d+-[0-9a-f]+>", "<cell>"),
        (r"(?<!\S)\S*ipykernel_\d+[/\\]\d+\.py", "<cell>"),
        (r"\b0[xX][0-9a-fA-F]{6,}\b", "<address>"),
        (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "<uuid>"),
        (rf"\d{{4}}[-/]\d\d[-/]\d\d[T ,]+{_CLOCK}(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?", "<time>"),
        (rf"{_WEEKDAY},?\s+{_MONTH}\s+\d+\s+{_CLOCK}(?:\s+[A-Z]{{3,4}})?\s+\d{{4}}", "<time>"),
        (rf"{_WEEKDAY},\s+\d{{1,2}}\s+{_MONTH}\s+\d{{4}}(?:\s+{_CLOCK})?", "<time>"),
        (r"(?<![\d:])\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\d:])", "<time>"),
        (r"(?<![\w/.:])~?/(?:[\w.@+%-]+/)+", "<path>/"),
        (r"\b[A-Za-z]:\\(?:[^\\\s:*?\"<>|]+\\)+", "<path>/"),
    ]
]


def shown_lines(text: str) -> list[str]:
    r"""Return the lines that a terminal would end up showing.

    Colors are dropped, backspaces and carriage returns carried out, so that of a progress bar only
    its last state is left. Blank lines at the end go.

    Example:
        >>> shown_lines("\x1b[31mred\x1b[0m\r\n 50%\r100%\ndone\n\n")
        ['red', '100%', 'done']
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    while "\b" in text:
        fewer = _BACKSPACE.sub("", text)
        text = fewer if fewer != text else text.replace("\b", "")
    lines = [
        (_last_state(line) if "\r" in line else line).rstrip() for line in _LINE_END.split(text)
    ]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def masked(line: str) -> str:
    """Replace in a line whatever changes from run to run without meaning anything.

    Memory addresses, UUIDs, dates with a time, times of day, absolute paths up to their last
    part, names of temporary cell files, the bars of tqdm and Keras (not the metrics beside them),
    and what %time and %timeit say beside the time itself.

    Example:
        >>> masked("<Model at 0x7f3ab2c4d190> read from /srv/data/train.csv")
        '<Model at <address>> read from <path>/train.csv'
        >>> masked("938/938 [==============================] - 12s 13ms/step - loss: 0.25")
        '<progress> 12s 13ms/step - loss: 0.25'
    """
    for pattern, replacement in _MASKS:
        line = pattern.sub(replacement, line)
    return line


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return states[-1] if states else ""
