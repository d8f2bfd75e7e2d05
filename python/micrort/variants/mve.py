"""Variants for cores with MVE (Helium): Cortex-M55. Layouts: include/micrort/kernels/mve.h."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from micrort.ir import DType, KernelCall, Tensor
from micrort.variants import cost, lean, mve_float, overlap
from micrort.variants.base import Variant
from micrort.variants.linear import search

Tensors = Mapping[str, Tensor]

RGB_CHANNELS = 248
"""Of conv2d_rgb_s8_mve, at most."""
DIRECT_ROWS = 5
"""Rows of windows, at most, that conv2d_s8_mve multiplies where they lie."""
BLOCK = 16
"""Bytes of a vector; elements of filters that lie together."""
PATCHES_MAX = 64
"""Of conv2d_s8_mve, copies of windows that it makes before it multiplies them."""
SIZE_MAX = 32767
"""Limit of each member of mrt_window_t."""
ANY, SIGNED, RECTIFIED = cost.ANY, cost.SIGNED, cost.RECTIFIED
"""mrt_mve_scaling_t."""


def variants(call: KernelCall, tensors: Tensors, optimize: str) -> Iterator[Variant]:
    """Every variant that computes `call`, cost estimated."""
    del optimize
    for provider in _PROVIDERS.get(call.kernel, ()):
        offer = provider(call, tensors)
        if offer is not None:
            yield offer


@dataclass(frozen=True)
class Scales:
    """Biases and scales per output channel, int64, and how they may be applied."""

    start: np.ndarray
    """Bias and the zero point's part of the input, modulo 2**32."""
    multiplier: np.ndarray
    shift: np.ndarray
    scaling: int
    """An mrt_mve_scaling_t."""


def fold(call: KernelCall, tensors: Tensors, filters: np.ndarray) -> Scales | None:
    """The scales of a call with the inputs [_, weights, bias(, multiplier, shift)].

    Args:
        call: a call of a kernel with input_offset, output_offset and a clamp of int8.
        tensors: all tensors by name.
        filters: int8 [output channels, weights of one].

    Returns:
        None where the bias is not constant.
    """
    attrs, bias = call.attrs, tensors[call.inputs[2]].data
    if bias is None:
        return None
    if len(call.inputs) > 3:
        multiplier, shift = (_values(tensors[name]) for name in call.inputs[3:5])
    else:
        multiplier, shift = (np.full(len(filters), attrs[name], np.int64) for name in ("multiplier", "shift"))
    shift = np.where(multiplier == 0, -1, shift)  # the product is 0, whatever the shift
    start = bias.astype(np.int64) + int(attrs["input_offset"]) * filters.astype(np.int64).sum(axis=1)
    return Scales(start, multiplier, shift, scaling(attrs, shift))


def scaling(attrs: Mapping[str, int | float], shift: np.ndarray) -> int:
    """The fastest way to scale that is right for these shifts, output offset and clamp."""
    if shift.max() > -1:
        return ANY
    full = (attrs["activation_min"], attrs["activation_max"]) == (-128, 127)
    return RECTIFIED if attrs["output_offset"] == -128 and full else SIGNED


