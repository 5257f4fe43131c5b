r"""Which coordinate depends on which: parents, hubs and coupling, two gradients a coordinate.

Where influence is spread over many heads (a scale for each group), random directions do not tell
them apart. Moving one coordinate j at a time does: with s = ∇ln p and h = sd_j / 2,

.. math:: T_{jji} \approx \frac{[s(x + h e_j) - 2 s(x) + s(x - h e_j)]_i}{h^2}, \qquad
          H_{ji} \approx \frac{[s(x + h e_j) - s(x - h e_j)]_i}{2h}

say how much the curvature along j changes with i, and how much j and i are coupled. In units of
standard deviations, W_ji = T_jji sd_j² sd_i and C_ji = H_ji sd_j sd_i are pure numbers. Medians
over probes are taken with their signs: a change that is odd in a coordinate which is as often above
its mean as below, as that of a head's curvature with what it modulates, cancels.

* A **hub** has Σ_j W_ji² + Σ_{j≠i} C_ji² that counts, spread over many j, other hubs aside: all
  others are given it.
* A **head** of j is the i with the largest W_ji, if the curvature changes by a fifth or more. Of
  two that have each other so, the child's W has the same sign at all probes. Its head's is odd in
  the child, which is as often above its mean as below, since half of the probes mirror the others.
* What is left of C, without hubs and heads, is coupling that needs a matrix; of it squares are
  averaged, so that what has either sign is seen, too.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, StructureSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = [
    "STEP",
    "Dependence",
    "chosen_hubs",
    "curvature",
    "dependence_of",
    "find_dependence",
    "suspects_of",
]

STEP = 0.5  # arithmetic: sd, as in find_structure.py
_BLOCK = 128  # memory: coordinates moved in one call


@dataclass(frozen=True, eq=False)
class Dependence:
    """What was found.

    Attributes:
        hubs: coordinates that matter to many others, the strongest first.
        parents: of each coordinate the head that modulates it, or -1, shape (D,).
        slopes: of ln scale of each coordinate for an sd of its parent, shape (D,).
        hub_slopes: the same for each hub, shape (D, hubs).
        hub_shifts: of the location of each coordinate, in sd, for an sd of each hub.
        hub_widths: by what factor a hub is wider by itself than with all others held, shape
            (hubs,).
        coupling: the root mean square, over probes and coordinates, of what couples a coordinate
            with all but the hubs and its own head.
    """

    hubs: Int[np.ndarray, " C"]
    parents: Int[np.ndarray, " D"]
    slopes: Float[np.ndarray, " D"]
    hub_slopes: Float[np.ndarray, "D C"]
    hub_shifts: Float[np.ndarray, "D C"]
    hub_widths: Float[np.ndarray, " C"]
    coupling: float

    @property
    def heads(self) -> Int[np.ndarray, " H"]:
        """The coordinates that are a parent, in rising order."""
        return np.unique(self.parents[self.parents >= 0])


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def find_dependence(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: StructureSettings = DEFAULT.structure,
) -> Dependence | None:
    """Move every coordinate by itself.

    Args:
        counted: the target, asked for 2 D gradients at each of 4 to 16 points.
        gaussian: where to look, and how far a standard deviation is.
        rng: decides the points.
        settings: the thresholds.

    Returns:
        What was found, or None where too few scores are finite to tell.
    """
    dim, sd = gaussian.dim, gaussian.sd
    probes = int(np.clip(settings.moved_numbers // (_BLOCK * dim), *settings.moved_probes))
    z = rng.standard_normal((probes // 2, dim))
    x = gaussian.color(np.concatenate([z, -z]))
    middle = counted.value_and_grad(x)[1]
    coupling_of = np.zeros(dim)  # of each j, over all i
    best = np.zeros((5, dim))  # for each j: its head, W_ji, mean C_ji², C_jj, and W_ji's sign
    looked = [], [], []  # columns of what may be hubs, from a first look at one probe
    suspects = suspects_of(counted, gaussian, x[:1], middle[:1], settings)
    for j in np.array_split(np.arange(dim), -(-dim // _BLOCK)):
        w, c, squares, sign = _rows(counted, x, middle, sd, j)
        if not (np.isfinite(w).all() and np.isfinite(c).all()):
            return None
        diagonal = c[np.arange(len(j)), j].copy()
        c[np.arange(len(j)), j] = w[np.arange(len(j)), j] = 0.0
        squares[np.arange(len(j)), j] = 0.0
        coupling_of[j] = np.sum(squares, axis=1)
        head = np.argmax(np.abs(w), axis=1)
        at = np.arange(len(j)), head
        best[:, j] = head, w[at], squares[at], diagonal, sign[at]
        for columns, of in zip(looked, (w, c, squares), strict=True):
            columns.append(of[:, suspects])
    w, c, squares = map(np.concatenate, looked)
    chosen = chosen_hubs(w**2 + c**2, suspects, settings)
    coupling_of -= squares[:, chosen].sum(axis=1)
    hubs = suspects[chosen]
    return dependence_of(hubs, w[:, chosen], c[:, chosen], best, coupling_of, settings)


def chosen_hubs(
    effects: Float[np.ndarray, "D S"],
    rows: Int[np.ndarray, " S"],
    settings: StructureSettings = DEFAULT.structure,
) -> Int[np.ndarray, " C"]:
    """Which columns of squares are large, and large in many rows, the largest first.

    Rows of hubs do not count: a hub that shifts all others has a curvature as large as theirs
    together, and what modulates them changes it most.

    Args:
        effects: on each coordinate, of those that may be hubs.
        rows: which coordinates these are.
        settings: the thresholds.
    """
    strength = np.sum(effects, axis=0)
    hub = np.zeros(len(rows), bool)
    while True:
        others = np.delete(effects, rows[hub], axis=0)
        squares = np.maximum(np.sum(others**2, axis=0), 1e-300)
        spread = np.sum(others, axis=0) ** 2 / squares
        more = hub | ((strength >= settings.hub) & (spread >= settings.hub_others))
        if (more == hub).all():
            count = min(int(hub.sum()), settings.most_hubs)
            return np.argsort(-np.where(hub, strength, 0.0))[:count]
        hub = more


def curvature(
    diagonal: Float[np.ndarray, " n"], settings: StructureSettings = DEFAULT.structure
) -> Float[np.ndarray, " n"]:
    """−C_jj, at least a little: what curves upwards says nothing of a scale."""
    return np.maximum(-diagonal, settings.flattest)


def dependence_of(
    hubs: Int[np.ndarray, " C"],
    w: Float[np.ndarray, "D C"],
    c: Float[np.ndarray, "D C"],
    best: Float[np.ndarray, "5 D"],
    coupling_of: Float[np.ndarray, " D"],
    settings: StructureSettings = DEFAULT.structure,
) -> Dependence:
    """Put together what was measured.

    Args:
        hubs: the coordinates that matter to many.
        w: W_ji of each hub i.
        c: C_ji of each hub i.
        best: of each j the coordinate i with the largest W_ji, W_ji, C_ji², C_jj, and by how much
            more often W_ji has one sign than the other, as a share.
        coupling_of: Σ C_ji² of each j over all i but hubs.
        settings: the thresholds.
    """
    dim, steepest = len(coupling_of), settings.steepest
    head, change = best[0].astype(int), best[1]
    curved = curvature(best[3], settings)
    slopes = np.clip(0.5 * change / curved, -steepest, steepest)
    own = np.abs(slopes) >= 0.5 * settings.parent
    own[hubs] = False
    own &= ~np.isin(head, hubs)
    # Of two that modulate each other the one whose change has one sign, or else is larger, is the
    # head's child, and what is a head of others is given hubs alone.
    mutual = own & own[head] & (head[head] == np.arange(dim))
    less = np.abs(change) < np.abs(change[head])
    odd, even = best[4] < best[4, head], best[4] == best[4, head]
    own &= ~(mutual & (odd | (even & less)))
    own[np.unique(head[own])] = False
    parents = np.where(own, head, -1)
    # What couples hubs and heads with others stands in the others' rows, too.
    left = coupling_of - np.where(own, best[2], 0.0)
    left[hubs] = left[head[own]] = 0.0
    return Dependence(
        hubs,
        parents,
        np.where(own, slopes, 0.0),
        np.clip(0.5 * w / curved[:, None], -steepest, steepest),
        c / curved[:, None],
        _widths(hubs, c, curved, settings.hub_flattest),
        float(np.sqrt(np.mean(np.maximum(left, 0.0)))),
    )


def _widths(hubs, c, curved, flattest: float) -> Float[np.ndarray, " C"]:
    """From the hubs' precision with all others integrated out: a Schur complement."""
    rest = np.setdiff1d(np.arange(len(curved)), hubs)
    own = np.diag(curved[hubs]) - (c[hubs] + c[hubs].T) / 2.0
    precision = own - (c[rest] / curved[rest, None]).T @ c[rest]
    values, vectors = np.linalg.eigh(precision)
    kept = np.maximum(values, flattest * np.diag(own).max(initial=0.0))
    return np.sqrt(np.sum(vectors**2 / kept, axis=1))


