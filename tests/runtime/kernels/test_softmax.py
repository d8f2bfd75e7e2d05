"""Softmax against LiteRT's reference kernels, which give the target's bytes, and against exact values."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elements import elements, scales, seeds
from tests.lowered import Lowered, lower, tensor
from tests.tflite_builder import ModelBuilder, litert

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels
from micrort.operators.softmax import Softmax

OUTPUTS = {
    ("int8", "int8"): {"scale": 1 / 256, "zero_point": -128},
    ("int8", "int16"): {"scale": 1 / 65536, "zero_point": -32768},
    ("int16", "int16"): {"scale": 1 / 32768, "zero_point": 0},
    ("float32", "float32"): {},
}

TARGET_RECIPROCALS = (24966, 20816)
"""Elements 160 and 294 of the target's table of 1 / (1 + x)."""
TABLE_CRCS = (0xAC7DFFAA, 0x39FB9655)
"""Of the tables that a C++ program makes with the expressions of LUTPopulateInt16 in float."""


def close_elements(shape: tuple[int, ...], dtype: str, seed: int, spread: int) -> np.ndarray:
    """Elements that lie close together, so that many probabilities differ from 0."""
    if dtype == "float32":
        return elements(shape, dtype, seed)
    low, high = (-128, 127) if dtype == "int8" else (-32768, 32767)
    random = np.random.default_rng(seed)
    top = random.integers(low, high, endpoint=True)
    return np.clip(top - random.integers(0, spread + 1, shape), low, high).astype(dtype)


def with_litert_tables(lowered: Lowered) -> Lowered:
    """LiteRT 2.3 makes its tables in float64, TensorFlow Lite Micro in float32: two elements of 1 / (1 + x) differ."""
    elements_, exponential, reciprocal = lowered.arrays
    assert (reciprocal[160], reciprocal[294]) == TARGET_RECIPROCALS
    reciprocal = reciprocal.copy()
    reciprocal[[160, 294]] += np.array([1, -1], np.int16)
    return replace(lowered, arrays=(elements_, exponential, reciprocal))


