"""What add, sub, mul, minimum, maximum, pooling, mean and softmax refuse, and what they say of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.lowered import tensor

from micrort.ir import DType, Operands, Tensor
from micrort.operators.base import Operator
from micrort.operators.binary import Add, Maximum, Minimum, Mul, Sub
from micrort.operators.mean import Mean
from micrort.operators.pool2d import AveragePool2D, MaxPool2D
from micrort.operators.quantise import Activation
from micrort.operators.softmax import Softmax
from micrort.operators.window import ExplicitPadding, Padding


def s8(shape: tuple[int, ...] = (1, 4), scale: float = 0.5, zero_point: int = 0) -> Tensor:
    return tensor("t", shape, DType.S8, scale, zero_point)


def s16(shape: tuple[int, ...] = (1, 4), scale: float = 0.5, zero_point: int = 0) -> Tensor:
    return tensor("t", shape, DType.S16, scale, zero_point)


def plain(dtype: DType, shape: tuple[int, ...] = (1, 4)) -> Tensor:
    return tensor("t", shape, dtype)


IMAGE = (1, 6, 6, 2)
PROBABILITY = s8(scale=1 / 256, zero_point=-128)
REFUSED: list[tuple[Operator, list[Tensor], Tensor, str]] = [
    (Add(), [s8(), s16()], s8(), "int8, int16, int8"),
    (Sub(), [s8(), s8()], s16(), "int8, int8, int16"),
    (Mul(), [plain(DType.U8), plain(DType.U8)], plain(DType.U8), "uint8"),
    (Maximum(), [plain(DType.BOOL), plain(DType.BOOL)], plain(DType.BOOL), "bool"),
    (Add(), [s8((1, 4)), s8((1, 3))], s8(), r"\[1, 4\] and \[1, 3\] do not broadcast"),
    (Minimum(), [s8((1,) * 7), s8()], s8((1, 1, 1, 1, 1, 1, 4)), "7 dimensions"),
    (Add(), [s8(scale=1.0), s8(scale=2.0)], s8(scale=2.0**-18), "scales 1.0 and 2.0"),
    (Sub(), [s16(scale=1.0), s16(scale=2.0)], s16(scale=2.0**-13), "scales 1.0 and 2.0"),
    (Mul(), [s16(), s16(zero_point=1)], s16(), r"\[0, 1, 0\]"),
    (Add(), [tensor("t", (4,), DType.S32, 0.5)] * 2, plain(DType.S32, (4,)), "'t' is quantised"),
    (MaxPool2D((2, 2), (1, 1), Padding.VALID), [s8((6, 6, 2))], s8((5, 5, 2)), "3 dimensions"),
    (MaxPool2D((2, 2), (1, 1), Padding.VALID), [s8(IMAGE)], s8((1, 5, 5, 2), scale=0.6), "differently"),
    (AveragePool2D((7, 2), (1, 1), Padding.VALID), [s8(IMAGE)], s8((1, 0, 5, 2)), "misses"),
    (AveragePool2D((2, 2), (1, 1), ExplicitPadding(2, 0, 0, 0)), [s8(IMAGE)], s8((1, 7, 5, 2)), "misses"),
    (AveragePool2D((2, 2), (2, 2), ExplicitPadding(1, 3, 0, 0)), [s8(IMAGE)], s8((1, 5, 3, 2)), "misses"),
    (AveragePool2D((256, 256), (1, 1), Padding.VALID), [s8((1, 256, 256, 1))], s8((1, 1, 1, 1)), "65536 elements"),
    (Mean((1,)), [s8()], s16((1,)), "int8, int16"),
    (Mean((2,)), [s8()], s8((1,)), "axis 2 of an input of 2"),
    (Mean((-3,)), [s8()], s8((1,)), "axis -3"),
    (Mean((0,)), [s8((1,) * 7)], s8((1,) * 6), "7 dimensions"),
    (Softmax(), [s16()], s8(), "int16, int8"),
    (Softmax(), [s8(())], s8((), 1 / 256, -128), "scalar"),
    (Softmax(), [s8()], s8(scale=1 / 128, zero_point=-128), "scale 0.0078125"),
    (Softmax(), [s8()], s8(scale=1 / 256), "zero point 0"),
    (Softmax(), [s16(zero_point=3)], s16(scale=1 / 32768), "has a zero point"),
    (Softmax(), [s16((1, 65536))], s16((1, 65536), 1 / 32768), "65536 elements"),
    (Softmax(0.0), [s8()], PROBABILITY, "beta is 0.0"),
    (Softmax(float("nan")), [s8()], PROBABILITY, "beta is nan"),
    (Softmax(1e-9), [s8()], PROBABILITY, "beta 1e-09"),
]


@pytest.mark.parametrize(("operator", "sources", "output", "reason"), REFUSED)
def test_refusals_name_the_reason(operator: Operator, sources: list[Tensor], output: Tensor, reason: str) -> None:
    (problem,) = operator.problems(Operands(tuple(sources), (output,)))
    assert re.search(reason, problem.reason)
    assert problem.supported and problem.suggestion


def test_int32_addition_honours_its_activation() -> None:
    """Documented difference: TensorFlow Lite Micro ignores it."""
    operands = Operands((plain(DType.S32), plain(DType.S32)), (plain(DType.S32),))
    (call,) = Add(Activation.RELU6).lower("node", operands).calls
    assert (call.attrs["activation_min"], call.attrs["activation_max"]) == (0, 6)


def test_the_largest_beta_keeps_the_shift_legal() -> None:
    (call,) = Softmax(1e6).lower("node", Operands((s8(),), (PROBABILITY,))).calls
    assert call.attrs["shift"] == 30


def test_softmax_tables_begin_and_end_where_the_functions_do() -> None:
    operands = Operands((s16(scale=1 / 4096),), (s16(scale=1 / 32768),))
    exponential, reciprocal = (constant.data for constant in Softmax().lower("node", operands).constants)
    assert exponential is not None and reciprocal is not None
    at = np.linspace(-10, 0, 513)
    assert np.abs(exponential - np.minimum(np.exp(at) * 32768, 32767)).max() <= 1.5
    assert np.abs(reciprocal - np.minimum(32768 / (1 + np.linspace(0, 1, 513)), 32767)).max() <= 1.5
