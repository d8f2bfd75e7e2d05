"""fixed_point.h and check.h, function by function: against gemmlowp's fixed-point numbers on Python's integers."""

from __future__ import annotations

import ctypes
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels import exact

from micrort.native import library

ONE = 2**29
"""1.0 in Q2.29."""


@pytest.fixture(scope="module")
def functions() -> ctypes.CDLL:
    """The library with all that its units share, which no public header declares."""
    return ctypes.CDLL(str(library._build() / "libmicrort.so"))


def saturate(value: int) -> int:
    return max(exact.INT32_MIN, min(value, exact.INT32_MAX))


def exp_of_negative(x: int) -> int:
    """gemmlowp's exp_on_negative_values for Q5.26: a Taylor series around -1/8, then factors exp(-2^i)."""
    if x == 0:
        return exact.INT32_MAX
    quarter = 2**24
    rest = (x & (quarter - 1)) - quarter
    y = (rest << 5) + 2**28
    y2 = exact.multiply_high(y, y)
    y3, y4 = exact.multiply_high(y2, y), exact.multiply_high(y2, y2)
    third, base = round(2**31 / 3), round(math.exp(-1 / 8) * 2**31)
    inner = exact.multiply_high(exact.shift_right(y4, 2) + y3, third)
    result = base + exact.multiply_high(base, y + exact.shift_right(inner + y2, 1))
    for i in range(-2, 5):
        if (rest - x) & (1 << (26 + i)):
            result = exact.multiply_high(result, round(math.exp(-(2.0**i)) * 2**31))
    return result


def reciprocal_of_one_plus(x: int) -> int:
    """gemmlowp's one_over_one_plus_x_for_x_in_0_1: three steps of Newton and Raphson in Q2.29, saturated at each."""
    half = exact.half_away(exact.Fraction(x + exact.INT32_MAX, 2))
    estimate = round(48 / 17 * ONE) + exact.multiply_high(half, -round(32 / 17 * ONE))
    for _ in range(3):
        error = ONE - exact.multiply_high(half, estimate)
        estimate += saturate(exact.multiply_high(estimate, error) << 2)
    return saturate(estimate << 1)


EDGES = [0, -1, -2, -(2**24) + 1, -(2**24), -(2**24) - 1, -(2**25), -(2**26), -(2**30), -(2**31) + 1, -(2**31)]


@settings(max_examples=400, deadline=None)
@given(x=st.integers(-(2**31), 0) | st.sampled_from(EDGES) | st.integers(-(2**28), 0))
def test_exp_of_negative(functions: ctypes.CDLL, x: int) -> None:
    found = functions.mrt_exp_of_negative(x)
    assert found == exp_of_negative(x)
    assert abs(found / 2**31 - math.exp(x / 2**26)) < 1e-6


@pytest.mark.parametrize("x", EDGES)
def test_exp_at_the_ends_of_its_intervals(functions: ctypes.CDLL, x: int) -> None:
    assert functions.mrt_exp_of_negative(x) == exp_of_negative(x)


@settings(max_examples=400, deadline=None)
@given(x=st.integers(0, exact.INT32_MAX) | st.integers(0, 100) | st.integers(0, 100).map(lambda x: exact.INT32_MAX - x))
def test_reciprocal_of_one_plus(functions: ctypes.CDLL, x: int) -> None:
    found = functions.mrt_reciprocal_of_one_plus(x)
    assert found == reciprocal_of_one_plus(x)
    assert abs(found / 2**31 - 1 / (1 + x / 2**31)) < 1e-7


@pytest.mark.parametrize("x", [0, 1, 2, 3, 4, 2**30, 2**31 - 2, 2**31 - 1])
def test_reciprocal_where_it_saturates_and_at_its_ends(functions: ctypes.CDLL, x: int) -> None:
    assert functions.mrt_reciprocal_of_one_plus(x) == reciprocal_of_one_plus(x)


@pytest.mark.parametrize("bit", range(32))
def test_leading_zeros(functions: ctypes.CDLL, bit: int) -> None:
    for value in (1 << bit, (1 << bit) | 1, (2 << bit) - 1):
        assert functions.mrt_leading_zeros(ctypes.c_uint32(value)) == 31 - bit


def test_zero_has_32_leading_zeros(functions: ctypes.CDLL) -> None:
    assert functions.mrt_leading_zeros(0) == 32


def test_bytes_of_each_dtype_and_none_of_what_is_no_dtype(functions: ctypes.CDLL) -> None:
    assert [functions.mrt_check_dtype_bytes(dtype) for dtype in range(9)] == [1, 1, 2, 4, 4, 1, 8, 4, 0]
    assert functions.mrt_check_dtype_bytes(-1) == 0


@pytest.mark.parametrize(
    ("offset", "row_bytes", "dtype", "wanted", "sound"),
    [
        (0, 8, 2, 2, True),
        (6, 2, 2, 2, True),
        (1, 8, 2, 2, False),  # no address for elements of 2 bytes
        (0, 7, 2, 2, False),  # half an element
        (0, 8, 3, 2, False),  # another dtype
        (0, 8, 9, 9, False),  # no dtype
    ],
)
def test_a_tensor_of_a_dtype(
    functions: ctypes.CDLL, offset: int, row_bytes: int, dtype: int, wanted: int, sound: bool
) -> None:
    ffi, _ = library.load()
    tensor = ffi.new("mrt_tensor_t *", (offset, row_bytes, 1, 0, dtype))
    functions.mrt_check_dtype.restype = ctypes.c_bool
    assert functions.mrt_check_dtype(ctypes.c_void_p(int(ffi.cast("uintptr_t", tensor))), wanted) == sound
