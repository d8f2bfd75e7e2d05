"""AVERAGE_POOL_2D, MAX_POOL_2D: pooling over height and width.

Sources: tensorflow/lite/micro/kernels/pooling_common.cc, tensorflow/lite/kernels/internal/reference/pooling.h and
integer_ops/pooling.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from micrort.ir import DType, KernelCall, Operands
from micrort.operators.base import Constraint, Lowering, Operator, constraint
from micrort.operators.quantise import Activation, activation_range
from micrort.operators.rules import FLOAT_MAX, one_dtype, same_quantisation
from micrort.operators.weights import WINDOW_MAX
from micrort.operators.window import ExplicitPadding, Padding, Window

ELEMENTS_MAX = 65535
"""Most elements in one window; see include/micrort/kernels/pool2d.h."""


@constraint("reshape the input to [N, H, W, C]")
def four_dimensions(_: Operator, operands: Operands) -> str | None:
    """an input of four dimensions [N, H, W, C]"""
    rank = len(operands.input(0).shape)
    return None if rank == 4 else f"the input has {rank} dimensions"


@constraint("convert with the standard quantisation of TensorFlow Lite, which gives both the same scale")
def quantised_alike(_: Operator, operands: Operands) -> str | None:
    """input and output of the same scale and zero point"""
    return None if same_quantisation(operands) else "input and output are quantised differently"


@constraint("shrink the input or the window, or split the operator")
def sizes_fit(operator: Pool2D, operands: Operands) -> str | None:
    """height, width, channels, window and strides of at most 32767 each"""
    attrs = operator.window.attrs(operands.input(0), operands.output)
    wrong = [name for name, value in attrs.items() if not 0 <= value <= WINDOW_MAX]
    return f"{wrong[0]} is {attrs[wrong[0]]}" if wrong else None


@constraint("use a smaller window or padding, or MEAN for a pool over the whole image")
def windows_meet_input(operator: Pool2D, operands: Operands) -> str | None:
    """windows that each hold at least one element of the input, and at most 65535"""
    _, height, width, _ = operands.input(0).shape
    window = operator.window
    inside = 1
    for axis, size in enumerate((height, width)):
        output, padding = window.output_size(size, axis), window.before(size, axis)
        last = (output - 1) * window.stride[axis] - padding
        if output < 1 or padding >= window.kernel[axis] or last >= size:
            return f"a window of {list(window.kernel)} on an input of {height} x {width} misses it"
        inside *= min(size, window.kernel[axis])
    return None if inside <= ELEMENTS_MAX else f"windows of {inside} elements"


@dataclass(frozen=True)
class Pool2D(Operator):
    """Input [N, H, W, C], output [N, H', W', C]. Elements outside the input do not count."""

    kernel: tuple[int, int]
    """Height and width of the window."""
    stride: tuple[int, int]
    padding: Padding | ExplicitPadding
    activation: Activation = Activation.NONE

    constraints: ClassVar[tuple[Constraint, ...]] = (
        one_dtype(DType.S8, DType.S16, DType.F32),
        four_dimensions,
        quantised_alike,
        sizes_fit,
        windows_meet_input,
    )

    @property
    def window(self) -> Window:
        """The window that slides over the input."""
        return Window(self.kernel, self.stride, (1, 1), self.padding)

    def output_shapes(self, operands: Operands) -> tuple[tuple[int, ...], ...] | None:
        """As many pixels as windows."""
        batch, height, width, channels = operands.input(0).shape
        return ((batch, self.window.output_size(height, 0), self.window.output_size(width, 1), channels),)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of <operator>_<dtype>."""
        source, output = operands.input(0), operands.output
        low: float
        high: float
        if source.dtype is DType.F32:
            low, high = max(self.activation.bounds[0], -FLOAT_MAX), min(self.activation.bounds[1], FLOAT_MAX)
        else:
            low, high = activation_range(self.activation, output)
        call = KernelCall(
            name=name,
            kernel=f"{self.name}_{source.dtype.suffix}",
            inputs=(source.name,),
            outputs=(output.name,),
            attrs={**self.window.attrs(source, output), "activation_min": low, "activation_max": high},
            in_place=self.window.in_place(source, output),
            operator=self.name,
        )
        return Lowering(calls=(call,))


@dataclass(frozen=True)
class AveragePool2D(Pool2D):
    """The mean of each window's elements, rounded half away from zero."""

    name: ClassVar[str] = "average_pool2d"


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """The largest of each window's elements."""

    name: ClassVar[str] = "max_pool2d"
