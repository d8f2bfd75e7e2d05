"""Convolutions in little code on cores with the DSP extension, for --optimize size: runtime/kernels/dsp/patch.h."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from micrort.ir import KernelCall, Tensor
from micrort.variants import cost, dsp
from micrort.variants.base import Variant
from micrort.variants.dsp_depthwise import pack as pack_records
from micrort.variants.scales import fold

Tensors = Mapping[str, Tensor]


def variants(call: KernelCall, tensors: Tensors, optimize: str) -> Iterator[Variant]:
    """The variants of this module that compute `call`, cost estimated; none unless for size."""
    if optimize == "size" and call.kernel in ("conv2d_s8", "fully_connected_s8", "depthwise_conv2d_s8"):
        weights = tensors[call.inputs[1]]
        if weights.data is not None and call.attrs.get("groups", 1) == 1:
            yield from (_depthwise if call.kernel == "depthwise_conv2d_s8" else _products)(call, tensors, weights)


def _products(call: KernelCall, tensors: Tensors, weights: Tensor) -> Iterator[Variant]:
    """Vectors within rows one at a time, or copies of what is under windows, or of vectors."""
    assert weights.data is not None
    is_window = call.kernel == "conv2d_s8"
    channels = weights.shape[0] if is_window else int(call.attrs["channels"])
    filters = weights.data.reshape(channels, -1)
    depth, pixels = filters.shape[1], tensors[call.outputs[0]].elements // channels
    within = tensors[call.inputs[0]].row_bytes % depth == 0
    if (not is_window or dsp.is_pointwise(call.attrs)) and within and depth % 4 == 0 and pixels > 1:
        # of one vector variants.dsp has it
        yield from (offer for offer in dsp.matvec(call, tensors, filters, copied=False) if _is_narrow(offer))
    window = call.attrs if is_window else _vectors(call, tensors, depth, channels)
    scales = fold(call, tensors, filters) if window else None
    groups = None if scales is None else dsp.pack(filters, scales)
    if groups is not None:
        pixel = cost.Pixel(depth, channels, is_wide=False, is_linear=False)
        instructions = cost.dsp_patch(window, pixels) + cost.dsp_matvec(pixels, pixel)
        attrs = _attrs(call, window)
        yield dsp.replaced_by(call, "conv2d_patch_s8_dsp", groups, attrs, instructions, "1 x 4 channels")


def _vectors(call: KernelCall, tensors: Tensors, depth: int, channels: int) -> Mapping[str, int]:
    """The window of a product of vectors within rows, as many in each of the input and of the output; else empty."""
    source, output = tensors[call.inputs[0]], tensors[call.outputs[0]]
    if source.rows != output.rows or source.row_bytes % depth != 0:
        return {}
    ones = dict.fromkeys((f"{name}_{side}" for name in ("kernel", "stride", "dilation") for side in _SIDES), 1)
    sizes = {"height": source.rows, "width": source.row_bytes // depth}
    images = {f"{image}_{side}": size for image in ("input", "output") for side, size in sizes.items()}
    ends = {"input_channels": depth, "output_channels": channels, "padding_top": 0, "padding_left": 0}
    return {**images, **ends, **ones}


_SIDES = ("height", "width")


def _is_narrow(offer: Variant) -> bool:
    return not offer.call.kernel.endswith("_wide")


def _depthwise(call: KernelCall, tensors: Tensors, weights: Tensor) -> Iterator[Variant]:
    """Any window."""
    assert weights.data is not None
    filters = weights.data.reshape(-1, weights.shape[-1]).T
    scales = fold(call, tensors, filters)
    if scales is not None:
        records = pack_records(filters.reshape(-1, *weights.shape[-3:-1]), scales, transposed=False)
        pixels = tensors[call.outputs[0]].elements // len(filters)
        instructions = cost.dsp_patch(call.attrs, pixels) + cost.dsp_records(call.attrs, pixels)
        attrs = _attrs(call, call.attrs)
        yield dsp.replaced_by(call, "depthwise_patch_s8_dsp", records, attrs, instructions, "1 channel")


def _attrs(call: KernelCall, window: Mapping[str, int | float]) -> dict[str, int | float]:
    left_out = ("groups", "input_offset", "output_offset")
    sizes = {name: value for name, value in window.items() if name not in left_out}
    clamp = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
    points = {"input_point": -call.attrs["input_offset"], "output_point": call.attrs["output_offset"]}
    return {**sizes, **clamp, **points}
