"""Signatures are checked in each module of tests, though not for ever."""

import sys
from types import SimpleNamespace

import jaxtyping
import numpy as np
import pytest
from jaxtyping import Float, jaxtyped

from tests import checking


@jaxtyped(typechecker=checking.check_first_calls)
def paired(x: Float[np.ndarray, " N"], y: Float[np.ndarray, " N"]) -> int:
    return len(x) + len(y)


def test_first_calls_are_checked_and_again_in_the_next_module(monkeypatch):
    # Under importlib's way of importing, a module of tests may not be found by its name.
    monkeypatch.setitem(sys.modules, paired.__module__, SimpleNamespace(paired=paired))
    two, three = np.ones(2), np.ones(3)
    with pytest.raises(jaxtyping.TypeCheckError):
        paired(two, three)
    for _ in range(checking.MOST):
        paired(two, two)
    assert paired(two, three) == 5
    checking.check_again()
    with pytest.raises(jaxtyping.TypeCheckError):
        paired(two, three)
