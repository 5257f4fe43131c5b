import json
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.cli.machine_formats import as_json
from fluvial.errors import InputError
from fluvial.flows import Flow, build_flow
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Resolution
from fluvial.posterior.mixture import FlowComponent, GaussianComponent, Mixture
from fluvial.posterior.mixture_file import mixture_from_bytes, mixture_to_bytes
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.storage import from_parts, to_parts

GAUSSIAN = Gaussian(np.array([1.0, -2.0]), np.array([[0.5, 0.0], [0.3, 2.0]]))
STAN = """
data { real m; }
parameters { real a; real<lower=0> b; }
model { a ~ normal(m, 1); b ~ exponential(1); }
generated quantities { real c = a + b; }
"""


def perturbed(spec: str, key: int = 1) -> Flow:
    flow = build_flow(spec, 2, key=jax.random.key(key))
    arrays = iter(range(1000))

    def shake(leaf):
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            return leaf
        rng = np.random.default_rng(next(arrays))
        return leaf + jnp.asarray(0.1 * rng.standard_normal(leaf.shape), leaf.dtype)

    return jax.tree.map(shake, flow)


def same(a: Posterior, b: Posterior) -> bool:
    x = np.random.default_rng(5).standard_normal((7, 2))
    left, right = a.draws(50, seed=4), b.draws(50, seed=4)
    assert list(left) == list(right)
    return (
        np.array_equal(a.log_prob(x), b.log_prob(x))
        and all(np.array_equal(left[name], right[name]) for name in left)
        and str(a.summary()) == str(b.summary())
        and (a.evidence, a.judgment, a.provenance) == (b.evidence, b.judgment, b.provenance)
        and np.array_equal(a.modes, b.modes)
    )


@pytest.mark.parametrize(
    "spec", ["realnvp:2,width=8+triangular", "spline:2,width=8", "nice-orth:2,width=8"]
)
def test_every_array_of_a_flow_is_the_same_to_the_bit(spec):
    trained = perturbed(spec)
    mixture = Mixture(
        (FlowComponent(trained, GAUSSIAN), GaussianComponent(GAUSSIAN)), np.array([0.25, 0.75])
    )
    template = eqx.filter_eval_shape(lambda: build_flow(spec, 2, key=jax.random.key(0)))
    flow, gaussian = mixture_from_bytes(
        mixture_to_bytes(mixture), template, "flow.safetensors"
    ).components
    assert isinstance(flow, FlowComponent)
    assert isinstance(gaussian, GaussianComponent)
    assert eqx.tree_equal(flow.trained, trained, typematch=True)
    assert np.array_equal(flow.gaussian.cholesky, GAUSSIAN.cholesky)


def test_a_mixture_gives_the_same_numbers(tmp_path, jax_target, posterior_of):
    flow = FlowComponent(perturbed("planar:3"), GAUSSIAN)
    before = posterior_of(jax_target, [flow, GaussianComponent(GAUSSIAN)], "planar:3")
    assert same(before, fluvial.load(before.save(tmp_path / "run")))


@pytest.mark.parametrize("spec", ["sparse,hubs=1,heads=0,width=0", "modulated:1,heads=1,width=8"])
def test_flows_whose_bounds_have_changed_since_are_refused(jax_target, posterior_of, spec):
    parts = posterior_of(jax_target, [FlowComponent(perturbed(spec), GAUSSIAN)], spec).parts(
        recorded=True
    )
    content, files = to_parts(parts)
    assert np.array_equal(from_parts(content, files, Path("run")).pool.points, parts.pool.points)
    del content["flows"]
    with pytest.raises(InputError, match=f"run has a {spec[:6]}.* flow of an earlier .* fit again"):
        from_parts(content, files, Path("run"))


def test_other_flows_of_an_earlier_version_are_read(jax_target, posterior_of):
    posterior = posterior_of(
        jax_target, [FlowComponent(perturbed("planar:3"), GAUSSIAN)], "planar:3"
    )
    content, files = to_parts(posterior.parts(recorded=True))
    del content["flows"]
    x = np.zeros((1, 2))
    read = from_parts(content, files, Path("run")).approximation
    assert np.array_equal(read.log_prob(x), posterior.approximation.log_prob(x))


