from dataclasses import replace

import arviz_plots
import arviz_stats
import jax
import numpy as np
import pytest
import xarray

import fluvial
from fluvial.errors import InputError
from fluvial.posterior import netcdf
from fluvial.posterior.arviz import _check_groups
from fluvial.posterior.pool import Pool
from fluvial.targets.numpyro import from_numpyro

STAN = """
data { vector[3] y; }
parameters { real mu; real<lower=0> sigma; }
model { y ~ normal(mu, sigma); sigma ~ exponential(1); }
generated quantities {
  vector[3] log_lik;
  matrix[2, 2] m = [[mu, 2 * mu], [3 * mu, 4 * mu]];
  for (i in 1:3) log_lik[i] = normal_lpdf(y[i] | mu, sigma);
}
"""


@pytest.fixture(scope="module")
def stan_target():
    return fluvial.from_stan(STAN, {"y": [0.5, 1.0, -0.3]})


def test_independent_draws_become_four_chains(jax_target, posterior_of):
    tree = posterior_of(jax_target).to_arviz(102)
    assert dict(tree.posterior.sizes) == {"chain": 4, "draw": 25, "x_dim_0": 1}
    assert list(tree.children) == ["posterior", "sample_stats"]


def test_the_numbers_are_those_of_draws_and_their_log_density(jax_target, posterior_of):
    posterior = posterior_of(jax_target)
    tree, draws = posterior.to_arviz(100, seed=5), posterior.draws(100, seed=5)
    np.testing.assert_array_equal(tree.posterior["scale"].values.ravel(), draws["scale"])
    expected = -0.5 * draws["x"][:, 0] ** 2 - 0.5 * np.log(draws["scale"]) ** 2
    np.testing.assert_allclose(tree.sample_stats["lp"].values.ravel(), expected, rtol=1e-12)


def test_chains_stay_chains(jax_target, posterior_of):
    posterior = posterior_of(jax_target, size=320, chains=8)
    whole, thinned = posterior.to_arviz(10_000), posterior.to_arviz(80)
    assert (whole.posterior.sizes["chain"], whole.posterior.sizes["draw"]) == (8, 40)
    assert (thinned.posterior.sizes["chain"], thinned.posterior.sizes["draw"]) == (8, 10)
    third = posterior.pool.points[2 * 40 : 3 * 40]
    np.testing.assert_array_equal(whole.posterior["x"][2, :, 0], third[:, 0])


def test_the_log_likelihood_of_a_stan_program(stan_target, posterior_of):
    tree = posterior_of(stan_target).to_arviz(40)
    assert set(tree.posterior.data_vars) == {"mu", "sigma", "m"}
    assert tree.posterior["m"].dims == ("chain", "draw", "m_dim_0", "m_dim_1")
    mu, sigma = (tree.posterior[name].values[..., None] for name in ("mu", "sigma"))
    z = (np.array([0.5, 1.0, -0.3]) - mu) / sigma
    np.testing.assert_allclose(
        tree.log_likelihood["log_lik"], -0.5 * z**2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)
    )


def test_the_log_likelihood_of_a_numpyro_model(posterior_of):
    pytest.importorskip("numpyro")
    from numpyro import sample
    from numpyro.distributions import Normal

    y = np.array([0.5, 1.0, -0.3])

    def model():
        mu = sample("mu", Normal(0.0, 1.0).expand([2]).to_event(1))
        sample("y", Normal(mu[0], 1.0), obs=y)

    tree = posterior_of(from_numpyro(model)).to_arviz(20)
    z = y - tree.posterior["mu"].values[..., :1]
    expected = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(tree.log_likelihood["y"], expected, rtol=1e-5)


