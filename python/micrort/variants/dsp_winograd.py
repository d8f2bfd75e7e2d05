"""Convolutions 3 x 3 for DSP cores by minimal filtering, exact. Layout: runtime/kernels/dsp/winograd.h."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import cost
from micrort.variants.base import Refusal, Variant
from micrort.variants.scales import Scales, fold

KERNEL = "winograd_s8_dsp"
_FILTER = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)
"""Twice the matrix G of F(2 x 2, 3 x 3), so that it is whole: sums are four times the convolution."""
_GROUP = 4
_LARGEST_MAX = 1 << 29
"""Four times a sum must stay in 32 bits."""


def winograd(call: KernelCall, tensors: Mapping[str, Tensor]) -> Variant | Refusal | None:
    """Windows of 3 x 3 of stride 1 in one group, over channels in a multiple of four.

    Args:
        call: a call of conv2d_s8.
        tensors: all tensors by name.

    Returns:
        None for other windows.
    """
    attrs, weights = call.attrs, tensors[call.inputs[1]]
    ones = [attrs[name] for name in ("stride_height", "stride_width", "dilation_height", "dilation_width", "groups")]
    fits = (attrs["kernel_height"], attrs["kernel_width"]) == (3, 3) and all(value == 1 for value in ones)
    if weights.data is None or not fits or int(attrs["input_channels"]) % 4 != 0:
        return None
    filters = weights.data.reshape(weights.shape[0], -1)
    scales = fold(call, tensors, filters)
    if scales is None or scales.largest.max() >= _LARGEST_MAX:
        return Refusal(KERNEL, "sums of a channel may leave 30 bits, or its scale is no shift to the right")
    groups = pack(weights.data, scales)
    left_out = ("groups", "input_offset", "output_offset")
    kept = {name: value for name, value in attrs.items() if name not in left_out}
    kept |= {"input_point": -attrs["input_offset"], "output_point": attrs["output_offset"], "linear": 0}
    constant = Tensor(f"{call.name}/tiles", groups.shape, DType.S32, data=groups)
    replaced = replace(call, kernel=KERNEL, inputs=(call.inputs[0], constant.name), attrs=kept)
    images = tensors[call.outputs[0]].rows // int(attrs["output_height"])
    return Variant(replaced, (constant,), cost.dsp_winograd(attrs, images), "2 tiles of 2 x 2 pixels x 4 channels")


def transform(filters: np.ndarray) -> np.ndarray:
    """G g G' of 3 x 3 filters, times four.

    Args:
        filters: int8 [output channels, 3, 3, input channels].

    Returns:
        int64 [output channels, 4, 4, input channels], none larger than 9 * 128.
    """
    transformed: np.ndarray = np.einsum("ij,kl,njlc->nikc", _FILTER, _FILTER, filters.astype(np.int64))
    return transformed


def pack(filters: np.ndarray, scales: Scales) -> np.ndarray:
    """The groups of runtime/kernels/dsp/winograd.h as int32 [groups, words].

    Args:
        filters: int8 [output channels, 3, 3, input channels], the latter a multiple of four.
        scales: of each output channel.
    """
    channels = len(filters)
    padding = -channels % _GROUP
    # Column by column: [groups, channels, 4 columns, 4 rows, quads, (pairs, lanes) of (0, 2), (1, 3)]
    tiles = np.pad(transform(filters), ((0, padding), (0, 0), (0, 0), (0, 0))).transpose(0, 2, 1, 3)
    lanes = tiles.reshape(-1, _GROUP, 16, filters.shape[-1] // 4, 4) & 0xFFFF
    words = lanes[..., :2] | lanes[..., 2:] << 16
    # [groups, channels, positions, quads, pairs] -> [groups, positions, quads, pairs, channels]
    weights = words.transpose(0, 2, 3, 4, 1).reshape(len(words), -1)
    start = np.pad(4 * scales.start, (0, padding)).reshape(len(words), -1)
    records = np.stack([np.pad(scales.multiplier, (0, padding)), np.pad(scales.shift - 1, (0, padding))], axis=1)
    rows = np.concatenate([weights, start, records.reshape(len(words), -1)], axis=1)
    return (rows & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
