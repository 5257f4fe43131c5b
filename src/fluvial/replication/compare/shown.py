"""The lines of text that a terminal would end up showing."""

import re

__all__ = ["shown_lines"]

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BACKSPACE = re.compile(r"[^\n\b]\x08")
# Spaces at the end of a line are padding, and a terminal shows none of them.
_LINE_END = re.compile(r"\r*\n")


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


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return states[-1] if states else ""
