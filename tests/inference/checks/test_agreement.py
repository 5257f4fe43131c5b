import jax.numpy as jnp
import numpy as np

import fluvial
from fluvial.inference import concluding
from fluvial.inference.checks.agreement import disagreement
from fluvial.inference.counted_target import CountedTarget
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.pool import Pool


def pool_of(target, *, off=0.0):
    x = np.random.default_rng(0).standard_normal((4096, 3))
    log_p = target.values(x)
    log_p[100:] += off
    return Pool(x, log_p, np.full(len(x), -np.log(len(x))))


def normal(offset=0.0, scale=1.0):
    return fluvial.Target(lambda x: offset - 0.5 * jnp.sum((x / scale) ** 2), dim=3)


def test_a_density_that_is_the_same_in_batches_of_every_size_is_not_complained_of():
    for target in (normal(), normal(-1e6), normal(scale=1e-3)):
        assert disagreement(CountedTarget(target), pool_of(target)) is None


def test_values_that_large_batches_alone_have_are_named_with_their_size():
    said = disagreement(CountedTarget(normal()), pool_of(normal(), off=38.0))
    assert "differs by up to 38 nats between large batches and small ones" in said
    assert "another release of JAX" in said


def test_points_of_no_density_are_passed_over():
    target = normal()
    pool = pool_of(target)
    assert (
        disagreement(CountedTarget(target), Pool(pool.points, pool.log_p - np.inf, pool.log_p))
        is None
    )


def test_a_fit_whose_batches_disagree_is_failed_with_the_reason(monkeypatch):
    monkeypatch.setattr(concluding, "disagreement", lambda *given: "Batches disagree.")
    posterior = fluvial.fit(normal(), seed=0, progress=False)
    assert posterior.verdict is Verdict.FAILED
    assert "Batches disagree." in posterior.reasons
