"""The constructors that ``Target`` inherits: of rows, of groups, and of functions in NumPy."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import PyTree

from fluvial.targets.argument import Argument
from fluvial.targets.density import Density
from fluvial.targets.from_rows import density_of_groups, density_of_rows
from fluvial.targets.numpy_callable import numpy_parts
from fluvial.targets.space import Space

__all__ = ["Constructors"]

_T = TypeVar("_T", bound="Constructors")  # beartype knows Self only in classes that it checks whole


class Constructors(ABC):
    """Ways to say a log density other than as one function of a point that JAX can trace.

    Each makes a density and the model's own space, and knows how to do so again elsewhere.
    """

    @classmethod
    @abstractmethod
    def of(cls, density: Density, space: Space, *, again: Callable[[], _T] | None = None) -> _T:
        """Put a target together from its parts."""

    @classmethod
    def from_rows(
        cls: type[_T],
        log_prior: Callable[[Any], Any],
        log_likelihood: Callable[[Any, PyTree], Any],
        data: PyTree,
        *,
        dim: int | None = None,
        example: PyTree | None = None,
        constrain: Callable[[Any], PyTree] | None = None,
        block_bytes: int = 2**28,
    ) -> _T:
        r"""Make a target of a log prior and rows, of which there may be ten million.

        .. math:: \ln p(\theta) = \ln p_0(\theta) + \sum_{i=1}^N \ln p(y_i \mid \theta)

        The rows are read, and their terms computed, a block at a time, and are never copied as a
        whole. Blocks of float32 rows stay float32 unless the log likelihood mixes them with the
        parameters, which are float64; sums are float64. Where several processes have joined
        (``distributed.join``), each gives its own rows, and the density is that of all of them.

        Args:
            log_prior: from the parameters to a real scalar, in nats; including the log Jacobian of
                any map from bounded parameters to R^D.
            log_likelihood: from the parameters and a block of R rows, a PyTree like ``data``, to R
                numbers in nats, each of which depends on its own row alone; traceable by JAX.
            data: a PyTree of arrays with one leading axis: NumPy or JAX arrays, memory maps
                (``np.load(path, mmap_mode="r")``), or anything that has a length and slices, such
                as a dataset of h5py or zarr. Integers arrive as int64.
            dim: see ``Target``, as for the next two.
            example: see ``Target``.
            constrain: see ``Target``.
            block_bytes: the most memory, in bytes, that a block of rows and what is computed from
                it may take.

        Raises:
            InputError: if the data are empty, differ in their numbers of rows or hold no numbers,
                a function fails, or the log likelihood does not return a number for each row that
                depends on that row alone.

        Example:
            >>> from fluvial import Target
            >>> rows = {"x": np.array([1.0, 2.0, 3.0])}
            >>> target = Target.from_rows(
            ...     lambda mu: -0.5 * mu[0] ** 2,
            ...     lambda mu, rows: -0.5 * (rows["x"] - mu[0]) ** 2,
            ...     rows,
            ...     dim=1,
            ... )
            >>> target.values(np.array([[2.0]])).tolist()
            [-3.0]
        """
        argument = Argument(dim, example)
        density = density_of_rows(argument, log_prior, log_likelihood, data, block_bytes)
        again = partial(
            cls.from_rows,
            log_prior,
            log_likelihood,
            data,
            dim=dim,
            example=example,
            constrain=constrain,
            block_bytes=block_bytes,
        )
        return cls.of(density, argument.space(constrain), again=again)

    @classmethod
    def from_groups(
        cls: type[_T],
        log_prior: Callable[[Any], Any],
        local_log_prior: Callable[[Any, Any], Any],
        log_likelihood: Callable[[Any, Any, PyTree], Any],
        data: PyTree,
        group: Any,
        *,
        dim: int | None = None,
        example: PyTree | None = None,
        local_dim: int = 1,
        constrain: Callable[[Any], PyTree] | None = None,
        block_bytes: int = 2**28,
    ) -> _T:
        r"""Make a target of many groups of rows, each with one to three latents of its own.

        The target's coordinates are the parameters θ that all groups share. A group's latents u are
        integrated out, by adaptive quadrature,

        .. math:: \ln p(\theta) = \ln p_0(\theta) + \sum_g \ln \int p(u \mid \theta)
                  \prod_{i \in g} p(y_i \mid u, \theta) \, du,

        and ``posterior.local_draws`` draws them for the groups that are asked for. Where some
        hundred groups have many rows each, ``from_rows`` with their latents among the parameters is
        as good.

        Args:
            log_prior: of θ, in nats.
            local_log_prior: from θ and u to a real scalar.
            log_likelihood: from θ, u and the R rows of one group to R numbers.
            data: see ``from_rows``.
            group: of each row the number of its group, from 0, shape (N,).
            dim: see ``Target``, as for the next one; of θ.
            example: see there.
            local_dim: how many latents a group has, which come as a vector of shape (local_dim,).
            constrain: see ``Target``.
            block_bytes: see ``from_rows``.

        Raises:
            InputError: see ``from_rows``; and if a group has no rows, or too many latents.

        Example:
            >>> from fluvial import Target
            >>> y, group = np.array([0.0, 2.0, 1.0]), np.array([0, 0, 1])
            >>> target = Target.from_groups(
            ...     lambda mu: -0.5 * mu[0] ** 2,
            ...     lambda mu, u: -0.5 * (u[0] - mu[0]) ** 2,
            ...     lambda mu, u, y: -0.5 * (y - u[0]) ** 2,
            ...     y,
            ...     group,
            ...     dim=1,
            ... )
            >>> target.dim, target.streamed.count
            (1, 2)
        """
        argument = Argument(dim, example)
        density = density_of_groups(
            argument,
            log_prior,
            local_log_prior,
            log_likelihood,
            data,
            group,
            local_dim=local_dim,
            block_bytes=block_bytes,
        )
        again = partial(
            cls.from_groups,
            log_prior,
            local_log_prior,
            log_likelihood,
            data,
            group,
            dim=dim,
            example=example,
            local_dim=local_dim,
            constrain=constrain,
            block_bytes=block_bytes,
        )
        return cls.of(density, argument.space(constrain), again=again)

    @classmethod
    def from_numpy(
        cls: type[_T],
        log_density: Callable[[np.ndarray], Any],
        *,
        dim: int | None = None,
        prior: Any = None,
        bounds: Any = None,
        prior_transform: Callable[[np.ndarray], Any] | None = None,
        names: Sequence[str] | None = None,
        vectorized: bool = False,
        gradient: Callable[[np.ndarray], Any] | None = None,
        workers: int = 1,
        pool: Any = None,
        timeout: float | None = None,
        failures: str = "raise",
        cache: str | Path | None = None,
    ) -> _T:
        r"""Make a target of a function that JAX cannot trace: NumPy, C, Fortran, a subprocess.

        It takes a float64 array of shape (D,), the parameters in the model's own space, and
        returns a number in nats; -inf means that there is no density. `fluvial.fit` needs no
        gradient, and few evaluations. What the function is depends on what is given with it:

        * with ``prior`` or ``prior_transform`` it is the log likelihood, and the evidence is
          Z = ∫ L(θ) π(θ) dθ, as in nested sampling;
        * with ``bounds`` it is the log density itself, and Z its integral within them;
        * with ``dim`` alone it is the log density on all of R^D.

        Args:
            log_density: the function.
            dim: D, where neither ``prior`` nor ``bounds`` determines it.
            prior: name -> frozen distribution of ``scipy.stats``, or (low, high) for a uniform
                one; or a row of them. The parameters have the same order.
            bounds: (low, high) of each parameter, or name -> (low, high).
            prior_transform: from the unit cube to the parameters, as for nested sampling.
            names: of the parameters; by default they are a vector called "x".
            vectorized: whether the functions take many points, (N, D), and return (N,).
            gradient: of ``log_density`` by the parameters: (D,), or (N, D) if vectorized. ``fit``
                needs none, and takes fewer evaluations with it; one with its gradient counts once.
            workers: processes that call the function, each with a copy of it.
            pool: or anything with a method ``map``, such as a ``ThreadPoolExecutor``.
            timeout: the most seconds of a call, which then runs in another process.
            failures: "raise" ends everything with the first call that raises an error or takes too
                long; "nan" counts it among the points at which the density is not known, which
                rules GOOD out if the prior leads there; "-inf" takes it, or a value that is NaN, to
                say that there is no density. The reasons say how many there were.
            cache: a file in which every evaluation is kept as soon as it is made. A fit that was
                killed makes none of them again, and ends with the same bits. Gradients are not
                kept.

        Raises:
            InputError: if an argument is invalid, or the cache belongs to another function. What
                the function returns is checked whenever it is called.

        Example:
            >>> import scipy.stats
            >>> from fluvial import Target
            >>> target = Target.from_numpy(
            ...     lambda x: -0.5 * (x[0] - 1.0) ** 2, prior={"mu": scipy.stats.norm(0.0, 2.0)}
            ... )
            >>> target.variables
            {'mu': ()}
            >>> target.constrain(np.zeros((1, 1)))["mu"].tolist()
            [0.0]
        """
        options = {
            "dim": dim,
            "prior": prior,
            "bounds": bounds,
            "prior_transform": prior_transform,
            "names": names,
            "vectorized": vectorized,
            "gradient": gradient,
            "workers": workers,
            "pool": pool,
            "timeout": timeout,
            "failures": failures,
            "cache": cache,
        }
        density, space = numpy_parts(log_density, **options)
        again = partial(cls.from_numpy, log_density, **options) if pool is None else None
        return cls.of(density, space, again=again)
