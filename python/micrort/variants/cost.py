"""Estimates of what kernels need, in instructions: simple, but in the right order. Measured on a Cortex-M4."""

from __future__ import annotations

from collections.abc import Mapping

from micrort.ir import KernelCall, Tensor

_PER_MAC = 5.0
_PER_ELEMENT = 35.0


def portable(call: KernelCall, tensors: Mapping[str, Tensor]) -> int:
    """Of a portable kernel."""
    return round(_PER_MAC * call.macs + _PER_ELEMENT * tensors[call.outputs[0]].elements)


def dsp_products(vectors: int, quads: int, channels: int) -> int:
    """Of products of vectors by the kernels in runtime/kernels/dsp/products.c; a quad is four elements of a vector."""
    groups = -(-channels // 4)
    pairs, single = divmod(vectors, 2)
    two = 100 + 11 * quads + groups * (24 * quads + 3 * (quads // 4 + 1) + 95)
    one = 80 + 7 * quads + groups * (15 * quads + 3 * (quads // 4 + 1) + 60)
    return pairs * two + single * one
