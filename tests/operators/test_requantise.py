"""QUANTIZE and DEQUANTIZE against LiteRT's reference kernels, which agree with the target."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operators.differential import assert_like_litert, outputs_of, random_array
from tests.tflite_builder import ModelBuilder

from micrort.errors import UnsupportedError

INTEGERS = ["int8", "uint8", "int16", "int32"]
PAIRS = [
    ("int8", "int8"),
    ("int8", "uint8"),
    ("int8", "int16"),
    ("uint8", "int8"),
    ("int16", "int8"),
    ("int16", "int16"),
    ("int32", "int8"),
    ("int32", "int16"),
]


def convert(
    name: str, array: np.ndarray, source: tuple[float, int] | None, to: str, output: tuple[float, int] | None
) -> bytes:
    builder = ModelBuilder()
    quantisations = [{} if pair is None else {"scale": pair[0], "zero_point": pair[1]} for pair in (source, output)]
    x = builder.input("x", array.shape, array.dtype.name, **quantisations[0])
    y = builder.tensor("y", array.shape, to, **quantisations[1])
    builder.operator(name, [x], [y], version=3 if name == "QUANTIZE" else 5)
    return builder.build(outputs=[y])


def zero_point(dtype: str) -> st.SearchStrategy[int]:
    limits = np.iinfo(dtype)
    return st.integers(limits.min, limits.max) if limits.bits == 8 else st.just(0)


@settings(max_examples=100, deadline=None)
@given(pair=st.sampled_from(PAIRS), scale=st.floats(1e-4, 2.0), ratio=st.floats(0.01, 60.0), data=st.data())
def test_requantise(pair: tuple[str, str], scale: float, ratio: float, data: st.DataObject) -> None:
    array = random_array(data.draw(st.integers(0, 99)), (1, 5, 6, 7), pair[0])
    if pair[0] == "int32":  # sums of products, as a model has them; more wraps around in the reference
        array = array >> data.draw(st.integers(8, 24))
        ratio = min(ratio, 1.0)
    source = (float(np.float32(scale)), data.draw(zero_point(pair[0])))
    output = (float(np.float32(scale * ratio)), data.draw(zero_point(pair[1])))
    if pair[0] == "int32":
        output = (max(output[0], source[0]), output[1])
    assert_like_litert(convert("QUANTIZE", array, source, pair[1], output), [array])


@settings(max_examples=30, deadline=None)
@given(dtype=st.sampled_from(["int8", "int16"]), scale=st.floats(1e-4, 2.0), ratio=st.floats(1e-4, 1.0))
def test_requantise_to_int32(dtype: str, scale: float, ratio: float) -> None:
    """LiteRT has no int32 output; the arithmetic is that of tests/runtime/kernels, here over whole tensors."""
    array = random_array(7, (3, 40), dtype)
    source, output = float(np.float32(scale)), float(np.float32(scale * ratio))
    (result,) = outputs_of(convert("QUANTIZE", array, (source, 0), "int32", (output, 0)), [array])
    exact = array.astype(np.float64) * (source / output)
    # The first rounding is of the product, before the left shift of ratios above 1 could enlarge it.
    assert np.abs(result - exact).max() <= 0.5 + np.abs(exact).max() * 2.0**-31


@settings(max_examples=60, deadline=None)
@given(dtype=st.sampled_from(["int8", "int16"]), scale=st.floats(1e-3, 2.0), data=st.data())
def test_quantise(dtype: str, scale: float, data: st.DataObject) -> None:
    array = random_array(data.draw(st.integers(0, 99)), (6, 50), "float32")
    output = (float(np.float32(scale)), data.draw(zero_point(dtype)))
    array[:3] = (array[:3] * 10).round() * np.float32(output[0]) / 2  # ties
    array = np.clip(array, -1e5, 1e5)
    assert_like_litert(convert("QUANTIZE", array, None, dtype, output), [array])


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_quantise_saturates_where_the_reference_is_undefined(dtype: str) -> None:
    limits = np.iinfo(dtype)
    array = np.array([[np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 0.49999997, -0.49999997]], np.float32)
    (result,) = outputs_of(convert("QUANTIZE", array, None, dtype, (1.0, 0)), [array])
    assert result.tolist() == [[limits.max, limits.min, 0, limits.max, limits.min, 0, 0]]


def test_quantising_to_the_same_quantisation_costs_nothing() -> None:
    array = random_array(1, (2, 9), "int8")
    (result,) = outputs_of(convert("QUANTIZE", array, (0.5, 3), "int8", (0.5, 3)), [array])
    assert result.tobytes() == array.tobytes()


@settings(max_examples=40, deadline=None)
@given(dtype=st.sampled_from(["int8", "uint8", "int16"]), scale=st.floats(1e-5, 10.0), data=st.data())
def test_dequantise(dtype: str, scale: float, data: st.DataObject) -> None:
    array = random_array(data.draw(st.integers(0, 99)), (2, 3, 4, 5), dtype)
    source = (float(np.float32(scale)), data.draw(zero_point(dtype)))
    assert_like_litert(convert("DEQUANTIZE", array, source, "float32", None), [array])


@pytest.mark.parametrize(
    ("source", "to"), [("float32", "uint8"), ("float32", "int32"), ("int16", "uint8"), ("uint8", "int16")]
)
def test_combinations_that_the_target_does_not_have_are_refused(source: str, to: str) -> None:
    array = random_array(1, (2, 2), source)
    quantisation = None if source == "float32" else (0.5, 0)
    with pytest.raises(UnsupportedError, match=f"{source} to {to}"):
        outputs_of(convert("QUANTIZE", array, quantisation, to, (0.5, 0)), [array])
