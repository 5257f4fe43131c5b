"""What a scikit-learn estimator's text leaves out, read from its HTML."""

import ast
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from html.parser import HTMLParser
from typing import Any

from fluvial.replication.compare.reprs import Made

__all__ = ["completed", "told_parameters"]

Told = Mapping[str, Mapping[str, Any]]

# Parameter, former value, present value, of which the release notes say that they mean the same:
# https://scikit-learn.org/stable/whats_new.html (0.20, 1.0 and 1.1).
_RENAMED = {
    ("n_jobs", 1, None),
    ("criterion", "mse", "squared_error"),
    ("criterion", "mae", "absolute_error"),
    ("loss", "ls", "squared_error"),
    ("loss", "lad", "absolute_error"),
    ("loss", "squared_loss", "squared_error"),
    ("loss", "deviance", "log_loss"),
    ("loss", "log", "log_loss"),
    ("max_features", "auto", "sqrt"),
    ("max_features", "auto", 1.0),
}
# Parameters that are no more, or no more of all classes, with the defaults that they had (likewise,
# 0.18 to 1.8).
_FORMER = {
    "fit_params": (None, {}),
    "iid": (True, "warn", "deprecated"),
    "min_impurity_split": (None, 1e-07),
    "multi_class": ("ovr", "auto", "warn"),
    "n_jobs": (1, None),
    "normalize": (False, "deprecated"),
    "precompute_distances": ("auto", "deprecated"),
    "presort": (False, "auto", "deprecated"),
}
# Defaults that stand for no value but announce that the default will change.
_NOT_GIVEN = ("warn", "deprecated", "auto_deprecated", "raise-deprecating")
# What fitting has made, such as the best of several estimators, has a name that ends in "_".
_FITTED = "___"


def told_parameters(html: str) -> Told:
    """Return by class the parameters that the HTML of estimators tells, defaults too.

    Since version 0.23 an estimator's text leaves out the parameters that have their defaults; since
    1.7 its HTML has a table of all. Classes of which there are several are left out.

    Args:
        html: what scikit-learn displays.

    Example:
        >>> told_parameters(
        ...     '<label class="sk-toggleable__label">KMeans</label><summary>Parameters</summary>'
        ...     '<tr><td class="param">n_clusters</td><td class="value">8</td></tr>'
        ... )
        {'KMeans': {'n_clusters': 8}}
    """
    if "sk-toggleable__label" not in html:
        return {}
    reader = _EstimatorReader()
    reader.feed(html)
    reader.close()
    counts = Counter(name for name, _ in reader.estimators)
    return {name: told for name, told in reader.estimators if counts[name] == 1 and told}


def completed(made: Any, other: Any, told: Told) -> Any:
    """Return a value with those arguments of its objects that another shows and it leaves out.

    Arguments that estimators had formerly, and that had their defaults, go.

    Args:
        made: the value, as ``parsed`` reads it.
        other: the value to compare it with, of which it takes the names of arguments alone.
        told: the parameters of ``made``'s objects.

    Example:
        >>> full = Made("KMeans", (), {"n_clusters": 8, "n_jobs": 1})
        >>> completed(Made("KMeans", (), {}), full, {"KMeans": {"n_clusters": 9, "n_init": 1}})
        Made(name='KMeans', arguments=(), keywords={'n_clusters': 9})
    """
    if isinstance(made, dict) and isinstance(other, dict):
        return {
            key: completed(value, other[key], told) if key in other else value
            for key, value in made.items()
        }
    if isinstance(made, list | tuple) and isinstance(other, list | tuple):
        return [completed(a, b, told) for a, b in zip(made, other, strict=False)] + [
            *made[len(other) :]
        ]
    if not (isinstance(made, Made) and isinstance(other, Made) and made.name == other.name):
        return made
    own = told.get(made.name, {})
    keywords = {
        name: completed(value, other.keywords.get(name), told)
        for name, value in made.keywords.items()
        if not (own and name not in (*own, *other.keywords) and _was_default(name, value))
    }
    for name, shown in other.keywords.items():
        if name in own and name not in keywords:
            keywords[name] = shown if _same(name, shown, own[name]) else own[name]
    arguments = completed(made.arguments, other.arguments, told)
    return Made(made.name, tuple(arguments), keywords)


def _was_default(name: str, value: Any) -> bool:
    return any(type(value) is type(former) and value == former for former in _FORMER.get(name, ()))


def _same(name: str, shown: Any, told: Any) -> bool:
    """Whether two values of a parameter mean the same to two versions of scikit-learn."""
    either_way = (name, shown, told), (name, told, shown)
    not_given = any(isinstance(value, str) and value in _NOT_GIVEN for value in (shown, told))
    return not_given or any(way in _RENAMED for way in either_way if _is_plain(way))


def _is_plain(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, str | float | int | None) for value in values)


class _EstimatorReader(HTMLParser):
    """Reads the tables of parameters; below each label are those of one estimator."""

    def __init__(self):
        super().__init__()
        self.estimators: list[tuple[str, dict[str, Any]]] = []
        self._reads = ""  # what the text that comes next is
        self._of_parameters = self._fitted = False
        self._name = self._value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        kinds = (own.get("class") or "").split()
        if tag == "label" and "sk-toggleable__label" in kinds:
            self._reads, self._of_parameters = "class", False
        elif "data-param-prefix" in own:
            self._fitted = _FITTED in (own["data-param-prefix"] or "")
        elif tag == "summary":
            self._reads = "summary"
        elif tag == "td":
            self._reads = next((kind for kind in ("param", "value") if kind in kinds), "")
            if self._reads == "param":
                self._name = self._value = ""
        elif tag == "span":  # the documentation of a parameter, or of a class
            self._reads = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._reads == "value" and self._of_parameters and self.estimators:
            # What is not a literal is an object; what has dots is cut off.
            if "..." in self._value:
                self._value = ""
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                self.estimators[-1][1][self._name.strip()] = ast.literal_eval(self._value.strip())
        if tag in ("td", "label", "summary"):
            self._reads = ""

    def handle_data(self, data: str) -> None:
        if self._reads == "class" and data.strip():
            self.estimators.append((data.strip(), {}))
            self._reads = ""
        elif self._reads == "summary" and data.strip():
            self._of_parameters = data.strip() == "Parameters" and not self._fitted
        elif self._reads == "param":
            self._name += data
        elif self._reads == "value":
            self._value += data
