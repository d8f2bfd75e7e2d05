"""The same kernels with less workspace, for more instructions: what `ram` and small memories may choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from micrort.variants import cost, dsp_depthwise3x3
from micrort.variants.base import Variant

Attrs = Mapping[str, int | float]

BLOCKS = (16, 8, 4)
"""Channels of a strip of depthwise_conv2d_s8_mve."""
PATCHES = (2, 4, 8, 16, 32)
"""Windows that conv2d_s8_mve copies before it multiplies them."""
PARTS = (2, 3)
"""Into so many parts depthwise convolutions of 3 x 3 for the DSP extension may cut rows."""


SMALL = frozenset({"conv2d_patch_s8_dsp"})
"""Kernels for little code that take less workspace than the fast ones, which keep two wide patches."""
ROWS = frozenset({"depthwise3x3_s8_mve"})
"""Kernels for few rows that take no workspace, and are slow where rows lie further than REACH bytes apart."""
REACH = 65535
"""As far as 16 bits go."""


def smaller(offer: Variant, other: Variant, slack: float) -> Variant:
    """`other` where it is one of SMALL or ROWS that takes less workspace, for at most the part `slack` of instructions
    more.

    One of SMALL that would even need fewer is left out: its code is worth it only where workspace matters.
    """
    from micrort.native import kernels

    made, small = offer.call, other.call
    more = other.instructions - offer.instructions
    is_known = small.kernel in ROWS or (small.kernel in SMALL and more > 0)
    if not is_known or more > slack * offer.instructions:
        return offer
    sizes = [kernels.workspace_bytes(call.kernel, call.attrs) for call in (made, small)]
    return other if sizes[1] < sizes[0] else offer


def leaner(offer: Variant, rows: int, slack: float) -> Variant:
    """`offer` with the smallest workspace for which it needs at most the part `slack` of instructions more.

    Args:
        offer: for a step of a call.
        rows: of the step.
        slack: not negative.
    """
    from micrort.native import kernels

    kernel, attrs = offer.call.kernel, offer.call.attrs
    least = kernels.workspace_bytes(kernel, attrs)
    best = offer
    for lean, more in _leaner(kernel, attrs, rows):
        size = kernels.workspace_bytes(kernel, lean)
        if more <= slack * offer.instructions and size < least:
            least = size
            instructions = max(0, offer.instructions + more)
            best = replace(offer, call=replace(offer.call, attrs=lean), instructions=instructions)
    return best


def _leaner(kernel: str, attrs: Attrs, rows: int) -> Iterator[tuple[Attrs, int]]:
    """Attributes that take less workspace, and the instructions that a step of so many rows needs more with them."""
    if kernel == "depthwise_conv2d_s8_mve":
        made = cost.mve_depthwise(attrs, rows, _ways(attrs))
        for strips in range(1, int(attrs["strips"]) + 1):
            for block in BLOCKS:
                fewer = {**attrs, "strips": strips, "block": block}
                yield fewer, cost.mve_depthwise(attrs, rows, _ways(fewer)) - made
    if kernel in dsp_depthwise3x3.KERNELS:
        for parts in PARTS:
            columns = -(-int(attrs["output_width"]) // parts)
            yield {**attrs, "columns": columns}, dsp_depthwise3x3.cost_of_parts(attrs, rows, columns)
    if kernel == "conv2d_s8_mve":
        made = cost.mve_patches(attrs, rows, int(attrs["patches"]))
        for patches in PATCHES:
            if patches < attrs["patches"]:
                yield {**attrs, "patches": patches}, cost.mve_patches(attrs, rows, patches) - made


def _ways(attrs: Attrs) -> cost.Strips:
    return cost.Strips(int(attrs["strips"]), int(attrs["block"]), int(attrs["scaling"]))
