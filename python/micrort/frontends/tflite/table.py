"""BuiltinOperator → operator: one row each, with a small function that reads the attributes.

Rows hold what belongs to the file format: how many inputs, which options. What can be compiled is said by the
constraints of the operator's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from micrort.frontends.tflite import movement
from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.nodes import NodeReader, Options
from micrort.operators.base import Operator
from micrort.operators.binary import Add, Maximum, Minimum, Mul, Sub
from micrort.operators.concatenation import Concatenation, Pack
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.hard_swish import HardSwish
from micrort.operators.leaky_relu import LeakyRelu
from micrort.operators.mean import Mean
from micrort.operators.pad import Pad
from micrort.operators.pool2d import AveragePool2D, MaxPool2D, Pool2D
from micrort.operators.relu import Relu, Relu6
from micrort.operators.requantise import Dequantise, Quantise
from micrort.operators.reshape import ExpandDims, Reshape, Squeeze
from micrort.operators.resize import ResizeNearest
from micrort.operators.sigmoid import Logistic, Tanh
from micrort.operators.softmax import Softmax
from micrort.operators.split import Split, SplitV, Unpack
from micrort.operators.strided_slice import Slice, StridedSlice
from micrort.operators.transpose import Transpose

MANY = 255
"""No limit but the runtime's on the number of inputs or outputs."""


@dataclass(frozen=True)
class Row:
    """How one operator of the format is read."""

    operator: type[Operator]
    read: Callable[[NodeReader], Operator]
    inputs: tuple[int, int]
    """Fewest and most inputs; those beyond the fewest are optional and may be left out."""
    outputs: tuple[int, int] = (1, 1)
    channel_axis: int | None = None
    """The dimension of input 1 (weights) that may be quantised per channel; None: per-tensor only."""


def _stride(options: Options) -> tuple[int, int]:
    return (options.positive("StrideH"), options.positive("StrideW"))


def _dilation(options: Options) -> tuple[int, int]:
    return (options.positive("DilationHFactor"), options.positive("DilationWFactor"))


def _conv2d(node: NodeReader) -> Operator:
    options = node.options("Conv2DOptions")
    return Conv2D(_stride(options), _dilation(options), options.padding(), options.activation())


def _depthwise_conv2d(node: NodeReader) -> Operator:
    options = node.options("DepthwiseConv2DOptions")
    channels, made = node.operands.input(0).nhwc[3], node.operands.input(1).nhwc[3]
    if int(options["DepthMultiplier"]) * channels != made:
        raise BrokenError(
            f"its depth multiplier is {options['DepthMultiplier']}, but {channels} channels become {made}"
        )
    return DepthwiseConv2D(_stride(options), _dilation(options), options.padding(), options.activation())


def _fully_connected(node: NodeReader) -> Operator:
    options = node.options("FullyConnectedOptions", required=False)
    if options["WeightsFormat"] != 0:
        raise RefusalError("shuffled weights", "weights in the default format", "convert without shuffled 4x16 weights")
    return FullyConnected(options.activation(), bool(options["KeepNumDims"]))


def _pool(operator: type[Pool2D]) -> Row:
    def read(node: NodeReader) -> Operator:
        options = node.options("Pool2DOptions")
        kernel = (options.positive("FilterHeight"), options.positive("FilterWidth"))
        return operator(kernel, _stride(options), options.padding(), options.activation())

    return Row(operator, read, inputs=(1, 1))


def _arithmetic(operator: type[Add] | type[Sub] | type[Mul]) -> Row:
    def read(node: NodeReader) -> Operator:
        return operator(node.options(f"{operator.__name__}Options", required=False).activation())

    return Row(operator, read, inputs=(2, 2))


def _mean(node: NodeReader) -> Operator:
    options = node.options("ReducerOptions", required=False)
    return Mean(node.integers(1, "axes"), bool(options["KeepDims"]))


def _softmax(node: NodeReader) -> Operator:
    return Softmax(node.options("SoftmaxOptions").number("Beta"))


def _leaky_relu(node: NodeReader) -> Operator:
    return LeakyRelu(node.options("LeakyReluOptions").number("Alpha"))


def _plain(operator: type[Operator], inputs: int = 1) -> Row:
    """A row of an operator without attributes."""
    return Row(operator, lambda _: operator(), inputs=(inputs, inputs))


ROWS: dict[str, Row] = {
    "ADD": _arithmetic(Add),
    "AVERAGE_POOL_2D": _pool(AveragePool2D),
    "CONCATENATION": Row(Concatenation, movement.concatenation, inputs=(1, MANY)),
    "CONV_2D": Row(Conv2D, _conv2d, inputs=(2, 3), channel_axis=0),
    "DEPTHWISE_CONV_2D": Row(DepthwiseConv2D, _depthwise_conv2d, inputs=(2, 3), channel_axis=3),
    "DEQUANTIZE": _plain(Dequantise),
    "EXPAND_DIMS": Row(ExpandDims, movement.expand_dims, inputs=(2, 2)),
    "FULLY_CONNECTED": Row(FullyConnected, _fully_connected, inputs=(2, 3), channel_axis=0),
    "HARD_SWISH": _plain(HardSwish),
    "LEAKY_RELU": Row(LeakyRelu, _leaky_relu, inputs=(1, 1)),
    "LOGISTIC": _plain(Logistic),
    "MAXIMUM": _plain(Maximum, inputs=2),
    "MAX_POOL_2D": _pool(MaxPool2D),
    "MEAN": Row(Mean, _mean, inputs=(2, 2)),
    "MINIMUM": _plain(Minimum, inputs=2),
    "MUL": _arithmetic(Mul),
    "PACK": Row(Pack, movement.pack, inputs=(1, MANY)),
    "PAD": Row(Pad, movement.pad, inputs=(2, 2)),
    "PADV2": Row(Pad, movement.pad, inputs=(3, 3)),
    "QUANTIZE": _plain(Quantise),
    "RELU": _plain(Relu),
    "RELU6": _plain(Relu6),
    "RESHAPE": Row(Reshape, movement.reshape, inputs=(1, 2)),
    "RESIZE_NEAREST_NEIGHBOR": Row(ResizeNearest, movement.resize_nearest, inputs=(2, 2)),
    "SLICE": Row(Slice, movement.slice_, inputs=(3, 3)),
    "SOFTMAX": Row(Softmax, _softmax, inputs=(1, 1)),
    "SPLIT": Row(Split, movement.split, inputs=(2, 2), outputs=(1, MANY)),
    "SPLIT_V": Row(SplitV, movement.split_v, inputs=(3, 3), outputs=(1, MANY)),
    "SQUEEZE": Row(Squeeze, movement.squeeze, inputs=(1, 1)),
    "STRIDED_SLICE": Row(StridedSlice, movement.strided_slice, inputs=(4, 4)),
    "SUB": _arithmetic(Sub),
    "TANH": _plain(Tanh),
    "TRANSPOSE": Row(Transpose, movement.transpose, inputs=(2, 2)),
    "UNPACK": Row(Unpack, movement.unpack, inputs=(1, 1), outputs=(1, MANY)),
}
"""By the name in the schema's BuiltinOperator."""
