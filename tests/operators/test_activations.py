"""RELU, RELU6, LEAKY_RELU, HARD_SWISH, LOGISTIC, TANH against LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operators.differential import assert_like_litert, outputs_of, random_array
from tests.tflite_builder import ModelBuilder

ALL_BYTES = np.arange(-128, 128, dtype=np.int8).reshape(1, 4, 8, 8)
ALL_WORDS = np.arange(-32768, 32768, 7, dtype=np.int16).reshape(1, -1)

scales = st.floats(1e-4, 2.0).map(lambda value: float(np.float32(value)))
zero_points = st.integers(-128, 127) | st.sampled_from([-128, 0, 127])
alphas = st.floats(0.0, 2.0).map(lambda value: float(np.float32(value)))
"""LiteRT rounds ties of negative factors downwards, the target away from zero."""


def unary(
    name: str,
    array: np.ndarray,
    source: tuple[float, int] | None = None,
    output: tuple[float, int] | None = None,
    **options: object,
) -> bytes:
    """A model of one operator with one input and one output of the same type."""
    builder = ModelBuilder()
    quantisations = [{} if pair is None else {"scale": pair[0], "zero_point": pair[1]} for pair in (source, output)]
    x = builder.input("x", array.shape, array.dtype.name, **quantisations[0])
    y = builder.tensor("y", array.shape, array.dtype.name, **quantisations[1])
    builder.operator(name, [x], [y], **options)
    return builder.build(outputs=[y])


short_floats = st.integers(2048, 4095)
"""Mantissas of 12 bits: the product of two is a float32, and so is its quotient by one of them.

LiteRT divides the scales of RELU in float32, the target in float64; here both are exact.
"""


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["RELU", "RELU6"]),
    mantissas=st.tuples(short_floats, short_floats),
    exponent=st.integers(-16, -10),
    zero_points=st.tuples(zero_points, zero_points),
)
def test_relu_int8(name: str, mantissas: tuple[int, int], exponent: int, zero_points: tuple[int, int]) -> None:
    source, output = relu_scales(mantissas, exponent)
    assert_like_litert(unary(name, ALL_BYTES, (source, zero_points[0]), (output, zero_points[1])), [ALL_BYTES])


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["RELU", "RELU6"]),
    mantissas=st.tuples(short_floats, short_floats),
    exponent=st.integers(-22, -12),
)
def test_relu_int16(name: str, mantissas: tuple[int, int], exponent: int) -> None:
    source, output = relu_scales(mantissas, exponent)
    assert_like_litert(unary(name, ALL_WORDS, (source, 0), (output, 0)), [ALL_WORDS])


def relu_scales(mantissas: tuple[int, int], exponent: int) -> tuple[float, float]:
    """Scales of input and output whose quotient is 0.5..2."""
    output = mantissas[0] * 2.0**exponent
    return output * mantissas[1] / (4096 if mantissas[0] % 2 else 2048), output


@pytest.mark.parametrize("name", ["RELU", "RELU6"])
def test_relu_float(name: str) -> None:
    special = np.array([[np.inf, -np.inf, -0.0, 0.0, 6.0, 6.0000005, -1e-40, 3.4e38]], np.float32)
    array = np.concatenate([special, random_array(1, (20, 8), "float32")])
    assert_like_litert(unary(name, array), [array])


@settings(max_examples=60, deadline=None)
@given(
    source=st.tuples(scales, zero_points),
    ratio=st.floats(0.2, 4.0),
    zero_point=zero_points,
    alpha=alphas,
)
def test_leaky_relu_int8(source: tuple[float, int], ratio: float, zero_point: int, alpha: float) -> None:
    output = (float(np.float32(source[0] * ratio)), zero_point)
    assert_like_litert(unary("LEAKY_RELU", ALL_BYTES, source, output, alpha=alpha), [ALL_BYTES])


@settings(max_examples=30, deadline=None)
@given(scale=scales, ratio=st.floats(0.2, 4.0), alpha=alphas)
def test_leaky_relu_int16(scale: float, ratio: float, alpha: float) -> None:
    output = (float(np.float32(scale * ratio)), 0)
    assert_like_litert(unary("LEAKY_RELU", ALL_WORDS, (scale, 0), output, alpha=alpha), [ALL_WORDS])


def test_leaky_relu_float() -> None:
    array = random_array(2, (9, 11), "float32")
    assert_like_litert(unary("LEAKY_RELU", array, alpha=0.3), [array])


@settings(max_examples=60, deadline=None)
@given(source=st.tuples(scales, zero_points), ratio=st.floats(0.05, 4.0), zero_point=zero_points)
def test_hard_swish_int8(source: tuple[float, int], ratio: float, zero_point: int) -> None:
    output = (float(np.float32(source[0] * ratio)), zero_point)
    assert_like_litert(unary("HARD_SWISH", ALL_BYTES, source, output), [ALL_BYTES])


def test_hard_swish_float() -> None:
    array = random_array(3, (16, 16), "float32")
    assert_like_litert(unary("HARD_SWISH", array), [array])


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(["LOGISTIC", "TANH"]), scale=st.floats(1e-4, 1.999), zero_point=zero_points)
def test_sigmoid_int8(name: str, scale: float, zero_point: int) -> None:
    # From 2 on, the target saturates a little earlier than LiteRT, whose table is made in floating point.
    output = (1 / 256, -128) if name == "LOGISTIC" else (1 / 128, 0)
    model = unary(name, ALL_BYTES, (float(np.float32(scale)), zero_point), output)
    assert_like_litert(model, [ALL_BYTES])


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["LOGISTIC", "TANH"]),
    scale=st.floats(1e-6, 1.3) | st.sampled_from([2.0**-exponent for exponent in range(1, 16)]),
)
def test_sigmoid_int16(name: str, scale: float) -> None:
    assert_like_litert(unary(name, ALL_WORDS, (float(np.float32(scale)), 0), (1 / 32768, 0)), [ALL_WORDS])


@pytest.mark.parametrize("name", ["LOGISTIC", "TANH"])
def test_sigmoid_float(name: str) -> None:
    array = np.concatenate(
        [random_array(4, (30, 8), "float32"), np.linspace(-30, 30, 800, dtype=np.float32).reshape(-1, 8)]
    )
    assert_like_litert(unary(name, array), [array], tolerance=1e-6)


def test_relu6_requantises_where_the_quantisations_differ() -> None:
    model = unary("RELU6", ALL_BYTES, (0.1, -128), (0.05, -128))
    (result,) = outputs_of(model, [ALL_BYTES])
    real = np.clip((ALL_BYTES.astype(np.float64) + 128) * np.float32(0.1), 0, 6)
    assert np.abs((result.astype(np.float64) + 128) * np.float32(0.05) - real).max() <= 0.0251
