"""Pooling against LiteRT's reference kernels, which give the target's bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.elements import elements, scales, seeds, zero_points
from tests.lowered import lower, tensor
from tests.tflite_builder import ModelBuilder, litert

from micrort.errors import RuntimeStatusError
from micrort.ir import DType
from micrort.native import kernels
from micrort.operators.pool2d import AveragePool2D, MaxPool2D
from micrort.operators.quantise import Activation
from micrort.operators.window import ExplicitPadding, Padding, Window

OPERATORS = {"AVERAGE_POOL_2D": AveragePool2D, "MAX_POOL_2D": MaxPool2D}


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@pytest.mark.parametrize("name", OPERATORS)
@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.sampled_from(Padding),
    activation=st.sampled_from(Activation),
    seed=seeds,
)
def test_pooling(
    data: st.DataObject,
    name: str,
    dtype: str,
    shape: tuple[int, int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    activation: Activation,
    seed: int,
) -> None:
    assume(padding is Padding.SAME or (kernel[0] <= shape[1] and kernel[1] <= shape[2]))
    quantised: dict[str, float] = {}
    if dtype != "float32":
        quantised = {"scale": data.draw(scales()), "zero_point": data.draw(zero_points(dtype))}
    window = Window(kernel, stride, (1, 1), padding)
    output_shape = (shape[0], window.output_size(shape[1], 0), window.output_size(shape[2], 1), shape[3])
    array = elements(shape, dtype, seed)

    model = ModelBuilder()
    source, output = model.input("x", shape, dtype, **quantised), model.tensor("y", output_shape, dtype, **quantised)
    model.operator(
        name,
        [source],
        [output],
        padding=padding.name,
        strideH=stride[0],
        strideW=stride[1],
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=activation.name,
    )
    (want,) = litert(model.build([output]), [array], "ref")

    operator = OPERATORS[name](kernel, stride, padding, activation)
    sources = [(tensor("x", shape, DType(dtype), **quantised), array)]
    lowered = lower(operator, sources, tensor("y", output_shape, DType(dtype), **quantised))
    np.testing.assert_array_equal(lowered.run_every_way(), want, strict=True)


def test_explicit_padding_does_not_count() -> None:
    array = np.array([[10, 20], [30, 41]], np.int8).reshape(1, 2, 2, 1)
    operator = AveragePool2D((2, 2), (2, 2), ExplicitPadding(1, 1, 1, 1))
    source, output = tensor("x", (1, 2, 2, 1), DType.S8, 1.0), tensor("y", (1, 2, 2, 1), DType.S8, 1.0)
    np.testing.assert_array_equal(lower(operator, [(source, array)], output).run(), array)


@pytest.mark.parametrize(
    ("values", "mean"), [((1, 2), 2), ((-1, -2), -2), ((1, 0), 1), ((-1, 0), -1), ((-3, 2), -1), ((127, 126), 127)]
)
def test_ties_round_away_from_zero(values: tuple[int, int], mean: int) -> None:
    array = np.array(values, np.int8).reshape(1, 1, 2, 1)
    operator = AveragePool2D((1, 2), (1, 2), Padding.VALID)
    source, output = tensor("x", (1, 1, 2, 1), DType.S8, 1.0), tensor("y", (1, 1, 1, 1), DType.S8, 1.0)
    assert lower(operator, [(source, array)], output).run().item() == mean


@pytest.mark.parametrize("extreme", [-32768, 32767])
def test_the_largest_window_of_int16_does_not_overflow(extreme: int) -> None:
    shape = (1, 255, 257, 1)  # 65535 elements
    operator = AveragePool2D((255, 257), (1, 1), Padding.VALID)
    source, output = tensor("x", shape, DType.S16, 1.0), tensor("y", (1, 1, 1, 1), DType.S16, 1.0)
    assert lower(operator, [(source, np.full(shape, extreme, np.int16))], output).run().item() == extreme


ATTRS = {
    **Window((3, 3), (2, 2), (1, 1), Padding.SAME).attrs(
        tensor("x", (2, 5, 5, 3), DType.S8, 1.0), tensor("y", (2, 3, 3, 3), DType.S8, 1.0)
    ),
    "activation_min": -128,
    "activation_max": 127,
}
HOSTILE = [
    ("padding_top", 3),
    ("padding_left", -1),
    ("stride_height", 4),
    ("stride_width", 0),
    ("stride_width", 2**31 - 1),
    ("kernel_width", 1),
    ("kernel_height", 0),
    ("kernel_height", 32768),
    ("dilation_height", 2),
    ("dilation_width", 0),
    ("input_channels", 1),
    ("output_channels", 1),
    ("input_height", 10),
    ("output_height", 6),
    ("output_width", 2),
    ("activation_min", -129),
    ("activation_max", 128),
    ("activation_max", -129),
]


@pytest.mark.parametrize("name", ["average_pool2d_s8", "max_pool2d_s8"])
@pytest.mark.parametrize(("member", "value"), HOSTILE)
def test_check_refuses(name: str, member: str, value: int) -> None:
    array, made = np.ones((2, 5, 5, 3), np.int8), [((2, 3, 3, 3), DType.S8)]
    kernels.call(name, ATTRS, [array], made)
    with pytest.raises(RuntimeStatusError, match=f"mrt_{name}_check"):
        kernels.call(name, {**ATTRS, member: value}, [array], made)


@pytest.mark.parametrize("name", ["average_pool2d_f32", "max_pool2d_f32"])
def test_check_refuses_a_clamp_that_is_no_number(name: str) -> None:
    attrs = {**ATTRS, "activation_min": float("nan")}
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call(name, attrs, [np.ones((2, 5, 5, 3), np.float32)], [((2, 3, 3, 3), DType.F32)])


def test_check_refuses_windows_that_overflow_a_sum() -> None:
    shape = (1, 256, 256, 1)
    window = Window((256, 256), (1, 1)).attrs(tensor("x", shape, DType.S16), tensor("y", (1, 1, 1, 1), DType.S16))
    attrs = {**window, "activation_min": -128, "activation_max": 127}
    with pytest.raises(RuntimeStatusError, match="check"):
        kernels.call("average_pool2d_s16", attrs, [np.ones(shape, np.int16)], [((1, 1, 1, 1), DType.S16)])
