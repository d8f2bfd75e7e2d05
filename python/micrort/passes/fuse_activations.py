"""RELU and RELU6 behind an operator that can clamp its output itself become part of it."""

from __future__ import annotations

from dataclasses import fields, replace

from micrort.ir import Graph, Node, Tensor
from micrort.operators.quantise import Activation
from micrort.operators.relu import Relu

COMBINED = {
    frozenset({Activation.NONE, Activation.RELU}): Activation.RELU,
    frozenset({Activation.NONE, Activation.RELU6}): Activation.RELU6,
    frozenset({Activation.RELU}): Activation.RELU,
    frozenset({Activation.RELU6}): Activation.RELU6,
    frozenset({Activation.RELU, Activation.RELU6}): Activation.RELU6,
}
"""Two clamps, one after the other, as one. (RELU_N1_TO_1 with another is none of these.)"""


def fuse_activations(graph: Graph) -> Graph:
    """Fuse where the bytes stay the same.

    That is where the activation is the only reader of what comes before it, which is no output of the model, and both
    tensors have the same quantisation: the activation then only clamps, and so does the operator before it.
    """
    consumers = graph.consumers()
    nodes: dict[str, Node] = {}
    """By the name of output 0."""
    for node in graph.nodes:
        before = nodes.get(node.inputs[0] or "") if isinstance(node.operator, Relu) else None
        fused = None
        if before is not None and _only_reader(graph, consumers, before) and _only_clamps(graph, node):
            fused = _fused(graph, before, node)
        if before is not None and fused is not None:
            # in the place of the operator: nothing reads its old output
            nodes = {fused.outputs[0] if name == before.outputs[0] else name: item for name, item in nodes.items()}
            nodes[fused.outputs[0]] = fused
        else:
            nodes[node.outputs[0]] = node
    return graph.with_nodes(nodes.values())


def _only_reader(graph: Graph, consumers: dict[str, list[Node]], before: Node) -> bool:
    made = before.outputs
    return len(made) == 1 and made[0] not in graph.outputs and len(consumers[made[0]]) == 1


def _only_clamps(graph: Graph, node: Node) -> bool:
    """Whether an activation node leaves all values within its bounds as they are."""
    source, output = graph.operands(node).input(0), graph.operands(node).output
    return source.dtype is output.dtype and _quantisation(source) == _quantisation(output)


def _quantisation(tensor: Tensor) -> tuple[tuple[float, ...], tuple[int, ...]] | None:
    return None if tensor.quantisation is None else (tensor.quantisation.scales, tensor.quantisation.zero_points)


def _fused(graph: Graph, before: Node, node: Node) -> Node | None:
    """`before` with the activation of `node` and its output; None where it cannot clamp."""
    assert isinstance(node.operator, Relu)
    if "activation" not in {field.name for field in fields(before.operator)}:
        return None
    own = getattr(before.operator, "activation", None)
    if not isinstance(own, Activation):
        return None
    activation = COMBINED.get(frozenset({own, node.operator.activation}))
    if activation is None:
        return None
    operator = replace(before.operator, activation=activation)  # type: ignore[call-arg]
    fused = replace(before, operator=operator, outputs=node.outputs)
    return None if operator.problems(graph.operands(fused)) else fused
