"""The study of MNIST."""

from fluvial.reproduction import Story
from fluvial.studies.dlgm import dlgm_study
from fluvial.studies.mnist.claims import measured_claims
from fluvial.studies.mnist.plans import FAMILIES, PLANS, PUBLISHED

__all__ = ["STUDY"]

STUDY = dlgm_study(
    name="mnist",
    title="Deep latent Gaussian models on MNIST (Rezende & Mohamed 2015, Table 2)",
    version=2,
    plans=PLANS,
    families=FAMILIES,
    claims=measured_claims,
    published=PUBLISHED,
    story=Story(
        "Of deep latent Gaussian models for MNIST, those whose posterior is a flow are better "
        "than those with a diagonal Gaussian, the longer the better, and better than with NICE. A "
        "flow as prior, of later papers, gains more still.",
        (
            "longer-planar-is-better",
            "planar-beats-nice",
            "planar-80-reaches-the-published-value",
            "a-flow-prior-beats-a-flow-posterior",
        ),
        "length.png",
    ),
)
"""Posteriors of a deep latent Gaussian model, and a flow as prior.

Posteriors are diagonal, planar, NICE, and two beyond the paper.

The smoke and quick budgets train on scikit-learn's digits. Images are binarized afresh at each
step for training, and once, with fixed seeds, for validation and test.
"""