@pytest.fixture(scope="module")
def pymc_model():
    """Two groups; its predictive follows the draws so closely that they can be told from it."""
    pm = pytest.importorskip("pymc")
    with pm.Model(coords={"group": ["a", "b"], "row": [10, 20, 30]}) as model:
        index = pm.Data("index", np.array([0, 1, 1]), dims="row")
        effect = pm.Normal("effect", 0.0, 3.0, dims="group")
        pm.Deterministic("twice", 2.0 * effect, dims="group")
        pm.Normal("y", effect[index], 1e-6, observed=np.array([1.0, -2.0, -2.5]), dims="row")
    return model


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_predictive_of_pymc_uses_the_draws(pymc_model, posterior_of, tmp_path):
    import arviz
    import pymc as pm

    posterior = posterior_of(fluvial.from_pymc(pymc_model))
    loaded = fluvial.load(posterior.save(tmp_path / "run"))
    posterior.to_netcdf(tmp_path / "posterior.nc", 16)
    assert loaded.target is None
    names = [f"{name}[{group}]" for name in ("effect", "twice") for group in "ab"]
    for each in (posterior, loaded):
        assert [row.name for row in each.summary().rows] == names
    from_datatree = arviz.InferenceData.from_datatree
    for data in (
        from_datatree(posterior.to_arviz(16)),
        from_datatree(loaded.to_arviz(16)),
        arviz.from_netcdf(tmp_path / "posterior.nc", engine="h5netcdf"),
    ):
        assert data.posterior["effect"].dims == ("chain", "draw", "group")
        assert data.posterior["twice"].coords["group"].values.tolist() == ["a", "b"]
        assert data.observed_data["y"].coords["row"].values.tolist() == [10, 20, 30]
        predictive = pm.sample_posterior_predictive(
            data,
            model=pymc_model,
            progressbar=False,
            random_seed=0,
            compile_kwargs={"mode": "FAST_COMPILE"},
        )
        expected = data.posterior["effect"].values[..., [0, 1, 1]]
        np.testing.assert_allclose(predictive.posterior_predictive["y"], expected, atol=1e-4)


def test_a_predictive_of_numpyro_has_the_plates(posterior_of):
    numpyro = pytest.importorskip("numpyro")
    from numpyro.distributions import Normal

    def model(y=None):
        with numpyro.plate("school", 2):
            effect = numpyro.sample("effect", Normal(0.0, 3.0))
            numpyro.sample("y", Normal(effect, 1e-6), obs=y)

    posterior = posterior_of(from_numpyro(model, np.array([1.0, -2.0])))
    draws = posterior.draws(8)
    predictive = numpyro.infer.Predictive(model, posterior_samples=draws)(jax.random.key(0))
    np.testing.assert_allclose(predictive["y"], draws["effect"], atol=1e-4)
    tree = posterior.to_arviz(8)
    assert tree.posterior["effect"].dims == ("chain", "draw", "school")
    assert tree.log_likelihood["y"].dims == ("chain", "draw", "school")
    np.testing.assert_array_equal(tree.observed_data["y"], [1.0, -2.0])


def test_what_a_numpyro_model_is_called_with_is_constant_data(posterior_of):
    numpyro = pytest.importorskip("numpyro")
    from numpyro.distributions import Normal

    def model(x, known, centered=True, y=None):
        b = numpyro.sample("b", Normal(0.0, 3.0).expand([2]).to_event(1))
        numpyro.sample("obs", Normal(b[0] + b[1] * x, known["sd"]), obs=y)

    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.9, 2.2])
    tree = posterior_of(from_numpyro(model, x, {"sd": 0.5, "why": "text"}, y=y)).to_arviz(8)
    assert set(tree.constant_data.data_vars) == {"x", "sd"}  # y is what was observed
    np.testing.assert_array_equal(tree.constant_data["x"], x)
    assert set(tree.observed_data.data_vars) == {"obs"}


def test_scopes_of_numpyro_are_no_groups(posterior_of, tmp_path):
    numpyro = pytest.importorskip("numpyro")
    from numpyro.distributions import Normal

    def model():
        with numpyro.plate("J", 2):
            numpyro.sample("x", Normal())

    posterior = posterior_of(from_numpyro(numpyro.handlers.scope(model, prefix="in")))
    assert posterior.to_arviz(8).posterior["in.x"].dims == ("chain", "draw", "in.J")
    posterior.to_netcdf(tmp_path / "posterior.nc", 8)
    assert fluvial.load(posterior.save(tmp_path / "run")).draws(3)["in/x"].shape == (3, 2)


