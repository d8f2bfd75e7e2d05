"""CONCATENATION and PACK."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import DType, KernelCall, Operands
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.quantise import Activation

_INPUTS_MAX = 255


@constraint("join in groups of at most 255")
def input_count(_: Operator, operands: Operands) -> str | None:
    """1 to 255 inputs, none left out"""
    if 1 <= len(operands.inputs) <= _INPUTS_MAX and None not in operands.inputs:
        return None
    return f"{len(operands.inputs)} inputs"


@constraint("cast or requantise the inputs to one type and quantisation first")
def one_type(_: Operator, operands: Operands) -> str | None:
    """any type; inputs and output of one type, int8 and int16 of one quantisation"""
    output = operands.output
    for index in range(len(operands.inputs)):
        source = operands.input(index)
        if source.dtype is not output.dtype:
            return f"input {index} has type {source.dtype.value}, the output {output.dtype.value}"
        if output.dtype in (DType.S8, DType.S16) and source.quantisation != output.quantisation:
            return f"the quantisation of input {index} is not the output's"
    return None


@constraint("export the model with fixed shapes")
def shapes_join(operator: Operator, operands: Operands) -> str | None:
    """inputs that differ along the axis at most (CONCATENATION), or not at all (PACK)"""
    assert isinstance(operator, Concatenation)
    shapes = [list(operands.input(index).shape) for index in range(len(operands.inputs))]
    if not 0 <= operator.axis < len(operands.output.shape):
        return f"axis {operator.axis} of {len(operands.output.shape)} dimensions"
    rests = {(len(shape), *operator.unjoined(shape)) for shape in shapes}
    return None if len(rests) == 1 else f"shapes {', '.join(map(str, shapes))} along axis {operator.axis}"


@constraint("put the activation behind the operator")
def no_activation(operator: Operator, _: Operands) -> str | None:
    """no fused activation"""
    assert isinstance(operator, Concatenation)
    return None if operator.activation is Activation.NONE else f"fused activation {operator.activation.value}"


@dataclass(frozen=True)
class Concatenation(Operator):
    """All inputs behind each other along `axis`, 0..rank-1."""

    axis: int
    activation: Activation = Activation.NONE

    name: ClassVar[str] = "concatenation"
    constraints = (input_count, one_type, shapes_join, no_activation)

    def unjoined(self, shape: list[int]) -> list[int]:
        """What all inputs' shapes have in common."""
        return [*shape[: self.axis], *shape[self.axis + 1 :]]

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The first input's shape, with the sum along the axis."""
        first = operands.input(0).shape
        total = sum(operands.input(index).shape[self.axis] for index in range(len(operands.inputs)))
        return ((*first[: self.axis], total, *first[self.axis + 1 :]),)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of concatenation; an alias where there is one input."""
        output = operands.output
        names = tuple(operands.input(index).name for index in range(len(operands.inputs)))
        if len(names) == 1:
            return Lowering(aliases={output.name: names[0]})
        attrs = {"outer": math.prod(output.shape[: self.axis])}
        return Lowering(calls=(KernelCall(name, "concatenation", names, (output.name,), attrs, operator=self.name),))


@dataclass(frozen=True)
class Pack(Concatenation):
    """All inputs, of one shape, behind each other along a new axis."""

    name: ClassVar[str] = "pack"

    def unjoined(self, shape: list[int]) -> list[int]:
        """The whole shape."""
        return shape

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """The inputs' shape, with their number as a new axis."""
        shape = operands.input(0).shape
        return ((*shape[: self.axis], len(operands.inputs), *shape[self.axis :]),)
