"""Variants for cores without SIMD instructions: Cortex-M0+, M3, and M33 without DSP. Layouts:
include/micrort/kernels/scalar.h and runtime/kernels/scalar/scale.h."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import cost
from micrort.variants.base import Variant
from micrort.variants.linear import search
from micrort.variants.scalar_scales import EXACT, Scaling, scale, scale_apart

Tensors = Mapping[str, Tensor]
Window = Mapping[str, int | float]


def variants(call: KernelCall, tensors: Tensors, optimize: str, long_products: bool = False) -> Iterator[Variant]:
    """Every variant that computes `call`, cost estimated."""
    del optimize
    for provider in _PROVIDERS.get(call.kernel, ()):
        if long_products and provider is fully_connected:
            continue  # the portable kernel is faster where one instruction multiplies and adds
        offer = provider(call, tensors)
        if offer is not None:
            yield offer


def convolution(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any convolution in one group."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["groups"] != 1:
        return None
    own = ("groups", "input_offset", *_END)
    window = {name: value for name, value in call.attrs.items() if name not in own}
    return _windows(call, tensors, weights.reshape(weights.shape[0], -1), window)


def quads(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any convolution in one group, faster, from twice the bytes of weights."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["groups"] != 1:
        return None
    window = {name: value for name, value in call.attrs.items() if name not in ("groups", "input_offset", *_END)}
    return _quads(call, tensors, weights.reshape(weights.shape[0], -1), window)


def linear(call: KernelCall, tensors: Tensors) -> Variant | None:
    """ADD and SUB of tensors of one shape, where one linear form equals them."""
    shapes = {tensors[name].nhwc for name in (*call.inputs, *call.outputs)}
    repeated = call.attrs["input0_repeats"] != 0 or call.attrs["input1_repeats"] != 0
    form = None if repeated or len(shapes) != 1 else search(call.kernel, call.attrs)
    if form is None:
        return None
    attrs = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
    factors = {"first_factor": form.first, "second_factor": form.second, "addend": form.addend, "shift": form.shift}
    replaced = replace(call, kernel="linear_s8_scalar", attrs={**attrs, **factors})
    return Variant(replaced, (), 17 * tensors[call.outputs[0]].elements, "one linear form")


def fully_connected_pairs(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors that lie in rows, two by two: as pixels of a convolution with a kernel of 1 x 1."""
    window = _as_convolution(call, tensors)
    if window is None or tensors[call.outputs[0]].elements == call.attrs["channels"]:
        return None
    return _windows(call, tensors, _matrix(call, tensors), window)


