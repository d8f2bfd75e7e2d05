"""Variants for cores with the DSP extension: Cortex-M4, M7, M33. Layouts: runtime/kernels/dsp/products.h."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import cost
from micrort.variants.base import Refusal, Variant
from micrort.variants.dsp_addition import addition
from micrort.variants.dsp_depthwise import depthwise_conv2d
from micrort.variants.dsp_depthwise3x3 import depthwise3x3
from micrort.variants.dsp_linear import FACTOR, Linear, linear
from micrort.variants.dsp_winograd import winograd
from micrort.variants.scales import Scales, fold

Tensors = Mapping[str, Tensor]

GROUP = 4
"""Output channels whose weights lie together."""
SHORT, SHORT_BYTES, SHORT_USES = 32, 2048, 64
"""Elements and bytes at most, uses of a weight at least, where wide weights are not for speed alone."""
POOLED = 255
"""Elements of int8 whose sum fits in a lane."""
_ODD_MAX = 1 << 23
"""Sums of odd channels are had times 256."""


def variants(call: KernelCall, tensors: Tensors, optimize: str) -> Iterator[Variant | Refusal]:
    """Every variant that computes `call`, cost estimated.

    Those with several times its weights, and those with several times the workspace of others, are for speed alone;
    where weights are short, for all but size.
    """
    clamps = cost.dsp_clamps(call, tensors)
    for offer in _offers(call, tensors, optimize):
        yield replace(offer, instructions=offer.instructions + clamps) if isinstance(offer, Variant) else offer


def _offers(call: KernelCall, tensors: Tensors, optimize: str) -> Iterator[Variant | Refusal]:
    """Of outputs that need no clamp, as estimated."""
    provider = _PROVIDERS.get(call.kernel)
    if provider is not None:
        offers = provider(call, tensors)
        yield from (offer for offer in offers if optimize == "speed" or not _is_large(offer, optimize))
    if optimize == "speed" and call.kernel == "conv2d_s8":
        tiles = winograd(call, tensors)
        if tiles is not None:
            yield tiles


def _is_large(offer: Variant, optimize: str) -> bool:
    kernel = offer.call.kernel
    return kernel.endswith("_tall") or (kernel.endswith("_wide") and (optimize == "size" or not _is_short(offer)))


def _is_short(offer: Variant) -> bool:
    """Whether wide weights save much and take little: each of few is used many times."""
    attrs, size = offer.call.attrs, offer.constants[0].bytes
    depth = attrs.get("depth") or attrs["kernel_height"] * attrs["kernel_width"] * attrs["input_channels"]
    return depth <= SHORT and size <= SHORT_BYTES and offer.call.macs >= SHORT_USES * size // 2


def fully_connected(call: KernelCall, tensors: Tensors) -> Iterator[Variant]:
    """Constant weights, and vectors that are whole rows or lie within one."""
    source, weights = (tensors[name] for name in call.inputs[:2])
    depth, channels = int(call.attrs["depth"]), int(call.attrs["channels"])
    if weights.data is None:
        return
    filters = weights.data.reshape(channels, depth)
    if source.row_bytes % depth == 0:
        yield from pointwise(call, tensors, filters)
    elif depth % source.row_bytes == 0 and depth % 4 == 0:
        yield from matvec(call, tensors, filters, copied=True)


def pointwise(call: KernelCall, tensors: Tensors, filters: np.ndarray) -> Iterator[Variant]:
    """Vectors that lie within rows, as in a convolution of 1 x 1, times `filters` [output channels, elements]."""
    yield from _products(call, tensors, filters)
    if tensors[call.outputs[0]].elements == len(filters) and filters.shape[1] % 4 == 0:
        yield from matvec(call, tensors, filters, copied=False)


def is_pointwise(attrs: Mapping[str, int | float]) -> bool:
    """Whether each window of a convolution is one pixel, the one at its place."""
    ones = ("kernel_height", "kernel_width", "stride_height", "stride_width")
    same = all(attrs[f"input_{axis}"] == attrs[f"output_{axis}"] for axis in ("height", "width"))
    padded = attrs["padding_top"] != 0 or attrs["padding_left"] != 0
    return all(attrs[name] == 1 for name in ones) and same and not padded


def conv2d(call: KernelCall, tensors: Tensors) -> Iterator[Variant]:
    """Any convolution in one group; pointwise ones as products."""
    weights = tensors[call.inputs[1]]
    if call.attrs["groups"] != 1 or weights.data is None:
        return
    filters = weights.data.reshape(weights.shape[0], -1)
    if is_pointwise(call.attrs):
        yield from pointwise(call, tensors, filters)
        return
    scales = fold(call, tensors, filters)
    if scales is None:
        return
    ordered = by_words(filters, weights.shape[1])
    left_out = ("groups", "input_offset", "output_offset")
    attrs = {name: value for name, value in call.attrs.items() if name not in left_out}
    attrs |= {"input_point": -call.attrs["input_offset"], "output_point": call.attrs["output_offset"]}
    lines = linear(scales, call.attrs)
    attrs["linear"] = int(lines is not None)
    for kernel, groups, is_wide in (
        ("conv2d_s8_dsp", pack(ordered, scales, lines), False),
        ("conv2d_s8_dsp_wide", pack_wide(ordered, scales, lines), True),
    ):
        if groups is not None:
            pixel = cost.Pixel(filters.shape[1], len(filters), is_wide, lines is not None)
            instructions = cost.dsp_convolution(call.attrs, tensors[call.outputs[0]].rows, pixel)
            yield replaced_by(call, kernel, groups, attrs, instructions, "2 x 4 channels")


def by_words(filters: np.ndarray, tap_rows: int) -> np.ndarray:
    """Filters in the order in which conv2d_s8_dsp widens a patch whose channels come in no multiple of four.

    Args:
        filters: int8 [output channels, elements], the elements of a tap row together.
        tap_rows: rows of taps.

    Returns:
        The same elements: of two rows the whole words of either; then what is left of them, one of each row in a pair
        of lanes. Beside the last of an odd number of rows, and behind all, weights of 0.
    """
    run = filters.shape[1] // tap_rows
    none = filters.shape[1]
    pairs: list[tuple[int, int]] = []
    for row in range(0, tap_rows, 2):
        both = range(row, min(row + 2, tap_rows))
        for word in (begin * run + 4 * word for begin in both for word in range(run // 4)):
            pairs += [(word, word + 2), (word + 1, word + 3)]
        for left in range(row * run + run // 4 * 4, (row + 1) * run):
            pairs.append((left, left + run if len(both) == 2 else none))
    pairs += [(none, none)] * (len(pairs) % 2)
    quads = np.array(pairs).reshape(-1, 2, 2).transpose(0, 2, 1)
    return np.pad(filters, ((0, 0), (0, 1)))[:, quads.reshape(-1)]


def _products(call: KernelCall, tensors: Tensors, filters: np.ndarray) -> Iterator[Variant]:
    """Products of vectors, two at a time, with weights of both widths."""
    scales = fold(call, tensors, filters)
    if scales is None:
        return
    channels, depth = filters.shape
    vectors = tensors[call.outputs[0]].elements // channels
    lines = linear(scales, call.attrs)
    attrs = {"depth": depth, "channels": channels, **_output(call), "linear": int(lines is not None)}
    for kernel, groups, is_wide in (
        ("fully_connected_s8_dsp", pack(filters, scales, lines), False),
        ("fully_connected_s8_dsp_wide", pack_wide(filters, scales, lines), True),
    ):
        if groups is not None:
            instructions = cost.dsp_products(vectors, cost.Pixel(depth, channels, is_wide, lines is not None))
            yield replaced_by(call, kernel, groups, attrs, instructions, "2 x 4 channels")


def matvec(call: KernelCall, tensors: Tensors, filters: np.ndarray, copied: bool) -> Iterator[Variant]:
    """The same one at a time, or of vectors that are several rows, `copied` one after the other."""
    scales = fold(call, tensors, filters)
    if scales is None:
        return
    channels, depth = filters.shape
    vectors = tensors[call.outputs[0]].elements // channels
    attrs = {"depth": depth, "channels": channels, "copied": int(copied), **_output(call)}
    for kernel, groups, is_wide in (
        ("matvec_s8_dsp", pack(filters, scales), False),
        ("matvec_s8_dsp_wide", pack_wide(filters, scales), True),
    ):
        if groups is not None:
            instructions = cost.dsp_matvec(vectors, cost.Pixel(depth, channels, is_wide, is_linear=False))
            yield replaced_by(call, kernel, groups, attrs, instructions, "1 x 4 channels")


def _output(call: KernelCall) -> dict[str, int | float]:
    clamp = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
    return {"output_point": call.attrs["output_offset"], **clamp}


def replaced_by(
    call: KernelCall, kernel: str, groups: np.ndarray, attrs: Mapping[str, int | float], instructions: int, tile: str
) -> Variant:
    """The same node by another kernel, with one constant in place of weights, bias and scales."""
    constant = Tensor(f"{call.name}/groups", groups.shape, DType.S32, data=groups)
    inputs = (call.inputs[0], constant.name)
    replaced = replace(call, kernel=kernel, inputs=inputs, attrs=attrs, in_place=())
    return Variant(replaced, (constant,), instructions, tile)


def pack(filters: np.ndarray, scales: Scales, lines: Linear | None = None) -> np.ndarray | None:
    """The groups of runtime/kernels/dsp/products.h as int32 [groups, words].

    Args:
        filters: int8 [output channels, elements]; elements are padded to a multiple of four by weights of 0.
        scales: of each channel.
        lines: in place of the scales, if outputs are linear.

    Returns:
        None where two weights of neighbouring channels do not fit into one lane, or a channel's sums not into 24 bits.
    """
    channels, depth = filters.shape
    padding = -channels % GROUP
    if scales.largest[1::2].max(initial=0) >= _ODD_MAX:
        return None
    padded = np.zeros((channels + padding, -(-depth // 4) * 4), np.int64)
    padded[:channels, :depth] = filters
    even, odd = padded[0::2], padded[1::2]
    lanes = 256 * odd + even
    if lanes.min(initial=0) < -(1 << 15):
        return None
    # [pairs of channels, quads, 4] -> pairs of lanes (0, 2), (1, 3) -> words
    quads = lanes.reshape(len(lanes), -1, 4) & 0xFFFF
    words = quads[:, :, :2] | quads[:, :, 2:] << 16
    # [groups, pairs of channels, quads, pairs of lanes] -> [groups, quads, pairs of lanes, pairs of channels]
    weights = words.reshape(-1, 2, words.shape[1], 2).transpose(0, 2, 3, 1).reshape(len(lanes) // 2, -1)
    start = np.pad(scales.start, (0, padding))
    start[1::2] = 256 * start[1::2] + start[0::2]
    if lines is None:
        return _groups(start, weights, _records(scales, padding))
    addend, multiplier = (np.pad(values, (0, padding)) for values in (lines.addend, lines.multiplier))
    start[1::2] += addend[1::2]
    return _groups(start, weights, np.stack([addend[0::2], multiplier[0::2], multiplier[1::2]], axis=1))


def pack_wide(filters: np.ndarray, scales: Scales, lines: Linear | None = None) -> np.ndarray:
    """The same with wide weights: doubled or, for linear outputs, 256 times; a word for each channel, pair of lanes."""
    channels, depth = filters.shape
    padding = -channels % GROUP
    padded = np.zeros((channels + padding, -(-depth // 4) * 4), np.int64)
    factor = 2 if lines is None else FACTOR
    padded[:channels, :depth] = factor * filters.astype(np.int64)
    quads = padded.reshape(len(padded), -1, 4) & 0xFFFF
    words = quads[:, :, :2] | quads[:, :, 2:] << 16
    # [groups, channels, pairs of lanes] -> [groups, pairs of lanes, channels]
    weights = words.reshape(-1, GROUP, 2 * words.shape[1]).transpose(0, 2, 1)
    weights = weights.reshape(len(weights), -1)
    start = factor * np.pad(scales.start, (0, padding))
    if lines is None:
        return _groups(start, weights, _records(scales, padding))
    return _groups(start + np.pad(lines.addend, (0, padding)), weights, np.pad(lines.multiplier, (0, padding)))


def _records(scales: Scales, padding: int) -> np.ndarray:
    """Multipliers and shifts of the channels, and of `padding` that have none."""
    return np.stack([np.pad(scales.multiplier, (0, padding)), np.pad(scales.shift - 1, (0, padding))], axis=1)


def _groups(start: np.ndarray, weights: np.ndarray, records: np.ndarray) -> np.ndarray:
    """Groups of what sums start with, weights [groups, words] and what stands behind them."""
    count = len(weights)
    rows = np.concatenate([start.reshape(count, -1), weights, records.reshape(count, -1)], axis=1)
    return (rows & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def depthwise(call: KernelCall, tensors: Tensors) -> Iterator[Variant]:
    """The kernels for windows of 3 x 3, or the one for many others."""
    offers: list[Variant | None] = [*depthwise3x3(call, tensors)] or [depthwise_conv2d(call, tensors)]
    yield from (offer for offer in offers if offer is not None)


def average_pool2d(call: KernelCall, tensors: Tensors) -> Iterator[Variant]:
    """Averages of at most as many elements as a lane can sum up, of four channels or more: faster than one by one."""
    attrs = call.attrs
    if attrs["kernel_height"] * attrs["kernel_width"] <= POOLED and attrs["output_channels"] >= GROUP:
        instructions = cost.portable(call, tensors) // GROUP
        yield Variant(replace(call, kernel="average_pool2d_s8_dsp"), (), instructions, "1 x 4 channels")


def additions(call: KernelCall, tensors: Tensors) -> Iterator[Variant]:
    """One linear form, where one is found."""
    offer = addition(call, tensors)
    if offer is not None:
        yield offer


_PROVIDERS: dict[str, Callable[[KernelCall, Tensors], Iterator[Variant]]] = {
    "fully_connected_s8": fully_connected,
    "conv2d_s8": conv2d,
    "depthwise_conv2d_s8": depthwise,
    "average_pool2d_s8": average_pool2d,
    "add_s8": additions,
    "sub_s8": additions,
}
