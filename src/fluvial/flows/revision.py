"""Which revision of the flows a file is of: of another one its arrays may mean another map."""

import re
from pathlib import Path

from fluvial.errors import InputError

__all__ = ["FLOW_REVISION", "changed_since", "check_revision"]

FLOW_REVISION = 2
"""Since 2 the flows that are named here bound their log scales without bending them."""
_BOUNDED_ANEW = {"modulated", "sparse"}


def changed_since(revision: int, spec: str) -> list[str]:
    """Return the flows in a text whose arrays meant another map in a revision.

    Example:
        >>> changed_since(1, "sinh-arcsinh+sparse,width=0"), changed_since(1, "planar:8")
        (['sparse'], [])
    """
    names = {re.split("[:,]", part)[0].strip() for part in spec.split("+")}
    return sorted(names & _BOUNDED_ANEW) if revision < FLOW_REVISION else []


def check_revision(revision: int, spec: str, origin: Path) -> None:
    """Refuse a flow whose arrays meant another density when they were saved.

    Args:
        revision: of the flows when it was saved; 1 where the file does not say.
        spec: what it was built from.
        origin: what the complaint names.

    Raises:
        InputError: if it did.
    """
    changed = changed_since(revision, spec)
    if changed:
        raise InputError(
            f"{origin} has a {changed[0]} flow of an earlier version of fluvial, which bounded its "
            "scales otherwise: its density would not be the one that was fitted, so fit again."
        )
