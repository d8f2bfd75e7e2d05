"""How operators hand channels on, for passes that remove channels. A channel is an index of a tensor's last axis.

Operators that are not named here are not understood: what they read and write keeps all its channels. The same holds
for float tensors, whose sums would round otherwise in another order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from micrort.ir import DType, Graph, Node, Operands, Quantisation, Tensor
from micrort.operators.base import Operator
from micrort.operators.binary import Binary
from micrort.operators.concatenation import Concatenation, Pack
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.hard_swish import HardSwish
from micrort.operators.leaky_relu import LeakyRelu
from micrort.operators.mean import Mean
from micrort.operators.pad import Pad
from micrort.operators.pool2d import Pool2D
from micrort.operators.relu import Relu
from micrort.operators.requantise import Dequantise, Quantise
from micrort.operators.reshape import Reshape
from micrort.operators.resize import ResizeNearest
from micrort.operators.sigmoid import Sigmoid

INTEGERS = (DType.S8, DType.U8, DType.S16)
"""Types of activations whose channels may go."""
ELEMENTWISE = (Relu, LeakyRelu, HardSwish, Sigmoid, Quantise, Dequantise, Pool2D, ResizeNearest)
"""Operators with one operand that make each channel of the same channel."""

Keep = Mapping[str, np.ndarray]
"""Tensor name -> the channels to keep, in increasing order; all of them where a tensor is not named."""


@dataclass(frozen=True)
class Through:
    """An operator that makes each output channel of one channel of each operand."""

    sources: Mapping[int, np.ndarray]
    """Input position -> for each output channel the input's channel; -1: none. Both must keep the same channels."""
    repeated: tuple[int, ...] = ()
    """Positions of inputs with a single channel, which all output channels read, however many there are."""


@dataclass(frozen=True)
class Mixing:
    """A convolution or FULLY_CONNECTED, whose output channels each read all channels of input 0."""

    weights: np.ndarray
    """[output channels, input channels, taps]."""
    pads: bool = False
    """Whether some window reaches beyond the input, where the zero point stands."""


@dataclass(frozen=True)
class Opaque:
    """An operator whose channels nobody may remove."""


Flow = Through | Mixing | Opaque


def channels(tensor: Tensor) -> int:
    """The length of the last axis; 1 for a scalar."""
    return tensor.shape[-1] if tensor.shape else 1


def flow(graph: Graph, node: Node) -> Flow:
    """What `node` does to channels."""
    operands = graph.operands(node)
    activations = [tensor for tensor in operands.inputs if tensor is not None and not tensor.is_constant]
    if not activations or any(
        tensor.dtype not in INTEGERS or not tensor.shape for tensor in (*activations, *operands.outputs)
    ):
        return Opaque()
    found = _flow(node.operator, operands)
    named: set[int] = set()
    if isinstance(found, Through):
        named = {*found.sources, *found.repeated}
    elif isinstance(found, Mixing):
        named = {0}
    others = [tensor for index, tensor in enumerate(operands.inputs) if index not in named and tensor is not None]
    return found if all(tensor.is_constant for tensor in others) else Opaque()


