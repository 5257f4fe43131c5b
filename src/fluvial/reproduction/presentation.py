"""What a study declares to be shown: its story, figures, learning curves, layers of a flow."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Curve", "Figure", "Layers", "Story"]


class Figure(NamedTuple):
    """A figure of a study.

    Attributes:
        file: its name in ``figures/``.
        title: of a few words.
        caption: how to read it, in sentences.
        alt: what can be seen in it, for those who cannot see it; "" leaves that to the caption.
    """

    file: str
    title: str
    caption: str
    alt: str = ""


class Curve(NamedTuple):
    """An array of a record that is a learning curve, or one a seed.

    Attributes:
        unit: whose record it is in.
        array: its name there: of shape (points,), or (seeds, points), evenly spaced.
        quantity: what it is, with its unit: of all curves of a unit the same, for they share axes.
        label: tells it from the unit's other curves; "" if it is the only one.
        steps: of training, up to the last point; 0 if there is a point a step.
    """

    unit: str
    array: str
    quantity: str
    label: str = ""
    steps: int = 0


class Layers(NamedTuple):
    """An array of a record that is a density after each layer of a flow.

    Attributes:
        unit: whose record it is in.
        array: its name there: of shape (K + 1, n, n), the base density first. Row i of a density
            is at the i-th height from below.
        label: what the flow is of.
        true: the name of the true density, of shape (n, n); "" if it was not kept.
    """

    unit: str
    array: str
    label: str
    true: str = ""


class Story(NamedTuple):
    """A study on one screen. How sure it is follows from its claims.

    Attributes:
        claimed: what was published, in a sentence or two.
        telling: the names of the claims that say most, of which what was found is shown.
        picture: the file of the figure that says most; "" for none.
    """

    claimed: str
    telling: Sequence[str] = ()
    picture: str = ""
