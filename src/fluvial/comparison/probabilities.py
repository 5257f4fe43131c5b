r"""Probabilities of models from their evidences, with the errors that these have.

.. math:: P_k = \frac{\pi_k Z_k}{\sum_j \pi_j Z_j}, \qquad
          \mathrm{se}(P_k)^2 = P_k^2 \sum_j (\delta_{kj} - P_j)^2 s_j^2,

the second by the delta method, s_j being the standard error of ln Z_j. Where evidences are known
to no better than a nat or so the delta method says little, so that an interval comes with it: that
of P_k when every ln Z_j is drawn from N(ln Z_j, s_j²).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

__all__ = ["Probabilities", "model_probabilities"]

_DRAWS = 4000


class Probabilities(NamedTuple):
    """Probabilities of K models.

    Attributes:
        values: shape (K,), summing to 1.
        errors: standard errors, shape (K,).
        low: 2.5 % quantiles, shape (K,).
        high: 97.5 % quantiles, shape (K,).
    """

    values: Float[np.ndarray, " K"]
    errors: Float[np.ndarray, " K"]
    low: Float[np.ndarray, " K"]
    high: Float[np.ndarray, " K"]


def model_probabilities(
    log_evidence: Float[np.ndarray, " K"],
    errors: Float[np.ndarray, " K"],
    prior: Float[np.ndarray, " K"],
) -> Probabilities:
    """Turn evidences into probabilities.

    Args:
        log_evidence: ln Z_k, in nats.
        errors: their standard errors.
        prior: π_k, the models' probabilities before, positive.

    Example:
        >>> found = model_probabilities(np.array([0.0, np.log(3.0)]), np.zeros(2), np.ones(2))
        >>> found.values.tolist(), found.errors.tolist()
        ([0.25, 0.75], [0.0, 0.0])
    """
    scores = log_evidence + np.log(prior)
    p = softmax(scores)
    influence = np.eye(len(p)) - p
    se = p * np.sqrt(influence**2 @ errors**2)
    noise = np.random.default_rng(0).standard_normal((_DRAWS, len(p)))
    low, high = np.quantile(softmax(scores + errors * noise, axis=1), (0.025, 0.975), axis=0)
    return Probabilities(p, se, low, high)
