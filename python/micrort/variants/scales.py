"""The scales of a call with weights, folded: what each sum begins with, what it is multiplied with, and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrort.ir import KernelCall, Tensor

Array = np.ndarray[Any, np.dtype[np.int64]]

SHIFT_MAX = 22
"""So far right the zero point and half a step, shifted left by as much, stay within 2**30."""


@dataclass(frozen=True)
class Scales:
    """Per output channel, as the kernels for DSP cores take it."""

    start: Array
    """What a sum begins with: the bias, and the zero point's part of the input."""
    multiplier: Array
    shift: Array
    """To the right, 1..SHIFT_MAX."""
    lowest: Array
    """No sum with any int8 input is lower, none higher than the next."""
    highest: Array

    @property
    def largest(self) -> Array:
        """No sum, from its start on, is larger in magnitude."""
        return np.maximum(np.maximum(abs(self.highest), abs(self.lowest)), abs(self.start))


def fold(call: KernelCall, tensors: Mapping[str, Tensor], filters: np.ndarray) -> Scales | None:
    """The scales of a call with the inputs [_, weights, bias(, multiplier, shift)].

    Args:
        call: a call of a kernel whose attributes have input_offset and output_offset.
        tensors: all tensors by name.
        filters: int8 [output channels, weights of one].

    Returns:
        None where doubled sums might leave 32 bits, or a shift is not one to the right.
    """
    bias = tensors[call.inputs[2]].data
    if bias is None:
        return None
    channels = len(filters)
    if len(call.inputs) > 3:
        multiplier, shift = (_values(tensors[name]) for name in call.inputs[3:5])
    else:
        multiplier, shift = (np.full(channels, call.attrs[name], np.int64) for name in ("multiplier", "shift"))
    # Where the multiplier is 0 the output is the zero point, whatever the shift.
    right = np.where(multiplier == 0, 1, -shift)
    if right.min() < 1 or right.max() > SHIFT_MAX or multiplier.min() < 0:
        return None
    wide = filters.astype(np.int64)
    start = bias.astype(np.int64) + int(call.attrs["input_offset"]) * wide.sum(axis=1)
    highest = start + np.where(wide > 0, 127 * wide, -128 * wide).sum(axis=1)
    lowest = start + np.where(wide > 0, -128 * wide, 127 * wide).sum(axis=1)
    scales = Scales(start, multiplier, right, lowest, highest)
    return None if scales.largest.max() >= 1 << 30 else scales


def first_sums(multiplier: Array, right: Array, above: Array) -> Array:
    """The least sum of each output, by TFLite Micro's double rounding (runtime/kernels/requantise.h) read backwards.

    Args:
        multiplier: of each channel, at least 1.
        right: the shift of each channel, 0..SHIFT_MAX.
        above: outputs less their zero point.

    Returns:
        [channels, outputs]
    """
    count = right[:, None]
    # The least product that the shift rounds to `above`: a tie goes away from zero.
    half = np.where(count > 0, 1 << np.maximum(count - 1, 0), 0)
    product = (above << count) - half + np.where((above <= 0) & (count > 0), 1, 0)
    # The least sum that the multiplication rounds to it: a tie goes up.
    return np.asarray(-((-((product << 31) - (1 << 30))) // multiplier[:, None]))


def _values(tensor: Tensor) -> Array:
    assert tensor.data is not None
    return tensor.data.astype(np.int64)
