"""What made a cell raise an error that was not recorded."""

import re
from collections.abc import Mapping
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.facts import Facts

__all__ = ["UNKNOWN_NAME", "cause_of_error"]

UNKNOWN_NAME = re.compile(r"name '(\w+)' is not defined")
"""What Python says of a name that nothing has made."""
_NO_DATA = re.compile(
    r"FileNotFoundError|NotADirectoryError|IsADirectoryError|URLError|HTTPError|ConnectionError|"
    r"gaierror|TimeoutError|RemoteDataError|SSLError|MaxRetryError|No such file|Failed to establish"
)
# Of which each part is a package of its own.
_NAMESPACES = "mpl_toolkits|google|azure|backports|jaraco|ruamel|sphinxcontrib|zope"
_PYTHON_2 = frozenset(
    (
        *("apply", "basestring", "buffer", "cmp", "execfile", "file", "intern", "long"),
        *("raw_input", "reduce", "reload", "unichr", "unicode", "xrange"),
    )
)
_LIBRARY = re.compile(
    r"AttributeError|ImportError|ModuleNotFoundError|TypeError|OptionError|deprecated|removed|"
    r"no longer|unexpected keyword|not supported|ValueError|KeyError|InvalidParameterError"
)


def cause_of_error(error: Mapping[str, Any], facts: Facts) -> tuple[Cause, int | None]:
    """Say what made a new error, and which cell failed before if that is it."""
    text = f"{error['ename']}: {error['evalue']}"
    unknown = UNKNOWN_NAME.search(text)
    if unknown and unknown[1] in facts.story.affected:
        return Cause.EARLIER_ERROR, min(facts.story.affected[unknown[1]])
    if facts.in_recorded_order:
        return Cause.ORDER, None
    if unknown and unknown[1] not in facts.story.made:
        return (Cause.ENVIRONMENT if _may_be_given(unknown[1], facts) else Cause.ORDER), None
    if _NO_DATA.search(text):
        return Cause.DATA, None
    if error["ename"] in ("ModuleNotFoundError", "ImportError"):
        missing = re.search(rf"No module named '(?:(?:{_NAMESPACES})\.)?\w+'", text)
        optional = re.search(r"(?i)install|optional dependency", text)
        return (Cause.ENVIRONMENT if missing or optional else Cause.LIBRARY_VERSION), None
    if error["ename"] in ("SyntaxError", "TabError", "IndentationError"):
        return Cause.ENVIRONMENT, None
    if facts.affected_by is not None:
        return Cause.EARLIER_ERROR, facts.affected_by
    if error["ename"] in (
        "KeyboardInterrupt",
        "MemoryError",
        "PermissionError",
        "CalledProcessError",
    ):
        return Cause.ENVIRONMENT, None
    raised_there = any("site-packages" in part for part in error.get("traceback", ()))
    by_library = raised_there or _LIBRARY.search(text)
    return (Cause.LIBRARY_VERSION if by_library else Cause.ENVIRONMENT), None


def _may_be_given(name: str, facts: Facts) -> bool:
    """Whether a name may be one that nothing in the notebook makes, but Python or a package."""
    if name in facts.story.ever or facts.disordered:
        return False
    return name in _PYTHON_2 or facts.starred
