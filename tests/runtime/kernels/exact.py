"""The rounding contract of runtime/kernels/requantise.h on Python's integers and fractions: slow, short, independent.

Source: gemmlowp/fixedpoint/fixedpoint.h (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT) and
tensorflow/lite/kernels/internal/common.cc (MultiplyByQuantizedMultiplier, double rounding; int64 overload).
"""

from __future__ import annotations

import math
from fractions import Fraction

HALF = Fraction(1, 2)
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def wrap(value: int, bits: int = 32) -> int:
    """The signed integer of `bits` bits that is congruent to `value`."""
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def half_up(value: Fraction) -> int:
    """Nearest integer, ties toward positive infinity."""
    return math.floor(value + HALF)


def half_away(value: Fraction) -> int:
    """Nearest integer, ties away from zero."""
    return math.floor(abs(value) + HALF) * (1 if value >= 0 else -1)


def multiply_high(a: int, b: int) -> int:
    """Doubling high product: ties toward positive infinity, saturated."""
    return min(half_up(Fraction(a * b, 2**31)), INT32_MAX)


def shift_right(value: int, exponent: int) -> int:
    """Division by a power of two: ties away from zero."""
    return half_away(Fraction(value, 2**exponent))


def requantise(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier / 2^31 * 2^shift, rounded twice; a left shift wraps."""
    return shift_right(multiply_high(wrap(value << max(shift, 0)), multiplier), max(-shift, 0))


def requantise_s64(value: int, multiplier: int, shift: int) -> int:
    """The same of a wide value: multiplier of 16 bits, rounded once."""
    reduced = half_up(Fraction(multiplier, 2**16)) if multiplier < 0x7FFF0000 else 0x7FFF
    return half_up(Fraction(value * reduced, 2**15) * Fraction(2) ** shift)


def clamp(value: int, low: int, high: int) -> int:
    """Value limited to low..high."""
    return max(low, min(value, high))
