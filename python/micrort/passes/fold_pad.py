"""PAD before a convolution becomes the convolution's own padding; before a maximum too, where that is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from micrort.ir import DType, Graph, Node, Operands, Tensor
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.pad import Pad
from micrort.operators.pool2d import MaxPool2D
from micrort.operators.quantise import INTEGER_RANGE
from micrort.operators.window import ExplicitPadding, Window

Windowed = Conv2D | DepthwiseConv2D | MaxPool2D


def fold_pad(graph: Graph) -> Graph:
    """Fold each PAD whose readers can all pad for themselves, with the same bytes; others stay as they are."""
    consumers = graph.consumers()
    folded: dict[str, Node] = {}
    dropped: set[str] = set()
    for pad in graph.nodes:
        if isinstance(pad.operator, Pad) and pad.outputs[0] not in graph.outputs:
            readers = [_folded(graph, pad, reader) for reader in consumers[pad.outputs[0]]]
            if all(readers):
                folded.update({reader.name: reader for reader in readers if reader is not None})
                dropped.add(pad.name)
    return graph.with_nodes(folded.get(node.name, node) for node in graph.nodes if node.name not in dropped)


def _folded(graph: Graph, pad: Node, node: Node) -> Node | None:
    """`node` reading the input of `pad`; None where that would change its bytes."""
    if not isinstance(pad.operator, Pad) or not isinstance(node.operator, Windowed) or node.inputs[0] != pad.outputs[0]:
        return None
    before = graph.operands(pad)
    source, padded = before.input(0), before.output
    paddings = pad.operator.paddings
    if len(paddings) != 4 or any(paddings[0]) or any(paddings[3]) or source.quantisation != padded.quantisation:
        return None
    if not _is_neutral(_value(pad.operator, before), padded, node):
        return None
    window = _window(node.operator, graph.operands(node))
    top, bottom = _total(window, paddings[1], padded.nhwc[1], 0)
    left, right = _total(window, paddings[2], padded.nhwc[2], 1)
    operator = replace(node.operator, padding=ExplicitPadding(top, bottom, left, right))
    folded = replace(node, operator=operator, inputs=(source.name, *node.inputs[1:]))
    return None if operator.problems(graph.operands(folded)) else folded


def _value(pad: Pad, operands: Operands) -> float:
    """The padding value: a number of the input's type."""
    raw = pad.value_bits(operands).to_bytes(4, "little", signed=True)
    return float(np.frombuffer(raw, operands.output.dtype.numpy, 1)[0])


def _is_neutral(value: float, padded: Tensor, node: Node) -> bool:
    """Whether `value` counts as little as an element outside the input does.

    A convolution adds (value - zero point) * weight; a maximum ignores the least value there is.
    """
    if isinstance(node.operator, MaxPool2D):
        return padded.dtype in INTEGER_RANGE and value == INTEGER_RANGE[padded.dtype][0]
    if padded.dtype is DType.F32:
        return value == 0.0
    return padded.quantisation is not None and value == padded.quantisation.zero_point


def _window(operator: Windowed, operands: Operands) -> Window:
    return operator.window if isinstance(operator, MaxPool2D) else operator.window(operands)


def _total(window: Window, padding: tuple[int, int], size: int, axis: int) -> tuple[int, int]:
    """`padding` and the window's own padding of an input of `size`, before and after, along `axis`."""
    own = window.before(size, axis)
    reach = (window.output_size(size, axis) - 1) * window.stride[axis] + window.extent(axis)
    return padding[0] + own, padding[1] + max(reach - own - size, 0)
