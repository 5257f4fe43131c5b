"""Which variables of a Stan program its model block gives a density: outcomes, and priors.

stanli does not say, so the source is read. ``y ~ normal(mu, sigma)`` and ``target +=
normal_lpdf(y | mu, sigma)`` give y a density, and mu and sigma none; whatever else is added to
``target`` may give one to all that it names, and a transformed parameter passes its density on to
what it is made of. In doubt, a parameter therefore has a prior.
"""

import re
from dataclasses import dataclass

from fluvial.targets.stan.source import blocks, declarations

__all__ = ["Roles", "roles"]

_NAME = re.compile(r"[A-Za-z_]\w*")
_DENSITY = re.compile(r"\w+_l(?:u?p[dm]f|ccdf|cdf)\s*\(([^|()]*(?:\([^()]*\)[^|()]*)*)\|")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^=]*\])?\s*[-+*/]?=(?!=)(.*)", re.DOTALL)
_BOTH_BOUNDS = re.compile(r"<[^>]*\blower\b[^>]*\bupper\b|<[^>]*\bupper\b[^>]*\blower\b")
# Constrained to a bounded set, on which the uniform density is proper.
_BOUNDED = ("simplex", "unit_vector", "corr_matrix", "cholesky_factor_corr")


@dataclass(frozen=True)
class Roles:
    """What the model block says about names.

    Attributes:
        outcomes: data that are given a density.
        priors: parameters that, as far as the source shows, are given a density.
        improper: parameters that are not, and whose support is unbounded.
    """

    outcomes: tuple[str, ...]
    priors: tuple[str, ...]
    improper: tuple[str, ...]


def roles(source: str) -> Roles:
    """Read a program's source.

    Args:
        source: from ``with_includes``.

    Example:
        >>> found = roles("data { real y; } parameters { real m; } model { y ~ normal(m, 1); }")
        >>> found.outcomes, found.priors, found.improper
        (('y',), (), ('m',))
    """
    parts = blocks(source)
    own = {name: declarations(parts.get(name, "")) for name in ("data", "parameters")}
    made = parts.get("transformed parameters", "")
    subjects = _subjects(parts.get("model", "") + made)
    for name, used in _assignments(made + parts.get("model", "")):
        subjects |= used if name in subjects else set()
    outcomes = [v.name for v in own["data"] if v.name in subjects]
    outcomes += [
        v.name
        for v in declarations(parts.get("transformed data", ""))
        if v.name in subjects and not outcomes
    ]
    priors = tuple(v.name for v in own["parameters"] if v.name in subjects)
    unbounded = [v for v in own["parameters"] if not _is_bounded(v.statement)]
    improper = tuple(v.name for v in unbounded if v.name not in priors)
    return Roles(tuple(outcomes), priors, improper)


def _subjects(code: str) -> set[str]:
    """Names that a statement gives a density, or may give one."""
    found: set[str] = set()
    for statement in re.split(r"[;{}]", code):
        left, tilde, _ = statement.partition("~")
        if tilde:
            found |= set(_NAME.findall(left))
        elif re.search(r"\btarget\s*\+=", statement):
            firsts = _DENSITY.findall(statement)
            for first in firsts or [statement]:
                found |= set(_NAME.findall(first))
    return found


def _assignments(code: str) -> list[tuple[str, set[str]]]:
    """Each name that is assigned to, with the names that it is made of, the last one first."""
    found = []
    for statement in re.split(r"[;{}]", code):
        match = re.search(
            r"([A-Za-z_]\w*)\s*(?:\[[^=]*\])?\s*[-+*/]?=(?!=)(.*)", statement, re.DOTALL
        )
        if match:
            found.append((match[1], set(_NAME.findall(match[2]))))
    return found[::-1]


def _is_bounded(statement: str) -> bool:
    return bool(_BOTH_BOUNDS.search(statement)) or any(word in statement for word in _BOUNDED)