def test_the_log_likelihood_can_be_left_out(pymc_model, stan_target, posterior_of):
    for target in (fluvial.from_pymc(pymc_model), stan_target):
        tree = posterior_of(target).to_arviz(8, log_likelihood=False)
        assert "log_likelihood" not in tree.children
        assert "log_lik" not in tree.posterior


def test_a_file_written_in_blocks_holds_what_to_arviz_returns(
    pymc_model, posterior_of, tmp_path, monkeypatch
):
    posterior = posterior_of(fluvial.from_pymc(pymc_model))
    expected = posterior.to_arviz(100, seed=3)
    for block in (2**22, 20, 1):
        monkeypatch.setattr(netcdf, "_BLOCK", block)
        posterior.to_netcdf(tmp_path / f"{block}.nc", 100, seed=3)
        with xarray.open_datatree(tmp_path / f"{block}.nc", engine="h5netcdf") as read:
            assert set(read.children) == set(expected.children)
            for name, group in expected.children.items():
                xarray.testing.assert_equal(read[name].to_dataset(), group.to_dataset())
            assert read.attrs.keys() == expected.attrs.keys()


def test_a_file_without_the_log_likelihood(pymc_model, stan_target, posterior_of, tmp_path):
    for target, there in ((fluvial.from_pymc(pymc_model), False), (stan_target, True)):
        posterior_of(target).to_netcdf(tmp_path / "posterior.nc", 8, log_likelihood=there)
        with xarray.open_datatree(tmp_path / "posterior.nc", engine="h5netcdf") as read:
            assert ("log_likelihood" in read.children) is there


def test_evidence_and_verdict_are_attributes(jax_target, posterior_of):
    attributes = posterior_of(jax_target).to_arviz(8).attrs
    assert attributes["verdict"] == "USE_WEIGHTS"
    assert attributes["reasons"] == "A reason.\nAnother – with ü."
    assert (attributes["elbo"], attributes["khat"]) == (-1.5, np.inf)
    assert attributes["inference_library"] == "fluvial"


def test_arviz_accepts_it(stan_target, posterior_of, tmp_path):
    points = 0.1 * np.random.default_rng(0).standard_normal((4000, 2))
    pool = Pool(points, stan_target.values(points), np.full(4000, -np.log(4000)))
    tree = replace(posterior_of(stan_target), pool=pool).to_arviz(400)
    tree.to_netcdf(tmp_path / "posterior.nc", engine="h5netcdf")
    read = xarray.open_datatree(tmp_path / "posterior.nc", engine="h5netcdf")
    table = arviz_stats.summary(read)
    assert list(table.index)[:2] == ["mu", "sigma"]
    mean = float(tree.posterior["mu"].mean())
    assert float(table.loc["mu", "mean"]) == pytest.approx(mean, abs=0.01)
    assert arviz_stats.loo(read).n_data_points == 3
    assert arviz_plots.plot_dist(read, var_names=["mu"], backend="none") is not None
    read.close()


def test_fewer_draws_than_chains_are_resampled(jax_target, posterior_of):
    tree = posterior_of(jax_target, size=320, chains=8).to_arviz(7)
    assert (tree.posterior.sizes["chain"], tree.posterior.sizes["draw"]) == (4, 1)


def test_too_few_draws(jax_target, posterior_of):
    with pytest.raises(InputError, match="give a whole number, at least 4"):
        posterior_of(jax_target).to_arviz(3)


def _numpyro_model():
    numpyro = pytest.importorskip("numpyro")
    normal, half = numpyro.distributions.Normal, numpyro.distributions.HalfNormal

    def model():
        mu = numpyro.sample("mu", normal(0.0, 2.0))
        tau = numpyro.sample("tau", half(1.0))
        with numpyro.plate("obs", 3):
            numpyro.sample("y", normal(mu, tau), obs=np.array([0.5, 1.0, -0.3]))

    return from_numpyro(model)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of k-hats: these draws were made by hand