def suspects_of(
    counted: CountedTarget,
    gaussian: Gaussian | DiagonalGaussian,
    x: Float[np.ndarray, "1 D"],
    middle: Float[np.ndarray, "1 D"],
    settings: StructureSettings = DEFAULT.structure,
) -> Int[np.ndarray, " S"]:
    """Coordinates that may be hubs: the largest of random sums, which take four gradients each.

    With random signs u, u_i (Hu)_i has the variance Σ_{j≠i} C_ji².
    """
    rng = np.random.default_rng(0)
    u = rng.choice([-1.0, 1.0], (settings.suspect_sums, gaussian.dim))
    signs = u * gaussian.sd
    h = STEP / np.sqrt(gaussian.dim)
    up = counted.value_and_grad(x + h * signs)[1]
    down = counted.value_and_grad(x - h * signs)[1]
    c = (up - down) / (2.0 * h) * gaussian.sd
    far_up = counted.value_and_grad(x + STEP * signs)[1]
    far_down = counted.value_and_grad(x - STEP * signs)[1]
    w = (far_up - 2.0 * middle + far_down) / STEP**2 * gaussian.sd
    size = np.nan_to_num(np.var(c * u, axis=0)) + np.nan_to_num(np.median(w, axis=0) ** 2)
    most = settings.suspects * settings.most_hubs
    return np.sort(np.argsort(-size, kind="stable")[:most])


def _rows(counted, x, middle, sd, j):
    """W_ji and C_ji of the coordinates j, medians over the probes, the mean of C_ji², and signs.

    By how much more often W_ji has one sign than the other comes last, as a share of the probes.
    """
    moves = np.zeros((len(j), len(sd)))
    moves[np.arange(len(j)), j] = STEP * sd[j]
    third, second = [], []
    for point, score in zip(x, middle, strict=True):
        up, down = np.split(
            counted.value_and_grad(np.concatenate([point + moves, point - moves]))[1], 2
        )
        third.append((up - 2.0 * score + down) / STEP**2 * sd)
        second.append((up - down) / (2.0 * STEP) * sd)
    squares, sign = np.mean(np.square(second), axis=0), np.abs(np.mean(np.sign(third), axis=0))
    return np.median(third, axis=0), np.median(second, axis=0), squares, sign
