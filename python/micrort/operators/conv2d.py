"""CONV_2D: two-dimensional convolution, per-channel quantised or float."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, KernelCall, Operands, Quantisation, Tensor
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import Activation, activation_range, quantise_multiplier
from micrort.operators.window import ExplicitPadding, Padding, Window


@constraint("keep weights constant: fold the operator that makes them before exporting")
def constant_weights(_: Operator, operands: Operands) -> str | None:
    """constant weights and bias"""
    bias = operands.optional(2)
    if not operands.input(1).is_constant or (bias is not None and not bias.is_constant):
        return "weights or bias are not constant"
    return None


@constraint("convert with full int8 quantisation, or keep the model in float32")
def supported_types(_: Operator, operands: Operands) -> str | None:
    """int8 input with int8 weights, or float32 with float32; output of the input's type"""
    types = (operands.input(0).dtype, operands.input(1).dtype, operands.output.dtype)
    if types in {(DType.S8, DType.S8, DType.S8)}:
        return None
    return "input, weights and output have types " + ", ".join(dtype.value for dtype in types)


@constraint("rebuild the model with a channel count that the groups divide")
def groups_divide(_: Operator, operands: Operands) -> str | None:
    """input channels a multiple of the weights' channels, output channels a multiple of the groups"""
    channels, filters, depth = operands.input(0).nhwc[3], operands.input(1).shape[0], operands.input(1).shape[3]
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
    constraints: ClassVar[tuple[Constraint, ...]] = (constant_weights, supported_types, groups_divide)

    def window(self, operands: Operands) -> Window:
        """The window that slides over the input."""
        _, height, width, _ = operands.input(1).shape
        return Window((height, width), self.stride, self.dilation, self.padding)

    def macs(self, operands: Operands) -> int:
        """One per weight and output pixel."""
        return operands.input(1).elements * operands.output.elements // operands.output.nhwc[3]

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of conv2d_<dtype>."""
        source, weights, output = operands.input(0), operands.input(1), operands.output
        bias = bias_or_zeros(name, operands.optional(2), weights.shape[0])
        multiplier, shift = channel_multipliers(name, source, weights, output, weights.shape[0])
        low, high = activation_range(self.activation, output)
        assert source.quantisation is not None and output.quantisation is not None
        call = KernelCall(
            name=name,
            kernel=f"conv2d_{source.dtype.suffix}",
            inputs=(source.name, weights.name, bias.name, multiplier.name, shift.name),
            outputs=(output.name,),
            attrs={
                **self.window(operands).attrs(source, output),
                "groups": source.nhwc[3] // weights.shape[3],
                "input_offset": -source.quantisation.zero_point,
                "output_offset": output.quantisation.zero_point,
                "activation_min": low,
                "activation_max": high,
            },
            operator=self.name,
            macs=self.macs(operands),
        )
        return Lowering(calls=(call,), constants=(bias, multiplier, shift))


def bias_or_zeros(name: str, bias: Tensor | None, channels: int) -> Tensor:
    """The bias as an int32 constant; zeros where the model has none."""
    if bias is not None:
        return bias
    return Tensor(f"{name}/bias", (channels,), DType.S32, data=np.zeros(channels, np.int32))


def channel_multipliers(
    name: str, source: Tensor, weights: Tensor, output: Tensor, channels: int
) -> tuple[Tensor, Tensor]:
    """Multiplier and shift [channels], int32, of input scale * weight scale / output scale per output channel."""
    quantisations = (source.quantisation, weights.quantisation, output.quantisation)
    assert all(isinstance(item, Quantisation) for item in quantisations)
    scales = weights.quantisation.scales if len(weights.quantisation.scales) > 1 else weights.quantisation.scales * channels
    pairs = [quantise_multiplier(source.quantisation.scale * scale / output.quantisation.scale) for scale in scales]
    return (
        Tensor(f"{name}/multiplier", (channels,), DType.S32, data=np.array([m for m, _ in pairs], np.int32)),
        Tensor(f"{name}/shift", (channels,), DType.S32, data=np.array([s for _, s in pairs], np.int32)),
    )
