import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.inference.black_box.hills import climb_hills
from fluvial.inference.black_box.largest_peak import linked
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.checks.agreement import disagreement
from fluvial.inference.climbs.slopes import leads_elsewhere
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.conditional import conditional_gaussian
from fluvial.inference.mode_search.beside import spread_of
from fluvial.inference.mode_search.cones import kind_of
from fluvial.inference.mode_search.symmetries import symmetries
from fluvial.inference.natural_gradient.natural_moves import solved
from fluvial.inference.products.factors import factors
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.structure.dependence import chosen_hubs, curvature
from fluvial.inference.tails.marginal_tails import margin_followed
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.posterior.pool import Pool
from fluvial.targets import Target

SOURCE = Path(fluvial.__file__).parent
RECORDS = SOURCE / "inference" / "settings"
PARSED = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((SOURCE / "inference").rglob("*.py"))
}
GROUPS = [field.name for field in dataclasses.fields(Settings)]


@pytest.mark.parametrize("group", GROUPS)
def test_every_threshold_is_saved_read_again_and_explained(group):
    values = getattr(DEFAULT, group)
    assert Settings.of({group: DEFAULT.mapping()[group]}) == DEFAULT
    explained = type(values).__doc__ or ""
    assert [f.name for f in dataclasses.fields(values) if f"    {f.name}: " not in explained] == []
    assert f"    {group}: " in (Settings.__doc__ or "")


def test_settings_of_an_earlier_version_have_the_defaults_of_what_is_new():
    earlier = {group: values for group, values in DEFAULT.mapping().items() if group != "tail"}
    del earlier["match"]["few_heads"]
    assert Settings.of(earlier) == DEFAULT


def test_no_threshold_is_never_read():
    read = {
        node.attr
        for path, module in PARSED.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and (path.parent != RECORDS or ast.unparse(node.value) == "self")
    }
    names = {f"{g}.{f.name}" for g in GROUPS for f in dataclasses.fields(getattr(DEFAULT, g))}
    assert {name for name in names if name.split(".")[1] not in read} == set()


def test_what_a_fit_was_given_reaches_every_function_that_has_defaults_of_its_own():
    """No call inside ``inference`` leaves out an argument whose default is of ``DEFAULT``."""
    wanted = {key: given for path in PARSED for key, given in _defaults(path)}
    assert len(wanted) > 50
    assert [left for path in PARSED for left in _left_out(path, wanted)] == []


Key = tuple[str, str]
Wanted = dict[str, int]
"""From the name of an argument to its place in a call."""


def _module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)


def _defaults(path: Path) -> Iterator[tuple[Key, Wanted]]:
    """Functions and classes of a module, with their arguments whose default is a setting."""
    for node in PARSED[path].body:
        made = node
        if isinstance(node, ast.ClassDef):
            own = [f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
            made = own[0] if own else node
        if not isinstance(made, ast.FunctionDef):
            continue
        taken = made.args.args[isinstance(node, ast.ClassDef) :]
        places = {argument.arg: place for place, argument in enumerate(taken)}
        places |= {argument.arg: len(taken) + 99 for argument in made.args.kwonlyargs}
        named = reversed(taken), reversed(made.args.defaults)
        pairs = [
            *zip(*named, strict=False),
            *zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True),
        ]
        found = {a.arg for a, value in pairs if value and "DEFAULT" in ast.unparse(value)}
        if found:
            yield (_module(path), node.name), {name: places[name] for name in found}


def _left_out(path: Path, wanted: dict[Key, Wanted]) -> Iterator[str]:
    known = {name: (_module(path), name) for at, name in wanted if at == _module(path)}
    for node in ast.walk(PARSED[path]):
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {a.asname or a.name: (node.module, a.name) for a in node.names}
    for node in ast.walk(PARSED[path]):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        spread = any(isinstance(argument, ast.Starred) for argument in node.args)
        spread |= any(keyword.arg is None for keyword in node.keywords)
        given = {keyword.arg for keyword in node.keywords}
        for name, place in wanted.get(known.get(node.func.id, ("", "")), {}).items():
            if not spread and name not in given and len(node.args) <= place:
                yield f"{path.relative_to(SOURCE)}:{node.lineno}: {node.func.id}: {name}"


