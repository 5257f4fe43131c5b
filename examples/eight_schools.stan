// The eight schools (Rubin 1981): how much does coaching raise a test score?
data {
  int<lower=0> J; // schools
  vector[J] y; // estimated effects
  vector<lower=0>[J] sigma; // their standard errors
}
parameters {
  real mu; // mean effect
  real<lower=0> tau; // standard deviation between schools
  vector[J] theta_tilde; // standardized effects
}
transformed parameters {
  vector[J] theta = mu + tau * theta_tilde;
}
model {
  // `target +=` keeps the constants that `~` would drop: the evidence is absolute.
  target += normal_lpdf(mu | 0, 5);
  target += cauchy_lpdf(tau | 0, 5) - cauchy_lccdf(0 | 0, 5);
  target += std_normal_lpdf(theta_tilde);
  target += normal_lpdf(y | theta, sigma);
}
generated quantities {
  vector[J] log_lik;
  array[J] real y_rep = normal_rng(theta, sigma);
  for (j in 1 : J) {
    log_lik[j] = normal_lpdf(y[j] | theta[j], sigma[j]);
  }
}
