"""Changes planted into recorded outputs: what a comparison must find."""

import base64
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

from fluvial.replication.compare.outputs import IMAGES, Outputs

__all__ = ["planted_pictures", "planted_texts"]

_NUMBER = re.compile(r"(?<![\w.:/\-])-?\d+(?:\.\d+)?(?![\w.:/%\-]|\s?(?:[nmuµ]?s|min)\b)")
_WORD = re.compile(r"\b[A-Za-z]{4,}\b")
# What a timer says is no result, nor what IPython says of its commands.
_TIMED = re.compile(
    r"per loop|Wall time|CPU times|elapsed|Populating the interactive|Using matplotlib backend"
    r"|Welcome to pylab",
    re.IGNORECASE,
)
_LEAST_CHANGE = 1e-4  # less is rounding, which the default tolerance allows
_CONTENT = 0.03  # mean darkness that a hole has to cover


def planted_texts(
    outputs: Outputs, rng: np.random.Generator
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield a cell's outputs with a number changed, a sign turned, a word changed, a line lost."""
    for at, output in enumerate(outputs):
        text = _text(output)
        if text is None or _TIMED.search(text):
            continue
        if numbers := list(_NUMBER.finditer(text)):
            match = numbers[rng.integers(len(numbers))]
            yield "number", _with(outputs, at, _spliced(text, match, _other(match.group(), rng)))
        signed = [match for match in numbers if float(match.group()) != 0.0]
        if signed:
            match = signed[rng.integers(len(signed))]
            turned = match.group().removeprefix("-")
            turned = turned if match.group().startswith("-") else f"-{turned}"
            yield "sign", _with(outputs, at, _spliced(text, match, turned))
        if words := list(_WORD.finditer(text)):
            match = words[rng.integers(len(words))]
            yield "word", _with(outputs, at, _spliced(text, match, match.group()[::-1] + "x"))
        lines = text.split("\n")
        full = [number for number, line in enumerate(lines) if line.strip()]
        if len(full) > 1:
            lost = full[rng.integers(len(full))]
            yield "line", _with(outputs, at, "\n".join(lines[:lost] + lines[lost + 1 :]))


def planted_pictures(
    outputs: Outputs, rng: np.random.Generator
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield a cell's outputs with a hole of a third, one of a tenth, and without colors."""
    for at, output in enumerate(outputs):
        data = output.get("data", {})
        mime = next((mime for mime in IMAGES if mime in data), None)
        if mime is None:
            continue
        pixels = _pixels(data[mime])
        for name, share in (("third", 1 / 3), ("tenth", 1 / 10)):
            if (hole := _with_hole(pixels, share, rng)) is not None:
                yield name, _with(outputs, at, _encoded(hole), mime)
        gray = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2)
        if np.abs(pixels - gray).max(axis=2).mean() > 0.002:  # it has colors to lose
            yield "colors", _with(outputs, at, _encoded(gray), mime)


def _text(output: Mapping[str, Any]) -> str | None:
    if output["output_type"] == "stream":
        return output["text"] if output["name"] == "stdout" else None
    data = output.get("data", {})
    if set(data) == {"text/plain"} and "<" not in data["text/plain"]:
        return data["text/plain"]
    return None


def _other(number: str, rng: np.random.Generator) -> str:
    """Change a number by a unit of its last or second digit, or by half."""
    decimals = len(number.partition(".")[2])
    value = float(number)
    steps = [1.0, 10.0 ** -max(0, min(decimals, 2)), max(abs(value) / 2.0, 10.0**-decimals)]
    changed = f"{value + steps[rng.integers(3)]:.{decimals}f}"
    seen = abs(float(changed) - value) > _LEAST_CHANGE * abs(value)
    return changed if seen else f"{value + max(1.0, abs(value) / 2.0):.{decimals}f}"


def _spliced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _with(outputs: Outputs, at: int, new: str, mime: str = "text/plain") -> list[Mapping[str, Any]]:
    changed = list(outputs)
    if changed[at]["output_type"] == "stream":
        changed[at] = {**changed[at], "text": new}
    else:
        changed[at] = {**changed[at], "data": {**changed[at]["data"], mime: new}}
    return changed


def _with_hole(pixels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray | None:
    height, width = pixels.shape[:2]
    h, w = max(2, int(share * height)), max(2, int(share * width))
    for _ in range(50):
        y, x = rng.integers(height - h + 1), rng.integers(width - w + 1)
        if (1.0 - pixels[y : y + h, x : x + w]).mean() > _CONTENT:
            hole = pixels.copy()
            hole[y : y + h, x : x + w] = 1.0
            return hole
    return None


def _pixels(encoded: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"), np.float64) / 255.0


def _encoded(pixels: np.ndarray) -> str:
    data = io.BytesIO()
    Image.fromarray(np.rint(255.0 * pixels).astype(np.uint8)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()
