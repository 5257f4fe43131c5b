"""Whether code draws random numbers, and whether it fixes where they begin."""

import ast
import re
from collections.abc import Iterator

from fluvial.replication.names import plain_source

__all__ = ["draws", "seeded_generators", "seeds"]

_DRAWS = re.compile(
    r"\bnp\.random\.(?!seed|default_rng|RandomState|set_state|Generator)\w+|\brandom\.(?!seed|Random\b|state)\w+\("
    r"|\bdefault_rng\(\)|\bRandomState\(\)|\b(?:rand|randn|randint|normal|shuffle|permutation|sample)\("
    r"|\btorch\.(?:rand|randn|randint|randperm)\w*\(|\b(?:stats|norm|uniform|gamma)\.?\w*\.rvs\("
    r"|\b(?:train_test_split|KFold|ShuffleSplit|StratifiedShuffleSplit|RandomForest\w+|ExtraTrees\w+|KMeans"
    r"|MiniBatchKMeans|GaussianMixture|GMM|MLP\w+|SGD\w+|TSNE|LDA|DecisionTree\w+"
    # What scikit-learn makes of random numbers; pipelines and scorers are made otherwise.
    r"|make_(?:blobs|circles|classification|moons|regression|friedman\d|gaussian_quantiles|s_curve"
    r"|swiss_roll|biclusters|checkerboard|low_rank_matrix|multilabel_classification"
    r"|sparse_\w+|spd_matrix|hastie_10_2))\("
)
_SEEDS = re.compile(
    r"\bseed\(\s*\w|\brandom_state\s*=\s*(?!None)\w|\bdefault_rng\(\s*\w|\bRandomState\(\s*\w"
    r"|\bmanual_seed\(\s*\w"
)
_GENERATOR = re.compile(
    r"^\s*(\w+)\s*=\s*[\w.]*\b(?:default_rng|RandomState|Random|Generator|check_random_state)"
    r"\(\s*(?!None\b)[\w(]",
    re.MULTILINE,
)
_SEEDS_ALL = re.compile(r"(?<!_)\bseed\(\s*\w|\bmanual_seed\(\s*\w")


def draws(source: str, generators: frozenset[str] = frozenset()) -> bool:
    """Whether code draws random numbers, itself or by what it calls, without a seed of its own.

    Args:
        source: the code.
        generators: the names of generators that were seeded before.

    Example:
        >>> draws("x = np.random.rand(3)"), draws("split(x, random_state=1)")
        (True, False)
        >>> draws("rng.normal()"), draws("rng = np.random.default_rng(0); rng.normal()")
        (True, False)
    """
    seeded = generators | seeded_generators(source.replace(";", "\n"))
    if seeded:
        source = re.sub(rf"\b(?:{'|'.join(map(re.escape, sorted(seeded)))})\.\w+", "_", source)
    return any(_DRAWS.search(part) and not _SEEDS.search(part) for part in _parts(source))


def seeded_generators(source: str) -> frozenset[str]:
    """Return the names that code gives to generators of random numbers which it seeds.

    Example:
        >>> seeded_generators("rng = np.random.default_rng(7)"), seeded_generators("r = Random()")
        (frozenset({'rng'}), frozenset())
    """
    return frozenset(_GENERATOR.findall(source))


def seeds(source: str) -> bool:
    """Whether code fixes the seed of the numbers that are drawn after it."""
    return bool(_SEEDS_ALL.search(source))


def _parts(source: str) -> Iterator[str]:
    """Yield calls with all of their arguments, however many lines they take; else lines."""
    plain = plain_source(source)
    try:
        tree = ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError):  # Python 2, say
        yield from source.splitlines()
        return
    lines = plain.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.end_lineno is not None:
            yield " ".join(lines[node.lineno - 1 : node.end_lineno])
