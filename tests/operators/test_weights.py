"""What operators with weights refuse, in which words; shapes, products and in-place offers of what they take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.lowered import tensor
from tests.shared import shared

from micrort import frontends
from micrort.errors import UnsupportedError
from micrort.ir import DType, Operands, Quantisation, Tensor
from micrort.operators.base import Operator
from micrort.operators.conv2d import Conv2D
from micrort.operators.depthwise_conv2d import DepthwiseConv2D
from micrort.operators.fully_connected import FullyConnected
from micrort.operators.quantise import Activation, float_activation_range
from micrort.operators.window import Padding

CONV2D = Conv2D((1, 1), (1, 1), Padding.SAME)
DEPTHWISE = DepthwiseConv2D((1, 1), (1, 1), Padding.SAME)
CONNECTED = FullyConnected()


def constant(name: str, shape: tuple[int, ...], dtype: DType, scale: float | None = None) -> Tensor:
    return tensor(name, shape, dtype, scale, data=np.zeros(shape, dtype.numpy))


def operands(operator: Operator, dtype: DType = DType.S8) -> Operands:
    """Operands that the operator takes."""
    scale = None if dtype is DType.F32 else 0.1
    weights_type = DType.F32 if dtype is DType.F32 else DType.S8
    bias_type = {DType.S8: DType.S32, DType.S16: DType.S64, DType.F32: DType.F32}[dtype]
    source, output, weights = {
        "conv2d": ((1, 6, 5, 4), (1, 6, 5, 8), (8, 3, 3, 4)),
        "depthwise_conv2d": ((1, 6, 5, 4), (1, 6, 5, 8), (1, 3, 3, 8)),
        "fully_connected": ((3, 6), (3, 8), (8, 6)),
    }[operator.name]
    return Operands(
        (
            tensor("x", source, dtype, scale),
            constant("w", weights, weights_type, scale),
            constant("b", (8,), bias_type, scale),
        ),
        (tensor("y", output, dtype, scale),),
    )


def changed(given: Operands, index: int, **fields: object) -> Operands:
    """The same operands with another input `index`, or output for index 3."""
    if index == 3:
        return Operands(given.inputs, (replace(given.output, **fields),))  # type: ignore[arg-type]
    inputs = list(given.inputs)
    inputs[index] = replace(given.input(index), **fields)  # type: ignore[arg-type]
    return Operands(tuple(inputs), given.outputs)


ALL = [CONV2D, DEPTHWISE, CONNECTED]
IDS = [operator.name for operator in ALL]


@pytest.mark.parametrize("dtype", [DType.S8, DType.S16, DType.F32])
@pytest.mark.parametrize("operator", ALL, ids=IDS)
def test_the_operands_of_these_tests_are_taken_with_and_without_bias(operator: Operator, dtype: DType) -> None:
    given = operands(operator, dtype)
    assert operator.problems(given) == []
    for bare in (Operands(given.inputs[:2], given.outputs), Operands((*given.inputs[:2], None), given.outputs)):
        assert operator.problems(bare) == []
        (bias, *_) = operator.lower("node", bare).constants
        assert bias.name == "node/bias"
        assert bias.dtype is given.input(2).dtype
        assert not bias.data.any()


REFUSALS = [
    (ALL, DType.F32, 1, {"dtype": DType.S8}, "dynamic-range quantisation"),
    (ALL, DType.S8, 1, {"dtype": DType.F32}, "input is int8, weights are float32, output is int8"),
    (ALL, DType.S8, 3, {"dtype": DType.S16}, "output is int16"),
    (ALL, DType.S8, 0, {"dtype": DType.U8}, "input is uint8"),
    (ALL[:2], DType.S8, 1, {"data": None}, "the weights 'w' are computed"),
    (ALL, DType.S8, 2, {"data": None}, "'b'"),
    (ALL, DType.S8, 2, {"dtype": DType.S64}, "the bias is int64 with input of int8"),
    (ALL, DType.F32, 2, {"dtype": DType.S32}, "the bias is int32 with input of float32"),
    (ALL, DType.S8, 2, {"shape": (7,)}, "7 biases for 8 output channels"),
    (ALL, DType.S8, 1, {"quantisation": Quantisation((0.1,), (3,))}, "zero point other than 0"),
    (ALL, DType.S8, 1, {"quantisation": Quantisation((0.1,) * 7, (0,) * 7, 0)}, "7 scales for 8 output channels"),
    (ALL, DType.S8, 1, {"quantisation": None}, "no scale"),
    (ALL, DType.S8, 3, {"quantisation": Quantisation((1e-12,), (0,))}, "the scale is"),
    (ALL, DType.S16, 3, {"quantisation": Quantisation((7e-5,), (0,))}, "the scale is 142"),
    (ALL[:2], DType.S16, 0, {"quantisation": Quantisation((0.1,), (1,))}, "'x' has the zero point 1"),
    (ALL[:2], DType.S16, 3, {"quantisation": Quantisation((0.1,), (-1,))}, "'y' has the zero point -1"),
    (ALL[1:2], DType.S16, 2, {"dtype": DType.S32}, "the bias is int32 with input of int16"),
    (ALL[:1], DType.S8, 1, {"shape": (8, 3, 3, 3)}, "weights of depth 3"),
    (ALL[:1], DType.S8, 1, {"shape": (6, 3, 3, 4)}, "6 filters for 8 output channels"),
    (ALL[:2], DType.S8, 0, {"shape": (6, 5, 4)}, "[6, 5, 4]"),
    (ALL[:2], DType.S8, 0, {"shape": (1, 40000, 5, 4)}, "input_height is 40000"),
    (ALL[1:2], DType.S8, 0, {"shape": (1, 6, 5, 3)}, "3 input channels, 8 output channels"),
    (ALL[1:2], DType.S8, 1, {"shape": (2, 3, 3, 8)}, "[2, 3, 3, 8]"),
    (ALL[2:], DType.S8, 1, {"shape": (8, 6, 1)}, "the weights have the shape [8, 6, 1]"),
    (ALL[2:], DType.S8, 0, {"shape": (3, 7)}, "the weights have the depth 6"),
    (ALL[2:], DType.S8, 3, {"shape": (2, 8)}, "the output has the shape [2, 8] for 3 vectors of 8 channels"),
    (ALL[2:], DType.S8, 3, {"shape": (8, 3)}, "the output has the shape [8, 3]"),
]


@pytest.mark.parametrize(
    ("operator", "dtype", "index", "fields", "words"),
    [(operator, *row) for operators, *row in REFUSALS for operator in operators],
)
def test_refusals_say_what_is_wrong(
    operator: Operator, dtype: DType, index: int, fields: dict[str, object], words: str
) -> None:
    (problem,) = operator.problems(changed(operands(operator, dtype), index, **fields))
    assert words in problem.reason
    assert problem.supported
    assert problem.suggestion


def test_an_int32_bias_widens_the_range_of_int16_scales() -> None:
    given = changed(operands(CONV2D, DType.S16), 3, quantisation=Quantisation((7e-5,), (0,)))
    assert CONV2D.problems(changed(given, 2, dtype=DType.S32)) == []


def test_keep_num_dims_asks_for_vectors_in_the_last_dimension() -> None:
    given = changed(operands(CONNECTED), 0, shape=(3, 3, 2))
    assert CONNECTED.problems(given) == []
    (problem,) = FullyConnected(keep_num_dims=True).problems(given)
    assert "[3, 3, 2]" in problem.reason


def test_weights_of_a_matrix_product_may_be_computed() -> None:
    assert CONNECTED.problems(changed(operands(CONNECTED), 1, data=None)) == []


def test_multiply_accumulates() -> None:
    assert CONV2D.macs(operands(CONV2D)) == 6 * 5 * 8 * 3 * 3 * 4
    assert DEPTHWISE.macs(operands(DEPTHWISE)) == 6 * 5 * 8 * 3 * 3
    assert CONNECTED.macs(operands(CONNECTED)) == 3 * 8 * 6


@pytest.mark.parametrize("operator", ALL[:2], ids=IDS[:2])
def test_output_shapes_follow_from_the_window(operator: Conv2D | DepthwiseConv2D) -> None:
    assert operator.output_shapes(operands(operator)) == ((1, 6, 5, 8),)
    valid = replace(operator, padding=Padding.VALID, stride=(2, 1), dilation=(1, 2))
    assert valid.output_shapes(operands(operator)) == ((1, 2, 1, 8),)


def test_an_open_clamp_of_floats_is_finite() -> None:
    """Graph JSON has no infinity, and the target clamps to the largest float too."""
    low, high = float_activation_range(Activation.NONE)
    assert (np.float32(low), np.float32(high)) == (np.finfo(np.float32).min, np.finfo(np.float32).max)
    assert float_activation_range(Activation.RELU6) == (0.0, 6.0)


def test_a_dynamic_range_model_is_refused_with_every_such_node() -> None:
    with pytest.raises(UnsupportedError) as caught:
        frontends.load(shared("models", "kws_ref_model_float32.tflite"))
    found = [item for item in caught.value.unsupported if "dynamic-range quantisation" in item.reason]
    assert [item.operator for item in found] == ["CONV_2D"] * 5
    assert all("representative data set" in item.suggestion for item in found)
