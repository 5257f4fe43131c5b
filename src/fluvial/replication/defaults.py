"""The defaults of classes' parameters, asked of the kernel that ran a notebook."""

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fluvial.replication.compare.outputs import Outputs, printed

if TYPE_CHECKING:
    from nbclient import NotebookClient

__all__ = ["asked_defaults", "classes_in"]

_MADE = re.compile(r"\b([A-Z]\w*)\(")
_MOST = 50
_MARK = "fluvial defaults "
# An estimator's parameters are those of its constructor; of other classes, None often stands for
# what the arguments imply, such as the type of an index.
_QUESTION = """
def _fluvial_ask(names):
    import inspect, json, sys
    found = {{}}
    for name in names:
        for module in list(sys.modules.values()):
            made = getattr(module, "__dict__", {{}}).get(name)
            if not isinstance(made, type):
                continue
            try:
                parameters = inspect.signature(made).parameters.values()
            except (ValueError, TypeError):
                continue
            if not hasattr(made, "get_params"):
                parameters = [p for p in parameters if p.default is not None]
            found[name] = {{p.name: repr(p.default) for p in parameters}}
            break
    print({mark!r} + json.dumps(found))
_fluvial_ask({names!r})
"""


def classes_in(outputs: Iterable[Outputs]) -> list[str]:
    """Return the names of what outputs write as classes are made.

    Example:
        >>> classes_in([[{"output_type": "stream", "text": "SVC(C=1.0) in f(x=1)"}]])
        ['SVC']
    """
    found = {name for cell in outputs for name in _MADE.findall(printed(cell))}
    return sorted(found)[:_MOST]


def asked_defaults(client: "NotebookClient", names: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Ask the kernel for the defaults of the parameters of classes, by class.

    scikit-learn has left out the parameters that have their defaults since its version 0.23, and
    other libraries show some that they did not have, so that only who runs them can tell what they
    are. What is not a literal, or has no default, is left out; a kernel that does not answer knows
    none.

    Args:
        client: of a kernel that is idle.
        names: of the classes.
    """
    from nbclient.exceptions import CellControlSignal, DeadKernelError
    from nbformat.v4 import new_code_cell

    if not names:
        return {}
    question = new_code_cell(_QUESTION.format(mark=_MARK, names=names))
    client.nb.cells.append(question)
    try:
        client.execute_cell(question, len(client.nb.cells) - 1, store_history=False)
    except (CellControlSignal, DeadKernelError):
        return {}
    finally:
        client.nb.cells.remove(question)
    said = printed(question.outputs).partition(_MARK)[2].splitlines()
    answer = json.loads(said[0]) if said else {}
    return {name: _literals(parameters) for name, parameters in answer.items()}


def _literals(parameters: Mapping[str, str]) -> dict[str, Any]:
    read = {name: math.nan for name, text in parameters.items() if text == "nan"}
    for name, text in parameters.items():
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            read[name] = ast.literal_eval(text)
    return read
