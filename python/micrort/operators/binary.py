"""ADD, SUB, MUL, MINIMUM, MAXIMUM: arithmetic with two operands, either of which is repeated to the other's shape.

Sources: tensorflow/lite/micro/kernels/{add,sub,mul}_common.cc, maximum_minimum.cc. One thing differs on purpose:
TensorFlow Lite Micro ignores the activation that is fused to an int32 ADD, but honours it in SUB and MUL; here (and
in LiteRT) ADD honours it too.

LiteRT 2.3 computes the factors of SUB in float64 and that of MUL in float32, TensorFlow Lite Micro the other way
round: of int16 outputs, about one in some thousands differs between the two by 1. The target's are made here.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from micrort.ir import DType, InPlace, KernelCall, Operands, Quantisation
from micrort.operators.axes import RANK_MAX
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.broadcast import broadcast_attrs, broadcast_shape
from micrort.operators.quantise import INTEGER_RANGE, Activation, activation_range, quantise_multiplier
from micrort.operators.rules import FLOAT_MAX, one_dtype, plain_int32

_QUANTISED = (DType.S8, DType.S16)
_LEFT_SHIFT = {DType.S8: 20, DType.S16: 15}


@constraint("reshape or repeat one operand so that the shapes fit")
def shapes_fit(_: Any, operands: Operands) -> str | None:
    """operands of one shape, or of shapes that broadcast, of 6 dimensions at most"""
    left, right = operands.input(0).shape, operands.input(1).shape
    shape = broadcast_shape(left, right)
    if shape is None:
        return f"operands of shapes {list(left)} and {list(right)} do not broadcast"
    if len(shape) > RANK_MAX:
        return f"operands of {len(shape)} dimensions"
    return None


@constraint("convert again with a representative data set that covers the layer's real outputs")
def output_scale_is_usual(_: Any, operands: Operands) -> str | None:
    """an output scale above the larger input scale / 2**19 (int8) or / 2**14 (int16)"""
    # SUB rounds the factor to float32, which must not make it 1.
    if operands.output.dtype not in _QUANTISED or _sum_factor(operands) < 1.0 - 2.0**-22:
        return None
    scales = [str(_quantisation(operands, index).scale) for index in (0, 1)]
    return f"input scales {' and '.join(scales)}, output scale {_output(operands).scale}"


@constraint("quantise int16 tensors symmetrically, with zero point 0")
def symmetric_s16(_: Any, operands: Operands) -> str | None:
    """int16 tensors with zero point 0"""
    if operands.output.dtype is not DType.S16:
        return None
    points = [item.zero_point for item in (_quantisation(operands, 0), _quantisation(operands, 1), _output(operands))]
    return f"zero points {points}" if any(points) else None


@dataclass(frozen=True)
class Binary(Operator):
    """Inputs: two operands. Output: of their broadcast shape and dtype."""

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...] | None:
        """The broadcast shape."""
        shape = broadcast_shape(operands.input(0).shape, operands.input(1).shape)
        assert shape is not None
        return (shape,)

    @abstractmethod
    def arithmetic(self, operands: Operands) -> dict[str, int | float]:
        """The members of the attribute struct beside the broadcast."""

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of <operator>_<dtype>; an operand of the output's size offers its memory."""
        left, right, output = operands.input(0), operands.input(1), operands.output
        offers = tuple(
            InPlace(input=index)
            for index, operand in enumerate((left, right))
            if not operand.is_constant and operand.elements == output.elements
        )
        call = KernelCall(
            name=name,
            kernel=f"{self.name}_{output.dtype.suffix}",
            inputs=(left.name, right.name),
            outputs=(output.name,),
            attrs={**broadcast_attrs(left.shape, right.shape), **self.arithmetic(operands)},
            in_place=offers,
            operator=self.name,
        )
        return Lowering(calls=(call,))


_TYPES = one_dtype(DType.S8, DType.S16, DType.S32, DType.F32)


@dataclass(frozen=True)
class Add(Binary):
    """Input 0 + input 1."""

    activation: Activation = Activation.NONE

    name: ClassVar[str] = "add"
    constraints: ClassVar[tuple[Constraint, ...]] = (_TYPES, plain_int32, shapes_fit, output_scale_is_usual)

    def arithmetic(self, operands: Operands) -> dict[str, int | float]:
        """Both operands at a common scale, in float64."""
        if operands.output.dtype not in _QUANTISED:
            return _plain_clamp(self.activation, operands.output.dtype)
        twice_larger = 2 * max(_quantisation(operands, index).scale for index in (0, 1))
        factors = [_quantisation(operands, index).scale / twice_larger for index in (0, 1)]
        return _addition_attrs(self.activation, operands, factors, _sum_factor(operands))


