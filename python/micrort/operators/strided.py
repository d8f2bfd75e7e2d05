"""Slices, transpositions and reversals as one call of the kernel strided_copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from micrort.ir import DType, KernelCall, Operands, Tensor
from micrort.operators.base import Constraint, Lowering, Operator, constraint

RANK_MAX = 6
MOVABLE_TYPES = (DType.S8, DType.U8, DType.S16, DType.S32, DType.U32, DType.F32, DType.BOOL)
"""Types whose elements the kernels can move one by one: 1, 2 or 4 bytes."""


@dataclass(frozen=True)
class View:
    """Elements of a dense tensor, `strides` elements apart along each axis, `start` the first; sizes at least 1."""

    start: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def is_dense(self) -> bool:
        """Whether the elements lie one behind the other."""
        expected = 1
        for size, stride in zip(reversed(self.sizes), reversed(self.strides), strict=True):
            if size > 1 and stride != expected:
                return False
            expected *= size
        return True


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Elements between neighbours along each axis of a dense tensor."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def same_movable_type(_: Operator, operands: Operands) -> str | None:
    """The rule of `movable`."""
    source, output = operands.input(0).dtype, operands.output.dtype
    if source == output and source in MOVABLE_TYPES:
        return None
    return f"input has type {source.value}, output {output.value}"


movable = Constraint(
    ", ".join(dtype.value for dtype in MOVABLE_TYPES) + "; output of the input's type",
    "cast the tensor to one of these types",
    same_movable_type,
)


@constraint("reshape the tensor to fewer dimensions first")
def rank_fits(_: Operator, operands: Operands) -> str | None:
    """at most 6 dimensions, none of them empty"""
    for role, tensor in (("input", operands.input(0)), ("output", operands.output)):
        if len(tensor.shape) > RANK_MAX or tensor.elements == 0:
            return f"the {role} has shape {list(tensor.shape)}"
    return None


def copy_view(operator: Operator, name: str, source: Tensor, output: Tensor, view: View) -> Lowering:
    """`view` of `source`, in the order of its axes, as `output`; an alias where that is the whole source as it lies.

    `view.sizes` without axes of size 1 are `output.shape` without them.
    """
    if view.start == 0 and view.is_dense and output.elements == source.elements:
        return Lowering(aliases={output.name: source.name})
    sizes, strides = _fit(view, output)
    attrs: dict[str, int | float] = {"element_bytes": source.dtype.bytes, "start": view.start}
    for axis in range(RANK_MAX):
        attrs[f"size_{axis}"] = sizes[axis]
        attrs[f"stride_{axis}"] = strides[axis]
    call = KernelCall(
        name=name,
        kernel="strided_copy",
        inputs=(source.name,),
        outputs=(output.name,),
        attrs=attrs,
        operator=operator.name,
    )
    return Lowering(calls=(call,))


def _fit(view: View, output: Tensor) -> tuple[list[int], list[int]]:
    """Six sizes and strides, of which the last two make a row of `output`; the longest run of elements comes last."""
    stride_of = iter([stride for size, stride in zip(view.sizes, view.strides, strict=True) if size > 1])
    sizes = [1] * (RANK_MAX - len(output.shape)) + list(output.shape)
    strides = [next(stride_of) if size > 1 else 0 for size in sizes]
    if sizes[5] == 1 or strides[4] == sizes[5] * strides[5]:
        stride = strides[4] if sizes[5] == 1 else strides[5]
        sizes[4:], strides[4:] = [1, sizes[4] * sizes[5]], [0, stride]
    return sizes, strides
