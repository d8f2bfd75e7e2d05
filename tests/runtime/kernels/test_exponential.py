"""The exponential and the hyperbolic tangent of float kernels, against float64."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest

from micrort.ir import DType
from micrort.native import kernels, library


def call(kernel: str, values: np.ndarray) -> np.ndarray:
    shape = (1, 1, 1, len(values))
    (found,) = kernels.call(kernel, {"reserved": 0}, [values.reshape(shape)], [(shape, DType.F32)])
    return found.reshape(-1)


def errors(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """In units of the last place of the float32 nearest to `exact`."""
    return np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32))


def test_exponential_where_the_logistic_function_is_one():
    values = np.concatenate([np.linspace(-104.5, -9.0001, 40_001), [-103.97208, -87.4, -104, -1e30, -np.inf]])
    values = values.astype(np.float32)
    assert errors(call("logistic_f32", values), np.exp(values.astype(np.float64))).max() <= 2


def test_logistic():
    values = np.concatenate([np.linspace(-9, 17, 40_001), [0.0, -0.0, np.inf, 89, 1e30]]).astype(np.float32)
    assert errors(call("logistic_f32", values), 1 / (1 + np.exp(-values.astype(np.float64)))).max() <= 4


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 0.5, 1, 20])
def test_tanh(scale: float):
    values = np.concatenate([np.linspace(-scale, scale, 40_001), [0.624999, 0.625, 9.5, 9.50001]]).astype(np.float32)
    assert errors(call("tanh_f32", values), np.tanh(values.astype(np.float64))).max() <= 4


def test_ends():
    values = np.array([np.inf, -np.inf, np.nan, 1e38, -1e38], np.float32)
    np.testing.assert_array_equal(call("tanh_f32", values), np.array([1, -1, np.nan, 1, -1], np.float32))
    np.testing.assert_array_equal(call("logistic_f32", values), np.array([1, 0, np.nan, 1, 0], np.float32))


def test_the_exponential_itself():
    """As exponential.h says, from where it vanishes to where it overflows, for kernels that may ask anything."""
    library.load()
    function = ctypes.CDLL(str(library._build() / "libmicrort.so")).mrt_exponential_f32
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    values = np.concatenate([np.linspace(-87, 88.72, 2_001), [0.0, -0.0]]).astype(np.float32)
    found = np.array([function(float(value)) for value in values], np.float32)
    assert errors(found, np.exp(values.astype(np.float64))).max() <= 2
    assert [function(value) for value in (88.73, 1e30, math.inf)] == [math.inf] * 3
    assert [function(value) for value in (-104.0, -1e30, -math.inf)] == [0.0] * 3
    assert math.isnan(function(math.nan))
