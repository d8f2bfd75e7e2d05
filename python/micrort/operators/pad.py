"""PAD and PADV2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import DType, KernelCall, Operands
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.strided import movable

_RANK_MAX = 5


@constraint("split the padding, or reshape the tensor to at most 5 dimensions")
def paddings_fit(operator: Operator, operands: Operands) -> str | None:
    """at most 5 dimensions, a pair of counts of at least 0 for each"""
    assert isinstance(operator, Pad)
    rank = len(operands.input(0).shape)
    if rank > _RANK_MAX:
        return f"the input has {rank} dimensions"
    if len(operator.paddings) != rank or any(count < 0 for pair in operator.paddings for count in pair):
        return f"paddings {[list(pair) for pair in operator.paddings]} for {rank} dimensions"
    return None


@constraint("make the padding value a constant of the input's type and quantisation")
def value_fits(_: Operator, operands: Operands) -> str | None:
    """a padding value, if given, that is one constant of the input's type; int8: of the output's quantisation"""
    value, output = operands.optional(2), operands.output
    if value is None:
        return None
    if value.data is None or value.dtype is not output.dtype or value.elements != 1:
        return f"the value is {'not constant' if value.data is None else f'{value.dtype.value}{list(value.shape)}'}"
    if value.dtype is DType.S8 and value.quantisation != output.quantisation:
        return "the value's quantisation is not the output's"
    return None


@dataclass(frozen=True)
class Pad(Operator):
    """Inputs: input; paddings (read by the frontend); optionally the value (one constant element).

    Without a value, 8-bit tensors are padded with the output's zero point, others with 0.
    """

    paddings: tuple[tuple[int, int], ...]
    """Elements before and after, for each dimension."""

    name: ClassVar[str] = "pad"
    constraints = (movable, paddings_fit, value_fits)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...]:
        """Each dimension and its paddings."""
        shape = operands.input(0).shape
        return (tuple(before + size + after for size, (before, after) in zip(shape, self.paddings, strict=True)),)

    def value_bits(self, operands: Operands) -> int:
        """The bits of the padding value, as an int32 word with zeros above."""
        value, output = operands.optional(2), operands.output
        if value is not None:
            assert value.data is not None
            raw = value.data.astype(value.dtype.numpy).tobytes()
        else:
            eight_bits = output.dtype in (DType.S8, DType.U8) and output.quantisation is not None
            zero_point = output.quantisation.zero_point if eight_bits and output.quantisation else 0
            raw = np.array(zero_point, output.dtype.numpy).tobytes()
        return int.from_bytes(raw.ljust(4, b"\0"), "little", signed=True)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of pad; an alias where no dimension is padded."""
        source, output = operands.input(0), operands.output
        if not any(count for pair in self.paddings for count in pair):
            return Lowering(aliases={output.name: source.name})
        ones = (1,) * (_RANK_MAX - len(source.shape))
        attrs: dict[str, int | float] = {
            "element_bytes": source.dtype.bytes,
            "value": self.value_bits(operands),
        }
        for axis, (size, total) in enumerate(zip((*ones, *source.shape), (*ones, *output.shape), strict=True)):
            attrs[f"input_{axis}"] = size
            attrs[f"output_{axis}"] = total
            attrs[f"before_{axis}"] = self.paddings[axis - len(ones)][0] if axis >= len(ones) else 0
        call = KernelCall(name, "pad", (source.name,), (output.name,), attrs, operator=self.name)
        return Lowering(calls=(call,))
