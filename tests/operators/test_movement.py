"""Operators that move elements, against LiteRT; every dtype that it and we share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operators.differential import assert_like_litert, outputs_of, random_array
from tests.tflite_builder import ModelBuilder

from micrort.errors import ModelError, UnsupportedError

DTYPES = ["int8", "int16", "int32", "float32", "bool"]
QUANTISED = {"int8": {"scale": 0.5, "zero_point": 7}, "int16": {"scale": 0.25}}

dtypes = st.sampled_from(DTYPES)
numeric = st.sampled_from(["int8", "int16", "int32", "float32"])
seeds = st.integers(0, 99)


def shapes(low: int, high: int, most: int = 5) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, most), min_size=low, max_size=high).map(tuple)


def one_to_one(
    name: str, array: np.ndarray, output: tuple[int, ...], constants: list[np.ndarray], **options: object
) -> bytes:
    """A model of one operator: an activation and constants to one output of the same type."""
    builder = ModelBuilder()
    dtype = array.dtype.name
    x = builder.input("x", array.shape, dtype, **QUANTISED.get(dtype, {}))
    inputs = [x]
    for index, constant in enumerate(constants):
        quantisation = QUANTISED.get(dtype, {}) if name == "PADV2" and index == 1 else {}
        inputs.append(builder.constant(f"c{index}", constant, **quantisation))
    y = builder.tensor("y", output, dtype, **QUANTISED.get(dtype, {}))
    builder.operator(name, inputs, [y], **options)
    return builder.build(outputs=[y])


def int32s(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@settings(max_examples=60, deadline=None)
@given(dtype=dtypes, shape=shapes(1, 5), seed=seeds, data=st.data())
def test_transpose(dtype: str, shape: tuple[int, ...], seed: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(shape))))
    array = random_array(seed, shape, dtype)
    output = tuple(shape[axis] for axis in order)
    assert_like_litert(one_to_one("TRANSPOSE", array, output, [int32s(*order)]), [array])


def test_transpose_of_six_dimensions() -> None:
    array = random_array(1, (2, 3, 2, 4, 2, 3), "int8")
    order = (5, 3, 0, 4, 2, 1)
    model = one_to_one("TRANSPOSE", array, array.transpose(order).shape, [int32s(*order)])
    (result,) = outputs_of(model, [array])
    np.testing.assert_array_equal(result, array.transpose(order))


@settings(max_examples=80, deadline=None)
@given(dtype=numeric, shape=shapes(1, 5), seed=seeds, valued=st.booleans(), data=st.data())
def test_pad(dtype: str, shape: tuple[int, ...], seed: int, valued: bool, data: st.DataObject) -> None:
    amounts = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in shape]
    array = random_array(seed, shape, dtype)
    output = tuple(before + size + after for size, (before, after) in zip(shape, amounts, strict=True))
    constants = [np.array(amounts, np.int32).reshape(-1, 2)]
    if valued and dtype != "int16":  # LiteRT has no PADV2 for int16
        constants.append(random_array(seed + 1, (1,), dtype))
    name = "PADV2" if len(constants) == 2 else "PAD"
    assert_like_litert(one_to_one(name, array, output, constants), [array])


@settings(max_examples=100, deadline=None)
@given(dtype=numeric, shape=shapes(1, 4), seed=seeds, data=st.data())
def test_strided_slice(dtype: str, shape: tuple[int, ...], seed: int, data: st.DataObject) -> None:
    masks = [data.draw(st.integers(0, 2 ** len(shape) - 1)) for _ in range(3)]
    begin, end, strides = [], [], []
    for axis, size in enumerate(shape):
        shrunk = masks[2] >> axis & 1
        begin.append(data.draw(st.integers(-size, size - 1) if shrunk else st.integers(-size - 1, size + 1)))
        end.append(data.draw(st.integers(-size - 1, size + 1)))
        strides.append(1 if shrunk else data.draw(st.sampled_from([1, 1, 2, 3, -1, -2])))
        if shrunk:
            masks[0] &= ~(1 << axis)
    array = random_array(seed, shape, dtype)
    slices = tuple(
        begin[axis]
        if masks[2] >> axis & 1
        else slice(
            None if masks[0] >> axis & 1 else begin[axis], None if masks[1] >> axis & 1 else end[axis], strides[axis]
        )
        for axis in range(len(shape))
    )
    wanted = array[slices]
    model = one_to_one(
        "STRIDED_SLICE",
        array,
        wanted.shape,
        [int32s(*begin), int32s(*end), int32s(*strides)],
        beginMask=masks[0],
        endMask=masks[1],
        shrinkAxisMask=masks[2],
    )
    if wanted.size == 0:
        with pytest.raises(ModelError):
            outputs_of(model, [array])
        return
    (result,) = outputs_of(model, [array])
    np.testing.assert_array_equal(result, wanted)
    assert_like_litert(model, [array])


@pytest.mark.parametrize(
    ("entries", "masks", "wanted"),
    [
        # x[..., 1]; x[newaxis, 1:3]; x[0, newaxis, ...]; x[1:2, ..., newaxis]
        (([0, 1], [0, 2], [1, 1]), {"ellipsisMask": 1, "shrinkAxisMask": 2}, np.s_[..., 1]),
        (([0, 1], [0, 3], [1, 1]), {"newAxisMask": 1}, np.s_[None, 1:3]),
        (([0, 0, 0], [1, 0, 0], [1, 1, 1]), {"shrinkAxisMask": 1, "newAxisMask": 2, "ellipsisMask": 4}, np.s_[0, None]),
        (([1, 0, 0], [2, 0, 0], [1, 1, 1]), {"ellipsisMask": 2, "newAxisMask": 4}, np.s_[1:2, ..., None]),
    ],
)
def test_strided_slice_with_ellipsis_and_new_axes(
    entries: tuple[list[int], ...], masks: dict[str, int], wanted: tuple[object, ...]
) -> None:
    array = random_array(3, (3, 4, 5), "int8")
    output = array[wanted]
    model = one_to_one("STRIDED_SLICE", array, output.shape, [int32s(*values) for values in entries], **masks)
    (result,) = outputs_of(model, [array])
    np.testing.assert_array_equal(result, output)
    assert_like_litert(model, [array])


@settings(max_examples=40, deadline=None)
@given(dtype=numeric, shape=shapes(1, 5), seed=seeds, data=st.data())
def test_slice(dtype: str, shape: tuple[int, ...], seed: int, data: st.DataObject) -> None:
    begin = [data.draw(st.integers(0, size - 1)) for size in shape]
    sizes = [data.draw(st.integers(1, size - first)) for first, size in zip(begin, shape, strict=True)]
    array = random_array(seed, shape, dtype)
    given_sizes = [
        -1 if first + size == total and data.draw(st.booleans()) else size
        for first, size, total in zip(begin, sizes, shape, strict=True)
    ]
    model = one_to_one("SLICE", array, tuple(sizes), [int32s(*begin), int32s(*given_sizes)])
    assert_like_litert(model, [array])


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["int8", "int16", "float32"]),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    convention=st.sampled_from([{}, {"alignCorners": True}, {"halfPixelCenters": True}]),
    seed=seeds,
)
def test_resize_nearest(
    dtype: str, shape: tuple[int, ...], size: tuple[int, int], convention: dict[str, bool], seed: int
) -> None:
    array = random_array(seed, shape, dtype)
    output = (shape[0], *size, shape[3])
    model = one_to_one("RESIZE_NEAREST_NEIGHBOR", array, output, [int32s(*size)], **convention)
    assert_like_litert(model, [array])


@settings(max_examples=60, deadline=None)
@given(dtype=numeric, shape=shapes(1, 5), count=st.integers(1, 6), seed=seeds, data=st.data())
def test_concatenation(dtype: str, shape: tuple[int, ...], count: int, seed: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    builder, arrays, inputs = ModelBuilder(), [], []
    sizes = [data.draw(st.integers(1, 4)) for _ in range(count)]
    for index, size in enumerate(sizes):
        part = list(shape)
        part[axis] = size
        array = random_array(seed + index, tuple(part), dtype)
        if index and data.draw(st.booleans()):
            inputs.append(builder.constant(f"x{index}", array, **QUANTISED.get(dtype, {})))
        else:
            inputs.append(builder.input(f"x{index}", tuple(part), dtype, **QUANTISED.get(dtype, {})))
            arrays.append(array)
    output = list(shape)
    output[axis] = sum(sizes)
    y = builder.tensor("y", output, dtype, **QUANTISED.get(dtype, {}))
    builder.operator("CONCATENATION", inputs, [y], axis=axis)
    assert_like_litert(builder.build(outputs=[y]), arrays)


def test_concatenation_of_255_inputs_and_split_into_255_outputs() -> None:
    builder = ModelBuilder()
    arrays = [random_array(index, (2, 3), "int8") for index in range(255)]
    inputs = [builder.input(f"x{index}", (2, 3), "int8", **QUANTISED["int8"]) for index in range(255)]
    joined = builder.tensor("joined", (2, 765), "int8", **QUANTISED["int8"])
    builder.operator("CONCATENATION", inputs, [joined], axis=1)
    axis = builder.constant("axis", np.array(1, np.int32))
    outputs = [builder.tensor(f"y{index}", (2, 3), "int8", **QUANTISED["int8"]) for index in range(255)]
    builder.operator("SPLIT", [axis, joined], outputs, numSplits=255)
    for result, array in zip(outputs_of(builder.build(outputs=outputs), arrays), arrays, strict=True):
        np.testing.assert_array_equal(result, array)


def test_concatenation_of_differing_quantisations_is_refused() -> None:
    builder = ModelBuilder()
    inputs = [builder.input(f"x{index}", (1, 4), "int8", scale=0.5 + index) for index in range(2)]
    y = builder.tensor("y", (1, 8), "int8", scale=0.5)
    builder.operator("CONCATENATION", inputs, [y], axis=1)
    with pytest.raises(UnsupportedError, match="quantisation of input 1"):
        outputs_of(builder.build(outputs=[y]), [random_array(1, (1, 4), "int8")] * 2)


@settings(max_examples=40, deadline=None)
@given(dtype=numeric, shape=shapes(1, 4), count=st.integers(1, 5), seed=seeds, data=st.data())
def test_pack_and_unpack(dtype: str, shape: tuple[int, ...], count: int, seed: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape)))
    arrays = [random_array(seed + index, shape, dtype) for index in range(count)]
    packed = np.stack(arrays, axis)
    builder = ModelBuilder()
    quantisation = QUANTISED.get(dtype, {})
    inputs = [builder.input(f"x{index}", shape, dtype, **quantisation) for index in range(count)]
    middle = builder.tensor("packed", packed.shape, dtype, **quantisation)
    builder.operator("PACK", inputs, [middle], axis=axis, valuesCount=count)
    outputs = [builder.tensor(f"y{index}", shape, dtype, **quantisation) for index in range(count)]
    builder.operator("UNPACK", [middle], outputs, axis=axis, num=count)
    model = builder.build(outputs=[middle, *outputs])
    results = outputs_of(model, arrays)
    np.testing.assert_array_equal(results[0], packed)
    for result, array in zip(results[1:], arrays, strict=True):
        assert result.tobytes() == array.tobytes()


@settings(max_examples=40, deadline=None)
@given(dtype=numeric, shape=shapes(1, 4), parts=st.integers(1, 4), seed=seeds, data=st.data())
def test_split(dtype: str, shape: tuple[int, ...], parts: int, seed: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    whole = list(shape)
    whole[axis] *= parts
    array = random_array(seed, tuple(whole), dtype)
    builder = ModelBuilder()
    axis_tensor = builder.constant("axis", np.array(axis, np.int32))
    x = builder.input("x", array.shape, dtype, **QUANTISED.get(dtype, {}))
    outputs = [builder.tensor(f"y{index}", shape, dtype, **QUANTISED.get(dtype, {})) for index in range(parts)]
    builder.operator("SPLIT", [axis_tensor, x], outputs, numSplits=parts)
    assert_like_litert(builder.build(outputs=outputs), [array])


@settings(max_examples=30, deadline=None)
@given(dtype=numeric, shape=shapes(1, 4), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4), data=st.data())
def test_split_v(dtype: str, shape: tuple[int, ...], sizes: list[int], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    array = random_array(5, (*shape[:axis], sum(sizes), *shape[axis + 1 :]), dtype)
    builder = ModelBuilder()
    x = builder.input("x", array.shape, dtype, **QUANTISED.get(dtype, {}))
    constants = [builder.constant("sizes", int32s(*sizes)), builder.constant("axis", np.array(axis, np.int32))]
    outputs = [
        builder.tensor(f"y{index}", (*shape[:axis], size, *shape[axis + 1 :]), dtype, **QUANTISED.get(dtype, {}))
        for index, size in enumerate(sizes)
    ]
    builder.operator("SPLIT_V", [x, *constants], outputs, numSplits=len(sizes))
    assert_like_litert(builder.build(outputs=outputs), [array])


@pytest.mark.parametrize("dtype", DTYPES)
def test_reshapes_are_views(dtype: str) -> None:
    array = random_array(1, (1, 4, 1, 6), dtype)
    builder, quantisation = ModelBuilder(), QUANTISED.get(dtype, {})
    x = builder.input("x", array.shape, dtype, **quantisation)
    flat = builder.tensor("flat", (24,), dtype, **quantisation)
    wide = builder.tensor("wide", (1, 24), dtype, **quantisation)
    back = builder.tensor("back", (24,), dtype, **quantisation)
    builder.operator("RESHAPE", [x, builder.constant("shape", int32s(-1))], [flat])
    builder.operator("EXPAND_DIMS", [flat, builder.constant("axis", int32s(0))], [wide])
    builder.operator("SQUEEZE", [wide], [back], squeezeDims=[0])
    assert_like_litert(builder.build(outputs=[back]), [array])
