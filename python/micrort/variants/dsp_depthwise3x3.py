"""Depthwise convolutions of 3 x 3 on cores with the DSP extension.

Layout: runtime/kernels/dsp/strips.h and three.h.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants.base import Variant
from micrort.variants.dsp_depthwise import pack
from micrort.variants.dsp_linear import FACTOR, Linear, linear
from micrort.variants.scales import Scales, fold

STRIPS_BYTES = 1024
"""Workspace that a block of rows may take, unless a single strip needs more."""
TALL_STRIPS, TALL_WORDS = 7, 8
"""Strips that share lanes in a tall one at most, and words of a channel in a column of it."""
KERNELS = ("depthwise3x3_s8_dsp", "depthwise3x3_s8_dsp_linear", "depthwise3x3_s8_dsp_linear_tall")
"""Those without dilation."""
_SIDES = ("height", "width")


def depthwise3x3(call: KernelCall, tensors: Mapping[str, Tensor]) -> Iterator[Variant]:
    """Windows of 3 x 3 with strides of 1 or 2, outputs linear in their sums where they can be; or dilated ones."""
    weights = tensors[call.inputs[1]].data
    stride, dilation = (max(call.attrs[f"{name}_{side}"] for side in _SIDES) for name in ("stride", "dilation"))
    fits = all(call.attrs[f"kernel_{side}"] == 3 for side in _SIDES) and stride <= (2 if dilation == 1 else 1)
    if weights is None or not fits:
        return
    filters = weights.reshape(-1, weights.shape[-1]).T
    scales = fold(call, tensors, filters)
    if scales is None:
        return
    taps = filters.reshape(-1, 3, 3)[:, [0, 1, 1, 2]]
    if dilation > 1:
        records = pack(taps, scales, transposed=True)
        yield _variant(call, tensors, "depthwise3x3_s8_dsp_dilated", records, block(call))
        return
    lines = linear(scales, call.attrs)
    if lines is not None:
        records = _pack_linear(taps, scales, lines)
        yield _variant(call, tensors, "depthwise3x3_s8_dsp_linear", records, block(call))
        if _strip_rows(call) * call.attrs["stride_height"] == 2:
            most = min(int(call.attrs["output_height"]), TALL_STRIPS * _strip_rows(call))
            yield _variant(call, tensors, "depthwise3x3_s8_dsp_linear_tall", records, most)
    yield _variant(call, tensors, "depthwise3x3_s8_dsp", pack(taps, scales, transposed=True), block(call))


def _variant(call: KernelCall, tensors: Mapping[str, Tensor], kernel: str, records: np.ndarray, rows: int) -> Variant:
    attrs = {name: value for name, value in call.attrs.items() if name not in ("input_offset", "output_offset")}
    attrs |= {"input_point": -call.attrs["input_offset"], "output_point": call.attrs["output_offset"]}
    attrs |= {"block": rows, "columns": call.attrs["output_width"]}
    constant = Tensor(f"{call.name}/records", records.shape, DType.S32, data=records)
    replaced = replace(call, kernel=kernel, inputs=(call.inputs[0], constant.name), attrs=attrs, in_place=())
    images = tensors[call.outputs[0]].rows // int(call.attrs["output_height"])
    is_tall = kernel.endswith("_tall")
    columns = "2 columns" if is_tall else "1 column"
    tile = f"{_strip_rows(call)} rows x {columns} x {min(4, int(call.attrs['input_channels']))} channels"
    instructions = _cost_tall(call, rows) if is_tall else _cost(call, rows, kernel.endswith("_linear"))
    return Variant(replaced, (constant,), images * instructions, tile)


def _pack_linear(taps: np.ndarray, scales: Scales, lines: Linear) -> np.ndarray:
    """Records of linear outputs; `taps` int8 [channels, 4, columns], as three.h has their bytes."""
    words = np.ascontiguousarray(taps.transpose(0, 2, 1)).view(np.int32)[..., 0]
    starts = FACTOR * scales.start + lines.addend
    return np.concatenate([words, np.stack([lines.multiplier, starts], axis=1)], axis=1).astype(np.int32)


def _strip_rows(call: KernelCall) -> int:
    """Rows of outputs of a strip, as the C kernel has it."""
    return 2 if all(call.attrs[f"stride_{side}"] == 1 for side in _SIDES) else 1


def _outputs(call: KernelCall) -> tuple[int, int]:
    """Height and width of what is computed together: all outputs, or those whose windows share elements."""
    height, width = (-(-int(call.attrs[f"output_{side}"]) // int(call.attrs[f"dilation_{side}"])) for side in _SIDES)
    return height, width


def block(call: KernelCall) -> int:
    """Rows computed at a time: as many as a workspace holds, in blocks of nearly equal size."""
    (height, width), high = _outputs(call), _strip_rows(call)
    columns = (width - 1) * int(call.attrs["stride_width"]) + 3
    strips = -(-height // high)
    most = max(1, STRIPS_BYTES // (4 * (8 * columns + 5)))
    return min(height, high * -(-strips // -(-strips // most)))


def _cost(call: KernelCall, rows: int, is_linear: bool) -> int:
    """Of an image in blocks of `rows`: lanes that are made, and outputs."""
    (height, width), channels = _outputs(call), int(call.attrs["output_channels"])
    sets = math.prod(min(int(call.attrs[f"dilation_{side}"]), int(call.attrs[f"output_{side}"])) for side in _SIDES)
    high, groups = _strip_rows(call), -(-int(call.attrs["input_channels"]) // 4)
    blocks = -(-height // rows)
    singles = height if high == 1 else (height // rows) * (rows % 2) + height % rows % 2
    pairs = (height - singles) // 2
    across = -(-int(call.attrs["input_width"]) // int(call.attrs["dilation_width"]))
    inside = min(across, width * int(call.attrs["stride_width"]) + 1)
    made = (pairs + singles) * (100 + groups * (42 + 23 * inside) + 9 * channels)
    made += channels * width * (pairs * (31 - 5 * is_linear) + singles * (19 - 2 * is_linear))
    return sets * (blocks * (350 + 120 * groups + (23 if is_linear else 33) * channels) + made)


def _cost_tall(call: KernelCall, rows: int) -> int:
    """The same in tall strips, which share their lanes."""
    height, width, channels = (int(call.attrs[f"output_{name}"]) for name in ("height", "width", "channels"))
    high, groups = _strip_rows(call), -(-int(call.attrs["input_channels"]) // 4)
    inside = min(int(call.attrs["input_width"]), width * int(call.attrs["stride_width"]) + 1)
    total = 0
    for first in range(0, height, rows):
        strips = -(-min(rows, height - first) // high)
        lanes = (strips // 2 + 1) * (60 + groups * (30 + 22 * inside))
        outputs = strips * channels * (12 + width * (49 if high == 2 else 29) // 2)
        total += 600 + 160 * groups + 32 * channels + lanes + outputs
    return total


def cost_of_parts(attrs: Mapping[str, int | float], rows: int, columns: int) -> int:
    """Instructions that `rows` rows of an output need more if `columns` outputs of each are made at a time: fitted to
    rows of 12 to 48 outputs and 8 to 64 channels on M4."""
    parts = -(-int(attrs["output_width"]) // columns)
    block, channels = min(rows, int(attrs["block"])), int(attrs["output_channels"])
    strips = -(-block // (2 if attrs["stride_height"] == attrs["stride_width"] == 1 else 1))
    channel = 98 if attrs["stride_width"] == 1 else 82
    return (parts - 1) * -(-rows // block) * (200 + strips * (230 + channel * channels))
