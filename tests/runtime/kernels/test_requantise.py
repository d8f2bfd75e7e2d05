"""requantise.h against exact integers: the rounding contract of every quantised kernel."""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels import exact

from micrort import sources

SHIM = """
#include "runtime/kernels/requantise.h"
int32_t multiply_high(int32_t a, int32_t b) { return mrt_multiply_high(a, b); }
int32_t shift_right(int32_t value, int32_t exponent) { return mrt_shift_right(value, exponent); }
int32_t requantise(int32_t value, int32_t multiplier, int32_t shift)
{
    return mrt_requantise(value, multiplier, shift);
}
int32_t requantise_s64(int64_t value, int32_t multiplier, int32_t shift)
{
    return mrt_requantise_s64(value, multiplier, shift);
}
int32_t wrapping_add(int32_t a, int32_t b) { return mrt_wrapping_add(a, b); }
int32_t clamp(int32_t value, int32_t low, int32_t high) { return mrt_clamp(value, low, high); }
"""
STRICT = "-std=c11 -O1 -fPIC -shared -Wall -Wextra -Wconversion -Wshadow -Wsign-conversion -Wundef -Wcast-align -Werror"

EDGES = [exact.INT32_MIN, exact.INT32_MIN + 1, -(2**30), -3, -2, -1, 0, 1, 2, 3, 2**30, exact.INT32_MAX]
int32 = st.integers(exact.INT32_MIN, exact.INT32_MAX) | st.sampled_from(EDGES)
multipliers = st.integers(2**30, 2**31 - 1) | st.sampled_from([0, 2**30, 0x7FFEFFFF, 0x7FFF0000, 2**31 - 1])
wide = st.integers(-(2**47), 2**47 - 1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The header's functions, compiled with traps on undefined behaviour."""
    folder = tmp_path_factory.mktemp("requantise")
    (folder / "shim.c").write_text(SHIM)
    root = sources.root()
    command = [
        os.environ.get("CC", "cc"),
        *STRICT.split(),
        "-fsanitize=undefined",
        "-fsanitize-undefined-trap-on-error",
    ]
    subprocess.run([*command, f"-I{root}", str(folder / "shim.c"), "-o", str(folder / "shim.so")], check=True)
    loaded = ctypes.CDLL(str(folder / "shim.so"))
    loaded.requantise_s64.argtypes = [ctypes.c_int64, ctypes.c_int32, ctypes.c_int32]
    return loaded


@settings(max_examples=500, deadline=None)
@given(a=int32, b=int32)
def test_multiply_high_is_the_rounded_product(library: ctypes.CDLL, a: int, b: int) -> None:
    assert library.multiply_high(a, b) == exact.multiply_high(a, b)


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (1, 2**30, 1),  # 0.5: a tie goes up
        (-1, 2**30, 0),  # -0.5: a negative tie goes up too
        (3, 2**30, 2),
        (-3, 2**30, -1),
        (5, -(2**30), -2),
        (exact.INT32_MIN, exact.INT32_MIN, exact.INT32_MAX),  # the one that saturates
        (exact.INT32_MIN, exact.INT32_MAX, exact.INT32_MIN + 1),
        (exact.INT32_MAX, exact.INT32_MAX, exact.INT32_MAX - 1),
    ],
)
def test_multiply_high_ties_go_up_and_only_minimum_squared_saturates(
    library: ctypes.CDLL, a: int, b: int, result: int
) -> None:
    assert library.multiply_high(a, b) == result == exact.multiply_high(a, b)


@pytest.mark.parametrize("exponent", range(32))
def test_shift_right_by_every_exponent_rounds_ties_away_from_zero(library: ctypes.CDLL, exponent: int) -> None:
    tie = 2**exponent // 2
    near = {sign * (odd * tie + step) for sign in (-1, 1) for odd in (0, 1, 3, 5) for step in (-1, 0, 1)}
    for value in sorted(near | set(EDGES)):
        if exact.INT32_MIN <= value <= exact.INT32_MAX:
            assert library.shift_right(value, exponent) == exact.shift_right(value, exponent), value


