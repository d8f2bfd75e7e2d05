"""Channels that cannot change an output are removed: constant ones (filters of zeros), and those that only zeros read.

A constant channel's share in the sums of its readers goes into their biases. Constants are found by running the very
kernels that would compute them on the device, over the whole image, so that borders count: a channel that padding
makes uneven is no constant. Sums are kept modulo 2**32 (2**64 with int64 biases), so that moving a share changes none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from micrort.ir import Graph, Node, Pruning, RemovedChannels, Tensor
from micrort.operators.binary import Mul
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.passes.channels import Flow, Keep, Mixing, Opaque, Slicer, Through, channels, flow
from micrort.passes.fold_constants import evaluate

WEIGHTED = ("conv2d", "depthwise_conv2d", "fully_connected")


def fold_dead_channels(graph: Graph) -> Graph:
    """Remove dead channels until there are none left, and record in `Graph.pruning` which they were.

    Inputs and outputs of the model keep their channels, and every tensor keeps one.
    """
    macs_before, weights_before = _costs(graph)
    removed: dict[str, RemovedChannels] = {}
    while True:
        graph, found = _Round(graph).run()
        if not found:
            macs, weights = _costs(graph)
            return replace(graph, pruning=Pruning(macs_before, macs, weights_before, weights, removed))
        for name, item in found.items():
            removed[name] = removed[name].then(item) if name in removed else item


def _costs(graph: Graph) -> tuple[int, int]:
    """Multiply-accumulates, and elements of weights."""
    macs = sum(node.operator.macs(graph.operands(node)) for node in graph.nodes)
    names = {node.inputs[1] for node in graph.nodes if node.operator.name in WEIGHTED}
    return macs, sum(graph.tensors[name].elements for name in names if name is not None)


@dataclass
class _Constants:
    """Which channels of a tensor hold the same value everywhere, and which value."""

    known: np.ndarray
    values: np.ndarray


class _Round:
    """Finds what can go from one graph, and takes it out."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flows = {node.name: flow(graph, node) for node in graph.nodes}
        self.constants: dict[str, _Constants] = {}
        for node in graph.nodes:
            self._find_constants(node, self.flows[node.name])

    def run(self) -> tuple[Graph, dict[str, RemovedChannels]]:
        """The graph without dead channels, and what was removed, by tensor."""
        dead = {name: mask for name, mask in self._dead().items() if mask.any()}
        if not dead:
            return self.graph, {}
        slicer = Slicer(self.graph, {name: np.flatnonzero(~mask) for name, mask in dead.items()})
        nodes = [self._without(slicer, node, dead) for node in self.graph.nodes]
        for name in dead:
            slicer.tensor(name)
        graph = self.graph.with_nodes(nodes, slicer.made.values())
        return graph, {name: self._record(name, mask) for name, mask in dead.items()}

    def _without(self, slicer: Slicer, node: Node, dead: dict[str, np.ndarray]) -> Node:
        """`node` without dead channels, whose share is in its biases."""
        kind = self.flows[node.name]
        if isinstance(kind, Opaque) or not dead.keys() & {*node.inputs, *node.outputs}:
            return node
        extra = None
        if isinstance(kind, Mixing) and node.inputs[0] in dead:
            extra = self._shares(node, kind)[:, dead[node.inputs[0]]].sum(axis=1)
        return slicer.node(node, kind, extra)

    def _record(self, name: str, dead: np.ndarray) -> RemovedChannels:
        kept = tuple(int(index) for index in np.flatnonzero(~dead))
        constants = self._constants_of(name)
        values = {int(index): int(constants.values[index]) for index in np.flatnonzero(dead & constants.known)}
        return RemovedChannels(len(dead), kept, values)

    # Constants

    def _constants_of(self, name: str) -> _Constants:
        count = channels(self.graph.tensors[name])
        return self.constants.get(name, _Constants(np.zeros(count, bool), np.zeros(count, np.int64)))

    def _find_constants(self, node: Node, kind: Flow) -> None:
        """Note the constant channels of the output of `node`."""
        if isinstance(kind, Opaque):
            return
        output = self.graph.tensors[node.outputs[0]]
        if isinstance(kind, Mixing):
            sure = _zeros(kind.weights, 0)
            keep = {output.name: np.flatnonzero(sure), str(node.inputs[0]): np.array([0])}
        else:
            sure = self._sure(node, kind)
            keep = _whole_groups(self.graph, node, kind, sure)
        if not sure.any():
            return
        data = self._run(node, kind, keep).reshape(-1, len(keep[output.name]))
        found = _Constants(np.zeros(len(sure), bool), np.zeros(len(sure), np.int64))
        found.known[keep[output.name]] = (data == data[0]).all(axis=0)
        found.known &= sure
        found.values[keep[output.name]] = data[0]
        self.constants[output.name] = found

    def _sure(self, node: Node, kind: Through) -> np.ndarray:
        """The output channels that depend on no input of the model."""
        operands = self.graph.operands(node)
        sure = np.ones(channels(operands.output), bool)
        for index in (*kind.sources, *kind.repeated):
            tensor = operands.input(index)
            if not tensor.is_constant:
                known = self._constants_of(tensor.name).known
                source = kind.sources.get(index)
                sure &= known[0] if source is None else known[source] | (source < 0)
        if isinstance(node.operator, DepthwiseConv2D):
            weights = operands.input(1).data
            assert weights is not None
            sure |= _zeros(weights, 3)
        if isinstance(node.operator, Mul):
            for index in (0, 1):
                sure |= self._is_zero(operands.input(index))
        return sure

    def _is_zero(self, tensor: Tensor) -> np.ndarray:
        """The channels that hold nothing but the zero point (or the only channel, if there is one)."""
        zero_point = _zero_point(tensor)
        if tensor.data is not None:
            return _zeros(tensor.data.reshape(-1, channels(tensor)) - zero_point, 1)
        constants = self._constants_of(tensor.name)
        return _mask(constants.known & (constants.values == zero_point))

    def _run(self, node: Node, kind: Through | Mixing, keep: Keep) -> np.ndarray:
        """The output channels to keep of `node`, whose inputs are constants where known, and their zero points."""
        slicer = Slicer(self.graph, keep)
        cut = slicer.node(node, kind)
        for name in {*cut.inputs, *cut.outputs} - slicer.made.keys():
            if name is not None:
                slicer.tensor(name)
        for name in cut.inputs:
            if name is not None and not slicer.made[name].is_constant:
                slicer.made[name] = self._filled(slicer.made[name], keep)
        (made,) = evaluate(replace(self.graph, tensors=slicer.made), cut)
        assert made.data is not None
        return made.data

    def _filled(self, tensor: Tensor, keep: Keep) -> Tensor:
        """An activation with its constants, and the zero point in the channels that are none."""
        constants = self._constants_of(tensor.name)
        values = np.where(constants.known, constants.values, _zero_point(tensor))
        values = values[keep[tensor.name]] if tensor.name in keep else values
        return replace(tensor, data=np.broadcast_to(values, tensor.shape).astype(tensor.dtype.numpy))

    # What can go

    def _dead(self) -> dict[str, np.ndarray]:
        """For each activation the channels that can go: tensors that hang together agree, and each keeps enough."""
        dead = self._candidates()
        least = dict.fromkeys(dead, 1)
        for node in self.graph.nodes:
            if isinstance(node.operator, FullyConnected):
                # with a single scale, its factor would be computed in another type, as in TensorFlow Lite
                scales = self.graph.operands(node).input(1).quantisation
                least[node.outputs[0]] = 1 if scales is None else min(len(scales.scales), 2)
        while True:
            self._agree(dead)
            bare = next((name for name, mask in dead.items() if (~mask).sum() < least[name]), None)
            if bare is None:
                return dead
            dead[bare][: least[bare]] = False

    def _candidates(self) -> dict[str, np.ndarray]:
        """For each activation, the channels that its mixing readers do without; none where channels must stay."""
        tensors = self.graph.tensors
        dead = {name: np.ones(channels(item), bool) for name, item in tensors.items() if not item.is_constant}
        for name in (*self.graph.inputs, *self.graph.outputs):
            if name in dead:
                dead[name][:] = False
        for node in self.graph.nodes:
            kind = self.flows[node.name]
            if isinstance(kind, Opaque):
                for name in dead.keys() & {*node.inputs, *node.outputs}:
                    dead[name][:] = False
            elif isinstance(kind, Mixing):
                dead[str(node.inputs[0])] &= self._dispensable(node, kind)
            else:
                for index in kind.repeated:
                    if node.inputs[index] in dead:
                        dead[str(node.inputs[index])][:] = False
        return dead

    def _agree(self, dead: dict[str, np.ndarray]) -> None:
        """Keep each channel that hangs together with one that is kept."""
        changed = True
        while changed:
            changed = False
            for node in (*self.graph.nodes, *reversed(self.graph.nodes)):
                kind = self.flows[node.name]
                if isinstance(kind, Through):
                    for index, source in kind.sources.items():
                        if node.inputs[index] in dead:
                            changed |= _meet(dead[str(node.inputs[index])], dead[node.outputs[0]], source)

    def _dispensable(self, node: Node, kind: Mixing) -> np.ndarray:
        """The channels of input 0 that `node` reads with zeros only, or whose share its biases can take."""
        unread = _zeros(kind.weights, 1)
        source = self._constants_of(str(node.inputs[0]))
        foldable = source.known & ~unread
        if kind.pads:
            foldable &= source.values == _zero_point(self.graph.operands(node).input(0))
        bias = self.graph.operands(node).optional(2)
        largest = np.abs(self._shares(node, kind)[:, foldable]).sum(axis=1)
        limit = 2**63 - 1
        if bias is not None and bias.data is not None:
            limit = int(np.iinfo(bias.data.dtype).max)
            largest = largest.astype(object) + np.abs(bias.data.astype(object))
        elif self.graph.operands(node).input(0).dtype.bytes == 1:
            limit = 2**31 - 1
        return _mask(unread | foldable) if (largest <= limit).all() else unread

    def _shares(self, node: Node, kind: Mixing) -> np.ndarray:
        """[output channels, input channels]: what each constant channel adds to sums inside the image; 0 for others."""
        source = self._constants_of(str(node.inputs[0]))
        centred = np.where(source.known, source.values - _zero_point(self.graph.operands(node).input(0)), 0)
        shares: np.ndarray = kind.weights.astype(np.int64).sum(axis=2) * centred
        return shares


