"""RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from micrort.ir import KernelCall, Operands
from micrort.operators.base import Lowering, Operator, constraint
from micrort.operators.strided import movable

_SIZE_MAX = 32767


@constraint("reshape the tensor to [N, H, W, C]")
def image_shapes(_: Operator, operands: Operands) -> str | None:
    """input and output [N, H, W, C] of the same N and C, H and W up to 32767"""
    source, output = operands.input(0).shape, operands.output.shape
    images = len(source) == len(output) == 4 and source[0] == output[0] and source[3] == output[3]
    if images and max(*source[1:3], *output[1:3]) <= _SIZE_MAX:
        return None
    return f"{list(source)} to {list(output)}"


@constraint("choose either align_corners or half_pixel_centers")
def one_convention(operator: Operator, _: Operands) -> str | None:
    """align_corners or half_pixel_centers, not both"""
    assert isinstance(operator, ResizeNearest)
    return "align_corners and half_pixel_centers" if operator.align_corners and operator.half_pixel_centers else None


@dataclass(frozen=True)
class ResizeNearest(Operator):
    """Input 0 [N, H, W, C] to [N, H', W', C]; the size, input 1, is known at compile time.

    Source: tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h (float32 positions).
    """

    align_corners: bool = False
    half_pixel_centers: bool = False

    name: ClassVar[str] = "resize_nearest"
    constraints = (movable, image_shapes, one_convention)

    def lower(self, name: str, operands: Operands) -> Lowering:
        """One call of resize_nearest."""
        source, output = operands.input(0), operands.output
        attrs = {
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "output_height": output.shape[1],
            "output_width": output.shape[2],
            "pixel_bytes": source.shape[3] * source.dtype.bytes,
            "to_nearest": int(self.align_corners),
            "height_scale": self._scale(source.shape[1], output.shape[1]),
            "width_scale": self._scale(source.shape[2], output.shape[2]),
            "offset": 0.5 if self.half_pixel_centers else 0.0,
        }
        call = KernelCall(name, "resize_nearest", (source.name,), (output.name,), attrs, operator=self.name)
        return Lowering(calls=(call,))

    def _scale(self, size: int, output_size: int) -> float:
        """Input pixels per output pixel, rounded to float32."""
        if self.align_corners and output_size > 1:
            size, output_size = size - 1, output_size - 1
        return float(np.float32(size) / np.float32(output_size))
