"""A PyMC model that sees minibatches, as graphs of its rows' log likelihoods."""

from typing import Any, NamedTuple

import numpy as np

from fluvial.targets.refusals import subsampled

__all__ = ["MinibatchedRows", "minibatched"]


class MinibatchedRows(NamedTuple):
    """What a model's minibatches are drawn from.

    Attributes:
        variables: the observed variables that see them.
        data: all rows of each array.
        inputs: graph variables that stand for a block of each.
        terms: graphs of the log likelihood of each row of a block, one for each variable.
    """

    variables: list[Any]
    data: list[np.ndarray]
    inputs: list[Any]
    terms: list[Any]


def minibatched(model: Any, variables: list[Any]) -> MinibatchedRows:
    """Put blocks of rows in place of a model's minibatches.

    Args:
        model: a `pymc.Model`.
        variables: its observed variables whose log density is random.

    Raises:
        InputError: if they see more than one draw of rows, or no `pymc.Minibatch` at all.
    """
    from pymc.data import MinibatchOp
    from pytensor.graph.traversal import ancestors
    from pytensor.tensor.type import TensorType

    values = [model.rvs_to_values[variable] for variable in variables]
    found: list[Any] = [
        variable
        for variable in ancestors([*variables, *values])
        if variable.owner is not None and isinstance(variable.owner.op, MinibatchOp)
    ]
    # A graph may hold a draw several times over: it is the random generator that makes it one.
    generators = {id(out.owner.inputs[-1]) for out in found}
    if len(generators) != 1:
        name = variables[0].name
        raise subsampled(
            f"the PyMC variable {name!r} sees {len(generators)} draws of rows",
            "take all arrays from one call of pymc.Minibatch, or give it all rows",
        )
    places = {out: out.owner.outputs.index(out) for out in found}
    sources = {place: out.owner.inputs[place] for out, place in places.items()}
    held = {place: TensorType(out.dtype, (None,) * out.ndim)() for out, place in places.items()}
    blocks = {out: held[place] for out, place in places.items()}
    terms = [_terms(model, variable, blocks) for variable in variables]
    data = [np.asarray(_value(sources[place])) for place in held]
    inputs = list(held.values())
    return MinibatchedRows(variables, data, inputs, terms)


def _terms(model: Any, variable: Any, blocks: dict[Any, Any]) -> Any:
    """Return the graph of a block's log likelihoods, which is not scaled to all rows."""
    from pymc import logp
    from pymc.variational.minibatch_rv import MinibatchRandomVariable

    scaled = isinstance(variable.owner.op, MinibatchRandomVariable)
    own = variable.owner.inputs[0] if scaled else variable
    of_block, value = _rebuilt([own, model.rvs_to_values[variable]], blocks)
    return model.replace_rvs_by_values([logp(of_block, value)])[0]


def _rebuilt(graphs: list[Any], replaced: dict[Any, Any]) -> list[Any]:
    """Rebuild graphs on other variables, whose shapes may differ from those they replace."""
    from pytensor.graph.traversal import io_toposort
    from pytensor.tensor.random.op import RandomVariable
    from pytensor.tensor.shape import SpecifyShape
    from pytensor.tensor.type_other import NoneConst

    known = dict(replaced)
    for node in io_toposort(list(replaced), graphs):
        inputs = [known.get(variable, variable) for variable in node.inputs]
        sized = isinstance(node.op, RandomVariable) and node.outputs[1] in graphs
        if all(new is old for new, old in zip(inputs, node.inputs, strict=True)) and not sized:
            continue
        if isinstance(node.op, SpecifyShape):  # that of a minibatch
            known[node.outputs[0]] = inputs[0]
            continue
        if sized:  # as its minibatch is
            inputs[1] = NoneConst
        known.update(zip(node.outputs, node.op.make_node(*inputs).outputs, strict=True))
    return [known.get(graph, graph) for graph in graphs]


def _value(variable: Any) -> Any:
    from pytensor.compile.sharedvalue import SharedVariable

    return variable.get_value() if isinstance(variable, SharedVariable) else variable.eval()
