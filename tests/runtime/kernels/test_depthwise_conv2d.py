"""DEPTHWISE_CONV_2D: frontend, lowering and C kernels against LiteRT's reference, which gives the target's bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lowered import lower, tensor
from tests.operators.differential import assert_like_litert
from tests.runtime.kernels.convolutions import Model, models

from micrort.frontends import tflite
from micrort.ir import DType, InPlace
from micrort.native import kernels
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.window import Padding, Window

TOLERANCE = 1e-5


@settings(max_examples=150, deadline=None)
@given(model=models(True, "int8"))
def test_int8(model: Model) -> None:
    assert_like_litert(model.data, [model.source])


@settings(max_examples=60, deadline=None)
@given(model=models(True, "int16", "int64"))
def test_int16(model: Model) -> None:
    assert_like_litert(model.data, [model.source])


@settings(max_examples=80, deadline=None)
@given(model=models(True, "float32"))
def test_float(model: Model) -> None:
    assert_like_litert(model.data, [model.source], tolerance=TOLERANCE)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_lowering_offers_the_input_a_few_rows_behind_the_output(dtype: str, data: st.DataObject) -> None:
    """The offer holds in any cut of rows, and with the input further behind."""
    model = data.draw(models(True, dtype, "int64" if dtype == "int16" else "int32"))
    graph = tflite.load(model.data, "model", "model.tflite")
    (node,) = graph.nodes
    lowering = node.operator.lower(node.name, graph.operands(node))
    (call,) = lowering.calls
    output = graph.operands(node).output
    assert len(call.in_place) == (1 if model.geometry.source[0] == 1 else 0)
    values = {tensor.name: tensor.data for tensor in (*graph.tensors.values(), *lowering.constants)}
    inputs = [model.source, *(values[name] for name in call.inputs[1:])]
    made = [(output.shape, output.dtype)]
    (whole,) = kernels.call(call.kernel, call.attrs, inputs, made)
    cuts = data.draw(st.lists(st.integers(0, output.rows), max_size=4).map(sorted))
    rows = list(zip([0, *cuts], [*cuts, output.rows], strict=True))
    for offer in call.in_place:
        slack = data.draw(st.sampled_from([0, 8, 64]))
        place = InPlace(offer.input, offer.output, offer.delta + slack)
        (shared,) = kernels.call(call.kernel, call.attrs, inputs, made, rows, place)
        np.testing.assert_array_equal(shared, whole, strict=True)


def test_the_offer_at_stride_1_is_the_rows_under_the_window_above_the_current_one() -> None:
    """3 x 3, SAME: output row y needs input rows y - 1 on, so that the input may lie two rows behind."""
    source = tensor("x", (1, 8, 8, 4), DType.S8, 1.0)
    window = Window((3, 3), (1, 1), (1, 1), Padding.SAME)
    assert window.in_place(source, source) == (InPlace(0, 0, 2 * 32),)


def test_an_offer_one_row_tighter_would_be_wrong() -> None:
    """The test above can fail: with a row less, output overwrites input that is still needed."""
    random = np.random.default_rng(1)
    source = random.integers(-128, 128, (1, 8, 8, 4)).astype(np.int8)
    weights = random.integers(-127, 128, (1, 3, 3, 4)).astype(np.int8)
    sources = [(tensor("x", source.shape, DType.S8, 1.0), source)]
    sources.append((tensor("w", weights.shape, DType.S8, 0.01, 0, weights), weights))
    operator = DepthwiseConv2D((1, 1), (1, 1), Padding.SAME)
    lowered = lower(operator, sources, tensor("y", source.shape, DType.S8, 5.0))
    (offer,) = lowered.call.in_place
    tight = InPlace(0, 0, offer.delta - 32)
    assert not np.array_equal(lowered.run(in_place=tight), lowered.run())
