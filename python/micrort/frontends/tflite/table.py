"""BuiltinOperator → operator: one row each, with a small function that reads the attributes.

Rows hold what belongs to the file format: how many inputs, which options. What can be compiled is said by the
constraints of the operator's class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.nodes import NodeReader
from micrort.operators.base import Operator
from micrort.operators.binary import Add, Maximum, Minimum, Mul, Sub
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.hard_swish import HardSwish
from micrort.operators.leaky_relu import LeakyRelu
from micrort.operators.mean import Mean
from micrort.operators.pool2d import AveragePool2D, MaxPool2D, Pool2D
from micrort.operators.relu import Relu, Relu6
from micrort.operators.requantise import Dequantise, Quantise
from micrort.operators.sigmoid import Logistic, Tanh
from micrort.operators.softmax import Softmax

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


def _conv2d(node: NodeReader) -> Operator:
    options = node.options("Conv2DOptions")
    return Conv2D(
        stride=(options.positive("StrideH"), options.positive("StrideW")),
        dilation=(options.positive("DilationHFactor"), options.positive("DilationWFactor")),
        padding=options.padding(),
        activation=options.activation(),
    )


def _depthwise_conv2d(node: NodeReader) -> Operator:
    options = node.options("DepthwiseConv2DOptions")
    channels, made = node.operands.input(0).nhwc[3], node.operands.input(1).nhwc[3]
    if int(options["DepthMultiplier"]) * channels != made:
        raise BrokenError(
            f"its depth multiplier is {options['DepthMultiplier']}, but {channels} channels become {made}"
        )
    return DepthwiseConv2D(
        stride=(options.positive("StrideH"), options.positive("StrideW")),
        dilation=(options.positive("DilationHFactor"), options.positive("DilationWFactor")),
        padding=options.padding(),
        activation=options.activation(),
    )


def _fully_connected(node: NodeReader) -> Operator:
    options = node.options("FullyConnectedOptions", required=False)
    if options["WeightsFormat"] != 0:
        raise RefusalError("shuffled weights", "weights in the default format", "convert without shuffled 4x16 weights")
    return FullyConnected(options.activation(), bool(options["KeepNumDims"]))


def _leaky_relu(node: NodeReader) -> Operator:
    return LeakyRelu(node.options("LeakyReluOptions").finite("Alpha"))


def _arithmetic(operator: type[Add] | type[Sub] | type[Mul], options: str) -> Row:
    def read(node: NodeReader) -> Operator:
        return operator(node.options(options, required=False).activation())

    return Row(operator, read, inputs=(2, 2))


def _pool2d(operator: type[Pool2D]) -> Row:
    def read(node: NodeReader) -> Operator:
        options = node.options("Pool2DOptions")
        return operator(
            kernel=(options.positive("FilterHeight"), options.positive("FilterWidth")),
            stride=(options.positive("StrideH"), options.positive("StrideW")),
            padding=options.padding(),
            activation=options.activation(),
        )

    return Row(operator, read, inputs=(1, 1))


def _mean(node: NodeReader) -> Operator:
    keep_dims = bool(node.options("ReducerOptions", required=False)["KeepDims"])
    return Mean(node.integers(1, "axes"), keep_dims)


def _softmax(node: NodeReader) -> Operator:
    return Softmax(node.options("SoftmaxOptions").finite("Beta"))


def _without_attributes(operator: type[Operator]) -> Row:
    return Row(operator, lambda _: operator(), inputs=(1, 1))


ROWS: dict[str, Row] = {
    "ADD": _arithmetic(Add, "AddOptions"),
    "AVERAGE_POOL_2D": _pool2d(AveragePool2D),
    "CONV_2D": Row(Conv2D, _conv2d, inputs=(2, 3), channel_axis=0),
    "DEQUANTIZE": _without_attributes(Dequantise),
    "DEPTHWISE_CONV_2D": Row(DepthwiseConv2D, _depthwise_conv2d, inputs=(2, 3), channel_axis=3),
    "FULLY_CONNECTED": Row(FullyConnected, _fully_connected, inputs=(2, 3), channel_axis=0),
    "HARD_SWISH": _without_attributes(HardSwish),
    "LEAKY_RELU": Row(LeakyRelu, _leaky_relu, inputs=(1, 1)),
    "LOGISTIC": _without_attributes(Logistic),
    "MAXIMUM": Row(Maximum, lambda _: Maximum(), inputs=(2, 2)),
    "MAX_POOL_2D": _pool2d(MaxPool2D),
    "MEAN": Row(Mean, _mean, inputs=(2, 2)),
    "MINIMUM": Row(Minimum, lambda _: Minimum(), inputs=(2, 2)),
    "MUL": _arithmetic(Mul, "MulOptions"),
    "QUANTIZE": _without_attributes(Quantise),
    "RELU": _without_attributes(Relu),
    "RELU6": _without_attributes(Relu6),
    "SOFTMAX": Row(Softmax, _softmax, inputs=(1, 1)),
    "SUB": _arithmetic(Sub, "SubOptions"),
    "TANH": _without_attributes(Tanh),
}
"""By the name in the schema's BuiltinOperator."""
