"""SPLIT, SPLIT_V and UNPACK."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import KernelCall, Operands
from micrort.operators.base import Lowering, Operator, constraint

_OUTPUTS_MAX = 255


@constraint("split in groups of at most 255")
def output_count(_: Operator, operands: Operands) -> str | None:
    """1 to 255 outputs"""
    count = len(operands.outputs)
    return None if 1 <= count <= _OUTPUTS_MAX else f"{count} outputs"


@constraint("export the model with fixed shapes")
def parts_join(operator: Operator, operands: Operands) -> str | None:
    """any type; outputs of the input's type that make up the input along the axis"""
    assert isinstance(operator, Split)
    source = operands.inputs[operator.source]
    assert source is not None
    if not 0 <= operator.axis < len(source.shape):
        return f"axis {operator.axis} of {len(source.shape)} dimensions"
    wrong = [output for output in operands.outputs if output.dtype is not source.dtype]
    if wrong:
        return f"the input has type {source.dtype.value}, {wrong[0].name} {wrong[0].dtype.value}"
    if not operator.parts_fit(source.shape, [output.shape for output in operands.outputs]):
        shapes = ", ".join(str(list(output.shape)) for output in operands.outputs)
        return f"{list(source.shape)} along axis {operator.axis} into {shapes}"
    return None


@dataclass(frozen=True)
class Split(Operator):
    """The input cut along `axis`, 0..rank-1, into the outputs.

    SPLIT has its axis as input 0 and the tensor as input 1; `source` says which input is the tensor.
    """

    axis: int
    source: int = 1

    name: ClassVar[str] = "split"
    constraints = (output_count, parts_join)

    def parts_fit(self, shape: tuple[int, ...], parts: list[tuple[int, ...]]) -> bool:
        """Whether outputs of the shapes `parts` make up an input of `shape`."""
        front, behind = shape[: self.axis], shape[self.axis + 1 :]
        same = all(
            len(part) == len(shape) and part[: self.axis] == front and part[self.axis + 1 :] == behind for part in parts
        )
        return same and sum(part[self.axis] for part in parts) == shape[self.axis]

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of split; an alias where there is one output."""
        source = operands.input(self.source)
        names = tuple(output.name for output in operands.outputs)
        if len(names) == 1:
            return Lowering(aliases={names[0]: source.name})
        attrs = {"outer": math.prod(source.shape[: self.axis])}
        call = KernelCall(name, "split", (source.name,), names, attrs, by_rows=False, operator=self.name)
        return Lowering(calls=(call,))


@dataclass(frozen=True)
class SplitV(Split):
    """Like SPLIT, into parts of different sizes; the tensor is input 0, sizes and axis are the others."""

    source: int = 0

    name: ClassVar[str] = "split_v"


@dataclass(frozen=True)
class Unpack(Split):
    """The input's slices along `axis`, which the outputs do not have; the tensor is the only input."""

    source: int = 0

    name: ClassVar[str] = "unpack"

    def parts_fit(self, shape: tuple[int, ...], parts: list[tuple[int, ...]]) -> bool:
        """Whether there is an output for each slice of `shape`."""
        rest = (*shape[: self.axis], *shape[self.axis + 1 :])
        return len(parts) == shape[self.axis] and all(part == rest for part in parts)
