"""LEAKY_RELU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, Operands
from micrort.operators import unary
from micrort.operators.base import Lowering, Operator
from micrort.operators.fixed_point import requantise
from micrort.operators.quantise import INTEGER_RANGE, quantise_multiplier


@dataclass(frozen=True)
class LeakyRelu(Operator):
    """Input and output of one shape, int8, int16 or float32: x for positive x, else alpha * x.

    Source: tensorflow/lite/micro/kernels/leaky_relu_common.cc (float32 factors) and reference/leaky_relu.h.
    """

    alpha: float

    name: ClassVar[str] = "leaky_relu"
    constraints = (unary.same_shape, unary.same_type(*unary.ACTIVATION_TYPES), unary.quantised)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """lut_s8, leaky_relu_s16 or leaky_relu_f32."""
        source, output = operands.input(0), operands.output
        if source.dtype is DType.F32:
            return unary.call(self, name, operands, "leaky_relu_f32", {"alpha": self.alpha})
        before, after = unary.quantisation_of(source), unary.quantisation_of(output)
        scale, output_scale = np.float32(before.scale), np.float32(after.scale)
        positive = quantise_multiplier(float(scale / output_scale))
        negative = quantise_multiplier(float(scale * np.float32(self.alpha) / output_scale))
        if source.dtype is DType.S16:
            attrs = {
                "input_offset": -before.zero_point,
                "output_offset": after.zero_point,
                "positive_multiplier": positive[0],
                "positive_shift": positive[1],
                "negative_multiplier": negative[0],
                "negative_shift": negative[1],
            }
            return unary.call(self, name, operands, "leaky_relu_s16", attrs)
        low, high = INTEGER_RANGE[DType.S8]

        def function(q: int) -> int:
            centred = q - before.zero_point
            scaled = requantise(centred, *(positive if centred >= 0 else negative))
            return max(low, min(scaled + after.zero_point, high))

        return unary.table_call(self, name, operands, function)
