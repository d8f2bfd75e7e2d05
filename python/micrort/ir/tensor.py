"""Tensors: dtype, shape, quantisation and, for constants, data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from micrort.ir.dtype import DType


@dataclass(frozen=True)
class Quantisation:
    """Affine quantisation: real = scale * (q - zero_point).

    One scale and zero point for the tensor, or one per index of `axis`.
    Source: TensorFlow Lite 8-bit quantisation specification.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None
    """The quantised axis where there is more than one scale (per-channel), else None."""

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantisation (the first of a per-channel one)."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantisation (the first of a per-channel one)."""
        return self.zero_points[0]


@dataclass(frozen=True)
class Tensor:
    """A tensor of a graph. Its name is unique in the graph."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantisation: Quantisation | None = None
    data: np.ndarray | None = field(default=None, compare=False, repr=False)
    """The elements of a constant, of this dtype and shape; None for activations."""

    @property
    def is_constant(self) -> bool:
        """Whether the elements are known at compile time."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of all elements."""
        return self.elements * self.dtype.bytes

    @property
    def nhwc(self) -> tuple[int, int, int, int]:
        """The shape as [N, H, W, C]: extended with ones on the left, extra leading dimensions folded into N."""
        shape = (1, 1, 1, 1, *self.shape)
        return (math.prod(shape[:-3]), shape[-3], shape[-2], shape[-1])

    @property
    def rows(self) -> int:
        """Number of rows (N * H of `nhwc`), the unit of schedules; see include/micrort/tensor.h."""
        n, h, _, _ = self.nhwc
        return n * h

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        _, _, w, c = self.nhwc
        return w * c * self.dtype.bytes
