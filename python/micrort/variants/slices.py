"""Variants for steps of few rows: the kernel that is fastest for a whole tensor need not be so for one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from micrort.ir import KernelCall, Tensor

HEIGHT = "output_height"
"""The attribute that says how many rows an image of the output has."""


def is_sliceable(call: KernelCall) -> bool:
    """Whether a call of few rows can be told from that of all rows: it slides a window over an image."""
    return HEIGHT in call.attrs and "kernel_height" in call.attrs


def sliced(call: KernelCall, tensors: Mapping[str, Tensor], rows: int) -> tuple[KernelCall, dict[str, Tensor]]:
    """A call that makes the first `rows` rows only: to choose a variant by, not to be run."""
    output = tensors[call.outputs[0]]
    cut = {output.name: _first_rows(output, rows)}
    attrs = {**call.attrs, HEIGHT: min(int(call.attrs[HEIGHT]), rows)}
    if all(call.attrs[name] == value for name, value in _ROW_FOR_ROW.items()):
        source = tensors[call.inputs[0]]
        cut[source.name] = _first_rows(source, rows)
        attrs["input_height"] = attrs[HEIGHT]
    return replace(call, attrs=attrs, macs=call.macs * rows // output.rows), {**tensors, **cut}


def restored(variant: KernelCall, call: KernelCall) -> KernelCall:
    """A variant of a slice of `call`, as one of the whole call."""
    heights = {name: call.attrs[name] for name in (HEIGHT, "input_height") if name in variant.attrs}
    return replace(variant, attrs={**variant.attrs, **heights}, macs=call.macs)


_ROW_FOR_ROW = {"kernel_height": 1, "stride_height": 1, "padding_top": 0}
"""Attributes of windows that need no more than one row for one."""


def _first_rows(tensor: Tensor, rows: int) -> Tensor:
    return replace(tensor, shape=(1, rows, *tensor.nhwc[2:]))
