import pytest

from fluvial.targets.stan.normalization import unnormalized


def program(parameters, model):
    return f"data {{ int N; vector[N] y; }} parameters {{ {parameters} }} model {{ {model} }}"


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        ("real<lower=0> s;", "s ~ normal(0, 1);"),
        ("real<lower=0> s;", "target += cauchy_lpdf(s | 0, 5);"),
        ("real<lower=0> s; real m;", "target += normal_lpdf(m | 0, 1) + normal_lpdf(s | 0, 1);"),
        ("vector<lower=0>[3] s;", "for (j in 1:3) s[j] ~ student_t(3, 0, 1);"),
        ("array[2] real<lower = 0, upper = 5> s;", "s ~ exponential(1);"),
        ("real<upper=1> s;", "s ~ std_normal();"),
        ("real<lower=1> s;", "s ~ gamma(2, 2);"),
        ("real<lower=0, upper=10> s;", ""),
        ("real<lower=0, upper=10> s;", "s ~ uniform(0, 20);"),
        ("ordered[2] s;", "s ~ normal(0, 1);"),
        ("simplex[3] s;", ""),
        ("array[2] simplex[3] s;", "s[1] ~ dirichlet([1, 1, 1]'); s[2] ~ beta(1, 1);"),
        ("corr_matrix[3] s;", ""),
        ("sum_to_zero_vector[3] s;", "s ~ normal(0, 1);"),
    ],
)
def test_a_prior_that_bounds_cut_off_is_told(parameters, model):
    assert unnormalized(program(parameters, model + " y ~ normal(0, 1);")) == ("s",)


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        ("real s;", "s ~ normal(0, 1);"),
        ("real<lower=0> s;", "s ~ normal(0, 1) T[0, ];"),
        ("real<lower=0> s;", "s ~ lognormal(0, 1);"),
        ("real<lower=0.0> s;", "target += exponential_lpdf(s | 1);"),
        ("real<lower=0, upper=1> s;", "s ~ beta(2, 2);"),
        ("real<lower=0, upper=1> s;", ""),
        ("real<lower=-N, upper=N> s;", "s ~ uniform(- N, N);"),
        ("real<lower=0> s;", "target += normal_lpdf(s | 0, 1) - normal_lccdf(0 | 0, 1);"),
        ("real<lower=0> s;", "s ~ normal(0, 1); target += log(2);"),
        ("real<lower=0> s;", "s ~ normal(0, 1); target += -normal_lccdf(0 | 0, 1);"),
        ("real<lower=0> s;", "s ~ mine(0, 1);"),
        ("real<lower=0> s;", "target += -square(s) / 2;"),
        ("vector<offset=1, multiplier=2>[3] s;", "s ~ normal(1, 2);"),
        ("simplex[3] s;", "s ~ dirichlet(rep_vector(1, 3));"),
        ("cholesky_factor_corr[3] s;", "s ~ lkj_corr_cholesky(2);"),
    ],
)
def test_a_prior_that_is_normalized_or_may_be_is_not_told(parameters, model):
    assert unnormalized(program(parameters, model + " y ~ normal(0, 1);")) == ()