@dataclass(frozen=True)
class Sub(Binary):
    """Input 0 - input 1."""

    activation: Activation = Activation.NONE

    name: ClassVar[str] = "sub"
    constraints: ClassVar[tuple[Constraint, ...]] = (_TYPES, plain_int32, shapes_fit, output_scale_is_usual)

    def arithmetic(self, operands: Operands) -> dict[str, int | float]:
        """Like Add, but in float32, as the original computes it."""
        if operands.output.dtype not in _QUANTISED:
            return _plain_clamp(self.activation, operands.output.dtype)
        scales = [np.float32(_quantisation(operands, index).scale) for index in (0, 1)]
        twice_larger = np.float32(2) * max(scales)
        unit = np.float32(1 << _LEFT_SHIFT[operands.output.dtype]) * np.float32(_output(operands).scale)
        factors = [float(scale / twice_larger) for scale in scales]
        return _addition_attrs(self.activation, operands, factors, float(twice_larger / unit))


@dataclass(frozen=True)
class Mul(Binary):
    """Input 0 * input 1."""

    activation: Activation = Activation.NONE

    name: ClassVar[str] = "mul"
    constraints: ClassVar[tuple[Constraint, ...]] = (_TYPES, plain_int32, shapes_fit, symmetric_s16)

    def arithmetic(self, operands: Operands) -> dict[str, int | float]:
        """One multiplier for the product of both operands."""
        if operands.output.dtype not in _QUANTISED:
            return _plain_clamp(self.activation, operands.output.dtype)
        left, right, output = _quantisation(operands, 0), _quantisation(operands, 1), _output(operands)
        multiplier, shift = quantise_multiplier(left.scale * right.scale / output.scale)
        low, high = activation_range(self.activation, operands.output)
        return {
            "input0_offset": -left.zero_point,
            "input1_offset": -right.zero_point,
            "output_offset": output.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "activation_min": low,
            "activation_max": high,
        }


@dataclass(frozen=True)
class Extremum(Binary):
    """Compares elements as they are stored: like the original, it looks at no scale."""

    constraints: ClassVar[tuple[Constraint, ...]] = (_TYPES, shapes_fit)

    def arithmetic(self, operands: Operands) -> dict[str, int | float]:  # noqa: ARG002
        """None."""
        return {}


@dataclass(frozen=True)
class Minimum(Extremum):
    """The smaller of both elements."""

    name: ClassVar[str] = "minimum"


@dataclass(frozen=True)
class Maximum(Extremum):
    """The larger of both elements."""

    name: ClassVar[str] = "maximum"


def _quantisation(operands: Operands, index: int) -> Quantisation:
    quantisation = operands.input(index).quantisation
    assert quantisation is not None
    return quantisation


def _output(operands: Operands) -> Quantisation:
    assert operands.output.quantisation is not None
    return operands.output.quantisation


def _sum_factor(operands: Operands) -> float:
    """From the scale of shifted sums to the output's scale."""
    twice_larger = 2 * max(_quantisation(operands, index).scale for index in (0, 1))
    return twice_larger / ((1 << _LEFT_SHIFT[operands.output.dtype]) * _output(operands).scale)


def _addition_attrs(
    activation: Activation, operands: Operands, factors: list[float], output_factor: float
) -> dict[str, int | float]:
    attrs: dict[str, int | float] = {}
    for index, factor in enumerate(factors):
        multiplier, shift = quantise_multiplier(factor)
        attrs[f"input{index}_offset"] = -_quantisation(operands, index).zero_point
        attrs[f"input{index}_multiplier"] = multiplier
        attrs[f"input{index}_shift"] = shift
    attrs["output_offset"] = _output(operands).zero_point
    attrs["output_multiplier"], attrs["output_shift"] = quantise_multiplier(output_factor)
    attrs["activation_min"], attrs["activation_max"] = activation_range(activation, operands.output)
    return attrs


def _plain_clamp(activation: Activation, dtype: DType) -> dict[str, int | float]:
    """The clamp of an output without quantisation, int32 or float32."""
    low, high = activation.bounds
    if dtype is DType.S32:
        lowest, largest = INTEGER_RANGE[dtype]
        return {"activation_min": int(max(low, lowest)), "activation_max": int(min(high, largest))}
    return {"activation_min": max(low, -FLOAT_MAX), "activation_max": min(high, FLOAT_MAX)}
