"""Deep latent Gaussian models with amortized flow posteriors, and their training."""

from fluvial.amortized.amortized_flow import AmortizedFlow
from fluvial.amortized.capacity import check_capacity
from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.likelihood_base import Likelihood
from fluvial.amortized.likelihoods import Bernoulli
from fluvial.amortized.networks import MLP
from fluvial.amortized.real_likelihoods import LogitNormal, Normal
from fluvial.amortized.recipe import Recipe
from fluvial.amortized.train_dlgm import train
from fluvial.amortized.trained import Trained
from fluvial.deprecated import moved

__all__ = [
    "DLGM",
    "MLP",
    "AmortizedFlow",
    "Bernoulli",
    "Likelihood",
    "LogitNormal",
    "Normal",
    "Recipe",
    "Trained",
    "check_capacity",
    "train",
]

__getattr__ = moved(
    __name__,
    {
        "Gaussian": "fluvial.amortized.Normal",
        "join": "fluvial.distributed.join",
    },
)
