"""Outputs of int8 as one linear form of their sums, searched for and proved over all sums; mrt_dsp_linear in dot.h.

An output is rounded twice (runtime/kernels/requantise.h), in a way that depends on its sum's sign. As a function of its
sum it is monotone: 255 thresholds say all of it. Where no output is below the zero point, as behind a ReLU whose zero
point is the lowest value, they lie on a line but for the last rounding, and a line with other constants, which costs
half the instructions, has the same thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from micrort.variants.scales import Array, Scales, first_sums

SHIFT = 12
"""MRT_DSP_LINEAR_SHIFT."""
FACTOR = 256
"""Sums are had so many times."""
_ONE = 1 << 32
_LIMIT = 1 << 31
_NEAR, _FINE, _COARSE = 128, 1 << 26, 1 << 22
"""Multipliers looked at to either side, in steps of a part of the multiplier."""


@dataclass(frozen=True)
class Linear:
    """Per output channel: ((256 * sum + addend) * multiplier / 2**32, rounded) >> SHIFT, saturated, is the output."""

    multiplier: Array
    addend: Array


@dataclass(frozen=True)
class _Line:
    """What a line has to keep to: sums at which it has reached, and at which it has not yet reached, each output."""

    outputs: Array
    reached: Array
    """[channels, outputs], where `has_reached`."""
    has_reached: np.ndarray[Any, np.dtype[np.bool_]]
    before: Array
    """[channels, outputs], where `has_before`."""
    has_before: np.ndarray[Any, np.dtype[np.bool_]]


def linear(scales: Scales, attrs: Mapping[str, int | float]) -> Linear | None:
    """The linear forms of all channels with the output_offset, activation_min and activation_max of a call.

    Returns:
        None where a channel has none, or its sums, 256 times, leave 32 bits.
    """
    point, low, high = (int(attrs[name]) for name in ("output_offset", "activation_min", "activation_max"))
    if point > low or low == high or scales.multiplier.min() < 1:
        return None
    return _searched(tuple(getattr(scales, item.name).tobytes() for item in fields(scales)), point, low, high)


@lru_cache(maxsize=256)
def _searched(columns: tuple[bytes, ...], point: int, low: int, high: int) -> Linear | None:
    """As `linear`, of scales as bytes: schedules ask for steps of any rows, and the search does not depend on them."""
    scales = Scales(*(np.frombuffer(column, np.int64) for column in columns))
    line = _line(scales, point, np.arange(low + 1, high + 1, dtype=np.int64))
    multiplier, addend = np.zeros_like(scales.multiplier), np.zeros_like(scales.multiplier)
    found = np.zeros(len(multiplier), bool)
    for candidate in _candidates(scales):
        offset, fits = _addend(line, candidate)
        sums = FACTOR * scales.largest + abs(offset)
        fits &= ~found & (candidate > 0) & (candidate < _LIMIT) & (sums < _LIMIT)
        multiplier[fits], addend[fits] = candidate[fits], offset[fits]
        found |= fits
        if found.all():
            return Linear(multiplier, addend)
    return None


def _candidates(scales: Scales) -> Iterator[Array]:
    """The multipliers with the scale's slope, and their neighbours."""
    exact = scales.multiplier * 2.0 ** (SHIFT + 1.0 - scales.shift) / FACTOR
    middle = np.rint(exact).astype(np.int64)
    yield middle
    for part in (_FINE, _COARSE):
        step = np.maximum(1, middle // part)
        for distance in range(1, _NEAR):
            yield middle + distance * step
            yield middle - distance * step


def _addend(line: _Line, multiplier: Array) -> tuple[Array, np.ndarray[Any, np.dtype[np.bool_]]]:
    """The least addends with which lines have reached what they must, and whether they have not more."""
    slope = FACTOR * multiplier[:, None]
    levels = (line.outputs << SHIFT) * _ONE - _ONE // 2
    least = np.where(line.has_reached, levels - slope * line.reached, -(1 << 62)).max(axis=1)
    past = np.where(line.has_before, levels - slope * line.before, (1 << 62)).min(axis=1)
    divisor = np.maximum(multiplier, 1)
    addend = -(-least // divisor)
    return addend, addend * divisor < past


def _line(scales: Scales, point: int, outputs: Array) -> _Line:
    """The thresholds of every output, as far as sums reach."""
    lowest, highest = scales.lowest[:, None], scales.highest[:, None]
    first = first_sums(scales.multiplier, scales.shift, outputs - point)
    return _Line(outputs, np.maximum(first, lowest), first <= highest, np.minimum(first - 1, highest), first > lowest)
