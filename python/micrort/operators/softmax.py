"""SOFTMAX along the last axis.

Sources: tensorflow/lite/micro/kernels/softmax_common.cc, PreprocessSoftmaxScaling and CalculateInputRadius in
tensorflow/lite/kernels/internal/quantization_util.cc, LUTPopulateInt16 in tensorflow/lite/kernels/internal/common.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from micrort.ir import DType, InPlace, KernelCall, Operands, Tensor
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import quantise_multiplier, round_half_away

DEPTH_MAX_S16 = 65535
_TABLE_STEPS = 512
_INTEGER_BITS = 5
"""Differences of int8 inputs are scaled to Q5.26."""
_TYPES = {
    (DType.S8, DType.S8): "s8",
    (DType.S8, DType.S16): "s8_s16",
    (DType.S16, DType.S16): "s16",
    (DType.F32, DType.F32): "f32",
}
_OUTPUT_QUANTISATION = {"s8": (1 / 256, -128), "s8_s16": (1 / 65536, -32768), "s16": (1 / 32768, 0)}


@constraint("convert with full int8 quantisation, or keep it in float32")
def supported_types(_: Operator, operands: Operands) -> str | None:
    """int8 to int8 or int16, int16 to int16, float32 to float32"""
    types = (operands.input(0).dtype, operands.output.dtype)
    return None if types in _TYPES else f"input and output have types {types[0].value}, {types[1].value}"


@constraint("reshape the input to [N, C]")
def has_last_axis(_: Operator, operands: Operands) -> str | None:
    """an input of at least one dimension; for int16 a last one of 65535 elements at most"""
    shape = operands.input(0).shape
    if not shape:
        return "the input is a scalar"
    if operands.input(0).dtype is DType.S16 and shape[-1] > DEPTH_MAX_S16:
        return f"the last dimension has {shape[-1]} elements"
    return None


@constraint("convert with the standard quantisation of TensorFlow Lite, which fixes the output of a softmax")
def usual_output(_: Operator, operands: Operands) -> str | None:
    """output scale 1/256, zero point -128 (int8); 1/65536, -32768 (int8 to int16); 1/32768, 0 (int16)"""
    wanted = _OUTPUT_QUANTISATION.get(_kind(operands))
    if wanted is None:
        return None
    found = operands.output.quantisation
    assert found is not None
    # TensorFlow Lite Micro wants an int8 scale to be exact, and forgives int16 one part in a thousand.
    tolerance = 0.0 if operands.output.dtype is DType.S8 else wanted[0] / 1000
    if abs(found.scale - wanted[0]) <= tolerance and found.zero_point == wanted[1]:
        return None
    return f"the output has scale {found.scale} and zero point {found.zero_point}"


@constraint("quantise the int16 input symmetrically, with zero point 0")
def symmetric_s16(_: Operator, operands: Operands) -> str | None:
    """an int16 input of zero point 0"""
    source = operands.input(0)
    if source.dtype is not DType.S16 or (source.quantisation is not None and source.quantisation.zero_point == 0):
        return None
    return "the int16 input has a zero point"


@constraint("scale the input up, or use a larger beta")
def differences_count(operator: Softmax, operands: Operands) -> str | None:
    """a finite positive beta; with int8 an input scale * beta above 2**-26"""
    if not (math.isfinite(operator.beta) and operator.beta > 0):
        return f"beta is {operator.beta}"
    source = operands.input(0)
    if source.dtype is DType.S8 and _differences_factor(operator.beta, source) <= 1.0:
        assert source.quantisation is not None
        return f"input scale {source.quantisation.scale}, beta {operator.beta}"
    return None


@dataclass(frozen=True)
class Softmax(Operator):
    """Input of any shape; output of the same shape: exp(beta * x) / sum of exp(beta * x) along the last axis."""

    beta: float = 1.0
    """A float32."""

    name: ClassVar[str] = "softmax"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        supported_types,
        has_last_axis,
        usual_output,
        symmetric_s16,
        differences_count,
    )

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...] | None:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of softmax_<dtypes>, in place where input and output have one dtype."""
        source, output = operands.input(0), operands.output
        kind = _kind(operands)
        tables = tuple(_tables(name)) if kind == "s16" else ()
        call = KernelCall(
            name=name,
            kernel=f"softmax_{kind}",
            inputs=(source.name, *(table.name for table in tables)),
            outputs=(output.name,),
            attrs={"depth": source.shape[-1], **self._scaling(kind, source)},
            in_place=(InPlace(input=0),) if source.dtype is output.dtype else (),
            operator=self.name,
        )
        return Lowering(calls=(call,), constants=tables)

    def _scaling(self, kind: str, source: Tensor) -> dict[str, int | float]:
        if kind == "f32":
            return {"beta": self.beta}
        assert source.quantisation is not None
        if kind == "s16":
            multiplier, shift = quantise_multiplier(source.quantisation.scale * self.beta / (10.0 / 65535.0))
            return {"multiplier": multiplier, "shift": shift}
        multiplier, shift = quantise_multiplier(_differences_factor(self.beta, source))
        bits = 31 - _INTEGER_BITS
        radius = math.floor(((1 << _INTEGER_BITS) - 1) * (1 << bits) / (1 << shift))
        # No difference of two int8 exceeds 255.
        return {"multiplier": multiplier, "shift": shift, "diff_min": max(-radius, -255)}


