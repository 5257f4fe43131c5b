"""Regular expressions of strangers: tried where they can be cut off."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from fluvial.errors import InputError

__all__ = ["check_patterns"]

_SECONDS = 20.0
# In a process of its own, since nothing within this one can stop an endless search.
_SEARCH = """
import json, re, sys
content = json.load(sys.stdin)
for name, pattern in content["patterns"].items():
    print(json.dumps(name), flush=True)
    for text in content["texts"]:
        for line in text.split("\\n"):
            list(re.finditer(pattern, line))
"""


def check_patterns(patterns: Mapping[str, str], texts: Sequence[str]) -> None:
    """Check that each pattern comes to an end on each line of some texts.

    Args:
        patterns: name of a metric -> regular expression.
        texts: that it is to be looked for in.

    Raises:
        InputError: if one does not; some patterns try exponentially many ways to match.
    """
    if not patterns or not any(texts):
        return
    content = json.dumps({"patterns": dict(patterns), "texts": list(dict.fromkeys(texts))})
    try:
        subprocess.run(
            [sys.executable, "-I", "-c", _SEARCH],
            input=content,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        lines = (said.decode() if isinstance(said, bytes) else said).splitlines()
        name = json.loads(lines[-1]) if lines else next(iter(patterns))
        raise InputError(
            f"the pattern of the metric {name} does not end within {_SECONDS:.0f} s on the "
            "notebook's outputs: write it without repetitions within repetitions, such as (a+)+."
        ) from error
    except subprocess.CalledProcessError as error:
        raise InputError(
            f"the metrics' patterns cannot be tried: {error.stderr.strip()}."
        ) from error
