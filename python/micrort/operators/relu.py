"""RELU and RELU6 as operators of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import DType, Operands
from micrort.operators import unary
from micrort.operators.base import Lowering, Operator
from micrort.operators.quantise import Activation, activation_range, quantise_multiplier


@dataclass(frozen=True)
class Relu(Operator):
    """Input and output of one shape, int8, int16 or float32: max(x, 0), requantised.

    Source: tensorflow/lite/micro/kernels/activations_common.cc.
    """

    name: ClassVar[str] = "relu"
    activation: ClassVar[Activation] = Activation.RELU
    constraints = (unary.same_shape, unary.same_type(*unary.ACTIVATION_TYPES), unary.quantised)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """lut_s8, requantise_s16_s16 or relu_f32."""
        source, output = operands.input(0), operands.output
        if source.dtype is DType.F32:
            upper = 6.0 if self.activation is Activation.RELU6 else 0.0
            return unary.call(self, name, operands, "relu_f32", {"upper": upper})
        ratio = unary.quantisation_of(source).scale / unary.quantisation_of(output).scale
        multiplier = quantise_multiplier(ratio)
        low, high = activation_range(self.activation, output)
        if source.dtype is DType.S8:
            return unary.table_call(self, name, operands, unary.requantiser(source, output, multiplier, low, high))
        attrs = unary.requantise_attrs(source, output, multiplier, low, high)
        return unary.call(self, name, operands, "requantise_s16_s16", attrs)


@dataclass(frozen=True)
class Relu6(Relu):
    """min(max(x, 0), 6), requantised.

    TensorFlow Lite Micro's kernel clamps in the input's quantisation and forgets to requantise to the output's. Where
    the two are equal this operator gives its bytes; where they differ it gives TensorFlow Lite's, whose real values
    are right.
    """

    name: ClassVar[str] = "relu6"
    activation: ClassVar[Activation] = Activation.RELU6
