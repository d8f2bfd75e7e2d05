"""Random graphs of real operators, and what they compute without any pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from micrort.ir import DType, Graph, Node, Operands, Quantisation, Tensor
from micrort.native import kernels
from micrort.operators.base import Operator
from micrort.operators.binary import Add
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.pad import Pad
from micrort.operators.pool2d import AveragePool2D, MaxPool2D
from micrort.operators.quantise import Activation
from micrort.operators.relu import Relu, Relu6
from micrort.operators.requantise import Quantise
from micrort.operators.reshape import Reshape
from micrort.operators.transpose import Transpose
from micrort.operators.window import Padding

SCALE = 0.05


@dataclass
class Maker:
    """Adds nodes to a graph; activations are int8 of one scale, so that all operators fit together."""

    random: np.random.Generator
    tensors: dict[str, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def add(self, name: str, shape: tuple[int, ...], zero_point: int, data: np.ndarray | None = None) -> str:
        """An int8 tensor."""
        self.tensors[name] = Tensor(name, shape, DType.S8, Quantisation((SCALE,), (zero_point,)), data)
        return name

    def weights(self, shape: tuple[int, ...]) -> str:
        """Constant int8 weights."""
        name = f"w{len(self.tensors)}"
        data = self.random.integers(-127, 128, shape, dtype=np.int8)
        self.tensors[name] = Tensor(name, shape, DType.S8, Quantisation((0.01,), (0,)), data)
        return name

    def node(self, operator: Operator, inputs: tuple[str, ...], shape: tuple[int, ...], zero_point: int) -> str:
        """A node with one output; its tensor's name. The first input's where the operator refuses its operands."""
        output = self.add(f"t{len(self.nodes)}", shape, zero_point)
        operands = Operands(tuple(self.tensors[name] for name in inputs), (self.tensors[output],))
        if operator.problems(operands):
            del self.tensors[output]
            return inputs[0]
        self.nodes.append(Node(f"node{len(self.nodes)}", operator, inputs, (output,)))
        return output

    def zero_point(self, name: str) -> int:
        """The zero point of a tensor."""
        quantisation = self.tensors[name].quantisation
        assert quantisation is not None
        return quantisation.zero_point

    def convolution(self, source: str, padding: Padding, activation: Activation, stride: int, depthwise: bool) -> str:
        """A 3x3 convolution to another zero point; the source itself if it is too small."""
        shape = self.tensors[source].shape
        channels = shape[3] if depthwise else int(self.random.integers(1, 5))
        weights = self.weights((1, 3, 3, channels) if depthwise else (channels, 3, 3, shape[3]))
        kind = DepthwiseConv2D if depthwise else Conv2D
        operator = kind((stride, stride), (1, 1), padding, activation)
        window = operator.window(Operands((self.tensors[source], self.tensors[weights]), ()))
        height, width = (window.output_size(shape[axis + 1], axis) for axis in (0, 1))
        if height < 1 or width < 1:
            return source
        return self.node(operator, (source, weights), (shape[0], height, width, channels), -20)

    def pool(self, source: str, kind: type[MaxPool2D] | type[AveragePool2D], padding: Padding) -> str:
        """A 2x2 pool."""
        shape = self.tensors[source].shape
        operator = kind((2, 2), (2, 2), padding)
        height, width = (operator.window.output_size(shape[axis + 1], axis) for axis in (0, 1))
        if height < 1 or width < 1:
            return source
        return self.node(operator, (source,), (shape[0], height, width, shape[3]), self.zero_point(source))


def _step(draw: st.DrawFn, maker: Maker, source: str) -> str:
    """One random node on `source`."""
    shape, zero_point = maker.tensors[source].shape, maker.zero_point(source)
    padding = draw(st.sampled_from(Padding))
    kind = draw(
        st.sampled_from(
            (
                "conv",
                "depthwise",
                "pad",
                "pad",
                "relu",
                "relu6",
                "max",
                "average",
                "reshape",
                "same",
                "add",
                "transpose",
            )
        )
    )
    match kind:
        case "conv" | "depthwise":
            activation = draw(st.sampled_from(Activation))
            return maker.convolution(source, padding, activation, draw(st.integers(1, 2)), kind == "depthwise")
        case "pad":
            counts = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(2))
            channel = (draw(st.sampled_from((0, 0, 0, 1))), 0)
            paddings = ((0, 0), *counts, channel)
            padded = tuple(before + size + after for size, (before, after) in zip(shape, paddings, strict=True))
            inputs = (source,)
            if draw(st.booleans()):
                value = np.array([draw(st.sampled_from((-128, zero_point, 5)))], np.int8)
                name = maker.add(f"v{len(maker.tensors)}", (1,), zero_point, value)
                maker.tensors["shape"] = Tensor("shape", (4, 2), DType.S32, data=np.array(paddings, np.int32))
                inputs = (source, "shape", name)
            return maker.node(Pad(paddings), inputs, padded, zero_point)
        case "relu" | "relu6":
            after = draw(st.sampled_from((zero_point, zero_point, 3)))
            return maker.node(Relu() if kind == "relu" else Relu6(), (source,), shape, after)
        case "max" | "average":
            return maker.pool(source, MaxPool2D if kind == "max" else AveragePool2D, padding)
        case "reshape":
            return maker.node(Reshape(), (source,), (shape[0], shape[2], shape[1], shape[3]), zero_point)
        case "same":
            return maker.node(Quantise(), (source,), shape, zero_point)
        case "add":
            others = [name for name in maker.tensors if maker.tensors[name].shape == shape]
            return maker.node(Add(), (source, draw(st.sampled_from(others))), shape, 7)
        case _:
            moved = (shape[0], shape[2], shape[1], shape[3])
            return maker.node(Transpose((0, 2, 1, 3)), (source,), moved, zero_point)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A DAG of up to ten nodes on an input and a constant."""
    maker = Maker(np.random.default_rng(draw(st.integers(0, 2**31))))
    size = (1, draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 3)))
    sources = [maker.add("input", size, draw(st.sampled_from((-128, -3, 4))))]
    data = maker.random.integers(-128, 128, size, dtype=np.int8)
    sources.append(maker.add("constant", size, 1, data))
    for _ in range(draw(st.integers(1, 10))):
        # mostly the newest tensor: chains are what passes look for
        source = draw(st.sampled_from((sources[-1], sources[-1], *sources)))
        sources.append(_step(draw, maker, source))
    outputs = tuple(draw(st.lists(st.sampled_from(sources), max_size=2, unique=True))) or (sources[-1],)
    return Graph("random", maker.tensors, tuple(maker.nodes), ("input",), outputs).with_nodes(maker.nodes)


def evaluate(graph: Graph, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs, every node lowered and run by itself in memory of its own."""
    values = {name: tensor.data for name, tensor in graph.tensors.items() if tensor.data is not None} | inputs
    for node in graph.nodes:
        lowering = node.operator.lower(node.name, graph.operands(node))
        values.update({tensor.name: tensor.data for tensor in lowering.constants if tensor.data is not None})
        for call in lowering.calls:
            made = [(graph.tensors[name].shape, graph.tensors[name].dtype) for name in call.outputs]
            results = kernels.call(call.kernel, call.attrs, [values[name] for name in call.inputs], made)
            values.update(zip(call.outputs, results, strict=True))
        for view, original in lowering.aliases.items():
            values[view] = values[original].reshape(graph.tensors[view].shape)
    return [values[name] for name in graph.outputs]
