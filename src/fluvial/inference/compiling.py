"""How the pipeline's functions are compiled: for one short run, not for a thousand."""

import functools

import equinox as eqx

__all__ = ["compiled"]

# XLA's later LLVM passes double the time to compile and leave the loops here no faster; a fit
# spends more on compiling than on anything else, so they are left out.
compiled = functools.partial(eqx.filter_jit, compiler_options={"xla_backend_optimization_level": 1})
