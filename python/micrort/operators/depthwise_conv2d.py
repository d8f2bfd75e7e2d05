"""DEPTHWISE_CONV_2D: a convolution of each input channel by itself, per-channel quantised or float."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from micrort.ir import DType, Operands
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import Activation
from micrort.operators.weights import (
    clamp_attrs,
    constant_weights,
    convolution_call,
    fitting_bias,
    fitting_window,
    shifts_in_range,
    supported_types,
    symmetric_weights,
    zero_points_of_zero,
)
from micrort.operators.window import ExplicitPadding, Padding, Window


@constraint("reshape to [batch, height, width, channels] before, and back after")
def four_dimensions(_: Operator, operands: Operands) -> str | None:
    """input and output of four dimensions, weights [1, height, width, output channels]"""
    shapes = (operands.input(0).shape, operands.input(1).shape, operands.output.shape)
    if any(len(shape) != 4 for shape in shapes) or shapes[1][0] != 1 or shapes[1][3] != shapes[2][3]:
        return "input, weights and output have the shapes " + ", ".join(str(list(shape)) for shape in shapes)
    return None


@constraint("rebuild the model with a whole depth multiplier")
def whole_multiplier(_: Operator, operands: Operands) -> str | None:
    """output channels a multiple of the input channels"""
    channels, made = operands.input(0).shape[3], operands.input(1).shape[3]
    return None if made % channels == 0 else f"{channels} input channels, {made} output channels"


@constraint("convert the bias to int64, the standard of 16x8 quantisation")
def wide_bias(_: Operator, operands: Operands) -> str | None:
    """with int16 input, an int64 bias or none"""
    bias = operands.optional(2)
    if operands.input(0).dtype is DType.S16 and bias is not None and bias.dtype is not DType.S64:
        return f"the bias is {bias.dtype.value} with input of int16"
    return None


@dataclass(frozen=True)
class DepthwiseConv2D(Operator):
    """Inputs: input [N, H, W, C], weights [1, KH, KW, C * m], optional bias [C * m]. Output [N, H', W', C * m].

    The depth multiplier m follows from the shapes.
    """

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding | ExplicitPadding
    activation: Activation = Activation.NONE

    name: ClassVar[str] = "depthwise_conv2d"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        supported_types,
        constant_weights,
        four_dimensions,
        whole_multiplier,
        fitting_bias,
        wide_bias,
        symmetric_weights,
        zero_points_of_zero,
        shifts_in_range,
        fitting_window,
    )

    def window(self, operands: Operands) -> Window:
        """The window that slides over the input."""
        _, height, width, _ = operands.input(1).shape
        return Window((height, width), self.stride, self.dilation, self.padding)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """[N, H', W', C * m]."""
        return (self.window(operands).output_shape(operands.input(0), operands.input(1).shape[3]),)

    def macs(self, operands: Operands) -> int:
        """One per tap and output element."""
        _, height, width, _ = operands.input(1).shape
        return height * width * operands.output.elements

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of depthwise_conv2d_<dtype>, in place where the input may lie a few rows behind the output."""
        source, output = operands.input(0), operands.output
        window = self.window(operands)
        attrs = {**window.attrs(source, output), **clamp_attrs(self.activation, output)}
        call, constants = convolution_call(name, "depthwise_conv2d", operands, attrs)
        in_place = window.in_place(source, output)
        return Lowering(
            (replace(call, in_place=in_place, operator=self.name, macs=self.macs(operands)),),
            constants,
        )