def test_the_tree_of_a_model_has_all_that_arviz_asks_for(posterior_of):
    tree = posterior_of(_numpyro_model()).to_arviz(2000)
    mu, tau = tree.posterior["mu"].values, tree.posterior["tau"].values
    np.testing.assert_allclose(
        tree.log_prior["mu"], -0.125 * mu**2 - 0.5 * np.log(8 * np.pi), rtol=1e-6
    )
    np.testing.assert_allclose(
        tree.log_prior["tau"], -0.5 * tau**2 + 0.5 * np.log(2 / np.pi), rtol=1e-6
    )
    assert tree.posterior_predictive["y"].dims == ("chain", "draw", "obs")
    z = (tree.posterior_predictive["y"].values - mu[..., None]) / tau[..., None]
    assert abs(z.mean()) < 0.06
    assert abs(z.std() - 1.0) < 0.06
    assert abs(tree.prior["mu"].values.std() - 2.0) < 0.15
    prior_z = tree.prior_predictive["y"].values - tree.prior["mu"].values[..., None]
    assert abs((prior_z / tree.prior["tau"].values[..., None]).std() - 1.0) < 0.06
    assert np.isfinite(arviz_stats.loo(tree).elpd)
    assert list(arviz_stats.psense(tree, group="prior").data_vars) == ["mu", "tau"]
    arviz_plots.plot_ppc_dist(tree, num_samples=20)
    assert "prior" not in posterior_of(_numpyro_model()).to_arviz(40, predictive=False).children


def test_generated_quantities_go_to_groups_by_name(posterior_of):
    program = """data { vector[3] y; } parameters { real mu; real s; }
    model { mu ~ normal(0, 1); s ~ normal(0, 1); y ~ normal(mu, 1); }
    generated quantities {
      vector[3] y_rep = y + mu; vector[3] other = y - mu; real lprior = mu;
    }"""
    posterior = posterior_of(fluvial.from_stan(program, {"y": [0.5, 1.0, -0.3]}))
    tree = posterior.to_arviz(40)
    mu = tree.posterior["mu"].values
    np.testing.assert_allclose(tree.posterior_predictive["y"][..., 0], 0.5 + mu)
    np.testing.assert_allclose(tree.log_prior["lprior"], mu)
    assert tree.observed_data["y"].values.tolist() == [0.5, 1.0, -0.3]
    renamed = posterior.to_arviz(40, groups={"posterior_predictive": "other"})
    np.testing.assert_allclose(renamed.posterior_predictive["other"][..., 0], 0.5 - mu)
    with pytest.raises(InputError, match="nothing is not among the quantities"):
        posterior.to_arviz(40, groups={"log_likelihood": ["nothing"]})
    with pytest.raises(InputError, match="no group 'predictions' to put quantities in"):
        posterior.to_arviz(40, groups={"predictions": "other"})
    for wrong, said in (("other", "type 'str'"), ({"log_likelihood": 3}, "are 3: give strings")):
        with pytest.raises(InputError, match=said):
            _check_groups(wrong)


def test_distributions_that_cannot_draw_leave_their_groups_out(posterior_of):
    numpyro = pytest.importorskip("numpyro")
    distributions = numpyro.distributions

    class Bare(distributions.Distribution):
        support = distributions.constraints.real

        def log_prob(self, value):
            return -0.5 * value**2

    def model():
        numpyro.sample("a", distributions.Normal().expand([2]).to_event(1))
        numpyro.sample("y", Bare(), obs=0.5)

    tree = posterior_of(from_numpyro(model)).to_arviz(8)
    assert list(tree.children)[:3] == ["posterior", "sample_stats", "log_prior"]
    assert not {"prior", "posterior_predictive"}.intersection(tree.children)
    assert "NotImplementedError" in tree.attrs["not_drawn"]
