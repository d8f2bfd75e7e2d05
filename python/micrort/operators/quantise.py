"""Fixed-point forms of real factors, exactly as TensorFlow Lite computes them.

Source: tensorflow/lite/kernels/internal/quantization_util.cc (QuantizeMultiplier) and
tensorflow/lite/kernels/kernel_util.cc (PopulateConvolutionQuantizationParams, CalculateActivationRangeQuantized).
"""

from __future__ import annotations

import math
from enum import Enum

from micrort.ir import DType, Tensor


class Activation(Enum):
    """A fused activation function."""

    NONE = "none"
    RELU = "relu"
    RELU_N1_TO_1 = "relu_n1_to_1"
    RELU6 = "relu6"

    @property
    def bounds(self) -> tuple[float, float]:
        """The real interval to which the output is clamped."""
        return {
            Activation.NONE: (-math.inf, math.inf),
            Activation.RELU: (0.0, math.inf),
            Activation.RELU_N1_TO_1: (-1.0, 1.0),
            Activation.RELU6: (0.0, 6.0),
        }[self]


INTEGER_RANGE = {
    DType.S8: (-128, 127),
    DType.U8: (0, 255),
    DType.S16: (-32768, 32767),
    DType.S32: (-(2**31), 2**31 - 1),
}


def round_half_away(value: float) -> int:
    """Round to nearest, ties away from zero (C's `round`)."""
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


def quantise_multiplier(real: float) -> tuple[int, int]:
    """`real` as (multiplier, shift) with real ~ multiplier / 2**31 * 2**shift, multiplier in [2**30, 2**31) or 0."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def activation_range(activation: Activation, output: Tensor) -> tuple[int, int]:
    """The clamp of a quantised output: the dtype's range cut by the activation's bounds."""
    assert output.quantisation is not None
    low, high = INTEGER_RANGE[output.dtype]
    scale, zero_point = output.quantisation.scale, output.quantisation.zero_point
    real_low, real_high = activation.bounds
    if math.isfinite(real_low):
        low = max(low, zero_point + round_half_away(_float32(real_low / scale)))
    if math.isfinite(real_high):
        high = min(high, zero_point + round_half_away(_float32(real_high / scale)))
    return low, high


FLOAT32_MAX = float.fromhex("0x1.fffffep127")
"""The largest finite float32: bound of an open clamp, as in TensorFlow Lite."""


def float_activation_range(activation: Activation) -> tuple[float, float]:
    """The clamp of a float output; open ends are the largest finite float32, never infinite."""
    low, high = activation.bounds
    return max(low, -FLOAT32_MAX), min(high, FLOAT32_MAX)


def _float32(value: float) -> float:
    import numpy as np

    return float(np.float32(value))