@pytest.mark.parametrize(
    ("width", "said"),
    [(0.0234, "narrower than 0.023 of the prior's width"), (np.inf, "only 20,000 draws looked")],
)
def test_how_narrow_a_mode_was_looked_for_is_kept_and_shown(
    tmp_path, jax_target, posterior_of, width, said
):
    found = posterior_of(jax_target)
    resolution = Resolution(width, 2.0 * width, 0.95, 20_000)
    found = replace(found, judgment=replace(found.judgment, resolution=resolution))
    read = fluvial.load(found.save(tmp_path / "run"), target=jax_target)
    assert same(found, read)
    assert said in str(read.summary())
    told = json.loads(as_json(read, read.summary()))["resolution"]
    assert float(told["of_prior"]) == width
    assert told["draws"] == 20_000


def test_nothing_is_pickled(tmp_path, jax_target, posterior_of):
    folder = posterior_of(jax_target).save(tmp_path / "run")
    assert sorted(path.name for path in folder.iterdir()) == [
        "draws.npz",
        "flow.safetensors",
        "posterior.json",
    ]
    json.loads(
        (folder / "posterior.json").read_text(), parse_constant=lambda c: pytest.fail(f"{c}")
    )


def test_a_stan_target_is_rebuilt(tmp_path, posterior_of):
    before = posterior_of(fluvial.from_stan(STAN, {"m": 2.0}))
    after = fluvial.load(before.save(tmp_path / "run"))
    assert same(before, after)
    assert after.target is not None
    assert after.target.variables == {"a": (), "b": (), "c": ()}


def test_a_python_target_is_not_needed_for_draws(tmp_path, jax_target, posterior_of):
    before = posterior_of(jax_target)
    after = fluvial.load(before.save(tmp_path / "run"))
    assert after.target is None
    assert after.draws(1000)["scale"].shape == (1000,)
    again = fluvial.load(after.save(tmp_path / "copy"))
    assert same(before, again)


def test_a_python_target_can_be_given(tmp_path, jax_target, posterior_of):
    before = posterior_of(jax_target)
    after = fluvial.load(before.save(tmp_path / "run"), target=jax_target)
    assert after.target is jax_target
    assert same(before, after)


def test_another_target_is_refused(tmp_path, jax_target, posterior_of):
    folder = posterior_of(jax_target).save(tmp_path / "run")
    with pytest.raises(InputError, match="2 dimensions, and this one has 3"):
        fluvial.load(folder, target=fluvial.Target(lambda x: -jnp.sum(x**2), dim=3))
    with pytest.raises(InputError, match="fitted to another target"):
        fluvial.load(folder, target=fluvial.Target(lambda x: -jnp.sum(x**2), dim=2))


def test_without_any_target_the_reason_is_said(jax_target, posterior_of):
    with pytest.raises(InputError, match="loaded without its target"):
        replace(posterior_of(jax_target), target=None).draws(10)


def test_a_flow_of_the_callers_own(tmp_path, jax_target, posterior_of):
    trained, template = (
        perturbed("planar:2", key=1),
        build_flow("planar:2", 2, key=jax.random.key(9)),
    )
    before = posterior_of(jax_target, [FlowComponent(trained, GAUSSIAN)], "custom")
    folder = before.save(tmp_path / "run")
    with pytest.raises(InputError, match=r"fluvial\.load\(directory, flow=flow\)"):
        fluvial.load(folder)
    other = build_flow("planar:3", 2, key=jax.random.key(9))
    with pytest.raises(InputError, match="of another architecture"):
        fluvial.load(folder, flow=other)
    assert same(before, fluvial.load(folder, flow=template))


def test_a_float64_flow_stays_so(tmp_path, jax_target, x64, posterior_of):
    flow = build_flow("planar:2", 2, key=jax.random.key(0), dtype=jnp.float64)
    before = posterior_of(jax_target, [FlowComponent(flow, GAUSSIAN)], "custom")
    folder = before.save(tmp_path / "run")
    with jax.enable_x64(False):
        after = fluvial.load(folder, flow=flow)
    assert same(before, after)


def test_not_a_saved_posterior(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        fluvial.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds neither a saved posterior nor"):
        fluvial.load(tmp_path)


@pytest.mark.parametrize("name", ["draws.npz", "flow.safetensors", "posterior.json"])
def test_every_file_is_checked(tmp_path, jax_target, name, posterior_of):
    folder = posterior_of(jax_target).save(tmp_path / "run")
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name} is not as it was written"):
        fluvial.load(folder)