def _flow(operator: Operator, operands: Operands) -> Flow:
    source, made = operands.inputs[0], np.arange(channels(operands.output))
    if source is None:
        return Opaque()
    match operator:
        case Conv2D() | FullyConnected():
            return _mixing(operator, operands)
        case DepthwiseConv2D():
            bias = operands.optional(2)
            own = {0: made // (len(made) // channels(source)), 1: made} | ({} if bias is None else {2: made})
            repeated = (0,) if channels(source) == 1 else ()
            sources = {index: item for index, item in own.items() if index not in repeated}
            return Through(sources, repeated) if bias is None or len(bias.shape) == 1 else Opaque()
        case Binary():
            single = tuple(i for i in (0, 1) if operands.input(i).shape[-1:] != operands.output.shape[-1:])
            return Through({index: made for index in (0, 1) if index not in single}, single)
        case Pack():
            return Opaque()
        case Concatenation():
            return _joined(operator, operands)
        case Reshape():
            flattens = len(made) % channels(source) == 0 and channels(source) in range(2, len(made) + 1)
            return Through({0: made % channels(source)}) if flattens else Opaque()
        case Mean():
            rank = len(source.shape)
            return Opaque() if rank - 1 in operator.reduced(rank) else Through({0: made})
        case Pad():
            return Opaque() if any(operator.paddings[-1]) else Through({0: made})
    return Through({0: made}) if isinstance(operator, ELEMENTWISE) else Opaque()


def _joined(operator: Concatenation, operands: Operands) -> Flow:
    made = np.arange(channels(operands.output))
    sources: dict[int, np.ndarray] = {}
    first = 0
    for index in range(len(operands.inputs)):
        count = channels(operands.input(index))
        if operator.axis < len(operands.output.shape) - 1:
            sources[index] = made
        else:
            sources[index] = np.where((made >= first) & (made < first + count), made - first, -1)
        first += count
    return Through(sources)


def _mixing(operator: Conv2D | FullyConnected, operands: Operands) -> Flow:
    source, weights, bias = operands.input(0), operands.input(1), operands.optional(2)
    if weights.data is None or (bias is not None and len(bias.shape) != 1):
        return Opaque()
    filters, depth = weights.shape[0], channels(source)
    if isinstance(operator, Conv2D):
        if weights.shape[3] != depth:
            return Opaque()  # groups: removing channels would mix them
        window = operator.window(operands)
        reaches = [window.reaches_outside(size, axis) for axis, size in enumerate(source.shape[1:3])]
        return Mixing(weights.data.reshape(filters, -1, depth).swapaxes(1, 2), any(reaches))
    if weights.shape[1] % depth != 0:
        return Opaque()
    return Mixing(weights.data.reshape(filters, -1, depth).swapaxes(1, 2))


@dataclass(frozen=True)
class Slicer:
    """Takes channels out of tensors and nodes. New constants keep their names where nobody else reads them."""

    graph: Graph
    keep: Keep
    made: dict[str, Tensor] = field(default_factory=dict)
    """The tensors that `node` and `tensor` made."""

    def tensor(self, name: str) -> Tensor:
        """An activation with the channels to keep."""
        tensor = self.graph.tensors[name]
        kept = self.keep.get(name)
        self.made[name] = tensor if kept is None else replace(tensor, shape=(*tensor.shape[:-1], len(kept)))
        return self.made[name]

    def node(self, node: Node, kind: Through | Mixing, extra: np.ndarray | None = None) -> Node:
        """`node` with its constants cut to the channels to keep; `extra` is added to a Mixing node's biases."""
        operands = self.graph.operands(node)
        inputs = list(node.inputs)
        rows = self.keep.get(node.outputs[0], np.arange(channels(operands.output)))
        if isinstance(kind, Mixing):
            depth = channels(operands.input(0))
            columns = self.keep.get(operands.input(0).name, np.arange(depth))
            inputs[1] = self._constant(node, 1, _weights(operands.input(1), rows, columns, depth))
            bias = _bias(operands, rows, extra)
            if bias is not None:
                inputs[2:3] = [self._constant(node, 2, bias)]
        else:
            for index, source in kind.sources.items():
                constant = operands.input(index)
                if constant.is_constant:
                    inputs[index] = self._constant(node, index, _cut(constant, source[rows], channels(constant)))
        if isinstance(node.operator, Reshape):
            inputs = inputs[:1]  # the others hold the old shape
        return replace(node, inputs=tuple(name for name in inputs if not self._is_empty(name)))

    def _is_empty(self, name: str | None) -> bool:
        """Whether no channel is left of an operand, as happens with those of a CONCATENATION."""
        if name is None:
            return False
        if name in self.made:
            return self.made[name].elements == 0
        return name in self.keep and len(self.keep[name]) == 0

    def _constant(self, node: Node, index: int, tensor: Tensor) -> str:
        """The name under which `tensor` replaces input `index`: its own if only this input has it."""
        name = tensor.name
        readers = [(item.name, i) for item in self.graph.nodes for i, own in enumerate(item.inputs) if own == name]
        if not name or name in self.graph.outputs or readers != [(node.name, index)]:
            name = f"{node.name}/{('input', 'weights', 'bias')[index] if index < 3 else index}"
            while name in self.graph.tensors or name in self.made:
                name += "_"
        self.made[name] = replace(tensor, name=name)
        return name


def _weights(weights: Tensor, rows: np.ndarray, columns: np.ndarray, depth: int) -> Tensor:
    """Filters `rows` of weights [O, ..., k * depth], with the input channels `columns`."""
    assert weights.data is not None
    taps = weights.data.reshape(*weights.shape[:-1], -1, depth)[rows][..., columns]
    data = np.ascontiguousarray(taps.reshape(len(rows), *weights.shape[1:-1], -1))
    return replace(weights, shape=data.shape, data=data, quantisation=_scales(weights, rows))


def _bias(operands: Operands, rows: np.ndarray, extra: np.ndarray | None) -> Tensor | None:
    """The biases of `rows`, with `extra` [O] added; None where there are none and need be none."""
    from micrort.operators.weights import bias_or_zeros

    if operands.optional(2) is None and (extra is None or not extra.any()):
        return None
    bias = bias_or_zeros("", operands)
    assert bias.data is not None
    data = (bias.data if extra is None else (bias.data + extra).astype(bias.data.dtype))[rows]
    own = operands.optional(2) is not None
    return replace(bias, name=bias.name if own else "", shape=data.shape, data=data, quantisation=_scales(bias, rows))


def _cut(constant: Tensor, source: np.ndarray, count: int) -> Tensor:
    """A constant with the channels that `source` names (-1: none)."""
    assert constant.data is not None
    kept = np.unique(source[source >= 0])
    data = np.ascontiguousarray(constant.data[..., kept])
    return replace(constant, shape=data.shape, data=data, quantisation=_scales(constant, kept, count))


def _scales(tensor: Tensor, kept: np.ndarray, count: int | None = None) -> Quantisation | None:
    """The quantisation with the scales of the channels `kept`, where it has one for each."""
    own = tensor.quantisation
    count = tensor.shape[0] if count is None else count
    if own is None or len(own.scales) == 1 or len(own.scales) != count:
        return own
    points = own.zero_points if len(own.zero_points) == 1 else tuple(own.zero_points[i] for i in kept)
    return replace(own, scales=tuple(own.scales[i] for i in kept), zero_points=points)
