"""QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import DType, Operands
from micrort.operators import unary
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.quantise import INTEGER_RANGE, quantise_multiplier

_REQUANTISED = {
    (DType.S8, DType.S8),
    (DType.S8, DType.U8),
    (DType.S8, DType.S16),
    (DType.S8, DType.S32),
    (DType.U8, DType.S8),
    (DType.S16, DType.S8),
    (DType.S16, DType.S16),
    (DType.S16, DType.S32),
    (DType.S32, DType.S8),
    (DType.S32, DType.S16),
}
_QUANTISED = {(DType.F32, DType.S8), (DType.F32, DType.S16)}


@constraint("choose int8 for the model's inputs and outputs")
def quantisable(_: Operator, operands: Operands) -> str | None:
    """float32 or int32 to int8 or int16; int8 to any integer; uint8 to int8; int16 to int8, int16 or int32"""
    types = (operands.input(0).dtype, operands.output.dtype)
    if types in _REQUANTISED | _QUANTISED:
        return None
    return f"{types[0].value} to {types[1].value}"


@constraint("choose int8 for the model's inputs and outputs")
def dequantisable(_: Operator, operands: Operands) -> str | None:
    """int8, int16 or uint8 to float32"""
    source, output = operands.input(0).dtype, operands.output.dtype
    if source in (DType.S8, DType.S16, DType.U8) and output is DType.F32:
        return None
    return f"{source.value} to {output.value}"


@dataclass(frozen=True)
class Quantise(Operator):
    """Input and output of one shape: from float32, or from another quantisation.

    Source: tensorflow/lite/micro/kernels/quantize_common.cc, reference/quantize.h and requantize.h.
    """

    name: ClassVar[str] = "quantise"
    constraints = (unary.same_shape, quantisable, unary.quantised)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """quantise_f32_<type>, lut_s8 or requantise_<type>_<type>; nothing where nothing changes."""
        source, output = operands.input(0), operands.output
        after = unary.quantisation_of(output)
        if source.dtype is DType.F32:
            attrs = {"scale": after.scale, "zero_point": after.zero_point}
            return unary.call(self, name, operands, f"quantise_f32_{output.dtype.suffix}", attrs)
        before = unary.quantisation_of(source)
        if source.dtype is output.dtype and (before.scale, before.zero_point) == (after.scale, after.zero_point):
            return Lowering(aliases={output.name: source.name})
        multiplier = quantise_multiplier(before.scale / after.scale)
        limits = INTEGER_RANGE[output.dtype]
        if source.dtype.bytes == 1 and output.dtype.bytes == 1:
            return unary.table_call(self, name, operands, unary.requantiser(source, output, multiplier, *limits))
        attrs = unary.requantise_attrs(source, output, multiplier, *limits)
        return unary.call(self, name, operands, f"requantise_{source.dtype.suffix}_{output.dtype.suffix}", attrs)


@dataclass(frozen=True)
class Dequantise(Operator):
    """Input and output of one shape: scale * (q - zero_point) in float32."""

    name: ClassVar[str] = "dequantise"
    constraints = (unary.same_shape, dequantisable, unary.quantised)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's shape."""
        return (operands.input(0).shape,)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """dequantise_<type>_f32."""
        source = operands.input(0)
        before = unary.quantisation_of(source)
        attrs = {"scale": before.scale, "zero_point": before.zero_point}
        return unary.call(self, name, operands, f"dequantise_{source.dtype.suffix}_f32", attrs)
