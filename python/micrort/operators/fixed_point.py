"""Fixed-point arithmetic on whole numbers, for tables that are computed at compile time.

The same rounding contract as runtime/kernels/requantise.h. `logistic` and `tanh` are gemmlowp's, which TensorFlow
Lite Micro uses for int8 (gemmlowp/fixedpoint/fixedpoint.h). A number with n integer bits stands for
raw / 2**(31 - n), raw in int32.
"""

from __future__ import annotations

_ONE = 2**31 - 1
"""1.0 with no integer bits, saturated."""


def multiply_high(a: int, b: int, bits: int = 32) -> int:
    """round(a * b / 2**(bits - 1)), ties as in mrt_multiply_high, saturated to `bits`."""
    half = bits - 1
    if a == b == -(1 << half):
        return (1 << half) - 1
    product = a * b
    product += (1 << (half - 1)) if product >= 0 else 1 - (1 << (half - 1))
    return truncating_shift(product, half)


def truncating_shift(value: int, exponent: int) -> int:
    """value / 2**exponent, rounded towards zero."""
    return value >> exponent if value >= 0 else -(-value >> exponent)


def shift_right(value: int, exponent: int) -> int:
    """round(value / 2**exponent), ties away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (1 if value < 0 else 0)
    return (value >> exponent) + (1 if value & mask > threshold else 0)


def requantise(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier / 2**31 * 2**shift; see mrt_requantise."""
    if shift > 0:
        return multiply_high(_wrap(value << shift), multiplier)
    return shift_right(multiply_high(value, multiplier), -shift)


def saturate(value: int, bits: int = 32) -> int:
    """`value` limited to a signed integer of `bits`."""
    return max(-(1 << (bits - 1)), min(value, (1 << (bits - 1)) - 1))


def logistic(raw: int) -> int:
    """1 / (1 + exp(-x)) with no integer bits, for x with 4 integer bits."""
    if raw == 0:
        return 1 << 30
    positive = _reciprocal(_exp(-abs(raw), 4), minus_one=False)
    return positive if raw > 0 else _ONE - positive


def tanh(raw: int) -> int:
    """tanh(x) with no integer bits, for x with 4 integer bits."""
    if raw == 0:
        return 0
    magnitude = _reciprocal(_exp(-abs(raw), 5), minus_one=True)  # exp(-2|x|): the same raw with 5 integer bits
    return magnitude if raw > 0 else -magnitude


def _wrap(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def _exp(raw: int, integer_bits: int) -> int:
    """exp(x) with no integer bits, for x <= 0 with `integer_bits` (4 or 5)."""
    if raw == 0:
        return _ONE
    quarter = 1 << (31 - integer_bits - 2)
    in_quarter = (raw & (quarter - 1)) - quarter
    result = _exp_of_quarter(saturate(in_quarter << integer_bits))
    rest = in_quarter - raw
    # exp(-2**exponent) for each binary digit of what is left
    multipliers = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
    for exponent, multiplier in enumerate(multipliers, start=-2):
        if exponent < integer_bits and rest & (1 << (31 - integer_bits + exponent)):
            result = multiply_high(result, multiplier)
    return result


def _exp_of_quarter(raw: int) -> int:
    """exp(x) for -1/4 <= x < 0, all without integer bits: a Taylor series around -1/8."""
    exp_of_minus_eighth, third = 1895147668, 715827883
    x = raw + (1 << 28)
    x2 = multiply_high(x, x)
    x3 = multiply_high(x2, x)
    x4 = multiply_high(x2, x2)
    higher = shift_right(multiply_high(shift_right(x4, 2) + x3, third) + x2, 1)
    return exp_of_minus_eighth + multiply_high(exp_of_minus_eighth, x + higher)


def _reciprocal(raw: int, *, minus_one: bool) -> int:
    """1 / (1 + x), or (1 - x) / (1 + x) with `minus_one`, for 0 <= x <= 1; all without integer bits."""
    half_denominator = (raw + _ONE + 1) >> 1
    x = 1515870810 + multiply_high(half_denominator, -1010580540)  # 48/17 - 32/17 d, 2 integer bits
    for _ in range(3):  # Newton-Raphson
        rest = (1 << 29) - multiply_high(half_denominator, x)
        x += saturate(multiply_high(x, rest) << 2)
    return saturate((x - (1 << 29)) << 2) if minus_one else saturate(x << 1)
