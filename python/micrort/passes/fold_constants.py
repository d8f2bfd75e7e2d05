"""Nodes whose inputs are all known are computed now, by the very kernels that would compute them on the device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrort.ir import Graph, Node, Tensor


def fold_constants(graph: Graph) -> Graph:
    """Replace the outputs of nodes with only constant inputs by constants."""
    known = dict(graph.tensors)
    nodes: list[Node] = []
    for node in graph.nodes:
        inputs = [known[name] for name in node.inputs if name is not None]
        if inputs and all(tensor.is_constant for tensor in inputs):
            known.update({tensor.name: tensor for tensor in evaluate(replace(graph, tensors=known), node)})
        else:
            nodes.append(node)
    return graph.with_nodes(nodes, known.values())


def evaluate(graph: Graph, node: Node) -> list[Tensor]:
    """The outputs of `node`, all of whose inputs are constant, as constants.

    Raises:
        RuntimeStatusError: a kernel refused the node.
    """
    from micrort.native import kernels

    operands = graph.operands(node)
    lowering = node.operator.lower(node.name, operands)
    tensors = [*(tensor for tensor in operands.inputs if tensor is not None), *lowering.constants]
    values = {tensor.name: tensor.data for tensor in tensors if tensor.data is not None}
    for call in lowering.calls:
        made = [graph.tensors[name] for name in call.outputs]
        arrays = kernels.call(
            call.kernel,
            call.attrs,
            [values[name] for name in call.inputs],
            [(tensor.shape, tensor.dtype) for tensor in made],
        )
        values.update({tensor.name: array for tensor, array in zip(made, arrays, strict=True)})
    for alias, original in lowering.aliases.items():
        values[alias] = values[original]
    return [
        replace(tensor, data=np.ascontiguousarray(values[tensor.name]).reshape(tensor.shape))
        for tensor in operands.outputs
    ]