SQUARE = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2) + 0.3 * x[0] * x[1], dim=2))
PLACES = np.array([[3.0, 3.0], [3.0, -3.0], [-3.0, 3.0], [-3.0, -3.0]])
UNIT = Gaussian(np.zeros(2), np.eye(2))
STAGES = {
    "product.rounding": lambda s: factors(SQUARE, PLACES, PLACES, s.product).tolist(),
    "structure.hub_others": lambda s: chosen_hubs(np.ones((9, 1)), np.array([0]), s.structure).size,
    "structure.flattest": lambda s: curvature(np.array([1.0]), s.structure).item(),
    "gaussian.newton": lambda s: (
        conditional_gaussian(SQUARE, DiagonalGaussian(UNIT.mean, UNIT.sd), (), s.gaussian) is None
    ),
    "natural.farthest": lambda s: solved(
        *np.full((2, 9, 1), 5.0), *np.full((2, 1, 9, 1), 1.0), 1.0, s.natural
    ).item(),
    "search.least_points": lambda s: spread_of(PLACES, np.zeros(4), UNIT, s.search) is None,
    "search.far_sample": lambda s: len(kind_of(PLACES, np.zeros(4), s.search).x),
    "search.flipped_alone": lambda s: len(list(symmetries({"x": (0, 13)}, {}, 13, s.search))),
    "search.straight": lambda s: leads_elsewhere(
        SQUARE, Mixture((GaussianComponent(UNIT),), np.ones(1)), PLACES, s
    ).tolist(),
    "check.repeated": lambda s: _evaluated(
        lambda target: disagreement(target, Pool(PLACES, np.zeros(4), np.zeros(4)), s.check)
    ),
    "mixture.components": lambda s: len(
        fit_mixture(
            np.repeat([[-9.0, 0.0], [9.0, 0.0]], 99, axis=0) + _rng().normal(size=(198, 2)),
            np.zeros(198),
            _rng(),
            s.mixture,
        ).components
    ),
    "hill.generations": lambda s: climb_hills(
        lambda x: -np.sum(x**2, axis=1), PLACES, np.full(4, -18.0), np.ones(4), _rng(), s.hill
    )[1].tolist(),
    "hill.valley": lambda s: linked(
        Mixture(
            tuple(GaussianComponent(Gaussian(at, np.eye(2))) for at in PLACES[:2]), np.ones(2) / 2
        ),
        s.hill,
    ).tolist(),
    "margin.most_steps": lambda s: (
        margin_followed(
            SQUARE, UNIT, _short(), np.full(len(_short()), 1.0 / len(_short())), 0, _rng(), s.margin
        ).largest
    ),
}


def _rng():
    return np.random.default_rng(0)


def _short():
    x = _rng().standard_normal((2000, 2))
    return x[np.abs(x[:, 0]) < 1.5]


def _evaluated(stage):
    before = SQUARE.evaluations
    stage(SQUARE)
    return SQUARE.evaluations - before


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "product.rounding": 1e9,
        "structure.hub_others": 100.0,
        "structure.flattest": 7.0,
        "gaussian.newton": 0,
        "natural.farthest": 0.1,
        "search.least_points": 5,
        "search.far_sample": 2,
        "search.flipped_alone": 2,
        "search.straight": 2.0,
        "check.repeated": 2,
        "mixture.components": 1,
        "hill.generations": 1,
        "hill.valley": 99.0,
        "margin.most_steps": 0,
    }.items(),
)
def test_a_stage_sees_the_threshold_that_it_is_given(name, value):
    group, setting = name.split(".")
    changed = Settings.of({group: {setting: value}})
    assert STAGES[name](changed) != STAGES[name](DEFAULT)
