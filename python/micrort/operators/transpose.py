"""TRANSPOSE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import Operands
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.strided import View, copy_view, dense_strides, movable, rank_fits


@constraint("export the model with a fixed permutation")
def permutation_fits(operator: Operator, operands: Operands) -> str | None:
    """each dimension once"""
    assert isinstance(operator, Transpose)
    rank = len(operands.input(0).shape)
    if sorted(operator.permutation) == list(range(rank)):
        return None
    return f"permutation {list(operator.permutation)} of {rank} dimensions"


@dataclass(frozen=True)
class Transpose(Operator):
    """Axis i of the output is axis permutation[i] of input 0; further inputs are known at compile time."""

    permutation: tuple[int, ...]

    name: ClassVar[str] = "transpose"
    constraints = (movable, rank_fits, permutation_fits)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The input's dimensions in the new order."""
        return (tuple(operands.input(0).shape[axis] for axis in self.permutation),)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of strided_copy; an alias where only axes of size 1 move."""
        source = operands.input(0)
        strides = dense_strides(source.shape)
        view = View(
            0,
            tuple(source.shape[axis] for axis in self.permutation),
            tuple(strides[axis] for axis in self.permutation),
        )
        return copy_view(self, name, source, operands.output, view)
