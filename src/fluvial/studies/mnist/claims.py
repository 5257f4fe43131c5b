"""What is claimed of flows on MNIST, and how it is judged."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from fluvial.reproduction import Budget, Claim, Rule
from fluvial.studies.dlgm.comparing import Compared
from fluvial.studies.dlgm.setting import DIAGONAL, PosteriorSetting
from fluvial.studies.mnist.plans import BEYOND, FAMILIES, PRIOR, PUBLISHED, WHY_NICE

__all__ = ["measured_claims"]

_PAPER = "Rezende & Mohamed 2015, section 6.2, Table 2 and Figure 4"
_BEYOND = "Grathwohl et al. 2019 (FFJORD), Table 3"
_PRIORS = "Xu et al. 2019, arXiv 1905.13452"
_OWN = "this project's own question, beyond the paper"
_BETTER = Rule(low=0.0, ordering=True)

_Measured = Iterator[tuple[Claim, np.ndarray]]


def measured_claims(compared: Compared) -> _Measured:
    """Measure the paper's claims, its numbers where the data are its own, and one beyond it."""
    yield from _orderings(compared)
    yield from _why_nice(compared)
    yield _beyond(compared)
    yield from _priors(compared)
    if compared.results.budget is Budget.FULL:
        yield from _numbers(compared)


def _orderings(compared: Compared) -> _Measured:
    families = {family: compared.family(family) for family in FAMILIES}
    flows = [setting for settings in families.values() for setting in settings]
    for family, settings in families.items():
        yield _ordering(
            compared,
            f"longer-{family}-is-better",
            f"The longer the {family} flow, the lower −ln p(x).",
            "the least decrease of −ln p(x) from one length to the next",
            list(pairwise(settings)),
        )
    planar, nice = (families[family] for family in FAMILIES)
    yield _ordering(
        compared,
        "planar-beats-nice",
        "Normalizing flows do better than NICE of the same length.",
        "the least difference of −ln p(x), NICE less planar, over lengths",
        list(zip(nice, planar, strict=True)),
    )
    yield _ordering(
        compared,
        "every-flow-beats-the-diagonal",
        "All flows do better than the diagonal Gaussian.",
        "the least difference of −ln p(x), the diagonal less a flow, over flows",
        [(DIAGONAL, setting) for setting in flows],
    )


def _ordering(
    compared: Compared,
    name: str,
    statement: str,
    quantity: str,
    pairs: list[tuple[PosteriorSetting, PosteriorSetting]],
    source: str = _PAPER,
    published: str = "",
) -> tuple[Claim, np.ndarray]:
    claim = Claim(name, statement, source, published, quantity, _BETTER, unit="nat")
    return claim, compared.least_gain(pairs)


def _why_nice(compared: Compared) -> _Measured:
    """Whether planar flows beat NICE at equal parameters, amortization or another step size."""
    planar, nice = ({s.layers: s for s in compared.family(family)} for family in FAMILIES)
    # 10 layers of NICE make 3.62 million parameters of the whole model, 20 planar ones 3.60.
    twice = [(nice[K], planar[2 * K]) for K in nice if 2 * K in planar]
    if twice:
        yield _ordering(
            compared,
            "planar-beats-nice-of-half-its-length",
            "Normalizing flows do better than NICE of half their length, which has as many "
            "parameters.",
            "the least difference of −ln p(x), NICE of K layers less planar of 2 K, over K",
            twice,
            _OWN,
        )
    for name, (changes, told) in WHY_NICE.items():
        flow, rival = (PosteriorSetting(one, min(planar), changes=changes) for one in FAMILIES)
        yield _ordering(
            compared,
            f"planar-beats-nice-{name}",
            f"Normalizing flows do better than NICE of the same length {told}.",
            f"−ln p(x) of NICE less that of planar flows, K = {flow.layers}",
            [(rival, flow)],
            _OWN,
        )


def _priors(compared: Compared) -> _Measured:
    longest = compared.family("planar")[-1]
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
        f"−ln p(x) of {longest.layers} planar layers in the posterior less that of RealNVP as "
        "prior",
        [(longest, PRIOR)],
        _PRIORS,
        "by 0.98 nat, RealNVP in both places, in a larger architecture",
    )


def _beyond(compared: Compared) -> tuple[Claim, np.ndarray]:
    sylvester, iaf = BEYOND
    planar = compared.family("planar")[-1]
    claim = Claim(
        name="sylvester-beats-iaf-beats-planar",
        statement="Of free energies, Sylvester's is below the inverse autoregressive flow's, and "
        "that below the planar flow's.",
        source=_BEYOND,
        published="83.32, 84.20 and 86.06 nats, in a larger architecture",
        quantity="the smaller of the two differences of free energies at equal training",
        rule=_BETTER,
        unit="nat",
    )
    return claim, compared.least_gain([(planar, iaf), (iaf, sylvester)], compared.free_energy)


def _numbers(compared: Compared) -> _Measured:
    """Each published −ln p(x): the claim holds if ours is no larger."""
    for family, numbers in PUBLISHED.items():
        for setting in [DIAGONAL, *compared.family(family)]:
            if setting.layers not in numbers:
                continue
            published = numbers[setting.layers]
            claim = Claim(
                name=f"{setting.name}-reaches-the-published-value",
                statement=f"−ln p(x) of {setting.name} is {published}, or less.",
                source=_PAPER,
                published=f"{published}",
                quantity="−ln p(x) of the test images, by 200 importance samples",
                rule=Rule(high=published),
                unit="nat",
            )
            yield claim, compared.nll(setting)
