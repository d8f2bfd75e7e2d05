"""FULLY_CONNECTED: vectors times a weight matrix, quantised per tensor or per channel, or float."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, KernelCall, Operands, Tensor
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import Activation, quantise_multiplier
from micrort.operators.weights import (
    bias_or_zeros,
    channel_multipliers,
    clamp_attrs,
    constant_bias,
    fitting_bias,
    offset_attrs,
    shifts_in_range,
    supported_types,
    symmetric_weights,
)


@constraint("reshape the input so that its elements are whole vectors of the weights' depth")
def whole_vectors(operator: FullyConnected, operands: Operands) -> str | None:
    """weights [channels, depth]; input of any shape that holds whole vectors of `depth` elements"""
    source, weights = operands.input(0), operands.input(1)
    if len(weights.shape) != 2:
        return f"the weights have the shape {list(weights.shape)}"
    depth = weights.shape[1]
    last = source.shape[-1] if source.shape else 1
    if source.elements % depth != 0 or (operator.keep_num_dims and last != depth):
        return f"the input has the shape {list(source.shape)}, the weights have the depth {depth}"
    return None


@constraint("export the model again: the shapes contradict each other")
def fitting_output(_: Operator, operands: Operands) -> str | None:
    """output whose last dimension is the channels, with one vector for each input vector"""
    output, weights = operands.output, operands.input(1)
    vectors = operands.input(0).elements // weights.shape[1]
    if output.shape[-1:] != weights.shape[:1] or output.elements != vectors * weights.shape[0]:
        return f"the output has the shape {list(output.shape)} for {vectors} vectors of {weights.shape[0]} channels"
    return None


@dataclass(frozen=True)
class FullyConnected(Operator):
    """Inputs: input of any shape, weights [O, D], optional bias [O]. Output [..., O]: a vector for each D of input."""

    activation: Activation = Activation.NONE
    keep_num_dims: bool = False
    """Whether the output has the input's leading dimensions; else they are folded into one."""

    name: ClassVar[str] = "fully_connected"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        supported_types,
        constant_bias,
        whole_vectors,
        fitting_output,
        fitting_bias,
        symmetric_weights,
        shifts_in_range,
    )

    def macs(self, operands: Operands) -> int:
        """One per weight and output vector."""
        return operands.input(1).shape[1] * operands.output.elements

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of fully_connected_<dtype>; scales per channel only where the weights have them."""
        source, weights, output = operands.input(0), operands.input(1), operands.output
        constants: tuple[Tensor, ...] = (bias_or_zeros(name, operands),)
        attrs = {"channels": weights.shape[0], "depth": weights.shape[1], **clamp_attrs(self.activation, output)}
        if source.dtype is not DType.F32:
            multiplier, shift = 0, 0
            if weights.quantisation is not None and len(weights.quantisation.scales) > 1:
                constants += channel_multipliers(name, operands)
            else:
                multiplier, shift = quantise_multiplier(tensor_scale(operands))
            attrs |= {**offset_attrs(source, output), "multiplier": multiplier, "shift": shift}
        call = KernelCall(
            name=name,
            kernel=f"fully_connected_{source.dtype.suffix}",
            inputs=(source.name, weights.name, *(tensor.name for tensor in constants)),
            outputs=(output.name,),
            attrs=attrs,
            operator=self.name,
            macs=self.macs(operands),
        )
        bias = operands.optional(2)
        return Lowering((call,), tuple(tensor for tensor in constants if tensor is not bias))


def tensor_scale(operands: Operands) -> float:
    """input scale * weight scale / output scale of a per-tensor quantisation: the product in single precision.

    Source: tensorflow/lite/kernels/kernel_util.cc, GetQuantizedConvolutionMultipler.
    """
    source, weights, output = (
        tensor.quantisation for tensor in (operands.input(0), operands.input(1), operands.output)
    )
    assert source is not None and weights is not None and output is not None
    return float(np.float32(source.scale) * np.float32(weights.scale)) / output.scale