@pytest.mark.parametrize("value", [-5, -3, -1, 1, 3, 5])
def test_shift_right_negative_ties_mirror_positive_ones(library: ctypes.CDLL, value: int) -> None:
    assert (
        library.shift_right(value, 1)
        == -library.shift_right(-value, 1)
        == (abs(value) + 1) // 2 * (value // abs(value))
    )


@pytest.mark.parametrize("shift", range(-31, 31))
def test_requantise_with_every_shift(library: ctypes.CDLL, shift: int) -> None:
    for value, multiplier in itertools.product(EDGES, (0, 2**30, 2**30 + 1, 0x60000000, 2**31 - 1)):
        assert library.requantise(value, multiplier, shift) == exact.requantise(value, multiplier, shift)


@settings(max_examples=1000, deadline=None)
@given(value=int32, multiplier=multipliers, shift=st.integers(-31, 30))
def test_requantise(library: ctypes.CDLL, value: int, multiplier: int, shift: int) -> None:
    assert library.requantise(value, multiplier, shift) == exact.requantise(value, multiplier, shift)


def test_requantise_rounds_twice(library: ctypes.CDLL) -> None:
    """5 * 0.7 / 8 is 0.4375; but 3.5 is rounded to 4 first, and then 4 / 8 to 1."""
    assert library.requantise(5, round(0.7 * 2**31), -3) == 1
    assert round(5 * 0.7 / 8) == 0


def test_requantise_wraps_a_left_shift(library: ctypes.CDLL) -> None:
    assert library.requantise(2**30, 2**31 - 1, 1) == exact.INT32_MIN + 1
    assert library.requantise(2**30, 2**31 - 1, 2) == 0


@pytest.mark.parametrize("shift", range(-31, 8))
def test_wide_values_with_every_shift(library: ctypes.CDLL, shift: int) -> None:
    values = [sign * value for sign in (-1, 1) for value in (0, 1, 2**14, 2**15, 3 * 2**14, 2**40 + 1, 2**47 - 1)]
    for value, multiplier in itertools.product(values, (0, 2**30, 0x40008000, 0x7FFEFFFF, 0x7FFF0000, 2**31 - 1)):
        wanted = exact.wrap(exact.requantise_s64(value, multiplier, shift))
        assert library.requantise_s64(value, multiplier, shift) == wanted


@settings(max_examples=500, deadline=None)
@given(value=wide, multiplier=multipliers, shift=st.integers(-31, 7))
def test_wide_values(library: ctypes.CDLL, value: int, multiplier: int, shift: int) -> None:
    wanted = exact.wrap(exact.requantise_s64(value, multiplier, shift))
    assert library.requantise_s64(value, multiplier, shift) == wanted


@settings(max_examples=200, deadline=None)
@given(value=st.integers(-(2**63), 2**63 - 1), multiplier=int32, shift=st.integers(-31, 7))
def test_wide_values_beyond_the_contract_are_defined(
    library: ctypes.CDLL, value: int, multiplier: int, shift: int
) -> None:
    reduced = (multiplier + 2**15) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    product = exact.wrap(value * reduced + 2 ** (14 - shift), 64)
    assert library.requantise_s64(value, multiplier, shift) == exact.wrap(product >> (15 - shift))


@settings(max_examples=200, deadline=None)
@given(a=int32, b=int32)
def test_wrapping_add(library: ctypes.CDLL, a: int, b: int) -> None:
    assert library.wrapping_add(a, b) == exact.wrap(a + b)


@settings(max_examples=100, deadline=None)
@given(value=int32, limits=st.tuples(int32, int32).map(sorted))
def test_clamp(library: ctypes.CDLL, value: int, limits: list[int]) -> None:
    assert library.clamp(value, *limits) == exact.clamp(value, *limits)
