"""CONV_2D: two-dimensional convolution, per-channel quantised or float."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from micrort.ir import Operands
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
    """input, weights and output of four dimensions; weights of one filter for each output channel"""
    shapes = (operands.input(0).shape, operands.input(1).shape, operands.output.shape)
    if any(len(shape) != 4 for shape in shapes):
        return "input, weights and output have the shapes " + ", ".join(str(list(shape)) for shape in shapes)
    if shapes[1][0] != shapes[2][3]:
        return f"{shapes[1][0]} filters for {shapes[2][3]} output channels"
    return None


@constraint("rebuild the model with a channel count that the groups divide")
def groups_divide(_: Operator, operands: Operands) -> str | None:
    """input channels a multiple of the weights' channels, output channels a multiple of the groups"""
    channels, filters, depth = operands.input(0).shape[3], operands.input(1).shape[0], operands.input(1).shape[3]
    if channels % depth != 0 or filters % (channels // depth) != 0:
        return f"{channels} input channels, weights of depth {depth}, {filters} output channels"
    return None


@dataclass(frozen=True)
class Conv2D(Operator):
    """Inputs: input [N, H, W, C], weights [O, KH, KW, C / groups], optional bias [O]. Output [N, H', W', O]."""

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding | ExplicitPadding
    activation: Activation = Activation.NONE

    name: ClassVar[str] = "conv2d"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        supported_types,
        constant_weights,
        four_dimensions,
        groups_divide,
        fitting_bias,
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
        """[N, H', W', O]."""
        return (self.window(operands).output_shape(operands.input(0), operands.input(1).shape[0]),)

    def macs(self, operands: Operands) -> int:
        """One per weight and output pixel."""
        return operands.input(1).elements * operands.output.elements // operands.output.nhwc[3]

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of conv2d_<dtype>."""
        source, weights, output = operands.input(0), operands.input(1), operands.output
        attrs = {
            **self.window(operands).attrs(source, output),
            "groups": source.shape[3] // weights.shape[3],
            **clamp_attrs(self.activation, output),
        }
        call, constants = convolution_call(name, "conv2d", operands, attrs)
        return Lowering((replace(call, operator=self.name, macs=self.macs(operands)),), constants)
