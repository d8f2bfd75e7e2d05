"""Depthwise convolutions on cores with the DSP extension: records of channels, and the axis along which to go.

Layout: runtime/kernels/dsp/depthwise_conv2d_s8_dsp.c and taps.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants.base import Variant
from micrort.variants.scales import Scales, fold

PLANES_BYTES = 4096
"""Workspace that a block of rows may take, unless a single row needs more."""
_LONG = 8


def depthwise_conv2d(call: KernelCall, tensors: Mapping[str, Tensor]) -> Variant | None:
    """Any window with stride 1 or 2 and no dilation along one axis."""
    weights = tensors[call.inputs[1]].data
    if weights is None:
        return None
    filters = weights.reshape(-1, weights.shape[-1]).T
    scales = fold(call, tensors, filters)
    plans = [(_cost(call, axis), axis) for axis in (0, 1) if _is_possible(call, axis)]
    if scales is None or not plans:
        return None
    instructions, transposed = min(plans)
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


def _stride(call: KernelCall, transposed: int) -> int:
    return int(call.attrs[f"stride_{_names(transposed)[0]}"])


def _is_possible(call: KernelCall, transposed: int) -> bool:
    inner, _ = _names(transposed)
    return call.attrs[f"stride_{inner}"] in (1, 2) and call.attrs[f"dilation_{inner}"] == 1


def _planes(call: KernelCall, transposed: int, rows: int) -> tuple[int, int]:
    """Lines, and words of a line, of a block of so many output rows; as the C kernel has it."""
    inner, outer = _names(transposed)
    sizes = {"height": rows, "width": int(call.attrs["output_width"])}
    stride, kernel = _stride(call, transposed), int(call.attrs[f"kernel_{inner}"])
    extent = (int(call.attrs[f"kernel_{outer}"]) - 1) * int(call.attrs[f"dilation_{outer}"]) + 1
    lines = (sizes[outer] - 1) * int(call.attrs[f"stride_{outer}"]) + extent
    steps = kernel // 2 + 1 if stride == 1 else (kernel + 1) // 2
    return lines, -(-sizes[inner] // _LONG) * _LONG // 2 * stride + steps


def _block(call: KernelCall, transposed: int) -> int:
    """The most output rows whose planes are small enough; at least one."""
    height = int(call.attrs["output_height"])

    def fits(rows: int) -> bool:
        lines, words = _planes(call, transposed, rows)
        return 4 * min(4, int(call.attrs["input_channels"])) * lines * words <= PLANES_BYTES

    most = max((rows for rows in range(1, height + 1) if fits(rows)), default=1)
    return -(-height // -(-height // most))  # blocks of equal size


def _cost(call: KernelCall, transposed: int) -> int:
    """Tiles, weights in pairs, and lanes brought into planes."""
    rows, height = _block(call, transposed), int(call.attrs["output_height"])
    inner, outer = _names(transposed)
    lines, words = _planes(call, transposed, rows)
    sizes = {"height": rows, "width": int(call.attrs["output_width"])}
    stride, taps = _stride(call, transposed), int(call.attrs[f"kernel_{outer}"])
    steps = words - -(-sizes[inner] // _LONG) * _LONG // 2 * stride
    long, rest = divmod(sizes[inner], _LONG)
    tile = 75 + taps * (8 + steps * (14 if stride == 1 else 15))
    line = 30 + long * tile + (tile + 60 if rest else 0)
    weights = 110 + taps * (10 + steps * (26 if stride == 1 else 16))
    blocks = -(-height // rows)
    outputs = int(call.attrs["output_channels"])
    planes = lines * (190 + 20 * words) * -(-int(call.attrs["input_channels"]) // 4)
    return blocks * (outputs * (weights + sizes[outer] * line) + planes)
