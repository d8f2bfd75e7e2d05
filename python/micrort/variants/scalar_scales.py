"""Scales of int8 sums without a 64-bit product, searched for and compared with the reference at every output.

Layout and arithmetic: runtime/kernels/scalar/scale.h. With a sum `a` (bias and the input's zero point left out) an
output is `(a * factor + ((a >> coarse) * rest >> 16 - coarse) + addend) >> fraction` where the coarse part of `a` lies
within a range, and an end of the clamp elsewhere. As this grows with `a`, it is right everywhere if it is right on both
sides of each step from one output to the next.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from micrort.ir import KernelCall, Tensor
from micrort.variants.scales import Array, first_sums

Flags = np.ndarray[Any, np.dtype[np.bool_]]

EXACT = 0x7FFF
"""Low half of the first word of a record that holds a multiplier and a shift instead."""
_FRACTION_MAX = 24
_COARSE = range(1, 12)
_SHIFT_MAX = 22
"""Beyond, steps leave 64 bits here; such channels are scaled by multiplier and shift."""


@dataclass(frozen=True)
class Scaling:
    """Records of all channels, and what they share."""

    records: Array
    """[channels, 3 or 4] words, each within 32 bits, of either sign."""
    attrs: dict[str, int | float]
    """Members of mrt_scalar_scaling_t."""


@dataclass(frozen=True)
class _Channels:
    """Of each channel: what its sums begin with, the scale, and the least sums that give each output."""

    start: Array
    multiplier: Array
    shift: Array
    usable: Flags
    """Whether steps could be computed."""
    steps: Array
    """[channels, outputs beyond the least]: the first sum, without `start`, of each output."""
    outputs: Array
    """[outputs beyond the least]"""
    point: int


def scale(call: KernelCall, tensors: Mapping[str, Tensor], filters: np.ndarray) -> Scaling | None:
    """The scaling of a call with the inputs [_, weights, bias(, multiplier, shift)].

    Args:
        call: a call of a kernel with input_offset, output_offset and a clamp of int8.
        tensors: all tensors by name.
        filters: int8 [output channels, weights of one].

    Returns:
        None where the bias is not constant, or sums might leave 32 bits.
    """
    channels = _channels(call, tensors, filters)
    return None if channels is None else _search(channels, *_clamp(call))


def scale_apart(call: KernelCall, tensors: Mapping[str, Tensor], filters: np.ndarray, unit: int = 1) -> Scaling | None:
    """The same with records taken apart; None also where a channel has no such numbers.

    Only sums that the weights can reach count.

    Args:
        call, tensors, filters: see scale.
        unit: begin is a multiple of so many sums, and so is the first one behind the end.

    Returns:
        Records of [begin, width, rest, factor, addend, step].
    """
    channels = _channels(call, tensors, filters)
    if channels is None or not channels.usable.all():
        return None
    reach = 128 * abs(filters.astype(np.int64)).sum(axis=1, keepdims=True)
    reached = (channels.steps > -reach) & (channels.steps <= reach)
    scales = channels.multiplier.astype(np.float64) * 2.0 ** (channels.shift - 31 + _APART_FRACTION + 16)
    whole = np.where(reached.any(axis=1), np.rint(scales), 0).astype(np.int64)[:, None]
    factor = whole + (1 << 15) >> 16
    rest = whole - (factor << 16)

    def product(sums: Array) -> Array:
        return np.asarray(sums * factor + ((sums >> _APART_COARSE) * rest >> 16 - _APART_COARSE))

    far = np.where(reached, 0, _ANY << 10)
    sides = (product(channels.steps) + far, product(channels.steps - 1) - far)
    found, (above, below) = _addends(channels, sides, _APART_FRACTION)
    ends = np.clip(np.stack([channels.steps[:, 0], channels.steps[:, -1] - 1], axis=1), -reach, reach)
    ends = ends // unit * unit + np.array([0, unit - 1])
    # What lies between an end and the nearest step has the output beside that step.
    outputs = channels.outputs[0] - 1 + (channels.steps[:, None, :] <= ends[:, :, None]).sum(axis=2)
    constant = ~reached.any(axis=1)
    above, below = (np.where(constant, outputs[:, 0] << _APART_FRACTION, addend) for addend in (above, below))
    step = below - above
    scaled = product(ends) + above[:, None]
    middle = (channels.point << _APART_FRACTION) + (1 << _APART_FRACTION - 1) if step.any() else -_ANY
    scaled += np.where(scaled < middle, step[:, None], 0)
    found &= (scaled >> _APART_FRACTION == outputs).all(axis=1) & (constant | (factor[:, 0] >= 8))
    found &= ((abs(ends >> _APART_COARSE) + 1) * abs(rest) < 1 << 31).all(axis=1)
    if not found.all():
        return None
    width = ends[:, 1] - ends[:, 0]
    records = np.stack([ends[:, 0], width, rest[:, 0], factor[:, 0], above, step], axis=1)
    low, high = _clamp(call)
    attrs = {"coarse": _APART_COARSE, "fraction": _APART_FRACTION, "two_sided": int(step.any())}
    ends_of = {"output_point": channels.point, "activation_min": low, "activation_max": high}
    return Scaling(records, {**attrs, **ends_of})


_APART_COARSE, _APART_FRACTION = 4, 24
"""MRT_SCALAR_APART_COARSE, MRT_SCALAR_APART_FRACTION."""


def _clamp(call: KernelCall) -> tuple[int, int]:
    return int(call.attrs["activation_min"]), int(call.attrs["activation_max"])


def _channels(call: KernelCall, tensors: Mapping[str, Tensor], filters: np.ndarray) -> _Channels | None:
    """Where outputs change; None where the bias is not constant, or sums might leave 32 bits."""
    bias = tensors[call.inputs[2]].data
    if bias is None:
        return None
    multiplier, shift = _multipliers(call, tensors, len(filters))
    wide = filters.astype(np.int64)
    start = bias.astype(np.int64) + int(call.attrs["input_offset"]) * wide.sum(axis=1)
    reach = abs(start) + 128 * abs(wide).sum(axis=1)
    if reach.max() >= 1 << 31 or abs(bias.astype(np.int64)).max() >= 1 << 30:
        return None
    return _steps(start, multiplier, shift, (*_clamp(call), int(call.attrs["output_offset"])))


def _multipliers(call: KernelCall, tensors: Mapping[str, Tensor], channels: int) -> tuple[Array, Array]:
    if len(call.inputs) > 3:
        found = [tensors[name].data for name in call.inputs[3:5]]
        return tuple(values.astype(np.int64) for values in found if values is not None)  # type: ignore[return-value]
    return tuple(np.full(channels, call.attrs[name], np.int64) for name in ("multiplier", "shift"))  # type: ignore[return-value]


def _steps(start: Array, multiplier: Array, shift: Array, clamp: tuple[int, int, int]) -> _Channels:
    """Where outputs change."""
    low, high, point = clamp
    outputs = np.arange(low + 1, high + 1, dtype=np.int64)
    right = -shift
    usable = (multiplier > 0) & (right >= 0) & (right <= _SHIFT_MAX) & (high > low)
    sums = first_sums(np.where(usable, multiplier, 1), np.where(usable, right, 0), outputs - point)
    return _Channels(start, multiplier, shift, usable, sums - start[:, None], outputs, point)


def _search(channels: _Channels, low: int, high: int) -> Scaling:
    """The shared attributes with which most channels need no 64-bit product."""
    best: tuple[int, Array, tuple[int, int]] | None = None
    for fraction, coarse in itertools.product(_fractions(channels), _COARSE):
        fits, records = _fit(channels, fraction, coarse)
        count = int(fits.sum())
        if best is None or count > best[0]:
            best = count, _with_exact(channels, fits, records), (fraction, coarse)
        if count == len(fits):
            break
    assert best is not None
    two_sided = int(best[1][:, 3].any())
    attrs = {"fraction": best[2][0], "coarse": best[2][1], "two_sided": two_sided, "output_point": channels.point}
    return Scaling(best[1][:, : 3 + two_sided], {**attrs, "activation_min": low, "activation_max": high})


def _fractions(channels: _Channels) -> list[int]:
    """As many bits as the largest factor leaves room for, and more: at the cost of channels with large factors."""
    if not channels.usable.any():
        return [_FRACTION_MAX]
    largest = float((channels.multiplier * 2.0**channels.shift)[channels.usable].max())
    fitting = min(max(math.floor(47 - math.log2(largest) - 1e-9), 1), _FRACTION_MAX)
    return [bits for bits in range(fitting, fitting + 4) if bits <= _FRACTION_MAX]


def _with_exact(channels: _Channels, fits: Flags, records: Array) -> Array:
    """`records`, and multiplier and shift where those do not fit."""
    exact = np.stack(
        [EXACT + (channels.shift << 16), channels.multiplier, channels.start, np.zeros_like(channels.start)], axis=1
    )
    return np.where(fits[:, None], records, exact)


def _fit(channels: _Channels, fraction: int, coarse: int) -> tuple[Flags, Array]:
    """Which channels fit, and the four words of each that does."""
    scale = channels.multiplier.astype(np.float64) * 2.0 ** (channels.shift - 31 + fraction + 16)
    whole = np.where(scale < 2.0**32, np.rint(scale), 0).astype(np.int64)
    fits = channels.usable & (whole >= 1 << 16)
    if not channels.outputs.size or not fits.any():
        return np.zeros_like(fits), np.zeros((len(fits), 4), np.int64)

    def product(sums: Array) -> Array:
        parts = sums * (whole >> 16)[:, None], (sums >> coarse) * (whole & 0xFFFF)[:, None]
        return np.asarray(parts[0] + (parts[1] >> 16 - coarse))

    steps = product(channels.steps), product(channels.steps - 1)
    found, (above, below) = _addends(channels, steps, fraction)
    begin, end = (channels.steps[:, :1] - 1) >> coarse, channels.steps[:, -1:] >> coarse
    # A sum before the first step or behind the last that the coarse range lets through: within an output's width.
    lowest = product(begin << coarse)[:, 0] + below >= (int(channels.outputs[0]) - 1) << fraction
    highest = product(((end + 1) << coarse) - 1)[:, 0] + above < (int(channels.outputs[-1]) + 1) << fraction
    narrow = (begin[:, 0] >= -(1 << 15)) & (end[:, 0] < EXACT)
    records = np.stack([(begin[:, 0] & 0xFFFF) + (end[:, 0] << 16), whole, above, below - above], axis=1)
    return fits & found & narrow & lowest & highest, records


_ANY = 1 << 40
"""Beyond any addend."""


def _addends(channels: _Channels, products: tuple[Array, Array], fraction: int) -> tuple[Flags, tuple[Array, Array]]:
    """For outputs above the zero point and for the others: the middle of the addends that are right, if there are any.

    Args:
        channels: of the call.
        products: at each step and one sum before it, without addend.
        fraction: bits of an output behind the point.
    """
    at, before = products
    least, most = (channels.outputs << fraction) - at, (channels.outputs << fraction) - 1 - before
    upper = channels.outputs > channels.point
    found = np.ones(len(at), np.bool_)
    addends, free = [], []
    for side in (upper, ~upper):
        begin = least[:, side].max(axis=1, initial=-_ANY)
        end = most[:, side].min(axis=1, initial=_ANY)
        found &= begin <= end
        addends.append((begin + end) // 2)
        free.append((begin == -_ANY) & (end == _ANY))
    addends = [np.where(free[0], addends[1], addends[0]), np.where(free[1], addends[0], addends[1])]
    if upper.all() or not upper.any():
        one = addends[0] if upper.all() else addends[1]
        return found, (one, one)
    # Whether the middle of the zero point's output parts the steps above it from those below.
    middle = (channels.point << fraction) + (1 << fraction - 1) - addends[0][:, None]
    parted = (at[:, upper] >= middle).all(axis=1) & (before[:, ~upper] < middle).all(axis=1)
    return found & parted & (addends[1] <= addends[0]), (addends[0], addends[1])
