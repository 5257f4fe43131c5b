"""Which priors of a Stan program do not integrate to one, since Stan leaves that to its users.

``real<lower=0> sigma; sigma ~ normal(0, 1);`` has a prior of mass one half, and so has ``ordered[2]
mu; mu ~ normal(0, 1);``, while ``real<lower=0, upper=10> x;`` by itself has one of mass ten. Draws
are the same; the evidence is off by that factor. Whatever the source does not show, such as a
distribution of the user's own or a constant added by hand, counts as normalized.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fluvial.targets.stan.roles import roles
from fluvial.targets.stan.source import Declaration, blocks, declarations, split

__all__ = ["unnormalized"]

_REAL = (
    "normal",
    "std_normal",
    "student_t",
    "cauchy",
    "double_exponential",
    "logistic",
    "gumbel",
    "exp_mod_normal",
    "skew_normal",
    "skew_double_exponential",
    "multi_normal",
    "multi_normal_prec",
    "multi_normal_cholesky",
    "multi_student_t",
    "multi_student_t_cholesky",
)
_POSITIVE = (
    "exponential",
    "gamma",
    "inv_gamma",
    "lognormal",
    "chi_square",
    "inv_chi_square",
    "scaled_inv_chi_square",
    "weibull",
    "frechet",
    "rayleigh",
    "loglogistic",
)
# Distribution -> where its density begins and ends (Stan Functions Reference): None where it does
# not, a text as it is written, or the place of the argument that says it.
_End = str | int | None
_SUPPORT: dict[str, tuple[_End, _End]] = {
    **dict.fromkeys(_REAL, (None, None)),
    **dict.fromkeys(_POSITIVE, ("0", None)),
    **dict.fromkeys(("beta", "beta_proportion"), ("0", "1")),
    "uniform": (0, 1),
    "pareto": (0, None),
    "pareto_type_2": (0, None),
}
# Type that is a set of its own -> the distributions that are normalized on it.
_SETS: dict[str, tuple[str, ...]] = {
    "simplex": ("dirichlet",),
    "row_stochastic_matrix": ("dirichlet",),
    "column_stochastic_matrix": ("dirichlet",),
    "corr_matrix": ("lkj_corr",),
    "cholesky_factor_corr": ("lkj_corr_cholesky",),
    "cov_matrix": ("wishart", "inv_wishart"),
    "cholesky_factor_cov": ("wishart_cholesky", "inv_wishart_cholesky"),
    "ordered": (),
    "positive_ordered": (),
    "unit_vector": (),
    "sum_to_zero_vector": (),
    "sum_to_zero_matrix": (),
}
_KNOWN = {*_SUPPORT, *(name for names in _SETS.values() for name in names)}
_BOUNDED = ("simplex", "unit_vector", "corr_matrix", "cholesky_factor_corr")
_SAMPLED = re.compile(
    r"([A-Za-z_]\w*)\s*(?:\[[^~]*\])?\s*~\s*(\w+)\s*\((.*)\)\s*(T\s*\[.*)?$", re.DOTALL
)
_ADDED = re.compile(r"\btarget\s*\+=(.*)$", re.DOTALL)
_TERM = re.compile(
    r"\s*\+?\s*(\w+)_lu?p[dm]f\s*\(\s*(\w+)[^|()]*\|((?:[^()]|\([^()]*\))*)\)\s*", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_]\w*(?!\w*\s*\()")
_MASS = re.compile(r"_l?c?cdf\s*\(\s*[-+.\d]")  # of a prior, beyond a number


class _PriorStatement(NamedTuple):
    name: str
    distribution: str
    arguments: tuple[str, ...] = ()
    truncated: bool = False


def unnormalized(source: str) -> tuple[str, ...]:
    """Return the parameters whose prior, as the source shows, does not integrate to one.

    Args:
        source: from ``with_includes``.

    Example:
        >>> program = "parameters { real<lower=0> s; } model { s ~ normal(0, 1)%s; }"
        >>> unnormalized(program % ""), unnormalized(program % " T[0, ]")
        (('s',), ())
    """
    parts = blocks(source)
    statements = re.split(r"[;{}]", parts.get("model", ""))
    if any(_is_constant(statement) for statement in statements):
        return ()
    priors = [prior for statement in statements for prior in _priors(statement)]
    given = roles(source).priors
    return tuple(
        parameter.name
        for parameter in declarations(parts.get("parameters", ""))
        if any(p.name == parameter.name and _is_cut(parameter, p) for p in priors)
        or (parameter.name not in given and _is_flat(parameter))
    )


def _is_constant(statement: str) -> bool:
    """Whether a statement adds a constant to the log density, as one does to normalize by hand."""
    added = _ADDED.search(statement)
    return bool(added and (not _NAME.search(added[1]) or _MASS.search(added[1])))


def _priors(statement: str) -> Iterator[_PriorStatement]:
    """What a statement gives a density, where that is all that it does."""
    sampled = _SAMPLED.search(statement)
    if sampled:
        name, distribution, arguments, truncated = sampled.groups()
        yield _PriorStatement(name, distribution, tuple(split(arguments)), bool(truncated))
    added = _ADDED.search(statement)
    if added:
        terms, place = [], 0
        while term := _TERM.match(added[1], place):
            terms.append(_PriorStatement(term[2], term[1], tuple(split(term[3]))))
            place = term.end()
        yield from terms if place == len(added[1]) else []


def _is_cut(parameter: Declaration, prior: _PriorStatement) -> bool:
    """Whether some of the mass of a prior lies where the parameter cannot be."""
    if prior.truncated or prior.distribution not in _KNOWN:
        return False
    word = _word(parameter)
    if word in _SETS:
        return prior.distribution not in _SETS[word]
    return any(
        bound is not None and not _same(bound, _end(end, prior))
        for bound, end in zip(
            _bounds(parameter), _SUPPORT.get(prior.distribution, (None, None)), strict=True
        )
    )


def _is_flat(parameter: Declaration) -> bool:
    """Whether a parameter without a prior has a constant density other than that of a mass of 1."""
    lower, upper = _bounds(parameter)
    if lower is None or upper is None:
        return _word(parameter) in _BOUNDED
    return not (_same(lower, "0") and _same(upper, "1"))


def _word(parameter: Declaration) -> str:
    """The type without what surrounds it: "simplex" of "array[N] simplex[K]"."""
    return re.sub(r"array\s*\[.*\]\s*(?=[a-z])", "", parameter.type).partition("[")[0].strip()


def _bounds(parameter: Declaration) -> tuple[str | None, str | None]:
    given = dict(part.split("=", 1) for part in split(parameter.constraint) if "=" in part)
    ends = {name.strip(): bound.strip() for name, bound in given.items()}
    return ends.get("lower"), ends.get("upper")


def _end(end: _End, prior: _PriorStatement) -> str | None:
    if not isinstance(end, int):
        return end
    return prior.arguments[end] if end < len(prior.arguments) else None


def _same(bound: str, end: str | None) -> bool:
    if end is None:
        return False
    try:
        return float(bound) == float(end)
    except ValueError:
        return "".join(bound.split()) == "".join(end.split())
