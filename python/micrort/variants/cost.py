"""Estimates of what kernels need, in instructions: simple, but in the right order. Measured on a Cortex-M4."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from micrort.ir import KernelCall, Tensor

ANY, SIGNED, RECTIFIED = 0, 1, 2
"""mrt_mve_scaling_t."""
_STEP = 150
"""Of a step beside its rows: the executor's loop, and what a kernel does once a call."""
_STEPS = {
    "depthwise_conv2d_s8_dsp": (150, 400),
    "depthwise_conv2d_s8_mve": (400, 0),
    "depthwise_taps_s8_mve": (400, 0),
    "depthwise3x3_s8_mve": (280, 0),
    "conv2d_s8_mve": (340, 0),
    "conv2d_rgb_s8_mve": (400, 0),
}
"""The same, and what an output channel adds to it, where that was measured."""
_ROUNDED, _LINEAR = (78, 65), (44, 36)
"""Of a group of products beside its weights, by their width."""
_PER_CLAMP = 10
"""On cores with the DSP extension."""
_PER_MAC = 5.0
_PER_ELEMENT = 35.0
_PER_POOLED = 8.0
_PER_MAC_SHORT = 7.5
_PER_ELEMENT_SHORT = 80.0


def step(call: KernelCall, tensors: Mapping[str, Tensor]) -> int:
    """What a step of a call needs however few rows it makes."""
    base, per_channel = _STEPS.get(call.kernel, (_STEP, 0))
    channels = tensors[call.outputs[0]].nhwc[3]
    if call.kernel == "conv2d_s8_mve" and call.attrs["kernel_height"] * call.attrs["kernel_width"] > 1:
        base = 200
    elif call.kernel == "conv2d_s8_mve" and call.attrs["input_channels"] % 16:
        base += 65  # the last pixels of a step are copied
    return base + per_channel * channels


def borders(call: KernelCall, whole: KernelCall, rows: int, height: int) -> int:
    """What rows at borders add to a step of `rows` of the `height` rows of the call `whole`, on average."""
    if call.kernel != "depthwise3x3_s8_mve":
        return 0
    images = height // int(whole.attrs["output_height"])
    added = mve_neighbours_at_borders(whole.attrs, rows, call.attrs["scaling"] == RECTIFIED)
    return images * added * rows // height


def portable(
    call: KernelCall, tensors: Mapping[str, Tensor], long_products: bool = True, taps: Taps | None = None
) -> int:
    """Of a portable kernel; `long_products`: on a core that multiplies to 64 bits by one instruction.

    Depthwise convolutions need more than this says; `taps` is what they need where they are weighed against others.
    """
    per_mac, per_element = (_PER_MAC, _PER_ELEMENT) if long_products else (_PER_MAC_SHORT, _PER_ELEMENT_SHORT)
    elements = tensors[call.outputs[0]].elements
    if taps is not None and call.kernel == "depthwise_conv2d_s8":
        high, wide = (_taps_inside(call.attrs, axis) for axis in ("height", "width"))
        shared = taps.shared if call.attrs["output_channels"] != call.attrs["input_channels"] else 1
        return round(shared * (taps.each * high * wide + taps.row * high + taps.output) * elements)
    pooled = int(call.attrs["kernel_height"] * call.attrs["kernel_width"]) if "pool2d" in call.kernel else 0
    return round(per_mac * call.macs + (per_element + _PER_POOLED * pooled) * elements)


@dataclass(frozen=True)
class Taps:
    """What an output of a portable depthwise convolution needs, by the taps of its window that lie inside the image."""

    each: float
    row: float
    """Of taps."""
    output: float
    shared: float
    """So many times as much where several outputs have one channel of the input."""


DSP_TAPS, LONG_TAPS, SHORT_TAPS = Taps(8, 0, 62, 1), Taps(5.8, 8, 60, 1.6), Taps(11.3, 12.6, 125, 1.6)
"""On cores with the DSP extension, and on those without that multiply to 64 bits by one instruction, or do not."""


