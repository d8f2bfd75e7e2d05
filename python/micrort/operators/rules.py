"""Constraints that several operators share."""

from __future__ import annotations

from typing import Any

from micrort.ir import DType, Operands
from micrort.operators.base import Constraint, constraint

FLOAT_MAX = 3.4028234663852886e38
"""The largest float32: the clamp of a float output without activation."""


def one_dtype(*dtypes: DType) -> Constraint:
    """A Constraint: all inputs and outputs have the same type, one of `dtypes`."""
    names = ", ".join(dtype.value for dtype in dtypes)

    def rule(_: Any, operands: Operands) -> str | None:
        tensors = [*operands.inputs, *operands.outputs]
        found = [tensor.dtype for tensor in tensors if tensor is not None]
        if len(set(found)) == 1 and found[0] in dtypes:
            return None
        return "inputs and outputs have types " + ", ".join(dtype.value for dtype in found)

    return Constraint(
        f"inputs and output of one type: {names}", "convert with full int8 quantisation, or keep it in float32", rule
    )


def same_quantisation(operands: Operands) -> bool:
    """Whether input 0 and output 0 are quantised alike (scales within 1e-6, as TensorFlow Lite Micro compares them)."""
    source, output = operands.input(0).quantisation, operands.output.quantisation
    if source is None or output is None:
        return source is output
    return abs(source.scale - output.scale) <= 1e-6 and source.zero_point == output.zero_point


@constraint("convert with full int8 quantisation, or keep the model in float32")
def plain_int32(_: Any, operands: Operands) -> str | None:
    """int32 without quantisation"""
    for tensor in (*operands.inputs, *operands.outputs):
        if tensor is not None and tensor.dtype is DType.S32 and tensor.quantisation is not None:
            return f"the int32 tensor '{tensor.name}' is quantised"
    return None