@pytest.mark.parametrize("types", OUTPUTS)
@settings(max_examples=100, deadline=None)
@given(
    data=st.data(),
    lead=st.lists(st.integers(1, 4), max_size=4),
    depth=st.integers(1, 60),
    beta=st.sampled_from([1.0, 1.0, 0.1, 0.5, 2.0, 10.0]),
    seed=seeds,
)
def test_softmax(
    data: st.DataObject, types: tuple[str, str], lead: list[int], depth: int, beta: float, seed: int
) -> None:
    shape = (*lead, depth)
    source: dict[str, float] = {}
    spread = 0
    if types[0] != "float32":
        source = {"scale": data.draw(scales(1e-5, 1.0)), "zero_point": 0}
        spread = data.draw(st.sampled_from([1, 10, 255, 65535]))
    array = close_elements(shape, types[0], seed, spread)

    model = ModelBuilder()
    x, y = model.input("x", shape, types[0], **source), model.tensor("y", shape, types[1], **OUTPUTS[types])
    model.operator("SOFTMAX", [x], [y], beta=beta)
    (want,) = litert(model.build([y]), [array], "ref")

    sources = [(tensor("x", shape, DType(types[0]), **source), array)]
    operator = Softmax(float(np.float32(beta)))
    lowered = lower(operator, sources, tensor("y", shape, DType(types[1]), **OUTPUTS[types]))
    if types[0] == "int16":
        lowered = with_litert_tables(lowered)
    result = lowered.run_every_way()
    if types[0] == "float32":  # the C library's expf is not LiteRT's
        np.testing.assert_allclose(result, want, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(result, want, strict=True)


def test_tables_are_the_targets() -> None:
    array = np.zeros((1, 2), np.int16)
    output = tensor("y", (1, 2), DType.S16, **OUTPUTS["int16", "int16"])
    _, *tables = lower(Softmax(), [(tensor("x", (1, 2), DType.S16, 1e-4), array)], output).arrays
    assert tuple(zlib.crc32(table.astype("<i2").tobytes()) for table in tables) == TABLE_CRCS


@pytest.mark.parametrize("scale", [0.001, 0.0078125, 0.05, 0.25, 1.0])
def test_every_difference_of_int8(scale: float) -> None:
    """Two elements, the larger one at the top: all 256 differences, within 1 of the exact value."""
    array = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    source, output = tensor("x", (256, 2), DType.S8, scale), tensor("y", (256, 2), DType.S8, 1 / 256, -128)
    result = lower(Softmax(), [(source, array)], output).run()
    exact = 1 / (1 + np.exp(scale * (array[:, ::-1].astype(float) - array)))
    assert np.abs(np.clip(exact * 256 - 128, -128, 127) - result).max() <= 1.0


@pytest.mark.parametrize(("dtype", "depth"), [("int8", 512), ("int8", 5000), ("int16", 5000)])
def test_more_classes_than_the_reference_takes(dtype: str, depth: int) -> None:
    """Equal elements: where TensorFlow Lite Micro aborts or overflows, probabilities round to 0 or 1 unit."""
    array = np.zeros((1, depth), np.int8)
    output = tensor("y", (1, depth), DType(dtype), **OUTPUTS["int8", dtype])
    result = lower(Softmax(), [(tensor("x", (1, depth), DType.S8, 0.1), array)], output).run().astype(int)
    unit = 256 if dtype == "int8" else 65536
    assert np.abs((result + unit // 2) - unit / depth).max() <= 4


def test_one_class_is_certain() -> None:
    array = np.array([[-5], [100]], np.int8)
    source, output = tensor("x", (2, 1), DType.S8, 0.1), tensor("y", (2, 1), DType.S8, 1 / 256, -128)
    np.testing.assert_array_equal(lower(Softmax(), [(source, array)], output).run(), [[127], [127]])


S8 = {"depth": 5, "multiplier": 2**30, "shift": 22, "diff_min": -31}
S16 = {"depth": 5, "multiplier": 2**30, "shift": 1}


def call_with(name: str, attrs: dict[str, int]) -> np.ndarray:
    wide = name == "softmax_s16"
    array = np.ones((2, 10), np.int16 if wide else np.int8)
    tables = [np.full(513, 32767, np.int16)] * 2 if wide else []
    output = ((2, 10), DType.S8 if name == "softmax_s8" else DType.S16)
    return kernels.call(name, attrs, [array, *tables], [output])[0]


@pytest.mark.parametrize(
    ("name", "attrs", "member", "value"),
    [
        *(("softmax_s8", S8, "depth", value) for value in (0, -5, 3, 40, 2**31 - 1)),
        *(("softmax_s8", S8, "shift", value) for value in (-1, 31)),
        *(("softmax_s8_s16", S8, "diff_min", value) for value in (-256, 1)),
        ("softmax_s8_s16", S8, "multiplier", -1),
        *(("softmax_s16", S16, "depth", value) for value in (0, 3, -1)),
        *(("softmax_s16", S16, "shift", value) for value in (-32, 31)),
        ("softmax_s16", S16, "multiplier", -1),
    ],
)
def test_check_refuses(name: str, attrs: dict[str, int], member: str, value: int) -> None:
    call_with(name, attrs)
    with pytest.raises(RuntimeStatusError, match=f"mrt_{name}_check"):
        call_with(name, {**attrs, member: value})


def test_check_refuses_short_tables() -> None:
    arrays = [np.ones((2, 10), np.int16), np.ones(513, np.int16), np.ones(512, np.int16)]
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("softmax_s16", S16, arrays, [((2, 10), DType.S16)])


def test_check_refuses_a_depth_of_zero_in_float() -> None:
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("softmax_f32", {"depth": 0, "beta": 1.0}, [np.ones((2, 4), np.float32)], [((2, 4), DType.F32)])
