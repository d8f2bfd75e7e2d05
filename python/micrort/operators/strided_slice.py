"""STRIDED_SLICE and SLICE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import Operands
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.strided import View, copy_view, dense_strides, movable, rank_fits


@constraint("give one begin, end and stride for each dimension")
def slice_fits(operator: Operator, operands: Operands) -> str | None:
    """begin, end and strides of one length, strides not 0, at most one ellipsis, a slice that is not empty"""
    assert isinstance(operator, StridedSlice)
    shape = operands.input(0).shape
    if not len(operator.begin) == len(operator.end) == len(operator.strides) or 0 in operator.strides:
        return f"begin {list(operator.begin)}, end {list(operator.end)}, strides {list(operator.strides)}"
    if operator.ellipsis_mask & (operator.ellipsis_mask - 1):
        return f"ellipsis mask {operator.ellipsis_mask}"
    if operator.consumed() > len(shape):
        return f"{operator.consumed()} dimensions are sliced, the input has {len(shape)}"
    for part in operator.parts(shape):
        if part.size < 1 or not 0 <= part.begin < part.extent:
            return f"the slice of {list(shape)} is empty"
    return None


@dataclass(frozen=True)
class Part:
    """The slice along one axis of the input, or a new axis."""

    begin: int
    size: int
    stride: int
    extent: int
    """The input's size along the axis; 1 for a new one."""
    new: bool = False
    shrunk: bool = False
    """The axis is not in the output."""


@dataclass(frozen=True)
class StridedSlice(Operator):
    """Input 0 from `begin` to `end` in `strides`, as Python slices; masks have a bit for each entry.

    begin_mask, end_mask: the entry is left out. shrink_axis_mask: index, not slice. ellipsis_mask: `...`.
    new_axis_mask: an axis of size 1. Further inputs are known at compile time.

    Source: tensorflow/lite/kernels/internal/strided_slice_logic.h; tf.strided_slice for ellipsis and new axes,
    which TensorFlow Lite Micro does not have.
    """

    begin: tuple[int, ...]
    end: tuple[int, ...]
    strides: tuple[int, ...]
    begin_mask: int = 0
    end_mask: int = 0
    shrink_axis_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0

    name: ClassVar[str] = "strided_slice"
    constraints = (movable, rank_fits, slice_fits)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The sizes of the axes that stay."""
        return (tuple(part.size for part in self.parts(operands.input(0).shape) if not part.shrunk),)

    def consumed(self) -> int:
        """Axes of the input that entries name."""
        skipped = self.ellipsis_mask | self.new_axis_mask
        return sum(1 for entry in range(len(self.begin)) if not skipped >> entry & 1)

    def parts(self, shape: tuple[int, ...]) -> Iterator[Part]:
        """What the entries mean, in the order of the output's axes; every axis of the input once."""
        axis = 0
        for entry in range(len(self.begin)):
            if self.ellipsis_mask >> entry & 1:
                for _ in range(len(shape) - self.consumed()):
                    yield Part(0, shape[axis], 1, shape[axis])
                    axis += 1
            elif self.new_axis_mask >> entry & 1:
                yield Part(0, 1, 1, 1, new=True)
            else:
                yield self._part(entry, shape[axis])
                axis += 1
        for size in shape[axis:]:
            yield Part(0, size, 1, size)

    def _part(self, entry: int, extent: int) -> Part:
        stride = self.strides[entry]
        # A forward slice runs within 0..extent, a backward one within extent - 1..-1.
        low, high = (0, extent) if stride > 0 else (-1, extent - 1)
        begin = _position(self.begin[entry], extent, low, high)
        if self.begin_mask >> entry & 1:
            begin = low if stride > 0 else high
        if self.shrink_axis_mask >> entry & 1:
            return Part(begin, 1, 1, extent, shrunk=True)
        end = _position(self.end[entry], extent, low, high)
        if self.end_mask >> entry & 1:
            end = high if stride > 0 else low
        return Part(begin, max(0, -(-(end - begin) // stride)), stride, extent)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of strided_copy; an alias where everything is taken."""
        source = operands.input(0)
        steps = iter(dense_strides(source.shape))
        start, sizes, strides = 0, [], []
        for part in self.parts(source.shape):
            step = 0 if part.new else next(steps)
            start += part.begin * step
            sizes.append(part.size)
            strides.append(part.stride * step)
        return copy_view(self, name, source, operands.output, View(start, tuple(sizes), tuple(strides)))


def _position(value: int, extent: int, low: int, high: int) -> int:
    """An index that may count from the end, limited to low..high."""
    return max(low, min(value + extent if value < 0 else value, high))


@constraint("keep begin and size within the input")
def size_fits(operator: Operator, operands: Operands) -> str | None:
    """begin and size for each dimension, within the input; size -1: up to the end"""
    assert isinstance(operator, Slice)
    shape = operands.input(0).shape
    if not len(operator.begin) == len(operator.size) == len(shape):
        return f"begin {list(operator.begin)} and size {list(operator.size)} for {len(shape)} dimensions"
    for begin, size, extent in zip(operator.begin, operator.resolved(shape), shape, strict=True):
        if begin < 0 or size < 1 or begin + size > extent:
            return f"begin {list(operator.begin)}, size {list(operator.size)} of {list(shape)}"
    return None


@dataclass(frozen=True)
class Slice(Operator):
    """`size` elements of input 0 from `begin` on, for each dimension. Further inputs are known at compile time."""

    begin: tuple[int, ...]
    size: tuple[int, ...]
    """-1: up to the end."""

    name: ClassVar[str] = "slice"
    constraints = (movable, rank_fits, size_fits)

    def resolved(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes, with -1 replaced."""
        return tuple(
            extent - begin if size == -1 else size
            for begin, size, extent in zip(self.begin, self.size, shape, strict=True)
        )

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The sizes."""
        return (self.resolved(operands.input(0).shape),)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of strided_copy; an alias where everything is taken."""
        source = operands.input(0)
        strides = dense_strides(source.shape)
        start = sum(begin * stride for begin, stride in zip(self.begin, strides, strict=True))
        return copy_view(self, name, source, operands.output, View(start, self.resolved(source.shape), strides))