def pack(filters: np.ndarray, scales: Scales, lanes: int) -> np.ndarray:
    """Groups of `lanes` output channels as int32 [groups, words].

    Args:
        filters: int8 [output channels, elements].
        scales: of each channel.
        lanes: 4 or 8.
    """
    channels, elements = filters.shape
    padding = (0, -channels % lanes)
    padded = np.pad(np.pad(filters, ((0, 0), (0, -elements % BLOCK))), (padding, (0, 0)), mode="edge").astype(np.int8)
    # [groups, lanes, blocks, BLOCK] -> [groups, blocks, lanes, BLOCK]
    weights = padded.reshape(-1, lanes, padded.shape[1] // BLOCK, BLOCK).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(weights).reshape(len(weights), -1).view("<i4").astype(np.int32)
    start, multiplier, shift = (
        (np.pad(values, padding, mode="edge") & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
        for values in (scales.start, scales.multiplier, scales.shift)
    )
    order = [0, 1, 2, 3] if lanes == 4 else [0, 2, 4, 6, 1, 3, 5, 7]
    parts = (start.reshape(-1, lanes), words, *(values.reshape(-1, lanes)[:, order] for values in (multiplier, shift)))
    return np.concatenate(parts, axis=1)


def fully_connected(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors one by one."""
    source, weights = (tensors[name] for name in call.inputs[:2])
    depth, channels = int(call.attrs["depth"]), int(call.attrs["channels"])
    if weights.data is None:
        return None
    copied = depth % BLOCK != 0 or source.row_bytes % depth != 0
    return _vectors(call, tensors, weights.data.reshape(channels, depth), copied)


def fully_connected_pairs(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Vectors that lie in rows, two by two: as pixels of a convolution with a kernel of 1 x 1."""
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
    if max(*sizes, channels) > SIZE_MAX:
        return None
    return _windows(call, tensors, weights.data.reshape(channels, depth), window)


def convolution(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any convolution in one group."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["groups"] != 1:
        return None
    own = ("groups", "input_offset", *_END)
    window = {name: value for name, value in call.attrs.items() if name not in own}
    return _windows(call, tensors, weights.reshape(weights.shape[0], -1), window)


def convolution_of_colours(call: KernelCall, tensors: Tensors) -> Variant | None:
    """A first layer: three channels under 3 x 3 pixels."""
    offer = convolution(call, tensors)
    weights = tensors[call.inputs[1]].data
    if offer is None or weights is None or weights.shape[1:] != (3, 3, 3):
        return None
    channels, attrs = weights.shape[0], offer.call.attrs
    if any(attrs[f"dilation_{axis}"] != 1 for axis in ("height", "width")):
        return None
    if channels % 8 != 0 or channels > RGB_CHANNELS or attrs["scaling"] == ANY:
        return None
    scales = fold(call, tensors, weights.reshape(channels, -1))
    assert scales is not None
    rows = weights.reshape(channels, 3, 9)
    filters = np.zeros((channels, 2 * BLOCK), np.int8)
    filters[:, :9], filters[:, 9:16] = rows[:, 0], rows[:, 1, :7]
    filters[:, 16:25], filters[:, 26:28] = rows[:, 2], rows[:, 1, 7:]
    estimate = cost.mve_colours(attrs, tensors[call.outputs[0]].rows)
    from micrort.native import kernels

    if kernels.workspace_bytes("conv2d_rgb_s8_mve", attrs) == 0:
        return None
    return _replaced(call, "conv2d_rgb_s8_mve", pack(filters, scales, 4), attrs, estimate)


def convolution_of_one_pixel(call: KernelCall, tensors: Tensors) -> Variant | None:
    """A convolution whose kernel covers the input: a vector times a matrix."""
    attrs, source, output = call.attrs, tensors[call.inputs[0]], tensors[call.outputs[0]]
    weights = tensors[call.inputs[1]].data
    covers = all(attrs[f"kernel_{axis}"] == attrs[f"input_{axis}"] for axis in ("height", "width"))
    plain = {"padding_top": 0, "padding_left": 0, "dilation_height": 1, "dilation_width": 1, "groups": 1}
    if (
        weights is None
        or not covers
        or any(attrs[name] != plain[name] for name in plain)
        or output.elements != weights.shape[0]
    ):
        return None
    filters = weights.reshape(weights.shape[0], -1)
    return _vectors(call, tensors, filters, filters.shape[1] % BLOCK != 0 or source.rows != 1)


def depthwise(call: KernelCall, tensors: Tensors) -> Variant | None:
    """Any depthwise convolution whose rows are not very long."""
    attrs, weights = call.attrs, tensors[call.inputs[1]].data
    if weights is None:
        return None
    filters = weights.reshape(*weights.shape[1:])
    scales = fold(call, tensors, filters.reshape(-1, filters.shape[-1]).T)
    window = {name: value for name, value in attrs.items() if name not in ("input_offset", *_END)}
    choices = [strips for strips in range(1, 5) if _strips_fit(window, strips)]
    if scales is None or not choices:
        return None
    rows = tensors[call.outputs[0]].rows
    ways = {count: cost.Strips(count, BLOCK, scales.scaling) for count in choices}
    costs = {count: cost.mve_depthwise(window, rows, ways[count]) for count in choices}
    strips = next(choice for choice in choices if costs[choice] <= _ENOUGH * min(costs.values()))
    made = {**window, "input_zero_point": -int(attrs["input_offset"]), "scaling": scales.scaling}
    made |= {"strips": strips, "block": BLOCK}
    constant = pack_depthwise(filters, scales)
    offer = _replaced(call, "depthwise_conv2d_s8_mve", constant, {**made, **_end(call)}, costs[strips])
    places = overlap.over_channels(window, tensors[call.inputs[0]], tensors[call.outputs[0]])
    return replace(offer, call=replace(offer.call, in_place=places))


def depthwise_of_taps(call: KernelCall, tensors: Tensors) -> Variant | None:
    """A depthwise convolution with a multiplier of 1, pixel by pixel."""
    weights, attrs = tensors[call.inputs[1]].data, call.attrs
    if weights is None or attrs["input_channels"] != attrs["output_channels"]:
        return None
    filters = np.ascontiguousarray(weights.reshape(-1, weights.shape[-1]).T)
    scales = fold(call, tensors, filters)
    if scales is None or scales.scaling == ANY:
        return None
    window = {name: value for name, value in attrs.items() if name not in ("input_offset", *_END)}
    made = {**window, "input_zero_point": -int(attrs["input_offset"]), "scaling": scales.scaling, **_end(call)}
    made["patches"] = 2
    estimate = cost.mve_taps(window, tensors[call.outputs[0]].rows)
    return _replaced(call, "depthwise_taps_s8_mve", pack(filters, scales, 8), made, estimate)


def depthwise_of_neighbours(call: KernelCall, tensors: Tensors) -> Variant | None:
    """A depthwise convolution of 3 x 3 in few rows: without workspace."""
    attrs, source, output = call.attrs, tensors[call.inputs[0]], tensors[call.outputs[0]]
    weights = tensors[call.inputs[1]].data
    plain = {"kernel_height": 3, "kernel_width": 3, "dilation_height": 1, "dilation_width": 1}
    if weights is None or any(attrs[name] != plain[name] for name in plain):
        return None
    scales = fold(call, tensors, np.ascontiguousarray(weights.reshape(-1, weights.shape[-1]).T))
    borders = (_border(attrs, axis) for axis in ("height", "width"))
    if scales is None or scales.scaling == ANY or attrs["input_channels"] != attrs["output_channels"]:
        return None
    if not all(borders) or attrs["stride_width"] > 2 or attrs["output_width"] < NEIGHBOURS:
        return None
    if source.row_bytes > lean.REACH // 2 or output.row_bytes > lean.REACH:
        return None
    window = {name: value for name, value in attrs.items() if name not in ("input_offset", *_END)}
    made = {**window, "input_zero_point": -int(attrs["input_offset"]), "scaling": scales.scaling}
    made |= {"strips": 1, "block": BLOCK, **_end(call)}
    constant = pack_depthwise(weights.reshape(*weights.shape[1:]), scales)
    estimate = cost.mve_neighbours(window, output.rows, scales.scaling == RECTIFIED)
    return _replaced(call, "depthwise3x3_s8_mve", constant, made, estimate)


def _border(window: Mapping[str, int | float], axis: str) -> bool:
    """Whether along an axis there is at most one row or column of padding at each border."""
    padding = window["padding_top" if axis == "height" else "padding_left"]
    end = (window[f"output_{axis}"] - 1) * window[f"stride_{axis}"] + 3 - padding
    return padding <= 1 and end <= window[f"input_{axis}"] + 1


def depthwise_of_one_channel(call: KernelCall, tensors: Tensors) -> Variant | None:
    """A depthwise convolution of one channel: any convolution of that channel."""
    weights = tensors[call.inputs[1]].data
    if weights is None or call.attrs["input_channels"] != 1:
        return None
    window = {name: value for name, value in call.attrs.items() if name not in ("input_offset", *_END)}
    filters = np.ascontiguousarray(weights.reshape(-1, weights.shape[-1]).T)
    return _windows(call, tensors, filters, window)


def pack_depthwise(filters: np.ndarray, scales: Scales) -> np.ndarray:
    """Filters of depthwise_conv2d_s8_mve as int32 [channels, words], of int8 [height, width, channels]."""
    height, width, channels = filters.shape
    rows = np.pad(filters, ((0, -height % TILE), (0, 0), (0, 0))).reshape(-1, TILE, width, channels)
    # [rows of tiles, row, column, channels] -> [channels, rows of tiles, column, row]
    words = np.ascontiguousarray(rows.transpose(3, 0, 2, 1)).reshape(channels, -1).view("<i4").astype(np.int32)
    parts = (scales.start, scales.multiplier, scales.shift)
    columns = [(values & 0xFFFFFFFF).astype(np.uint32).view(np.int32)[:, None] for values in parts]
    return np.concatenate([words, *columns], axis=1)


NEIGHBOURS = 8
"""Outputs of a batch of depthwise3x3_s8_mve: a row has at least as many."""
TILE = 4
"""Rows of taps in a word."""
STRIPS_BYTES = 4096
"""So much workspace more than one strip may take."""
_ENOUGH = 1.05
"""Fewer strips, which take less workspace, may cost that much more than the best number of them."""


def _strips_fit(window: Mapping[str, int | float], strips: int) -> bool:
    """Whether outputs lie within 16 bits, and the workspace is not too large."""
    from micrort.native import kernels

    line = int(window["output_width"] * window["output_channels"])
    if 7 * (window["output_channels"] if strips == 1 else line) + line > 65535:
        return False
    attrs = {**window, "input_zero_point": 0, "scaling": 0, "strips": strips, "block": BLOCK}
    attrs |= dict.fromkeys(_END, 0)
    size = kernels.workspace_bytes("depthwise_conv2d_s8_mve", attrs)
    return size > 0 and (strips == 1 or size <= STRIPS_BYTES)


def linear(call: KernelCall, tensors: Tensors) -> Variant | None:
    """ADD and SUB of tensors of one shape, where one linear form equals them."""
    shapes = {tensors[name].nhwc for name in (*call.inputs, *call.outputs)}
    repeated = call.attrs["input0_repeats"] != 0 or call.attrs["input1_repeats"] != 0
    form = None if repeated or len(shapes) != 1 else search(call.kernel, call.attrs)
    if form is None:
        return None
    attrs = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
    factors = {"first_factor": form.first, "second_factor": form.second, "addend": form.addend, "shift": form.shift}
    replaced = replace(call, kernel="linear_s8_mve", attrs={**attrs, **factors})
    return Variant(replaced, (), round(2.4 * tensors[call.outputs[0]].elements))


def pooling(call: KernelCall, tensors: Tensors) -> Variant:
    """Average and maximum pooling: always faster than channels one by one."""
    elements = int(call.attrs["kernel_height"] * call.attrs["kernel_width"]) * tensors[call.outputs[0]].elements
    return Variant(replace(call, kernel=f"{call.kernel}_mve"), (), 10 * tensors[call.outputs[0]].elements + elements)


_END = ("output_offset", "activation_min", "activation_max")


def _vectors(call: KernelCall, tensors: Tensors, filters: np.ndarray, copied: bool) -> Variant | None:
    scales = fold(call, tensors, filters)
    if scales is None:
        return None
    channels, depth = filters.shape
    attrs = {"depth": depth, "channels": channels, "copied": int(copied), "scaling": scales.scaling, **_end(call)}
    count = tensors[call.outputs[0]].elements // channels
    estimate = count * cost.mve_vector(-(-depth // BLOCK), channels)
    return _replaced(call, "fully_connected_s8_mve", pack(filters, scales, 8), attrs, estimate)


def _windows(
    call: KernelCall, tensors: Tensors, filters: np.ndarray, window: Mapping[str, int | float]
) -> Variant | None:
    scales = fold(call, tensors, filters)
    if scales is None:
        return None
    channels, elements = filters.shape
    attrs = {**window, "input_zero_point": -int(call.attrs["input_offset"]), "scaling": scales.scaling, **_end(call)}
    output = tensors[call.outputs[0]]
    blocks, rectified = -(-elements // BLOCK), scales.scaling == RECTIFIED
    pairs = _direct_pairs(window, scales.scaling)
    attrs["patches"] = 2
    if pairs > 0:
        estimate = cost.mve_direct(window, output.rows, pairs, rectified)
    elif elements == window["input_channels"]:
        rows = 1 if window["stride_height"] == window["stride_width"] == 1 else output.rows
        estimate = rows * cost.mve_pixels(output.elements // channels // rows, blocks, channels, rectified)
    else:
        pixels = output.elements // channels
        patches = attrs["patches"] = min(PATCHES_MAX, pixels + pixels % 2)
        estimate = cost.mve_pixels(pixels, blocks, channels, rectified)
        estimate += cost.mve_patches(window, output.rows, patches)
    offer = _replaced(call, "conv2d_s8_mve", pack(filters, scales, 4), attrs, estimate)
    places = overlap.over_pixels(window, tensors[call.inputs[0]], output)
    return replace(offer, call=replace(offer.call, in_place=places))


def _direct_pairs(window: Mapping[str, int | float], scaling: int) -> int:
    """As direct_pairs of runtime/kernels/mve/conv2d_s8_mve.c; only the estimate depends on it."""
    width, kernel, step = (int(window[name]) for name in ("output_width", "kernel_width", "stride_width"))
    left, pointwise = int(window["padding_left"]), kernel == window["kernel_height"] == 1
    if pointwise or scaling == ANY or kernel * int(window["input_channels"]) % BLOCK or window["output_channels"] % 4:
        return 0
    if window["dilation_width"] != 1 or window["kernel_height"] > DIRECT_ROWS:
        return 0
    room = int(window["input_width"]) - kernel + left
    pairs = max(0, min(width, room // step + 1) - -(-left // step)) // 2
    return pairs if 4 * pairs >= width else 0


def _end(call: KernelCall) -> dict[str, int | float]:
    return {name: call.attrs[name] for name in _END}


def _replaced(
    call: KernelCall, kernel: str, groups: np.ndarray, attrs: Mapping[str, int | float], instructions: int
) -> Variant:
    """The same node by another kernel, with one constant in place of weights, bias and scales."""
    constant = Tensor(f"{call.name}/groups", groups.shape, DType.S32, data=groups)
    inputs = (call.inputs[0], constant.name)
    replaced = replace(call, kernel=kernel, inputs=inputs, attrs=attrs, in_place=())
    return Variant(replaced, (constant,), instructions)


def _values(tensor: Tensor) -> np.ndarray:
    assert tensor.data is not None
    return tensor.data.astype(np.int64)


_PROVIDERS: dict[str, tuple[Callable[[KernelCall, Tensors], Variant | None], ...]] = {
    "fully_connected_s8": (fully_connected, fully_connected_pairs),
    "add_s8": (linear,),
    "sub_s8": (linear,),
    "average_pool2d_s8": (pooling,),
    "max_pool2d_s8": (pooling,),
    "depthwise_conv2d_s8": (depthwise, depthwise_of_taps, depthwise_of_neighbours, depthwise_of_one_channel),
    "conv2d_s8": (convolution, convolution_of_colours, convolution_of_one_pixel),
    **mve_float.PROVIDERS,
}
