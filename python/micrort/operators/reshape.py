"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import Operands
from micrort.operators.base import Lowering, Operator, constraint


@constraint("export the model with fixed shapes")
def same_elements(_: Operator, operands: Operands) -> str | None:
    """any type; output of the input's type and number of elements"""
    source, output = operands.input(0), operands.output
    if source.dtype is output.dtype and source.elements == output.elements:
        return None
    return f"{source.dtype.value}{list(source.shape)} to {output.dtype.value}{list(output.shape)}"


@dataclass(frozen=True)
class Reshape(Operator):
    """Input 0 as the output's shape; further inputs (shape, axis) are known at compile time and not read."""

    name: ClassVar[str] = "reshape"
    constraints = (same_elements,)

    def lower(self, name: str, operands: Operands) -> Lowering:  # noqa: ARG002
        """No call: the output is the input."""
        return Lowering(aliases={operands.output.name: operands.input(0).name})


@dataclass(frozen=True)
class Squeeze(Reshape):
    """Axes of size 1 removed."""

    name: ClassVar[str] = "squeeze"


@dataclass(frozen=True)
class ExpandDims(Reshape):
    """An axis of size 1 inserted."""

    name: ClassVar[str] = "expand_dims"
