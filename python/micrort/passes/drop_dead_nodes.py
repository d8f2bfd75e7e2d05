"""Nodes that no output depends on are dropped."""

from __future__ import annotations

from micrort.ir import Graph, Node


def drop_dead_nodes(graph: Graph) -> Graph:
    """Keep the nodes that an output depends on, directly or through others. Inputs stay, also unused ones."""
    needed = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            kept.append(node)
            needed.update(name for name in node.inputs if name is not None)
    return graph.with_nodes(reversed(kept))
