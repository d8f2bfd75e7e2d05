"""Averages over whole images, row by row: so that the last image need not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from micrort.ir import DType, KernelCall, Program, Tensor

_COUNT_MAX = 65535
"""Elements of an average; see mrt_mean_rows_attrs_t."""
_WIDTH_BIT, _CHANNELS_BIT = 16, 32
"""Of mrt_reduction_t's `reduced`."""


def accumulate(program: Program) -> Program:
    """`program` with mean_rows_s8 in place of each average over all pixels of one image.

    It needs its input's rows one at a time, where mean_s8 and average_pool2d_s8 need all of them at once; sums so far
    are a tensor of their own, `<output>/sums`.
    """
    tensors = dict(program.tensors)
    calls = []
    for call in program.calls:
        attrs = _attrs(call, program.tensors)
        if attrs is None:
            calls.append(call)
            continue
        source = program.tensors[call.inputs[0]]
        sums = Tensor(f"{call.outputs[0]}/sums", (1, source.rows, 1, int(attrs["channels"])), DType.S32)
        tensors[sums.name] = sums
        outputs = (sums.name, call.outputs[0])
        calls.append(replace(call, kernel="mean_rows_s8", outputs=outputs, attrs=attrs, in_place=()))
    return replace(program, tensors=tensors, calls=tuple(calls))


def _attrs(call: KernelCall, tensors: Mapping[str, Tensor]) -> dict[str, int | float] | None:
    """The attributes of mean_rows_s8 for `call`; None where it is no such average."""
    source, output = tensors[call.inputs[0]], tensors[call.outputs[0]]
    _, _, width, channels = source.nhwc
    if output.rows != 1 or output.elements != channels or source.rows * width > _COUNT_MAX or source.rows < 2:
        return None
    shape: dict[str, int | float] = {"rows": source.rows, "width": width, "channels": channels}
    if call.kernel == "average_pool2d_s8" and _covers(call, source):
        scale = dict.fromkeys(("input_offset", "output_offset", "multiplier", "shift"), 0)
        clamp = {name: call.attrs[name] for name in ("activation_min", "activation_max")}
        return {**shape, "pooled": 1, **scale, **clamp}
    if call.kernel == "mean_s8" and int(call.attrs["reduced"]) & (_WIDTH_BIT | _CHANNELS_BIT) == _WIDTH_BIT:
        names = ("input_offset", "output_offset", "multiplier", "shift")
        scale = {name: int(call.attrs[name]) for name in names}
        return {**shape, "pooled": 0, **scale, "activation_min": -128, "activation_max": 127}
    return None


def _covers(call: KernelCall, source: Tensor) -> bool:
    """Whether the one window of a pool is the whole image."""
    _, height, width, _ = source.nhwc
    attrs = call.attrs
    kernel = (attrs["kernel_height"], attrs["kernel_width"])
    return source.rows == height and kernel == (height, width) and attrs["padding_top"] == attrs["padding_left"] == 0
