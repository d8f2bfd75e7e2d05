"""Depthwise convolutions on cores with the DSP extension: records of channels, and the axis along which to go.

Layout: runtime/kernels/dsp/depthwise_conv2d_s8_dsp.c and taps.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants.base import Variant
from micrort.variants.scales import Scales, fold

PLANES_BYTES = 4096
"""Workspace that a block of rows may take, unless a single row needs more."""
_LONG = 8


def depthwise_conv2d(call: KernelCall, tensors: Mapping[str, Tensor]) -> Variant | None:
    """Any window."""
    weights = tensors[call.inputs[1]].data
    if weights is None:
        return None
    filters = weights.reshape(-1, weights.shape[-1]).T
    scales = fold(call, tensors, filters)
    if scales is None:
        return None
    instructions, transposed = min((_cost(call, axis), axis) for axis in (0, 1))
    kernel = weights.shape[-3:-1]
    records = pack(filters.reshape(-1, *kernel), scales, bool(transposed))
    left_out = ("input_offset", "output_offset")
    attrs = {name: value for name, value in call.attrs.items() if name not in left_out}
    attrs |= {"input_point": -call.attrs["input_offset"], "output_point": call.attrs["output_offset"]}
    attrs |= {"transposed": transposed, "block": _block(call, transposed)}
    constant = Tensor(f"{call.name}/records", records.shape, DType.S32, data=records)
    replaced = replace(
        call,
        kernel="depthwise_conv2d_s8_dsp",
        inputs=(call.inputs[0], constant.name),
        attrs=attrs,
        in_place=(),
    )
    return Variant(replaced, (constant,), instructions)


def pack(filters: np.ndarray, scales: Scales, transposed: bool) -> np.ndarray:
    """int32 [output channels, words]: multiplier, shift less one, start, and the taps as int8, line by line.

    Args:
        filters: int8 [output channels, height, width].
        scales: of each channel; sums are doubled.
        transposed: whether lines go along the height.
    """
    lines = filters.transpose(0, 2, 1) if transposed else filters
    taps = np.ascontiguousarray(lines).reshape(len(filters), -1)
    padded = np.zeros((len(filters), -(-taps.shape[1] // 4) * 4), np.int8)
    padded[:, : taps.shape[1]] = taps
    head = np.stack([scales.multiplier, scales.shift - 1, 2 * scales.start], axis=1)
    words = (head & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return np.concatenate([words, padded.view("<i4")], axis=1)


def _names(transposed: int) -> tuple[str, str]:
    return ("height", "width") if transposed else ("width", "height")


@dataclass(frozen=True)
class _Extents:
    """Sizes of a block of so many output rows; as the C kernel has them."""

    near: bool
    lines: int
    arrays: int
    """Of a line."""
    words: int
    """Of an array."""
    used_words: int
    steps: int
    """Of a line of taps."""
    tap_lines: int


def _extents(call: KernelCall, transposed: int, rows: int) -> _Extents:
    inner, outer = _names(transposed)
    sizes = {"height": rows, "width": int(call.attrs["output_width"])}
    kernel, stride, dilation = (int(call.attrs[f"{name}_{inner}"]) for name in ("kernel", "stride", "dilation"))
    tap_lines, apart = int(call.attrs[f"kernel_{outer}"]), int(call.attrs[f"dilation_{outer}"])
    lines = (sizes[outer] - 1) * int(call.attrs[f"stride_{outer}"]) + (tap_lines - 1) * apart + 1
    tiles, pairs = -(-sizes[inner] // _LONG), (kernel + 1) // 2
    if stride == dilation == 1:
        steps = kernel // 2 + 1
        return _Extents(True, lines, 1, tiles * _LONG // 2 + steps, (sizes[inner] + kernel) // 2, steps, tap_lines)
    is_shared = 2 * dilation % stride == 0
    behind = (pairs - 1) * 2 * dilation // stride if is_shared else 0
    arrays = 1 if is_shared else pairs
    return _Extents(False, lines, arrays, tiles * _LONG + behind, sizes[inner] + behind, pairs, tap_lines)


def _block(call: KernelCall, transposed: int) -> int:
    """The most output rows whose planes are small enough; at least one."""
    height = int(call.attrs["output_height"])

    def fits(rows: int) -> bool:
        extents = _extents(call, transposed, rows)
        words = extents.lines * extents.arrays * extents.words
        return 4 * min(4, int(call.attrs["input_channels"])) * words <= PLANES_BYTES

    most = max((rows for rows in range(1, height + 1) if fits(rows)), default=1)
    return -(-height // -(-height // most))  # blocks of equal size


def _cost(call: KernelCall, transposed: int) -> int:
    """Tiles, weights in pairs, and lanes brought into planes."""
    rows, height = _block(call, transposed), int(call.attrs["output_height"])
    inner, outer = _names(transposed)
    extents = _extents(call, transposed, rows)
    sizes = {"height": rows, "width": int(call.attrs["output_width"])}
    long, rest = divmod(sizes[inner], _LONG)
    steps = extents.tap_lines * extents.steps
    tile = 60 + steps * (14 if extents.near else 15)
    line = 22 + long * tile
    if rest:
        fits = long > 0 and (sizes[inner] % 2 == 0 or not extents.near)
        line += tile + (20 if fits else 30 + 8 * rest)
    weights = 200 + 10 * extents.tap_lines + steps * (22 if extents.near else 16)
    blocks, outputs = -(-height // rows), int(call.attrs["output_channels"])
    return blocks * (outputs * (weights + sizes[outer] * line) + _planes_cost(call, extents))


def _planes_cost(call: KernelCall, extents: _Extents) -> int:
    """Of the planes of a block: four channels at a time, then those that are left one by one."""
    groups, left = divmod(int(call.attrs["input_channels"]), 4)

    def made(word: int) -> int:
        return 200 + extents.arrays * (200 + extents.lines * (16 + word * extents.used_words))

    return groups * made(17) + (made(18 + 15 * left) if left else 0)