def fully_connected_quads(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors that lie in rows, one by one, as pixels of a convolution with a kernel of 1 x 1."""
    window = _as_convolution(call, tensors)
    return None if window is None else _quads(call, tensors, _matrix(call, tensors), window)


def _matrix(call: KernelCall, tensors: Tensors) -> np.ndarray:
    weights = tensors[call.inputs[1]].data
    assert weights is not None
    return weights.reshape(int(call.attrs["channels"]), int(call.attrs["depth"]))


def _as_convolution(call: KernelCall, tensors: Tensors) -> Window | None:
    """The window of the convolution that a product of vectors is, if those lie in rows."""
    source, weights, output = (tensors[name] for name in (*call.inputs[:2], call.outputs[0]))
    depth, channels = int(call.attrs["depth"]), int(call.attrs["channels"])
    width = source.row_bytes // depth
    if weights.data is None or source.row_bytes % depth != 0 or output.row_bytes != width * channels:
        return None
    sizes = (source.rows, width, depth)
    window: dict[str, int | float] = dict(zip(("input_height", "input_width", "input_channels"), sizes, strict=True))
    window |= {"output_height": source.rows, "output_width": width, "output_channels": channels}
    ones = ("kernel_height", "kernel_width", "stride_height", "stride_width", "dilation_height", "dilation_width")
    window |= {**dict.fromkeys(ones, 1), "padding_top": 0, "padding_left": 0}
    return None if max(*sizes, channels) > SIZE_MAX else window


RUN_MAX = 508
"""Elements whose sums need not be taken apart in between."""
SIZE_MAX = 32767
"""Limit of each member of mrt_window_t."""
_END = ("output_offset", "activation_min", "activation_max")


def _windows(
    call: KernelCall, tensors: Tensors, filters: np.ndarray, window: Mapping[str, int | float]
) -> Variant | None:
    scaling = scale(call, tensors, filters)
    if scaling is None or not lanes_hold(filters):
        return None
    plain = filters.shape[1] <= RUN_MAX and not (scaling.records[:, 0] & 0xFFFF == EXACT).any()
    attrs = {**window, **scaling.attrs, "input_point": -int(call.attrs["input_offset"]), "plain": int(plain)}
    pixels = tensors[call.outputs[0]].elements // len(filters)
    estimate = -(-pixels // 2) * cost.scalar_pixels(*filters.shape)
    return _replaced(call, "conv2d_s8_scalar", pack(filters, scaling), attrs, estimate, "2 pixels x 2 channels")


QUAD = 4
"""MRT_SCALAR_QUAD."""
QUAD_WORKSPACE = 4096
"""Most bytes that a patch may take as words."""


def _quads(call: KernelCall, tensors: Tensors, filters: np.ndarray, window: Window) -> Variant | None:
    scaling = scale_apart(call, tensors, filters)
    if scaling is None or not lanes_hold(filters) or 4 * filters.shape[1] > QUAD_WORKSPACE:
        return None
    attrs = {**window, **scaling.attrs, "input_point": -int(call.attrs["input_offset"])}
    groups, eights = pack_quads(filters, scaling)
    pixels = tensors[call.outputs[0]].elements // len(filters)
    estimate = pixels * cost.scalar_quads(filters.shape[0], filters.shape[1], eights)
    return _replaced(call, "conv2d_quads_s8_scalar", groups, attrs, estimate, "1 pixel x 4 channels")


def pack_quads(filters: np.ndarray, scaling: Scaling) -> tuple[np.ndarray, int]:
    """Groups of conv2d_quads_s8_scalar as int32 [groups, words], and how many have windows of eight.

    Args:
        filters: int8 [output channels, elements]; two products of neighbouring elements fit into a lane.
        scaling: of each channel, by scale_apart.
    """
    channels, elements = filters.shape
    missing = -channels % QUAD
    padded = np.pad(filters.astype(np.int64), ((0, missing), (0, elements % 2)))
    # [groups, A and B, lanes, pairs, 2] -> [groups, pairs, A and B, 2]
    lanes = padded.reshape(-1, 2, 2, padded.shape[1] // 2, 2)
    weights = (lanes[:, :, 0] + (lanes[:, :, 1] << 16)).transpose(0, 2, 1, 3)
    windows = np.zeros(len(lanes), np.int64)
    if padded.shape[1] % BLOCK == 0:
        narrow = _fit_lanes(padded.reshape(len(padded), -1, BLOCK)).all(axis=1)
        windows[narrow.reshape(-1, QUAD).all(axis=1)] = 1
    records = np.pad(scaling.records, ((0, missing), (0, 0))).reshape(len(lanes), QUAD, -1)
    parts = (records[:, :, :-1], records[:, :, -1], windows, weights)
    words = np.concatenate([part.reshape(len(lanes), -1) for part in parts], axis=1)
    return (words & 0xFFFFFFFF).astype(np.uint32).view(np.int32), int(windows.sum())


def fully_connected(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors one by one, which are whole rows or lie within one."""
    source, weights, output = (tensors[name] for name in (*call.inputs[:2], call.outputs[0]))
    depth, channels = int(call.attrs["depth"]), int(call.attrs["channels"])
    if weights.data is None or (source.row_bytes % depth != 0 and depth % source.row_bytes != 0):
        return None
    filters = weights.data.reshape(channels, depth)
    scaling = scale(call, tensors, filters)
    if scaling is None or not lanes_hold(filters):
        return None
    chunks = -(-depth // CHUNK)
    chunk = -(-depth // chunks // BLOCK) * BLOCK
    attrs = {"depth": depth, "channels": channels, "chunk": chunk, **scaling.attrs}
    estimate = output.elements // channels * cost.scalar_vector(channels, depth)
    matrix = pack_matrix(filters, scaling, chunk)
    return _replaced(call, "fully_connected_s8_scalar", matrix, attrs, estimate, "1 vector x 2 channels")


CHUNK = 160
"""Elements of a vector that are kept as words."""
BLOCK = 8
"""MRT_SCALAR_BLOCK."""


def pack_matrix(filters: np.ndarray, scaling: Scaling, chunk: int) -> np.ndarray:
    """The matrix of fully_connected_s8_scalar as int32 [1, words].

    Args:
        filters: int8 [output channels, elements].
        scaling: of each channel.
        chunk: elements that are multiplied at a time.
    """
    channels, depth = filters.shape
    padded = np.pad(filters.astype(np.int64), ((0, channels % 2), (0, -depth % BLOCK)))
    parts = [np.pad(scaling.records, ((0, channels % 2), (0, 0))).reshape(-1)]
    for begin in range(0, padded.shape[1], chunk):
        blocks = padded[:, begin : begin + chunk].reshape(len(padded), -1, BLOCK)
        windows = _windows_of(blocks)
        # [groups, channels, pairs, 2] -> [groups, pairs, channels, 2]
        weights = (blocks + 128).reshape(len(padded) // 2, 2, -1, 2).transpose(0, 2, 1, 3)
        words = np.ascontiguousarray(weights.astype(np.uint8)).reshape(len(windows), -1).view("<i4")
        parts.append(np.concatenate([windows[:, None], words], axis=1).reshape(-1))
    words = np.concatenate(parts) & 0xFFFFFFFF
    return words.astype(np.uint32).view(np.int32)[None, :]


def _windows_of(blocks: np.ndarray) -> np.ndarray:
    """What the blocks of each two channels are: windows of 8 (0), of 4 (1) or of 2 (2), as lanes hold their sums.

    Args:
        blocks: int64 [channels, blocks, BLOCK].
    """
    kinds = np.full(len(blocks) // 2, 2, np.int64)
    for kind, size in ((1, 4), (0, 8)):
        kinds[_fit_lanes(blocks.reshape(len(kinds), -1, size)).all(axis=1)] = kind
    return kinds


def _fit_lanes(windows: np.ndarray) -> np.ndarray:
    """Whether the sums of a window's products fit into a lane, whatever it is multiplied with: bool [filters, windows].

    Args:
        windows: int64 [filters, windows, weights of one].
    """
    above, below = np.maximum(windows, 0).sum(axis=2), np.maximum(-windows, 0).sum(axis=2)
    return np.asarray((127 * above + 128 * below < 1 << 15) & (128 * above + 127 * below <= 1 << 15))


def depthwise(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any depthwise convolution whose stride or dilation along the width is 1, without weights of -128.

    Weights are turned, so that any two of a filter may share a lane.
    """
    attrs, weights = call.attrs, tensors[call.inputs[1]].data
    both = attrs["stride_width"] != 1 and attrs["dilation_width"] != 1
    taps = int(attrs["kernel_height"] * attrs["kernel_width"])
    if weights is None or both or taps > TAPS_MAX or attrs["stride_width"] > TAPS_MAX:
        return None
    # [height, width, channels] -> [channels, taps by columns]
    filters = weights.reshape(*weights.shape[1:]).transpose(2, 1, 0).reshape(-1, taps)
    scaling = scale(call, tensors, filters)
    if scaling is None or filters.min() == -128:
        return None
    window = {name: value for name, value in attrs.items() if name not in ("input_offset", *_END)}
    made = {**window, **scaling.attrs, "input_point": -int(attrs["input_offset"]), **_arrangement(window, scaling)}
    tile = "2 rows x 1 channel" if made["pair_rows"] else "2 columns x 1 channel"
    keeps_rows = made["phases"] > 1
    estimate = tensors[call.outputs[0]].nhwc[0] * cost.scalar_depthwise(window, bool(made["pair_rows"]), keeps_rows)
    return _replaced(
        call, "depthwise_conv2d_s8_scalar", pack_filters(filters, scaling), made, estimate, tile, "filters"
    )


def depthwise_planes(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Windows of 3 x 3 without dilation: from planes of several rows."""
    attrs, weights = call.attrs, tensors[call.inputs[1]].data
    side = all(attrs[f"kernel_{axis}"] == 3 and attrs[f"dilation_{axis}"] == 1 for axis in ("height", "width"))
    if weights is None or not side or attrs["stride_width"] > 3:
        return None
    # [height, width, channels] -> [channels, taps by rows]
    filters = weights.reshape(9, -1).transpose()
    scaling = scale_apart(call, tensors, filters, PLANE_UNIT)
    if scaling is None or not lanes_hold(filters):
        return None
    window = {name: value for name, value in attrs.items() if name not in ("input_offset", *_END)}
    pitch = (int(window["output_width"]) - 1) * int(window["stride_width"]) + 3
    stride, pairs = int(window["stride_height"]), (int(window["output_height"]) + 1) // 2
    lines = min(max((PLANE_BYTES // (4 * pitch) - 3) // stride + 1, 1), pairs)
    made = {**window, **scaling.attrs, "input_point": -int(attrs["input_offset"]), "lines": lines}
    estimate = tensors[call.outputs[0]].nhwc[0] * cost.scalar_planes(window, lines)
    packed = pack_planes(filters, scaling)
    return _replaced(call, "depthwise_planes_s8_scalar", packed, made, estimate, "2 rows x 1 channel", "filters")


PLANE_BYTES = 1024
"""So much workspace a plane may take; a line at least is made from one."""
PLANE_UNIT = 8
"""Sums that begin and end of a filter's record count as one: those of nine products then have 16 bits."""


def pack_planes(filters: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Filters of depthwise_planes_s8_scalar as int32 [output channels, words].

    Args:
        filters: int8 [output channels, 9].
        scaling: of each channel, by scale_apart with PLANE_UNIT.
    """
    begin, width, rest, factor, addend, step = scaling.records.transpose()
    ends = (begin // PLANE_UNIT & 0xFFFF) + ((begin + width) // PLANE_UNIT << 16)
    halves = np.pad(filters, ((0, 0), (2, 1))).astype(np.int8)
    halves[:, :2] = rest.astype("<i2")[:, None].view(np.int8)
    words = np.stack([ends, factor, addend], axis=1) & 0xFFFFFFFF
    parts = [words.astype(np.uint32).view(np.int32), np.ascontiguousarray(halves).view("<i4").astype(np.int32)]
    if scaling.attrs["two_sided"]:
        parts.append((step[:, None] & 0xFFFFFFFF).astype(np.uint32).view(np.int32))
    return np.concatenate(parts, axis=1)


TAPS_MAX = 510
"""Most taps, and the largest stride, of depthwise_conv2d_s8_scalar."""
ROWS_BYTES = 1024
"""So much workspace pairs of rows may take; else halves of rows share words."""
PHASES_BYTES = 600
"""So much workspace turned weights may take; else rows are gathered again for each row of outputs."""


def _arrangement(window: Mapping[str, int | float], scaling: Scaling) -> dict[str, int | float]:
    """What shares words, and whether rows are kept: as the workspace allows."""
    from micrort.native import kernels

    def size(pair_rows: int, phases: int) -> int:
        own = {"pair_rows": pair_rows, "phases": phases, "input_point": 0}
        return kernels.workspace_bytes("depthwise_conv2d_s8_scalar", {**window, **scaling.attrs, **own})

    height = int(window["kernel_height"])
    kept = window["dilation_height"] == 1 and window["stride_height"] < height
    turned = 4 * height * (height * int(window["kernel_width"]) + 1)
    phases = height if kept and turned <= PHASES_BYTES else 1
    return {"pair_rows": int(size(1, phases) <= ROWS_BYTES), "phases": phases}


def pack_filters(filters: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Filters of depthwise_conv2d_s8_scalar as int32 [output channels, words].

    Args:
        filters: int8 [output channels, taps by columns].
        scaling: of each channel.
    """
    padded = np.pad(filters, ((0, 0), (0, -filters.shape[1] % 4))).astype(np.int8)
    records = (scaling.records & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return np.concatenate([records, np.ascontiguousarray(padded).view("<i4").astype(np.int32)], axis=1)


def lanes_hold(filters: np.ndarray) -> bool:
    """Whether two products of neighbouring elements fit into a lane: all weights but two of -128 do.

    Args:
        filters: int8 [output channels, elements].
    """
    padded = np.pad(filters.astype(np.int64), ((0, 0), (0, filters.shape[1] % 2)))
    return bool(abs(padded).reshape(len(filters), -1, 2).sum(axis=2).max() < 256)


def pack(filters: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Groups of two channels as int32 [groups, words], for kernels that pair pixels.

    Args:
        filters: int8 [output channels, elements].
        scaling: of each channel.
    """
    channels, elements = filters.shape
    padding = (0, channels % 2)
    padded = np.pad(filters, (padding, (0, elements % 2))).astype(np.int8)
    # [groups, channels, pairs, 2] -> [groups, pairs, channels, 2]
    weights = padded.reshape(-1, 2, padded.shape[1] // 2, 2).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(weights).reshape(len(weights), -1).view("<i4").astype(np.int32)
    records = np.pad(scaling.records, (padding, (0, 0))) & 0xFFFFFFFF
    return np.concatenate([records.astype(np.uint32).view(np.int32).reshape(len(weights), -1), words], axis=1)


def _replaced(
    call: KernelCall,
    kernel: str,
    data: np.ndarray,
    attrs: Mapping[str, int | float],
    instructions: int,
    tile: str,
    name: str = "groups",
) -> Variant:
    """The same node by another kernel, with one constant in place of weights, bias and scales."""
    constant = Tensor(f"{call.name}/{name}", data.shape, DType.S32, data=data)
    replaced = replace(call, kernel=kernel, inputs=(call.inputs[0], constant.name), attrs=attrs, in_place=())
    return Variant(replaced, (constant,), instructions, tile)


_PROVIDERS: dict[str, tuple[Callable[[KernelCall, Tensors], Variant | None], ...]] = {
    "add_s8": (linear,),
    "sub_s8": (linear,),
    "conv2d_s8": (convolution, quads),
    "depthwise_conv2d_s8": (depthwise, depthwise_planes),
    "fully_connected_s8": (fully_connected, fully_connected_pairs, fully_connected_quads),
}