def _kind(operands: Operands) -> str:
    return _TYPES[operands.input(0).dtype, operands.output.dtype]


def _differences_factor(beta: float, source: Tensor) -> float:
    """From differences of int8 inputs to Q5.26, at most what int32 can hold."""
    assert source.quantisation is not None
    return min(beta * source.quantisation.scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))


def _tables(name: str) -> tuple[Tensor, Tensor]:
    exponential, reciprocal = _table_elements()
    return (
        Tensor(f"{name}/exp", exponential.shape, DType.S16, data=exponential),
        Tensor(f"{name}/reciprocal", reciprocal.shape, DType.S16, data=reciprocal),
    )


@lru_cache(maxsize=1)
def _table_elements() -> tuple[np.ndarray, np.ndarray]:
    """exp over [-10, 0] and 1 / (1 + x) over [0, 1], in Q0.15."""
    exponential = _table(_single(10 / 65535), 32767, math.exp)
    reciprocal = _table(_single(1 / 65535), -32768, lambda x: 1 / _single(1 + x))
    return exponential, reciprocal


def _table(input_scale: float, zero_point: int, function: Callable[[float], float]) -> np.ndarray:
    """`function` at 513 points of the int16 inputs' range, int16 with 32768 for 1.

    Each step is moved by half of its error in the middle, so that interpolation errs to both sides. TensorFlow Lite
    Micro computes in float32: so does this, by rounding each result. (LiteRT 2.3 computes in float64, which changes
    two elements of the second table, and one int16 probability of some ten thousands by 1.)
    """
    unit = _single(2 / 65535)
    low, high = _single(input_scale * (-32768 - zero_point)), _single(input_scale * (32767 - zero_point))
    step = _single(_single(high - low) / _TABLE_STEPS)
    inverse = _single(65536 / _single(_single(unit * 32767) - _single(unit * -32768)))

    def sample(x: float) -> float:
        return _single(_single(function(x)) * inverse)

    def start(index: int) -> float:
        return _single(low + _single(index * step))

    values = []
    for index in range(_TABLE_STEPS):
        here = round_half_away(sample(start(index)))
        interpolated = round_half_away(_single(sample(start(index + 1)) + here) / 2)
        error = interpolated - round_half_away(sample(_single(start(index) + step / 2)))
        values.append(here - round_half_away(error / 2))
    values.append(round_half_away(sample(high)))
    return np.clip(values, -32768, 32767).astype(np.int16)


def _single(value: float) -> float:
    """`value` rounded to float32."""
    return float(np.float32(value))
