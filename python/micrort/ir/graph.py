"""Graphs of operators, as frontends make them and passes rewrite them. Immutable: a pass returns a new graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from micrort.ir.pruning import Pruning
from micrort.ir.tensor import Tensor

if TYPE_CHECKING:
    from micrort.operators.base import Operator


@dataclass(frozen=True)
class Node:
    """One use of an operator."""

    name: str
    """Unique in the graph; made from the model's own names, so that users recognise it."""
    operator: Operator
    inputs: tuple[str | None, ...]
    """Names of tensors; None for an optional input that is left out."""
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Operands:
    """The tensors of one node, resolved."""

    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]

    def input(self, index: int) -> Tensor:
        """The input `index`, which must be present."""
        tensor = self.inputs[index]
        assert tensor is not None
        return tensor

    def optional(self, index: int) -> Tensor | None:
        """The input `index`, or None if it is left out or there are fewer inputs."""
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def output(self) -> Tensor:
        """The first output."""
        return self.outputs[0]


@dataclass(frozen=True)
class Graph:
    """Nodes in a valid execution order, and every tensor they name."""

    name: str
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    pruning: Pruning | None = None
    """What passes removed from the model's tensors; None where no pass has looked."""

    def operands(self, node: Node) -> Operands:
        """The tensors of `node`."""
        return Operands(
            tuple(None if name is None else self.tensors[name] for name in node.inputs),
            tuple(self.tensors[name] for name in node.outputs),
        )

    def producers(self) -> dict[str, Node]:
        """For each tensor that a node makes, that node."""
        return {name: node for node in self.nodes for name in node.outputs}

    def consumers(self) -> dict[str, list[Node]]:
        """For each tensor, the nodes that read it, in order."""
        found: dict[str, list[Node]] = {name: [] for name in self.tensors}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                if name is not None:
                    found[name].append(node)
        return found

    def with_nodes(self, nodes: Iterable[Node], new_tensors: Iterable[Tensor] = ()) -> Graph:
        """The same graph with other nodes; tensors that nothing names any more are dropped."""
        nodes = tuple(nodes)
        known = {**self.tensors, **{tensor.name: tensor for tensor in new_tensors}}
        named: dict[str, None] = dict.fromkeys((*self.inputs, *self.outputs))
        for node in nodes:
            named.update(dict.fromkeys(name for name in (*node.inputs, *node.outputs) if name is not None))
        return replace(self, nodes=nodes, tensors={name: known[name] for name in named})
