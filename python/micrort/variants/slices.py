"""Variants for steps of few rows: the kernel that is fastest for a whole tensor need not be so for one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from micrort.ir import KernelCall, Tensor

HEIGHT = "output_height"
"""The attribute that says how many rows an image of the output has."""


def is_sliceable(call: KernelCall) -> bool:
    """Whether a call of few rows can be told from that of all rows: it slides a window over an image."""
    return HEIGHT in call.attrs


def sliced(call: KernelCall, tensors: Mapping[str, Tensor], rows: int) -> tuple[KernelCall, dict[str, Tensor]]:
    """A call that makes the first `rows` rows only: to choose a variant by, not to be run."""
    output = tensors[call.outputs[0]]
    part = replace(output, shape=(1, rows, *output.nhwc[2:]))
    attrs = {**call.attrs, HEIGHT: min(int(call.attrs[HEIGHT]), rows)}
    return replace(call, attrs=attrs, macs=call.macs * rows // output.rows), {**tensors, output.name: part}


def restored(variant: KernelCall, call: KernelCall) -> KernelCall:
    """A variant of a slice of `call`, as one of the whole call."""
    return replace(variant, attrs={**variant.attrs, HEIGHT: call.attrs[HEIGHT]}, macs=call.macs)
