"""MEAN against LiteRT's reference kernels, which give the target's bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.elements import elements, scales, seeds, zero_points
from tests.lowered import lower, tensor
from tests.tflite_builder import ModelBuilder, litert

from micrort.errors import RuntimeStatusError
from micrort.ir import DType, Operands
from micrort.native import kernels
from micrort.operators.mean import Mean, reduction_attrs

DTYPES = ["int8", "int16", "float32"]


def compare(
    mean: Mean, array: np.ndarray, source: dict[str, float], output: dict[str, float], resolver: str = "ref"
) -> None:
    kind = DType(array.dtype.name)
    known = tensor("x", array.shape, kind, **source)
    shapes = mean.output_shapes(Operands((known,), (known,)))
    assert shapes is not None
    lowered = lower(mean, [(known, array)], tensor("y", shapes[0], kind, **output))

    model = ModelBuilder()
    x = model.input("x", array.shape, kind.value, **source)
    axes = model.constant("axes", np.array(mean.axes, np.int32))
    y = model.tensor("y", shapes[0], kind.value, **output)
    model.operator("MEAN", [x, axes], [y], keepDims=mean.keep_dims)
    (want,) = litert(model.build([y]), [array], resolver)
    np.testing.assert_array_equal(lowered.run_every_way(), want, strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=100, deadline=None)
@given(data=st.data(), shape=st.lists(st.integers(1, 5), min_size=1, max_size=6), keep_dims=st.booleans(), seed=seeds)
def test_mean(data: st.DataObject, dtype: str, shape: list[int], keep_dims: bool, seed: int) -> None:
    rank = len(shape)
    axes = data.draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=rank))
    quantised: list[dict[str, float]] = [{}, {}]
    if dtype != "float32":
        quantised = [{"scale": data.draw(scales()), "zero_point": data.draw(zero_points(dtype))} for _ in range(2)]
    compare(Mean(tuple(axes), keep_dims), elements(tuple(shape), dtype, seed), *quantised)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 25, 5, 6), (2, 8, 8, 16), (1, 1, 33, 7)])
def test_mean_over_the_image(shape: tuple[int, ...], dtype: str) -> None:
    quantised = [{}, {}] if dtype == "float32" else [{"scale": 0.05, "zero_point": 0}, {"scale": 0.03, "zero_point": 0}]
    for keep_dims in (True, False):
        compare(Mean((1, 2), keep_dims), elements(shape, dtype, 7), *quantised)


def test_no_axes_rescale() -> None:
    array = np.arange(-12, 12, dtype=np.int8).reshape(2, 3, 4)
    source, output = tensor("x", array.shape, DType.S8, 0.5), tensor("y", array.shape, DType.S8, 1.0, 3)
    result = lower(Mean(()), [(source, array)], output).run_every_way()
    want = np.floor(array / 2 + 0.5) + 3  # the multiplication meets the ties, which it rounds up
    np.testing.assert_array_equal(result, want.astype(np.int8))


def test_a_scalar_is_its_own_mean() -> None:
    array = np.array(1.5, np.float32)
    lowered = lower(Mean(()), [(tensor("x", (), DType.F32), array)], tensor("y", (), DType.F32))
    assert lowered.run().item() == 1.5


def test_sums_wrap() -> None:
    """2^17 elements of 2^15: the reference's sum wraps to 0."""
    array = np.full((1, 2**17), -32768, np.int16)
    source, output = tensor("x", array.shape, DType.S16, 1.0), tensor("y", (1,), DType.S16, 1.0)
    assert lower(Mean((1,)), [(source, array)], output).run().item() == 0


ATTRS = {
    **reduction_attrs((2, 5, 5, 3), {1, 2}),
    "input_offset": 128,
    "output_offset": -128,
    "multiplier": 2**30,
    "shift": -4,
}
HOSTILE = [
    ("rows3", 4),
    ("rows2", 0),
    ("rows0", -1),
    ("rows1", 65536),
    ("width", 6),
    ("width", 0),
    ("channels", -3),
    ("channels", 2**31 - 1),
    ("reduced", 0),
    ("reduced", 1 << 5),
    ("reduced", 64),
    ("reduced", -1),
    ("input_offset", 129),
    ("output_offset", 128),
    ("multiplier", -1),
    ("shift", -32),
    ("shift", 31),
]


@pytest.mark.parametrize(("member", "value"), HOSTILE)
def test_check_refuses(member: str, value: int) -> None:
    array, made = np.ones((2, 5, 5, 3), np.int8), [((2, 3), DType.S8)]
    kernels.call("mean_s8", ATTRS, [array], made)
    with pytest.raises(RuntimeStatusError, match="mrt_mean_s8_check"):
        kernels.call("mean_s8", {**ATTRS, member: value}, [array], made)


def test_check_refuses_more_reduced_rows_than_run_knows() -> None:
    attrs = {"rows0": 2, "rows1": 2, "rows2": 2, "rows3": 1, "width": 1, "channels": 2, "reduced": 0b000111}
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("mean_f32", attrs, [np.ones((2, 2, 2, 1, 2), np.float32)], [((2,), DType.F32)])
