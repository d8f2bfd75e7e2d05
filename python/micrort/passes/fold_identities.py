"""Nodes that change nothing are bypassed: a QUANTIZE to the same quantisation, a reshape to the same shape."""

from __future__ import annotations

from dataclasses import replace

from micrort.ir import Graph, Node


def fold_identities(graph: Graph) -> Graph:
    """Let the readers of an identity's output read its input.

    A node is an identity if it lowers to nothing but a view, of the same shape, type and quantisation. One that makes
    an output of the model stays, as the name of the output does: it costs nothing either way.
    """
    instead: dict[str, str] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        node = replace(node, inputs=tuple(None if name is None else instead.get(name, name) for name in node.inputs))
        source = _source(graph, node)
        if source is None:
            nodes.append(node)
        else:
            instead[node.outputs[0]] = source
    return graph.with_nodes(nodes)


def _source(graph: Graph, node: Node) -> str | None:
    """The tensor that an identity hands on; None for any other node."""
    if len(node.outputs) != 1 or node.outputs[0] in graph.outputs:
        return None
    lowering = node.operator.lower(node.name, graph.operands(node))
    source = lowering.aliases.get(node.outputs[0])
    if lowering.calls or source is None:
        return None
    return source if replace(graph.tensors[source], name=node.outputs[0]) == graph.tensors[node.outputs[0]] else None