def _taps_inside(window: Mapping[str, int | float], axis: str) -> float:
    """Taps along an axis that lie inside the input, of an output on average: of few rows, too, that of all."""
    names = ("input", "output", "kernel", "stride", "dilation")
    size, outputs, kernel, stride, dilation = (int(window[f"{name}_{axis}"]) for name in names)
    padding = int(window["padding_left" if axis == "width" else "padding_top"])
    outputs = max(outputs, (size + 2 * padding - (kernel - 1) * dilation - 1) // stride + 1)
    total = 0
    for tap in range(kernel):
        ahead = padding - tap * dilation
        total += max(0, min(outputs, (size - 1 + ahead) // stride + 1) - max(0, -(-ahead // stride)))
    return total / outputs


@dataclass(frozen=True)
class Pixel:
    """A pixel of `elements` for all of `channels`, as runtime/kernels/dsp/products.c multiplies it."""

    elements: int
    channels: int
    is_wide: bool
    is_linear: bool


def dsp_products(vectors: int, pixel: Pixel) -> int:
    """Of products of vectors, two at a time, by runtime/kernels/dsp/products.c, by weights of either width."""
    quads, groups = -(-pixel.elements // 4), -(-pixel.channels // 4)
    ends = (_LINEAR if pixel.is_linear else _ROUNDED)[pixel.is_wide]
    two = 54 + 10 * quads + groups * ((22 if pixel.is_wide else 24) * quads + 3 * (quads // 4 + 1) + ends)
    return 250 + -(-vectors // 2) * two


def dsp_matvec(vectors: int, pixel: Pixel) -> int:
    """The same of vectors one at a time."""
    quads, groups = -(-pixel.elements // 4), -(-pixel.channels // 4)
    ends = 38 if pixel.is_wide else 44
    return 100 + vectors * (
        80 + groups * ((13 if pixel.is_wide else 16) * quads + 3 * (quads // 4 + 1) + ends) + pixel.elements // 2
    )


def mve_vector(blocks: int, channels: int) -> int:
    """Of a vector of `blocks` * 16 elements times a matrix, by runtime/kernels/mve/fully_connected_s8_mve.c."""
    return 60 + 3 * blocks + -(-channels // 8) * (17 * blocks + 45)


def mve_pixels(pixels: int, blocks: int, channels: int, rectified: bool) -> int:
    """Of `pixels` of `blocks` * 16 elements by runtime/kernels/mve/products.c, and a call of the kernel."""
    groups = -(-channels // 4)
    if rectified and blocks <= 4 and channels <= 248:
        pair = 16 + groups // 2 * (28 * blocks + 35) + groups % 2 * (14 * blocks + 60)
    else:
        pair = 22 + groups * (_span(blocks) + (25 if rectified else 30))
    return 200 + -(-pixels // 2) * pair


def _span(blocks: int) -> int:
    """Of a group's products with `blocks` of a pair: four at a time, then the rest."""
    return 14 * blocks + (1 + 2 * ((blocks - 1) // 4) if blocks > 4 else 0)


def mve_direct(window: Mapping[str, int | float], rows: int, pairs: int, rectified: bool) -> int:
    """Of windows that are multiplied where they lie, `pairs` of a row, by runtime/kernels/mve/conv2d_s8_mve.c."""
    height, width = int(window["kernel_height"]), int(window["output_width"])
    blocks = int(window["kernel_width"] * window["input_channels"]) // 16
    span = 14 * blocks + 1 + (3 + 2 * ((blocks - 1) // 4) if blocks > 4 else 0)
    pair = 30 + int(window["output_channels"]) // 4 * (height * span + (28 if rectified else 33))
    return rows * (460 + (pairs + -(-(width - 2 * pairs) // 2)) * pair)


def mve_patches(window: Mapping[str, int | float], rows: int, patches: int) -> int:
    """Of the copies of what is under windows, for `rows` output rows, by runtime/kernels/mve/conv2d_s8_mve.c, at most
    `patches` of which are multiplied at a time."""
    size = int(window["kernel_width"] * window["input_channels"])
    height, width = int(window["kernel_height"]), int(window["output_width"])
    pixel = 21 if height == 3 and size <= 16 else 10 + height * (6 + 3 * -(-size // 16))
    limit = min(patches, max(2, 1024 // (-(-height * size // 16) * 16)))
    calls = 200 * width / limit + 190 * -(-width // limit)  # of products, over rows; to copy what they take, row by row
    borders = 150 * _at_borders(window, "width")
    return round(rows * (25 * height + width * pixel + calls + borders))


def mve_colours(window: Mapping[str, int | float], rows: int) -> int:
    """Of runtime/kernels/mve/conv2d_rgb_s8_mve.c for `rows` output rows."""
    width = int(window["output_width"])
    columns = (width - 1) * int(window["stride_width"]) + 3
    pair = 32 + 87 * (int(window["output_channels"]) // 8)
    copied = columns * min(int(window["stride_height"]), 3) * 9 // 16
    return 150 + 2 * columns + rows * (250 + copied + -(-width // 2) * pair)


def dsp_patch(window: Mapping[str, int | float], pixels: int) -> int:
    """Of the copies of what is under the windows of `pixels` outputs, by runtime/kernels/dsp/patch.c."""
    channels = int(window["input_channels"])
    run = int(window["kernel_width"]) * channels
    pieces = int(window["kernel_width"]) if window["dilation_width"] > 1 else 1 + 2 * (window["padding_left"] > 0) / 3
    copied = pieces * 45 + 5 * (run if channels % 4 else run // 4)
    return 100 + round(pixels * (40 + window["kernel_height"] * (45 + copied)))


def dsp_records(window: Mapping[str, int | float], pixels: int) -> int:
    """Of the sums of channels one after the other, by runtime/kernels/dsp/depthwise_patch_s8_dsp.c."""
    return pixels * round(40 + window["output_channels"] * (27 + 7 * window["kernel_height"] * window["kernel_width"]))


def dsp_convolution(window: Mapping[str, int | float], rows: int, pixel: Pixel) -> int:
    """Of conv2d_s8_dsp for `rows` output rows; the elements of a pixel are those of a patch."""
    taps, pixels = int(window["kernel_height"] * window["kernel_width"]), rows * int(window["output_width"])
    by_taps = window["input_channels"] % 4 == 0
    patches = pixels * (31 * math.isqrt(taps) if by_taps else 12 * math.isqrt(taps) + 2.4 * pixel.elements)
    lines = rows * (125 + 60 * window["kernel_height"])
    return round(patches + lines) + dsp_products(pixels + pixels % 2, pixel)


def dsp_clamps(call: KernelCall, tensors: Mapping[str, Tensor]) -> int:
    """Of the clamps of products that are not those of int8 itself, as those of a RELU6 are."""
    is_product = call.kernel in ("conv2d_s8", "depthwise_conv2d_s8", "fully_connected_s8")
    if not is_product or (call.attrs["activation_min"], call.attrs["activation_max"]) == (-128, 127):
        return 0
    return _PER_CLAMP * tensors[call.outputs[0]].elements


def dsp_winograd(window: Mapping[str, int | float], images: int) -> int:
    """Of winograd_s8_dsp; tiles that the output does not fill cost as much as full ones."""
    tiles = images * -(-int(window["output_height"]) // 2) * -(-int(window["output_width"]) // 4)
    quads, groups = int(window["input_channels"]) // 4, -(-int(window["output_channels"]) // 4)
    position = 22 * quads + 3 * -(-quads // 4) + 9
    return tiles * (350 + 500 * quads + groups * (16 * position + 670))


@dataclass(frozen=True)
class Strips:
    """How runtime/kernels/mve/depthwise_conv2d_s8_mve.c goes over its input."""

    count: int
    """That are made before they are used."""
    block: int
    """Channels of a strip."""
    scaling: int
    """An mrt_mve_scaling_t."""


_PER_BATCH = {"quads": (40, 32), "pairs": (44, 36), "singles": (52, 44)}
"""Of eight outputs of one tile: of any, and rectified."""
_OUTPUTS = {"quads": 4, "pairs": 2, "singles": 1}
"""Of a patch."""


def mve_depthwise(window: Mapping[str, int | float], rows: int, strips: Strips) -> int:
    """Of runtime/kernels/mve/depthwise_conv2d_s8_mve.c for `rows` output rows."""
    height, width = int(window["kernel_height"]), int(window["kernel_width"])
    same = all(window[f"{name}_{axis}"] == 1 for name in ("stride", "dilation") for axis in ("height", "width"))
    quads = same and height % 4 != 0 and width % 4 != 0 and window["output_width"] > 1
    strip_rows = 2 if quads else 1
    tiles_high, tiles = -(-height // 4), -(-height // 4) * -(-width // 4)
    tiled = tiles > 1 or strips.scaling == ANY
    across, channels = int(window["output_width"]), int(window["output_channels"])
    columns = min(int(window["input_width"]), (across - 1) * int(window["stride_width"]) + width)
    blocks = -(-int(window["input_channels"]) // strips.block)
    narrow = 45 if min(int(window["input_channels"]), strips.block) < 16 else 0
    sets, rest = divmod(rows, strips.count * strip_rows)
    total = 0
    for count, lines in ((sets, strips.count * strip_rows), (1 if rest else 0, rest)):
        if count == 0:
            continue
        made = -(-lines // strip_rows)
        kind = ("quads" if lines > 1 or tiled else "pairs") if quads else "singles"
        outputs = made * -(-across // strip_rows) * _OUTPUTS[kind]
        per_batch, per_channel = _PER_BATCH[kind][strips.scaling == RECTIFIED], 20
        if tiled:
            per_batch = 60 + (20 if quads else 30) * tiles
            per_channel = 130 + (60 if quads else 32) * tiles
        built = blocks * (135 + made * (55 + tiles_high * (85 + narrow + 14 * columns)))
        lists = 200 + made * (15 + 8 * -(-across // strip_rows))
        total += lists + count * (60 + built + channels * (per_channel + per_batch * math.ceil(outputs / 8)))
    return total


def mve_taps(window: Mapping[str, int | float], rows: int) -> int:
    """Of runtime/kernels/mve/depthwise_taps_s8_mve.c for `rows` output rows."""
    height, width = int(window["kernel_height"]), int(window["kernel_width"])
    taps, channels, across = height * width, int(window["input_channels"]), int(window["output_width"])
    fours = -(-taps // 4)
    vectors, blocks = -(-fours // 4), -(-channels // 16)
    parts = -(-blocks // max(1, min(blocks, 4 // vectors)))
    pixel = (
        parts * (45 + 14 * fours) + 9 * fours * blocks + -(-channels // 8) * (22 + 25 * vectors + 10 * (vectors > 1))
    )
    lines, axis = (rows, "width") if across > 1 else (1, "height")
    found = lines * parts * (100 + (60 + 45 * height + 7 * taps) * (1 + _at_borders(window, axis)))
    return round(250 + rows * across * pixel + found)


def mve_neighbours(window: Mapping[str, int | float], rows: int, rectified: bool) -> int:
    """Of runtime/kernels/mve/depthwise3x3_s8_mve.c for `rows` output rows."""
    pair, single = _neighbour_rows(window, rectified)
    pairs = rows // 2 if window["stride_height"] == window["stride_width"] else 0
    total = pairs * pair + (rows - 2 * pairs) * single
    if window["output_height"] * window["stride_height"] >= window["input_height"]:  # whole images, not a slice
        total += rows // int(window["output_height"]) * mve_neighbours_at_borders(window, rows, rectified)
    return total


def mve_neighbours_at_borders(window: Mapping[str, int | float], rows: int, rectified: bool) -> int:
    """What rows of padding add to that for an image, `rows` of which are made at a time: others are made one by one."""
    pair, single = _neighbour_rows(window, rectified)
    apart = 2 * single - pair if rows > 1 and window["stride_height"] == window["stride_width"] else 0
    return _at_borders(window, "height") * (200 + apart)


def _neighbour_rows(window: Mapping[str, int | float], rectified: bool) -> tuple[int, int]:
    """Of two rows together, and of one."""
    width, channels, end = int(window["output_width"]), int(window["output_channels"]), 0 if rectified else 9
    channel, batch = (38, 36) if window["stride_width"] == 1 else (49, 43)
    pair = 260 + channels * (channel + -(-width // 4) * (batch + end))
    return pair, 230 + channels * (50 + -(-width // 8) * (43 + end))


def _at_borders(window: Mapping[str, int | float], axis: str) -> int:
    """Outputs along an axis whose windows do not lie inside the input."""
    names = ("input", "output", "kernel", "stride", "dilation")
    size, outputs, kernel, stride, dilation = (int(window[f"{name}_{axis}"]) for name in names)
    padding = int(window["padding_left" if axis == "width" else "padding_top"])
    room = size - (kernel - 1) * dilation - 1 + padding
    end = min(outputs, room // stride + 1) if room >= 0 else 0
    return outputs - max(0, end - -(-padding // stride))


def scalar_pixels(channels: int, elements: int) -> int:
    """Of two pixels by runtime/kernels/scalar/conv2d_s8_scalar.c."""
    return 150 + 7 * elements + -(-channels // 2) * (11 * (elements + elements % 2) + 130)


def scalar_quads(channels: int, elements: int, eights: int) -> int:
    """Of a pixel by runtime/kernels/scalar/conv2d_quads_s8_scalar.c; `eights` groups have windows of eight."""
    groups = -(-channels // 4)
    return 90 + 2 * elements + round(groups * (7.75 * elements + 110) - eights * 1.1 * elements)


def scalar_planes(window: Mapping[str, int | float], lines: int) -> int:
    """Of an image by runtime/kernels/scalar/depthwise_planes_s8_scalar.c with planes of `lines` pairs of rows."""
    pairs, across = (int(window["output_height"]) + 1) // 2, int(window["output_width"])
    strips = -(-pairs // lines)
    rows = (pairs - strips) * int(window["stride_height"]) + 3 * strips
    columns = min((across - 1) * int(window["stride_width"]) + 3, int(window["input_width"]))
    channel = 500 * strips + rows * (10 + 7 * columns) + pairs * (10 + 88 * across)
    return int(window["output_channels"]) * channel + 4 * rows * columns


def scalar_vector(channels: int, elements: int) -> int:
    """Of a vector by runtime/kernels/scalar/fully_connected_s8_scalar.c."""
    blocks = -(-elements // 8)
    return 200 + 60 * blocks + -(-channels // 2) * (46 * blocks + 130)


def scalar_depthwise(window: Mapping[str, int | float], pairs_rows: bool, keeps_rows: bool) -> int:
    """Of an image by runtime/kernels/scalar/depthwise_conv2d_s8_scalar.c; fitted on M0+ and M3, a tenth apart.

    Args:
        window: of the call; one of a column is taken as that of a row, which it is where rows adjoin.
        pairs_rows: two rows may share words.
        keeps_rows: rows stay in their places for the next line.
    """
    is_column = window["input_width"] == window["output_width"] == window["kernel_width"] == 1
    down, across = (_axis(window, axis) for axis in (("width", "height") if is_column else ("height", "width")))
    halves = across.outputs - (across.outputs + 1) // 2 > down.kernel
    pairs = pairs_rows and (down.outputs + 1) // 2 * across.outputs <= (across.outputs + 1) // 2 * down.outputs
    lines = (down.outputs + 1) // 2 if pairs else down.outputs
    width = (across.outputs + 1) // 2 if halves and not pairs else across.outputs
    residues = min(across.dilation, width)
    columns = (width - residues) * (across.stride if residues == 1 else 1) + residues * across.kernel
    inside = min(columns, (across.size if pairs or not halves else across.size // 2 + across.kernel))
    rows = down.kernel + (lines - 1) * (min(down.stride, down.kernel) if keeps_rows else down.kernel)
    phases = min(lines, down.kernel) if keeps_rows else 1
    taps = down.kernel * across.kernel
    once = residues * (230 + 120 * lines + (75 if pairs or not halves else 210) * rows + 14 * phases * taps)
    return int(window["output_channels"]) * round(
        once + 9.6 * rows * inside + lines * width * (50 + 8.35 * (taps + 1) // 2)
    )


@dataclass(frozen=True)
class _Axis:
    """A window along an axis."""

    size: int
    outputs: int
    kernel: int
    stride: int
    dilation: int


def _axis(window: Mapping[str, int | float], axis: str) -> _Axis:
    return _Axis(*(int(window[f"{name}_{axis}"]) for name in ("input", "output", "kernel", "stride", "dilation")))
