"""A robust regression in NumPyro: fluvial fit examples/regression_numpyro.py:target"""

import numpy as np
import numpyro
import numpyro.distributions as dist

from fluvial.targets import from_numpyro

X = np.array([-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
Y = np.array([-2.1, -0.8, -0.3, 0.4, 1.1, 6.0, 2.4, 3.1])  # the sixth is an outlier


def model(x, y):
    intercept = numpyro.sample("intercept", dist.Normal(0.0, 2.0))
    slope = numpyro.sample("slope", dist.Normal(0.0, 2.0))
    scale = numpyro.sample("scale", dist.HalfNormal(1.0))
    with numpyro.plate("observations", len(x)):
        numpyro.sample("y", dist.StudentT(3.0, intercept + slope * x, scale), obs=y)


def target():
    return from_numpyro(model, X, Y)
