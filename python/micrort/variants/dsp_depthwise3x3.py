"""Depthwise convolutions of 3 x 3 on cores with the DSP extension.

Layout: runtime/kernels/dsp/depthwise3x3_s8_dsp.c and three.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants.base import Variant
from micrort.variants.dsp_depthwise import pack
from micrort.variants.scales import fold

STRIPS_BYTES = 1024
"""Workspace that a block of rows may take, unless a single strip needs more."""
_SIDES = ("height", "width")


def depthwise3x3(call: KernelCall, tensors: Mapping[str, Tensor]) -> Variant | None:
    """Windows of 3 x 3 with strides of 1 or 2 and no dilation."""
    weights = tensors[call.inputs[1]].data
    fits = all(call.attrs[f"kernel_{side}"] == 3 and call.attrs[f"dilation_{side}"] == 1 for side in _SIDES)
    if weights is None or not fits or max(call.attrs[f"stride_{side}"] for side in _SIDES) > 2:
        return None
    filters = weights.reshape(-1, weights.shape[-1]).T
    scales = fold(call, tensors, filters)
    if scales is None:
        return None
    rows = block(call)
    attrs = {name: value for name, value in call.attrs.items() if name not in ("input_offset", "output_offset")}
    attrs |= {"input_point": -call.attrs["input_offset"], "output_point": call.attrs["output_offset"], "block": rows}
    records = pack(filters.reshape(-1, 3, 3)[:, [0, 1, 1, 2]], scales, transposed=True)
    constant = Tensor(f"{call.name}/records", records.shape, DType.S32, data=records)
    inputs = (call.inputs[0], constant.name)
    replaced = replace(call, kernel="depthwise3x3_s8_dsp", inputs=inputs, attrs=attrs, in_place=())
    images = tensors[call.outputs[0]].rows // int(call.attrs["output_height"])
    tile = f"{_strip_rows(call)} rows x 1 column x {min(4, int(call.attrs['input_channels']))} channels"
    return Variant(replaced, (constant,), images * _cost(call, rows), tile)


def _strip_rows(call: KernelCall) -> int:
    """Rows of outputs of a strip, as the C kernel has it."""
    return 2 if all(call.attrs[f"stride_{side}"] == 1 for side in _SIDES) else 1


def block(call: KernelCall) -> int:
    """Rows computed at a time: as many as a workspace holds, in blocks of nearly equal size."""
    height, high = int(call.attrs["output_height"]), _strip_rows(call)
    columns = (int(call.attrs["output_width"]) - 1) * int(call.attrs["stride_width"]) + 3
    strips = -(-height // high)
    most = max(1, STRIPS_BYTES // (4 * (8 * columns + 5)))
    return min(height, high * -(-strips // -(-strips // most)))


def _cost(call: KernelCall, rows: int) -> int:
    """Of an image in blocks of `rows`: lanes that are made, and outputs."""
    height, width, channels = (int(call.attrs[f"output_{name}"]) for name in ("height", "width", "channels"))
    high, groups = _strip_rows(call), -(-int(call.attrs["input_channels"]) // 4)
    strips, blocks = -(-height // high), -(-height // rows)
    inside = min(int(call.attrs["input_width"]), width * int(call.attrs["stride_width"]) + 1)
    strip = 100 + groups * (42 + 23 * inside) + channels * (9 + width * (31 if high == 2 else 19))
    return blocks * (350 + 120 * groups + 33 * channels) + strips * strip
