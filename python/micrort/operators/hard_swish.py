"""HARD_SWISH."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, Operands, Tensor
from micrort.operators import unary
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.fixed_point import multiply_high, saturate, shift_right, truncating_shift
from micrort.operators.quantise import quantise_multiplier


@constraint("calibrate the model again: the output's scale is far too small for the input's")
def output_scale_suffices(_: Operator, operands: Operands) -> str | None:
    """int8: output scale at least 1/128 of the input scale"""
    if operands.input(0).dtype is DType.S8 and _Factors.of(operands.input(0), operands.output).output_shift > 0:
        scales = [unary.quantisation_of(tensor).scale for tensor in (operands.input(0), operands.output)]
        return f"input scale {scales[0]:g}, output scale {scales[1]:g}"
    return None


@dataclass(frozen=True)
class HardSwish(Operator):
    """Input and output of one shape, int8 or float32: x * min(max(x + 3, 0), 6) / 6.

    Source: tensorflow/lite/micro/kernels/hard_swish_common.cc and reference/hard_swish.h (16-bit arithmetic).
    """

    name: ClassVar[str] = "hard_swish"
    constraints = (
        unary.same_shape,
        unary.same_type(DType.S8, DType.F32),
        unary.quantised,
        output_scale_suffices,
    )

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """lut_s8 or hard_swish_f32."""
        if operands.input(0).dtype is DType.F32:
            return unary.call(self, name, operands, "hard_swish_f32", {"reserved": 0})
        return unary.table_call(self, name, operands, _Factors.of(operands.input(0), operands.output).apply)


@dataclass(frozen=True)
class _Factors:
    """The 16-bit multipliers, and the function of one int8 value."""

    input_zero_point: int
    output_zero_point: int
    output_multiplier: int
    output_shift: int
    gate_multiplier: int
    gate_shift: int

    @classmethod
    def of(cls, source: Tensor, output: Tensor) -> _Factors:
        before, after = unary.quantisation_of(source), unary.quantisation_of(output)
        fine_scale = np.float32(1 / 128) * np.float32(before.scale)
        output_multiplier, output_shift = quantise_multiplier(float(fine_scale / np.float32(after.scale)))
        gate_multiplier, gate_shift = quantise_multiplier(float(fine_scale / np.float32(3 / 32768)))
        return cls(
            before.zero_point,
            after.zero_point,
            _to_16_bits(output_multiplier),
            output_shift,
            _to_16_bits(gate_multiplier),
            gate_shift,
        )

    def apply(self, q: int) -> int:
        fine = (q - self.input_zero_point) * 128
        unscaled = multiply_high(fine, self.output_multiplier, 16)
        product = truncating_shift(self._gate(fine) * unscaled, 15)
        return saturate(shift_right(product, -self.output_shift) + self.output_zero_point, 8)

    def _gate(self, fine: int) -> int:
        """min(max(x + 3, 0), 6) / 6 in 1/32768."""
        value = fine
        if self.gate_shift > 0:  # the last doubling comes after the product, where saturation belongs
            value = saturate(value << (self.gate_shift - 1), 16)
        value = multiply_high(value, self.gate_multiplier, 16)
        if self.gate_shift > 0:
            value = saturate(value << 1, 16)
        if self.gate_shift < 0:
            value = shift_right(value, -self.gate_shift)
        return (value + 32768) >> 1


def _to_16_bits(multiplier: int) -> int:
    rounding = 1 << 15
    return 32767 if multiplier >= 2**31 - 1 - rounding else (multiplier + rounding) >> 16
