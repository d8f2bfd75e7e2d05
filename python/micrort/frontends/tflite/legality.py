"""Whether one operator of the file can be compiled: its row of the table, then the constraints of its class."""

from __future__ import annotations

from micrort.frontends.tflite.findings import BrokenError, RefusalError
from micrort.frontends.tflite.nodes import NodeReader
from micrort.frontends.tflite.records import SourceOperator
from micrort.frontends.tflite.table import ROWS, Row
from micrort.ir import DType, Operands
from micrort.operators.base import Operator

_CONTROL_FLOW = {"IF", "WHILE", "CALL", "CALL_ONCE", "STABLEHLO_WHILE", "STABLEHLO_CASE"}
_QUANTISED = (DType.S8, DType.U8, DType.S16)
_SCALE_MIN, _SCALE_MAX = 2.0**-40, 2.0**40
"""Far outside of what calibration gives; products of a few such scales still fit a float32."""


def row_of(source: SourceOperator) -> Row:
    """The row of an operator.

    Raises:
        RefusalError: there is none.
    """
    row = ROWS.get(source.name)
    if row is not None:
        return row
    if source.name.startswith("CUSTOM "):
        suggestion = "replace the custom operator by built-in ones, or run it outside the model"
    elif source.name in _CONTROL_FLOW:
        suggestion = "export without loops, conditions and calls, or split the model"
    else:
        suggestion = "rewrite the layer with operators of `micrort ops`, or run it outside the model"
    raise RefusalError("this operator is not supported", "the operators that `micrort ops` lists", suggestion)


def read_operator(source: SourceOperator, row: Row, operands: Operands) -> Operator:
    """The operator with its attributes, legal on these operands.

    Raises:
        BrokenError: it contradicts itself or its tensors.
        RefusalError: it is sound, but cannot be compiled.
    """
    _check_arity(source, row)
    _check_quantisation(row, operands)
    operator = row.read(NodeReader(source, operands))
    for problem in operator.problems(operands):
        raise RefusalError(problem.reason, problem.supported, problem.suggestion)
    shapes = operator.output_shapes(operands)
    if shapes is not None:
        for index, (output, shape) in enumerate(zip(operands.outputs, shapes, strict=True)):
            if output.shape != shape:
                raise BrokenError(f"output {index} is declared as {list(output.shape)}, but must be {list(shape)}")
    return operator


def _check_arity(source: SourceOperator, row: Row) -> None:
    fewest, most = row.inputs
    if not fewest <= len(source.inputs) <= most:
        raise BrokenError(f"it has {len(source.inputs)} inputs; {_span(fewest, most)} are expected")
    missing = [index for index, tensor in enumerate(source.inputs[:fewest]) if tensor == -1]
    if missing:
        raise BrokenError(f"its input {missing[0]} is left out, but is not optional")
    fewest, most = row.outputs
    if not fewest <= len(source.outputs) <= most:
        raise BrokenError(f"it has {len(source.outputs)} outputs; {_span(fewest, most)} are expected")


def _span(fewest: int, most: int) -> str:
    return str(fewest) if fewest == most else f"{fewest} to {most}"


def _check_quantisation(row: Row, operands: Operands) -> None:
    """Integers of 8 and 16 bits carry scale and zero point; only weights and bias have them per channel."""
    for index, tensor in enumerate((*operands.inputs, *operands.outputs)):
        if tensor is None:
            continue
        quantisation = tensor.quantisation
        if quantisation is None:
            if tensor.dtype in _QUANTISED:
                raise RefusalError(
                    f"tensor '{tensor.name}' of type {tensor.dtype.value} has no scale",
                    "int8, uint8 and int16 tensors with scale and zero point",
                    "quantise the model with a representative data set",
                )
            continue
        if (
            tensor.dtype in _QUANTISED
            and quantisation.axis is None
            and not _SCALE_MIN <= quantisation.scale <= _SCALE_MAX
        ):
            raise RefusalError(
                f"tensor '{tensor.name}' has the scale {quantisation.scale:g}",
                f"scales of {_SCALE_MIN:g} to {_SCALE_MAX:g}",
                "calibrate with representative data",
            )
        # A bias follows its weights: its one dimension is the channel.
        allowed = {1: row.channel_axis, 2: 0}.get(index) if row.channel_axis is not None else None
        if quantisation.axis is not None and (allowed is None or quantisation.axis != allowed):
            where = "per-tensor quantisation" + (
                "" if allowed is None else f", or per channel along dimension {allowed}"
            )
            raise RefusalError(
                f"tensor '{tensor.name}' is quantised per channel along dimension {quantisation.axis}",
                where,
                "convert with the standard quantisation of TensorFlow Lite",
            )
