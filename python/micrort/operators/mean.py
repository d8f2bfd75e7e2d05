"""MEAN: averages along any axes.

Sources: tensorflow/lite/micro/kernels/reduce_common.cc and QuantizedMeanOrSum in
tensorflow/lite/kernels/internal/reference/reduce.h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import DType, KernelCall, Operands, Tensor
from micrort.operators.axes import NAMES, RANK_MAX, bits, folded
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import quantise_multiplier

_TYPES = (DType.S8, DType.S16, DType.F32)


@constraint("convert with full int8 quantisation, or keep it in float32")
def supported_types(_: Operator, operands: Operands) -> str | None:
    """input and output of one type: int8, int16, float32"""
    types = (operands.input(0).dtype, operands.output.dtype)
    if types[0] is types[1] and types[0] in _TYPES:
        return None
    return f"input and output have types {types[0].value}, {types[1].value}"


@constraint("drop axes of size 1 by a RESHAPE before the MEAN")
def few_dimensions(_: Operator, operands: Operands) -> str | None:
    """an input of 6 dimensions at most"""
    rank = len(operands.input(0).shape)
    return None if rank <= RANK_MAX else f"the input has {rank} dimensions"


@constraint("count axes from 0, or from the last one as -1")
def axes_exist(operator: Mean, operands: Operands) -> str | None:
    """axes of the input"""
    rank = len(operands.input(0).shape)
    wrong = [axis for axis in operator.axes if not -rank <= axis < rank]
    return f"axis {wrong[0]} of an input of {rank} dimensions" if wrong else None


@dataclass(frozen=True)
class Mean(Operator):
    """Input 0: any shape; further inputs are not looked at. Output: the same type, without the axes of the means."""

    axes: tuple[int, ...]
    """The axes to average over; negative ones count from the last; repetitions are ignored."""
    keep_dims: bool = False
    """Whether the output keeps these axes, with one element each."""

    name: ClassVar[str] = "mean"
    constraints: ClassVar[tuple[Constraint, ...]] = (supported_types, few_dimensions, axes_exist)

    def reduced(self, rank: int) -> set[int]:
        """The axes, counted from 0."""
        return {axis % rank for axis in self.axes}

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...] | None:
        """The input's shape with 1 for the axes, or without them."""
        shape = operands.input(0).shape
        reduced = self.reduced(len(shape))
        if self.keep_dims:
            return (tuple(1 if axis in reduced else size for axis, size in enumerate(shape)),)
        return (tuple(size for axis, size in enumerate(shape) if axis not in reduced),)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of mean_<dtype>."""
        source, output = operands.input(0), operands.output
        attrs: dict[str, int | float] = {**reduction_attrs(source.shape, self.reduced(len(source.shape)))}
        if source.dtype is not DType.F32:
            attrs.update(_rescaling(source, output))
        call = KernelCall(
            name=name,
            kernel=f"mean_{source.dtype.suffix}",
            inputs=(source.name,),
            outputs=(output.name,),
            attrs=attrs,
            operator=self.name,
        )
        return Lowering(calls=(call,))


def reduction_attrs(shape: tuple[int, ...], reduced: set[int]) -> dict[str, int]:
    """The members of mrt_reduction_t."""
    axes = folded(shape, (axis in reduced for axis in range(len(shape))), False)
    attrs = {name: size for name, (size, _) in zip(NAMES, axes, strict=True)}
    return {**attrs, "reduced": bits(is_reduced for _, is_reduced in axes)}


def _rescaling(source: Tensor, output: Tensor) -> dict[str, int]:
    """The rest of mrt_mean_attrs_t: the number of elements is divided into the multiplier, in integers."""
    assert source.quantisation is not None and output.quantisation is not None
    multiplier, shift = quantise_multiplier(source.quantisation.scale / output.quantisation.scale)
    count = source.elements // math.prod(output.shape)
    # As many bits as the division can give back, and no shift below -31.
    gained = min(count.bit_length() - 1, 32, 31 + shift)
    return {
        "input_offset": -source.quantisation.zero_point,
        "output_offset": output.quantisation.zero_point,
        "multiplier": (multiplier << gained) // count,
        "shift": shift - gained,
    }