def _mask(array: Any) -> np.ndarray:
    mask: np.ndarray = np.asarray(array, bool)
    return mask


def _zeros(array: np.ndarray, axis: int) -> np.ndarray:
    """For each index of `axis`, whether all elements are 0."""
    return _mask(~array.any(axis=tuple(other for other in range(array.ndim) if other != axis)))


def _zero_point(tensor: Tensor) -> int:
    return 0 if tensor.quantisation is None else tensor.quantisation.zero_point


def _meet(dead_in: np.ndarray, dead_out: np.ndarray, source: np.ndarray) -> bool:
    """Let input and output channels that `source` ties live together; whether anything changed."""
    tied = source >= 0
    alive = np.zeros(len(dead_in), bool)
    alive[source[tied & ~dead_out]] = True
    before = dead_in.sum() + dead_out.sum()
    dead_in &= ~alive
    dead_out[tied] &= dead_in[source[tied]]
    return bool(dead_in.sum() + dead_out.sum() != before)


def _whole_groups(graph: Graph, node: Node, kind: Through, sure: np.ndarray) -> dict[str, np.ndarray]:
    """The channels to run `node` on so that the `sure` ones are made: with an input channel, all that is made of it."""
    wanted = sure.copy()
    for source in kind.sources.values():
        wanted |= np.isin(source, source[sure & (source >= 0)])
    keep = {node.outputs[0]: np.flatnonzero(wanted)}
    for index, source in kind.sources.items():
        name = node.inputs[index]
        if name is not None and not graph.tensors[name].is_constant:
            mine = np.unique(source[wanted & (source >= 0)])
            keep[name] = np.union1d(keep[name], mine) if name in keep else mine
    return keep
