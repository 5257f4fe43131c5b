"""The log density of a target of rows, or of groups of rows, from a user's functions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from jaxtyping import PyTree

from fluvial.errors import InputError
from fluvial.targets.argument import Argument
from fluvial.targets.grouped_rows import gathered_by_group, grouping
from fluvial.targets.local_latents import MOST_LOCAL, Locals, check_alone, marginal
from fluvial.targets.row_terms import rows_density
from fluvial.targets.rows import Rows
from fluvial.targets.rows_density import RowsDensity

__all__ = ["density_of_groups", "density_of_rows"]


def density_of_rows(
    argument: Argument,
    log_prior: Callable[[Any], Any],
    log_likelihood: Callable[[Any, PyTree], Any],
    data: PyTree,
    block_bytes: int,
) -> RowsDensity:
    """Return the log prior plus the sum over rows; see ``Target.from_rows``.

    Args:
        argument: of both functions.
        log_prior: from the argument to a real scalar.
        log_likelihood: from the argument and a block of rows to a number for each row.
        data: the rows.
        block_bytes: the most memory that a block may take.

    Raises:
        InputError: as ``Target.from_rows`` does.
    """
    return rows_density(
        argument.traced(log_prior, "log prior"),
        lambda x, rows: log_likelihood(argument.at(x), rows),
        Rows(data),
        argument.dim,
        block_bytes,
    )


def density_of_groups(
    argument: Argument,
    log_prior: Callable[[Any], Any],
    local_log_prior: Callable[[Any, Any], Any],
    log_likelihood: Callable[[Any, Any, PyTree], Any],
    data: PyTree,
    group: Any,
    *,
    local_dim: int,
    block_bytes: int,
) -> RowsDensity:
    """Return the log density whose rows are groups; see ``Target.from_groups``.

    Args:
        argument: the parameters that all groups share.
        log_prior: of these, in nats.
        local_log_prior: from these and a group's latents to a real scalar.
        log_likelihood: from these, a group's latents and its rows to a number for each row.
        data: the rows.
        group: of each row the number of its group.
        local_dim: how many latents a group has.
        block_bytes: the most memory that a block may take.

    Raises:
        InputError: as ``Target.from_groups`` does.
    """
    if not 1 <= local_dim <= MOST_LOCAL:
        raise InputError(
            f"local_dim is {local_dim}: a group may have from 1 to {MOST_LOCAL} latents; give "
            "more as parameters, to Target.from_rows."
        )
    groups = grouping(group)
    local = Locals(
        local_dim,
        lambda x, u: local_log_prior(argument.at(x), u),
        lambda x, u, rows: log_likelihood(argument.at(x), u, rows),
    )
    density = density_of_rows(
        Argument(argument.dim, None),  # ``local`` itself maps from the vector
        lambda x: log_prior(argument.at(x)),
        marginal(local),
        gathered_by_group(data, groups),
        block_bytes,
    )
    check_alone(local, density.rows.block(0, min(64, density.rows.count)), argument.dim)
    return replace(density, unit=groups.widest, local=local)
