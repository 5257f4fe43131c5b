"""What is claimed of flows on MNIST, and how it is judged."""

from collections.abc import Sequence
from itertools import pairwise

from fluvial.reproduction import Budget, Claim, JudgedClaim, Rule
from fluvial.studies.latent.comparing import PARTS, Compared
from fluvial.studies.latent.setting import DIAGONAL, Setting
from fluvial.studies.mnist.plans import BEYOND, FAMILIES, PUBLISHED

__all__ = ["judged_claims"]

_PAPER = "Rezende & Mohamed 2015, section 6.2, Table 2 and Figure 4"
_BEYOND = "Grathwohl et al. 2019 (FFJORD), Table 3"
_POSITIVE = Rule(low=0.0)


def judged_claims(compared: Compared) -> Sequence[JudgedClaim]:
    """Judge what the paper claims, its numbers where the data are its own, and one line beyond."""
    judged = [*_orderings(compared), *_beyond(compared)]
    if compared.ledger.budget is Budget.FULL:
        judged += _numbers(compared)
    return judged


def _each(compared: Compared) -> str:
    return PARTS if compared.ledger.budget is Budget.FULL else "seeds"


def _orderings(compared: Compared) -> list[JudgedClaim]:
    families = {family: compared.family(family) for family in FAMILIES}
    flows = [setting for settings in families.values() for setting in settings]
    claims = [
        _ordering(
            compared,
            f"longer-{family}-is-better",
            f"The longer the {family} flow, the lower −ln p(x).",
            "the least decrease of −ln p(x) from one length to the next",
            list(pairwise(settings)),
        )
        for family, settings in families.items()
    ]
    planar, nice = (families[family] for family in FAMILIES)
    claims.append(
        _ordering(
            compared,
            "planar-beats-nice",
            "Normalizing flows do better than NICE of the same length.",
            "the least difference of −ln p(x), NICE less planar, over lengths",
            list(zip(nice, planar, strict=True)),
        )
    )
    claims.append(
        _ordering(
            compared,
            "every-flow-beats-the-diagonal",
            "All flows do better than the diagonal Gaussian.",
            "the least difference of −ln p(x), the diagonal less a flow, over flows",
            [(DIAGONAL, setting) for setting in flows],
        )
    )
    return claims


def _ordering(
    compared: Compared,
    name: str,
    statement: str,
    quantity: str,
    pairs: list[tuple[Setting, Setting]],
) -> JudgedClaim:
    claim = Claim(
        name, statement, _PAPER, "", quantity, _POSITIVE, unit="nat", each=_each(compared)
    )
    return claim.judge(list(compared.least_gain(pairs)), compared.ledger.budget)


def _beyond(compared: Compared) -> list[JudgedClaim]:
    sylvester, iaf = BEYOND
    planar = compared.family("planar")[-1]
    claim = Claim(
        name="sylvester-beats-iaf-beats-planar",
        statement="Of free energies, Sylvester's is below the inverse autoregressive flow's, and "
        "that below the planar flow's.",
        source=_BEYOND,
        published="83.32, 84.20 and 86.06 nats, in a larger architecture",
        quantity="the smaller of the two differences of free energies at equal training",
        rule=_POSITIVE,
        unit="nat",
        each=_each(compared),
    )
    pairs = [(planar, iaf), (iaf, sylvester)]
    gain = compared.least_gain(pairs, compared.free_energy)
    return [claim.judge(list(gain), compared.ledger.budget)]


def _numbers(compared: Compared) -> list[JudgedClaim]:
    """Each published −ln p(x), which shall be reached or undercut."""
    judged = []
    for family, numbers in PUBLISHED.items():
        for setting in [DIAGONAL, *compared.family(family)]:
            if setting.layers not in numbers:
                continue
            published = numbers[setting.layers]
            claim = Claim(
                name=f"{setting.name}-reaches-the-published-value",
                statement=f"−ln p(x) of {setting.name} is {published}.",
                source=_PAPER,
                published=f"{published}",
                quantity="−ln p(x) of the test images, by 200 importance samples",
                rule=Rule(high=published),
                unit="nat",
                each=PARTS,
            )
            judged.append(claim.judge(list(compared.nll(setting)), compared.ledger.budget))
    return judged
