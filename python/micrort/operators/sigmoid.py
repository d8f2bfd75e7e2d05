"""LOGISTIC and TANH: two functions of one curve."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, Operands, Tensor
from micrort.operators import fixed_point, unary
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.quantise import quantise_multiplier

_INPUT_INTEGER_BITS = 4
"""int8 inputs are rescaled to this format; whatever exceeds it saturates."""


@constraint("convert the model with TensorFlow Lite's converter, which sets these")
def fixed_output_quantisation(operator: Operator, operands: Operands) -> str | None:
    """output of scale 1/256 and zero point -128 (int8 logistic), 1/128 and 0 (int8 tanh), 1/32768 and 0 (int16)"""
    assert isinstance(operator, Sigmoid)
    output = operands.output
    if output.dtype is DType.F32:
        return None
    found = (unary.quantisation_of(output).scale, unary.quantisation_of(output).zero_point)
    wanted = operator.output_s8 if output.dtype is DType.S8 else (1 / 32768, 0)
    if found[1] != wanted[1] or not math.isclose(found[0], wanted[0], rel_tol=1e-3):
        return f"the output has scale {found[0]:g} and zero point {found[1]}"
    return None


@constraint("quantise int16 activations symmetrically, with a scale below 2.6")
def symmetric_int16_input(_: Operator, operands: Operands) -> str | None:
    """int16 input with zero point 0 and a scale below 32767 / 12288"""
    source = operands.input(0)
    if source.dtype is not DType.S16:
        return None
    quantisation = unary.quantisation_of(source)
    if quantisation.zero_point != 0 or _int16_multiplier(quantisation.scale, ())[0] not in range(1, 32768):
        return f"the input has scale {quantisation.scale:g} and zero point {quantisation.zero_point}"
    return None


@dataclass(frozen=True)
class Sigmoid(Operator):
    """What LOGISTIC and TANH share. Input and output of one shape, int8, int16 or float32."""

    output_s8: ClassVar[tuple[float, int]]
    """Scale and zero point of an int8 output."""
    exact_shifts: ClassVar[tuple[int, ...]]
    """int16: input scales 2**(shift - 12) that are used without a rounded multiplier."""
    constraints = (
        unary.same_shape,
        unary.same_type(*unary.ACTIVATION_TYPES),
        unary.quantised,
        fixed_output_quantisation,
        symmetric_int16_input,
    )

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    @abstractmethod
    def of_fixed_point(self, raw: int) -> int:
        """The int8 output for an input with 4 integer bits."""

    def lower(self, name: str, operands: Operands) -> Lowering:
        """lut_s8, <name>_s16 or <name>_f32."""
        source = operands.input(0)
        if source.dtype is DType.F32:
            return unary.call(self, name, operands, f"{self.name}_f32", {"reserved": 0})
        scale = unary.quantisation_of(source).scale
        if source.dtype is DType.S16:
            multiplier, shift = _int16_multiplier(scale, self.exact_shifts)
            attrs = {"multiplier": multiplier, "shift": shift}
            return unary.call(self, name, operands, f"{self.name}_s16", attrs, _curve(name))
        multiplier, shift = quantise_multiplier(scale * 2 ** (31 - _INPUT_INTEGER_BITS))
        radius = math.floor((2**_INPUT_INTEGER_BITS - 1) * 2 ** (31 - _INPUT_INTEGER_BITS) / 2**shift)

        def function(q: int) -> int:
            centred = q - unary.quantisation_of(source).zero_point
            if centred <= -radius:
                return -128
            if centred >= radius:
                return 127
            return max(-128, min(self.of_fixed_point(fixed_point.requantise(centred, multiplier, shift)), 127))

        return unary.table_call(self, name, operands, function)


@dataclass(frozen=True)
class Logistic(Sigmoid):
    """1 / (1 + exp(-x)).

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h, logistic_common.cc.
    """

    name: ClassVar[str] = "logistic"
    output_s8: ClassVar[tuple[float, int]] = (1 / 256, -128)
    exact_shifts: ClassVar[tuple[int, ...]] = (0,)

    def of_fixed_point(self, raw: int) -> int:
        """The int8 output for an input with 4 integer bits."""
        return fixed_point.shift_right(fixed_point.logistic(raw), 31 - 8) - 128


@dataclass(frozen=True)
class Tanh(Sigmoid):
    """The hyperbolic tangent.

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h, tensorflow/lite/micro/kernels/tanh.cc.
    """

    name: ClassVar[str] = "tanh"
    output_s8: ClassVar[tuple[float, int]] = (1 / 128, 0)
    exact_shifts: ClassVar[tuple[int, ...]] = (0, 1)

    def of_fixed_point(self, raw: int) -> int:
        """The int8 output for an input with 4 integer bits."""
        return fixed_point.shift_right(fixed_point.tanh(raw), 31 - 7)


def _int16_multiplier(scale: float, exact_shifts: tuple[int, ...]) -> tuple[int, int]:
    """Multiplier and right shift that bring an int16 input to 1 / (3 * 4096)."""
    log2 = np.log(np.float32(scale)) * (np.float32(1) / np.log(np.float32(2)))
    rounded = np.floor(np.abs(log2) + np.float32(0.5)) * np.sign(log2)
    if abs(log2 - rounded) < 1e-3 and int(rounded) + 12 in exact_shifts:
        return 3 << (int(rounded) + 12), 0
    real, shift = scale * 4096.0 * 3.0, 0
    while real <= 32767.0 / 2.0 and shift <= 30:
        real, shift = real * 2.0, shift + 1
    return int(real), shift


def _curve(name: str) -> Tensor:
    """The table of mrt_sigmoid_s16_attrs_t: TensorFlow Lite's sigmoid_table_uint16, less its constant half.

    Its points lie above the curve by half of what a chord's middle lies below it, so that interpolation errs evenly
    to both sides; the last point is the limit.
    """

    def logistic(index: float) -> float:
        return 1 / (1 + math.exp(-index / 24))

    points = [logistic(i) + (logistic(i) - (logistic(i - 1) + logistic(i + 1)) / 2) / 8 for i in range(255)]
    values = [math.floor(65536 * point + 0.5) for point in points] + [65535]
    return Tensor(f"{name}/table", (256,), DType.S16, data=np.array([value - 32768 for value in values], np.int16))
