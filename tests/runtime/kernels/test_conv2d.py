"""CONV_2D: frontend, lowering and C kernels against LiteRT's reference kernels, which give the target's bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lowered import lower, tensor
from tests.operators.differential import assert_like_litert, outputs_of
from tests.runtime.kernels.convolutions import Model, models
from tests.tflite_builder import ModelBuilder, litert

from micrort.frontends import tflite
from micrort.ir import DType, InPlace
from micrort.native import kernels
from micrort.operators.conv2d import Conv2D
from micrort.operators.window import ExplicitPadding

TOLERANCE = 1e-5


@settings(max_examples=150, deadline=None)
@given(model=models(False, "int8"))
def test_int8(model: Model) -> None:
    assert_like_litert(model.data, [model.source])


@pytest.mark.parametrize("bias", ["int64", "int32"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_int16(bias: str, data: st.DataObject) -> None:
    model = data.draw(models(False, "int16", bias))
    assert_like_litert(model.data, [model.source])


@settings(max_examples=80, deadline=None)
@given(model=models(False, "float32"))
def test_float(model: Model) -> None:
    assert_like_litert(model.data, [model.source], tolerance=TOLERANCE)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_in_place_and_in_any_pieces(dtype: str, data: st.DataObject) -> None:
    """The input a few rows behind the output, and rows in any cut, in order; lowering does not offer it, others may."""
    model = data.draw(models(False, dtype))
    graph = tflite.load(model.data, "model", "model.tflite")
    (node,) = graph.nodes
    operands = graph.operands(node)
    lowering = node.operator.lower(node.name, operands)
    (call,) = lowering.calls
    values = {tensor.name: tensor.data for tensor in (*graph.tensors.values(), *lowering.constants)}
    inputs = [model.source, *(values[name] for name in call.inputs[1:])]
    output = operands.output
    made = [(output.shape, output.dtype)]
    (whole,) = kernels.call(call.kernel, call.attrs, inputs, made)
    cuts = data.draw(st.lists(st.integers(0, output.rows), max_size=4).map(sorted))
    rows = list(zip([0, *cuts], [*cuts, output.rows], strict=True))
    (pieces,) = kernels.call(call.kernel, call.attrs, inputs, made, data.draw(st.permutations(rows)))
    np.testing.assert_array_equal(pieces, whole, strict=True)
    for offer in node.operator.window(operands).in_place(operands.input(0), output):
        slack = data.draw(st.sampled_from([0, 8, 64]))
        place = InPlace(offer.input, offer.output, offer.delta + slack)
        (shared,) = kernels.call(call.kernel, call.attrs, inputs, made, rows, place)
        np.testing.assert_array_equal(shared, whole, strict=True)


def test_the_accumulator_wraps_like_the_target() -> None:
    """70,000 products of 128 * 255 overflow int32; wrapping is defined, and LiteRT's compiled code wraps too."""
    model = ModelBuilder()
    shape = (1, 1, 25, 2800)
    x = model.input("x", shape, "int8", scale=1.0, zero_point=-128)
    w = model.constant("w", np.full((1, 1, 25, 2800), 127, np.int8), scale=1.0)
    b = model.constant("b", np.zeros(1, np.int32), scale=1.0)
    y = model.tensor("y", (1, 1, 1, 1), "int8", scale=2.0**24)
    model.operator("CONV_2D", [x, w, b], [y], padding="VALID", strideH=1, strideW=1)
    source = np.full(shape, 127, np.int8)
    (result,) = outputs_of(model.build([y]), [source])
    total = (70000 * 127 * 255 + 2**31) % 2**32 - 2**31
    assert result.item() == round(total / 2**24)


@pytest.mark.parametrize("channels", [1, 3, 4, 5, 8])
def test_explicit_padding_is_that_of_a_pad_before(channels: int) -> None:
    """A folded PAD: the convolution with explicit padding gives the bytes of LiteRT's PAD and CONV_2D."""
    random = np.random.default_rng(channels)
    source = random.integers(-128, 128, (1, 5, 6, 2)).astype(np.int8)
    weights = random.integers(-127, 128, (channels, 3, 3, 2)).astype(np.int8)
    bias = random.integers(-500, 500, channels).astype(np.int32)
    model = ModelBuilder()
    x = model.input("x", source.shape, "int8", scale=0.1, zero_point=7)
    p = model.constant("p", np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int32))
    padded = model.tensor("padded", (1, 8, 9, 2), "int8", scale=0.1, zero_point=7)
    w = model.constant("w", weights, scale=0.02)
    b = model.constant("b", bias, scale=0.002)
    y = model.tensor("y", (1, 3, 4, channels), "int8", scale=0.3, zero_point=-5)
    model.operator("PAD", [x, p], [padded])
    model.operator("CONV_2D", [padded, w, b], [y], padding="VALID", strideH=2, strideW=2)
    (want,) = litert(model.build([y]), [source])
    operator = Conv2D((2, 2), (1, 1), ExplicitPadding(top=2, bottom=1, left=0, right=3))
    sources = [
        (tensor("x", source.shape, DType.S8, 0.1, 7), source),
        (tensor("w", weights.shape, DType.S8, 0.02, 0, weights), weights),
        (tensor("b", bias.shape, DType.S32, 0.002, 0, bias), bias),
    ]
    lowered = lower(operator, sources, tensor("y", (1, 3, 4, channels), DType.S8, 0.3, -5))
    np.testing.assert_array_equal(lowered.run_every_way(), want, strict=True)
