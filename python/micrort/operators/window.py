"""Geometry of operators that slide a window over height and width (mrt_window_t)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from micrort.ir import InPlace, Tensor


class Padding(Enum):
    """How the window meets the borders (TensorFlow's SAME and VALID), or explicit counts."""

    SAME = "same"
    VALID = "valid"


@dataclass(frozen=True)
class ExplicitPadding:
    """Padding in elements, as a folded PAD operator gives it."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True)
class Window:
    """Kernel size, strides, dilations and padding, each (height, width)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    padding: Padding | ExplicitPadding = Padding.VALID

    def extent(self, axis: int) -> int:
        """Input elements that the dilated kernel spans along `axis` (0 height, 1 width)."""
        return (self.kernel[axis] - 1) * self.dilation[axis] + 1

    def output_size(self, size: int, axis: int) -> int:
        """Output elements along `axis` for an input of `size`.

        Source: TensorFlow's tf.nn.convolution, "SAME" and "VALID".
        """
        match self.padding:
            case Padding.SAME:
                return -(-size // self.stride[axis])
            case Padding.VALID:
                return (size - self.extent(axis)) // self.stride[axis] + 1
            case explicit:
                total = explicit.top + explicit.bottom if axis == 0 else explicit.left + explicit.right
                return (size + total - self.extent(axis)) // self.stride[axis] + 1

    def output_shape(self, source: Tensor, channels: int) -> tuple[int, ...]:
        """The shape of the output [N, H', W', channels] for an input [N, H, W, C]."""
        batch, height, width, _ = source.nhwc
        return (batch, self.output_size(height, 0), self.output_size(width, 1), channels)

    def before(self, size: int, axis: int) -> int:
        """Padding before the first element along `axis`; TensorFlow puts the odd one behind the last."""
        match self.padding:
            case Padding.SAME:
                needed = (self.output_size(size, axis) - 1) * self.stride[axis] + self.extent(axis) - size
                return max(needed, 0) // 2
            case Padding.VALID:
                return 0
            case explicit:
                return explicit.top if axis == 0 else explicit.left

    def reaches_outside(self, size: int, axis: int) -> bool:
        """Whether some window holds elements before the first or behind the last of `size` elements along `axis`."""
        before = self.before(size, axis)
        return before > 0 or (self.output_size(size, axis) - 1) * self.stride[axis] - before + self.extent(axis) > size

    def attrs(self, source: Tensor, output: Tensor) -> dict[str, int | float]:
        """The members of mrt_window_t for an input and an output tensor, both NHWC."""
        _, input_height, input_width, input_channels = source.nhwc
        _, output_height, output_width, output_channels = output.nhwc
        return {
            "input_height": input_height,
            "input_width": input_width,
            "input_channels": input_channels,
            "output_height": output_height,
            "output_width": output_width,
            "output_channels": output_channels,
            "kernel_height": self.kernel[0],
            "kernel_width": self.kernel[1],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "dilation_height": self.dilation[0],
            "dilation_width": self.dilation[1],
            "padding_top": self.before(input_height, 0),
            "padding_left": self.before(input_width, 1),
        }

    def in_place(self, source: Tensor, output: Tensor) -> tuple[InPlace, ...]:
        """How far behind the output's start the input must lie so that no output row lands on a row still needed.

        Output row y is written while input rows from y * stride - padding on are alive; rows come in order.
        """
        batch, height, _, _ = source.nhwc
        if batch != 1:
            return ()
        padding = self.before(height, 0)
        delta = 0
        for row in range(output.rows):
            first_alive = min(max(row * self.stride[0] - padding, 0), height)
            delta = max(delta, (row + 1) * output.row_bytes - first_alive * source.row_bytes)
        return (InPlace(input=0, delta=delta),)
