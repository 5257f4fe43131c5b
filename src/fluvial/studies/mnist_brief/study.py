"""The study of MNIST in brief: what several trainings say where one of an hour says nothing.

An ordering takes several trainings to judge, and three of all that the study of MNIST trains are
days of one core. Here a part of it is trained for a few epochs each, three times, and beside
them a flow as prior: it shows what is better after a few epochs, not how good either gets.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fluvial.amortized import Recipe
from fluvial.datasets import Dataset, load_mnist
from fluvial.reproduction import Budget, Claim, Rule, Story
from fluvial.studies.dlgm import Compared, PosteriorSetting, dlgm_study
from fluvial.studies.dlgm.setting import DIAGONAL
from fluvial.studies.mnist import plans as mnist

__all__ = ["PLANS", "PRIOR", "STUDY"]

_PAPER = "Rezende & Mohamed 2015, section 6.2, Table 2 and Figure 4"
_PRIORS = "Xu et al. 2019, arXiv 1905.13452"
_OWN = "this project's own question, beyond the paper"
_BETTER = Rule(low=0.0, ordering=True)
_TEST_IMAGES = 2_000  # 200 importance samples of 10,000 images would take as long as an epoch

PRIOR = PosteriorSetting("diagonal", 0, prior="realnvp:8")
"""A flow as prior, and none in the posterior."""

_Measured = tuple[Claim, np.ndarray]


def _settings(*lengths: int) -> tuple[PosteriorSetting, ...]:
    """Planar flows of all lengths, NICE of the first, and the prior."""
    planar = [PosteriorSetting("planar", length) for length in lengths]
    return (DIAGONAL, *planar, PosteriorSetting("nice-perm", lengths[0]), PRIOR)


def _few_to_test() -> Dataset:
    """MNIST, of whose test images the first 2,000 are kept."""
    images = load_mnist()
    return replace(images, test=images.test[:_TEST_IMAGES])


PLANS = {
    Budget.SMOKE: replace(mnist.PLANS[Budget.SMOKE], settings=_settings(2, 3, 4)),
    Budget.QUICK: replace(mnist.PLANS[Budget.QUICK], settings=_settings(4, 8, 16)),
    Budget.FULL: replace(
        mnist.PLANS[Budget.FULL],
        load=_few_to_test,
        settings=_settings(10, 20, 40),
        usual=Recipe(epochs=5, batch=200, warmup=250, annealing_epochs=1),
    ),
}


def _claims(compared: Compared) -> Iterator[_Measured]:
    planar = compared.family("planar")
    (nice,) = compared.family("nice-perm")
    long = planar[-1]
    yield _ordering(
        compared,
        "longer-planar-is-better",
        "The longer the planar flow, the lower −ln p(x).",
        "the least decrease of −ln p(x) from one length to the next, from none on",
        list(pairwise([DIAGONAL, *planar])),
    )
    yield _ordering(
        compared,
        "planar-beats-nice",
        "Normalizing flows do better than NICE of the same length.",
        f"−ln p(x) of NICE less that of planar flows, K = {nice.layers}",
        [(nice, planar[0])],
    )
    # 10 layers of NICE make 3.62 million parameters of the whole model, 20 planar ones 3.60.
    yield _ordering(
        compared,
        "planar-beats-nice-of-half-its-length",
        "Normalizing flows do better than NICE of half their length, which has as many parameters.",
        f"−ln p(x) of NICE, K = {nice.layers}, less that of planar flows, K = {planar[1].layers}",
        [(nice, planar[1])],
        _OWN,
    )
    yield _ordering(
        compared,
        "every-flow-beats-the-diagonal",
        "All flows do better than the diagonal Gaussian.",
        "the least difference of −ln p(x), the diagonal less a flow, over flows",
        [(DIAGONAL, flow) for flow in (*planar, nice)],
    )
    yield _ordering(
        compared,
        "a-flow-prior-gains",
        "A flow as prior lowers −ln p(x).",
        "−ln p(x) with the prior N(0, I) less that with RealNVP of 8 layers as prior",
        [(DIAGONAL, PRIOR)],
        _PRIORS,
        "by 2.96 nats, in a larger architecture",
    )
    yield _ordering(
        compared,
        "a-flow-prior-beats-a-flow-posterior",
        "A flow as prior gains more than a flow in the posterior.",
        f"−ln p(x) of {long.layers} planar layers in the posterior less that of RealNVP as prior",
        [(long, PRIOR)],
        _PRIORS,
        "by 0.98 nat, RealNVP in both places, in a larger architecture",
    )


def _ordering(
    compared: Compared,
    name: str,
    statement: str,
    quantity: str,
    pairs: list[tuple[PosteriorSetting, PosteriorSetting]],
    source: str = _PAPER,
    published: str = "",
) -> _Measured:
    claim = Claim(name, statement, source, published, quantity, _BETTER, unit="nat")
    return claim, compared.least_gain(pairs)


STUDY = dlgm_study(
    name="mnist_brief",
    title="MNIST in brief: three trainings of each, and a flow as prior",
    version=1,
    plans=PLANS,
    families=("planar", "nice-perm"),
    claims=_claims,
    story=Story(
        "A flow in the posterior lowers −ln p(x), the longer the more, and more than NICE does; a "
        "flow as prior, of later papers, gains more still.",
        ("longer-planar-is-better", "planar-beats-nice", "a-flow-prior-beats-a-flow-posterior"),
        "length.png",
    ),
)
"""Planar flows of 0, 10, 20 and 40 layers, NICE of 10, and a RealNVP prior.

The smoke and quick budgets train on scikit-learn's digits.
"""
