import numpy as np

from fluvial.objectives.bridge import bridge


def log_ratio(x):
    """Of e^3 N(0.5, 1) to N(0, 1), on the line."""
    return 3.0 - 0.5 * (x - 0.5) ** 2 + 0.5 * x**2


def test_the_evidence_of_a_shifted_gaussian_is_within_its_standard_error():
    rng = np.random.default_rng(0)
    found = [
        bridge(log_ratio(rng.normal(size=2000)), log_ratio(rng.normal(0.5, 1.0, (4, 500))))
        for _ in range(30)
    ]
    errors = np.array([(one.log_evidence - 3.0) / one.se for one in found])
    assert 0.6 < np.sqrt(np.mean(errors**2)) < 1.4


def test_correlated_chains_have_a_larger_standard_error():
    rng = np.random.default_rng(1)
    q = log_ratio(rng.normal(size=4000))
    x = np.zeros((4, 1000))
    for t in range(1, 1000):
        x[:, t] = 0.95 * x[:, t - 1] + np.sqrt(1.0 - 0.95**2) * rng.normal(size=4)
    independent = bridge(q, log_ratio(rng.normal(0.5, 1.0, (4, 1000))))
    assert bridge(q, log_ratio(x + 0.5)).se > 1.3 * independent.se


def test_draws_of_q_outside_the_support_of_p_count_as_zero():
    """p is e^2 times the half of N(0, 1) above 0, so that its integral is e^2 / 2."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=8000)
    p = np.abs(rng.normal(size=(4, 2000)))
    found = bridge(np.where(x > 0.0, 2.0, -np.inf), np.full_like(p, 2.0))
    assert abs(found.log_evidence - (2.0 - np.log(2.0))) < 4.0 * found.se


def test_without_a_finite_ratio_there_is_no_evidence():
    assert bridge(np.full(10, np.nan), np.zeros((2, 5))) is None


def test_what_differs_between_strata_of_q_is_no_noise():
    from_q = np.repeat([0.0, 1.0], [600, 200])
    from_p = np.random.default_rng(0).normal(0.3, 0.01, size=(4, 200))
    known = bridge(from_q, from_p, np.repeat([0, 1], [600, 200]))
    unknown = bridge(from_q, from_p)
    assert known is not None
    assert unknown is not None
    assert known.log_evidence == unknown.log_evidence
    assert known.se < 0.1 * unknown.se
