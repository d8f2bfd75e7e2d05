"""What operators of one input and one output of the same shape share: constraints, and calls of their kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from micrort.ir import DType, InPlace, KernelCall, Operands, Quantisation, Tensor
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.fixed_point import requantise
from micrort.operators.quantise import INTEGER_RANGE

FLOAT_TYPES = (DType.F32,)
ACTIVATION_TYPES = (DType.S8, DType.S16, DType.F32)


@constraint("export the model with fixed shapes")
def same_shape(_: Operator, operands: Operands) -> str | None:
    """output of the input's shape"""
    source, output = operands.input(0), operands.output
    if source.shape != output.shape:
        return f"input has shape {list(source.shape)}, output {list(output.shape)}"
    return None


def same_type(*dtypes: DType) -> Constraint:
    """A Constraint: input 0 and output 0 have the same type, one of `dtypes`."""
    names = ", ".join(dtype.value for dtype in dtypes)

    def rule(_: Operator, operands: Operands) -> str | None:
        source, output = operands.input(0).dtype, operands.output.dtype
        if source == output and source in dtypes:
            return None
        return f"input has type {source.value}, output {output.value}"

    return Constraint(f"{names}; output of the input's type", "use int8, int16 or float32", rule)


@constraint("convert the model again with a calibration data set")
def quantised(_: Operator, operands: Operands) -> str | None:
    """integer input and output with one positive scale and a zero point each"""
    for role, tensor in (("input", operands.input(0)), ("output", operands.output)):
        if tensor.dtype is DType.F32:
            continue
        if tensor.quantisation is None or len(tensor.quantisation.scales) != 1 or not tensor.quantisation.scale > 0:
            return f"the {role} has no scale of its own"
        low, high = INTEGER_RANGE[tensor.dtype]
        if not low <= tensor.quantisation.zero_point <= high:
            return f"the {role}'s zero point is {tensor.quantisation.zero_point}"
    return None


def quantisation_of(tensor: Tensor) -> Quantisation:
    """The quantisation of a tensor that the constraint `quantised` accepts."""
    assert tensor.quantisation is not None
    return tensor.quantisation


def call(
    operator: Operator,
    name: str,
    operands: Operands,
    kernel: str,
    attrs: Mapping[str, int | float],
    *constants: Tensor,
) -> Lowering:
    """One call of the elementwise `kernel` on input 0 and `constants`."""
    source, output = operands.input(0), operands.output
    made = KernelCall(
        name=name,
        kernel=kernel,
        inputs=(source.name, *(tensor.name for tensor in constants)),
        outputs=(output.name,),
        attrs=attrs,
        in_place=(InPlace(0),) if _may_share(source, output) else (),
        operator=operator.name,
    )
    return Lowering(calls=(made,), constants=constants)


def _may_share(source: Tensor, output: Tensor) -> bool:
    """Whether output element i, written where the input lies, leaves the elements behind input element i alone.

    Bytes may be written over any type; other types only over their own, as C's aliasing rules want it.
    """
    return output.dtype == source.dtype or output.dtype.bytes == 1


def table_call(operator: Operator, name: str, operands: Operands, function: Callable[[int], int]) -> Lowering:
    """A call of lut_s8 whose table holds function(q) for each of the 256 values of an int8 or uint8 input."""
    source, output = operands.input(0), operands.output
    signed = source.dtype is DType.S8
    values = [function(byte - 256 if signed and byte > 127 else byte) for byte in range(256)]
    table = Tensor(f"{name}/table", (256,), output.dtype, data=np.array(values, output.dtype.numpy))
    return call(operator, name, operands, "lut_s8", {"reserved": 0}, table)


def requantiser(
    source: Tensor, output: Tensor, multiplier: tuple[int, int], low: int, high: int
) -> Callable[[int], int]:
    """The function q -> clamp(requantised q), as the requantise_* kernels compute it."""
    before, after = quantisation_of(source).zero_point, quantisation_of(output).zero_point
    return lambda q: max(low, min(requantise(q - before, *multiplier) + after, high))


def requantise_attrs(
    source: Tensor, output: Tensor, multiplier: tuple[int, int], low: int, high: int
) -> dict[str, int | float]:
    """The members of mrt_requantise_attrs_t for the same function.

    The clamp is cut where no result lies, so that its bounds less the zero point are int32.
    """
    zero_point = quantisation_of(output).zero_point
    lowest, highest = INTEGER_RANGE[DType.S32]
    return {
        "input_offset": -quantisation_of(source).zero_point,
        "multiplier": multiplier[0],
        "shift": multiplier[1],
        "output_offset": zero_point,
        "activation_min": max(low, lowest + max(zero_point, 0)),
        "activation_max": min(high, highest + min(zero_point, 0)),
    }
