import importlib
import multiprocessing
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.flows import build_flow
from fluvial.inference.settings import Settings, WeighSettings

module = importlib.import_module("fluvial.inference.many")


def normal(mean: float) -> fluvial.Target:
    return fluvial.Target(lambda x: -0.5 * jnp.sum((x - mean) ** 2), dim=1)


class Inline(Executor):
    """Runs what is submitted at once, and remembers what it was given."""

    def __init__(self):
        self.given = []

    def submit(self, fn, /, *args, **kwargs):
        self.given.append(args)
        future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def fits():
    targets = {"a": normal(0.0), "b": normal(3.0)}
    return targets, fluvial.fit_many(targets, executor=Inline())


def test_each_posterior_is_that_of_a_fit_alone(fits):
    targets, many = fits
    assert list(many.posteriors) == ["a", "b"]
    alone = fluvial.fit(targets["b"], progress=False)
    np.testing.assert_array_equal(
        many.posteriors["b"].draws(50)["x"], alone.draws(50)["x"], strict=True
    )
    x = np.array([[2.5]])
    np.testing.assert_array_equal(many.posteriors["b"].log_prob(x), alone.log_prob(x))
    assert many.posteriors["b"].evidence == alone.evidence
    assert many.posteriors["b"].target is targets["b"]


def test_they_are_printed_a_line_each(fits):
    _, many = fits
    assert str(many).splitlines()[0].startswith("a: GOOD, log evidence 0.919")


def test_a_failure_stops_no_other():
    nowhere = fluvial.Target(lambda x: jnp.sum(x) * jnp.nan, dim=1)
    many = fluvial.fit_many([nowhere, normal(0.0)], executor=Inline())
    assert list(many.posteriors) == [1]
    assert "finite" in many.failures[0].reason
    assert many.failures[0].traceback == ""
    assert str(many).splitlines()[1].startswith("0: no posterior, ")


def test_any_other_error_keeps_its_traceback(monkeypatch):
    def fails(*_, **__):
        raise ArithmeticError("no such parameter")

    monkeypatch.setattr(module, "fit", fails)
    many = fluvial.fit_many([normal(0.0)], executor=Inline())
    assert many.failures[0].reason == "ArithmeticError: no such parameter"
    assert "in fails" in many.failures[0].traceback


def test_what_cannot_be_sent_is_a_failure():
    lock = threading.Lock()

    def log_density(x):
        with lock:
            return -0.5 * jnp.sum(x**2)

    many = fluvial.fit_many([fluvial.Target(log_density, dim=1)], executor=Inline())
    assert "cannot be sent to another process (TypeError" in many.failures[0].reason


def test_thresholds_reach_each_fit():
    settings = Settings(weigh=WeighSettings(draws=1000))
    many = fluvial.fit_many([normal(0.0)], executor=Inline(), settings=settings)
    assert many.posteriors[0].pool.size == 1000
    assert Settings.of(many.posteriors[0].provenance.settings) == settings


def test_a_target_with_a_source_travels_as_that(fits):
    target = fluvial.targets.example("funnel").target
    executor = Inline()
    fluvial.fit_many([target], executor=executor, max_steps=-1)
    assert len(executor.given[0][0]) < 200


def test_a_flow_of_ones_own_comes_back():
    flow = build_flow("diagonal", 1, key=jax.random.key(0))
    many = fluvial.fit_many([normal(1.0)], flow, executor=Inline(), max_steps=20)
    alone = fluvial.fit(normal(1.0), flow, max_steps=20, progress=False)
    x = np.array([[0.5]])
    np.testing.assert_array_equal(many.posteriors[0].log_prob(x), alone.log_prob(x))


def test_an_executor_that_is_shut_fails_each():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    many = fluvial.fit_many([normal(0.0)], executor=executor)
    assert "cannot schedule new futures" in many.failures[0].reason


def test_ctrl_c_keeps_what_there_is(monkeypatch):
    def interrupted_after_one(futures):
        yield next(iter(futures))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "as_completed", interrupted_after_one)
    many = fluvial.fit_many([normal(0.0), normal(1.0)], executor=Inline())
    assert list(many.posteriors) == [0]
    assert many.failures[1].reason == "interrupted before it was done."


def test_processes_that_fork_are_refused():
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, mp_context=context) as executor,
        pytest.raises(InputError, match="forks its processes, which hang"),
    ):
        fluvial.fit_many([normal(0.0)], executor=executor)


def _ends_the_process(x):
    os._exit(1)


@pytest.mark.slow
def test_spawned_processes():
    context = multiprocessing.get_context("spawn")
    targets = [normal(0.0), normal(3.0), fluvial.targets.example("student_t").target]
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        many = fluvial.fit_many(targets, executor=executor)
    assert not many.failures
    for k in (0, 1):
        alone = fluvial.fit(targets[k], progress=False)
        np.testing.assert_allclose(
            many.posteriors[k].draws(50)["x"], alone.draws(50)["x"], rtol=1e-12
        )


@pytest.mark.slow
def test_a_process_that_dies_is_a_failure():
    def log_density(x):
        jax.debug.callback(_ends_the_process, x)
        return -0.5 * jnp.sum(x**2)

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        many = fluvial.fit_many([fluvial.Target(log_density, dim=1)], executor=executor)
    assert "BrokenProcessPool" in many.failures[0].reason


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # dask's own, of ports and of sockets
def test_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    targets = {"a": normal(0.0), "nan": fluvial.Target(lambda x: jnp.nan * jnp.sum(x), dim=1)}
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        many = fluvial.fit_many(targets, executor=client.get_executor())
    assert many.posteriors["a"].draws(10)["x"].shape == (10, 1)
    assert list(many.failures) == ["nan"]
