"""A bioassay in PyMC: fluvial fit examples/bioassay_pymc.py:target

How many of five animals died at each dose (Racine, Grieve, Fluehler & Smith 1986).
"""

import numpy as np
import pymc as pm

from fluvial.targets import from_pymc

LOG_DOSE = np.array([-0.86, -0.30, -0.05, 0.73])  # of g/ml
ANIMALS = np.array([5, 5, 5, 5])
DEATHS = np.array([0, 1, 3, 5])


def target():
    with pm.Model() as model:
        intercept = pm.Normal("intercept", 0.0, 2.0)
        slope = pm.Normal("slope", 10.0, 10.0)
        pm.Deterministic("ld50", -intercept / slope)
        chance = pm.math.sigmoid(intercept + slope * LOG_DOSE)
        pm.Binomial("deaths", ANIMALS, chance, observed=DEATHS)
    return from_pymc(model)
