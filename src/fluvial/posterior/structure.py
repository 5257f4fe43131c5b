"""A target's structure, as a fit has found it: the coordinates that modulate the others."""

from dataclasses import dataclass

__all__ = ["Structure"]

_MOST_NAMES = 4


@dataclass(frozen=True)
class Structure:
    """Which coordinates modulate the others, found from gradients; ``str`` says it in a sentence.

    Attributes:
        dim: D, the number of unconstrained coordinates.
        heads: the coordinates that decide the curvature of the log density in others, by number,
            the most influential first; empty if nothing stands out.
        influence: of each head, as a share of the influence of all coordinates.
        names: of the parameters that the heads stand for, as the model has them; empty where they
            were not asked for.

    Example:
        >>> str(Structure(303, (301, 302), (0.9, 0.1), ("log_sigma", "phi")))
        '2 of 303 coordinates modulate the rest: log_sigma, phi'
    """

    dim: int
    heads: tuple[int, ...] = ()
    influence: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.heads:
            return f"no few of {self.dim:,} coordinates modulate the rest"
        count = len(self.heads)
        said = f"{count:,} of {self.dim:,} coordinates modulate{'s' * (count == 1)} the rest"
        if not self.names:
            return said
        more = ", …" if len(self.names) > _MOST_NAMES or count > len(self.names) else ""
        return f"{said}: {', '.join(self.names[:_MOST_NAMES])}{more}"
