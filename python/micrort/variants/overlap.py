"""Where outputs of kernels for particular cores may lie over their input, as runtime/kernels/in_place.c judges it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from micrort.ir import InPlace, Tensor
from micrort.ir.executor_graph import ROW_UNIT

_PIXEL = {"kernel_height": 1, "kernel_width": 1, "stride_height": 1, "stride_width": 1}
_PIXEL |= {"padding_top": 0, "padding_left": 0}


def over_channels(window: Mapping[str, int | float], source: Tensor, output: Tensor) -> tuple[InPlace, ...]:
    """Of kernels that read a channel under some rows before they write it there: mrt_in_place_channels."""
    channels = int(window["input_channels"])
    if source.nhwc[0] != 1 or channels != window["output_channels"]:
        return ()
    unit = math.lcm(ROW_UNIT, channels)  # rows begin at such multiples
    least = (_rows(window, source, output, 1), _back(window, source, output))
    ahead, behind = (-(-delta // unit) * unit for delta in least)
    return (InPlace(0, delta=ahead), InPlace(0, delta=-max(behind, unit)))


def over_pixels(window: Mapping[str, int | float], source: Tensor, output: Tensor) -> tuple[InPlace, ...]:
    """Of conv2d_s8_mve: mrt_in_place_pixels."""
    height, width = (int(window[f"input_{axis}"]) for axis in ("height", "width"))
    is_pixel = all(window[name] == value for name, value in _PIXEL.items())
    if not is_pixel or (height, width) != (window["output_height"], window["output_width"]):
        return (InPlace(0, delta=_rows(window, source, output, 0)),) if source.nhwc[0] == 1 else ()
    made, read = int(window["output_channels"]), int(window["input_channels"])
    before = source.rows * width - 2
    if made % 8 != 0:
        return ()
    ahead = InPlace(0, delta=max(2 * made, (before + 2) * made - before * read))
    behind = InPlace(0, delta=-max(2 * read, (before + 2) * read - before * made))
    return (ahead, behind) if read % 16 == 0 else (ahead,)


def _rows(window: Mapping[str, int | float], source: Tensor, output: Tensor, later: int) -> int:
    """The least distance at which each output row ends before the rows that the one `later` rows on still needs."""
    stride, padding, height = (int(window[name]) for name in ("stride_height", "padding_top", "input_height"))
    needed = (min(max((row + later) * stride - padding, 0), height) for row in range(output.rows))
    return max(0, *((row + 1) * output.row_bytes - first * source.row_bytes for row, first in enumerate(needed)))


def _back(window: Mapping[str, int | float], source: Tensor, output: Tensor) -> int:
    """The least distance at which each output row begins behind the rows that the one above it still needs."""
    stride, padding, height = (int(window[name]) for name in ("stride_height", "padding_top", "input_height"))
    reach = (int(window["kernel_height"]) - 1) * int(window["dilation_height"]) + 1 - padding
    needed = (min(max((row - 1) * stride + reach, 0), height) for row in range(output.rows))
    return max(0, *(end * source.row_bytes - row * output.row_bytes for row, end in enumerate(needed)))
