"""Depthwise convolutions for DSP cores, through their C models, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Variant, dsp, dsp_depthwise


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window."""
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    if draw(st.booleans()):
        kernel = draw(st.sampled_from([(3, 3), (9, 1), (1, 9), (8, 10), (7, 7)]))
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    dilation = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    if draw(st.booleans()):
        stride, dilation = draw(st.sampled_from([(1, 1), (2, 2), (3, 3)])), (1, 1)
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(size, size + 20)) for size in low), draw(st.integers(1, 9)))
    multiplier = draw(st.sampled_from([1, 1, 2, 3]))
    return depthwise_conv2d(draw, shape, multiplier, kernel, stride, dilation, padding)


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.booleans(), st.integers(1, 30))
def test_depthwise_convolutions_equal_the_portable_kernel(case: Case, other_axis: bool, block: int) -> None:
    variant = by_planes(case)
    expected = case.portable()
    np.testing.assert_array_equal(case.run_every_way(variant), expected)
    rows = min(block, int(case.call.attrs["output_height"]))
    np.testing.assert_array_equal(case.run_every_way(along(case, variant, other_axis, rows)), expected)


def by_planes(case: Case) -> Variant:
    """The variant by planes, which windows of 3 x 3 get only where another kernel does not take them."""
    variant = dsp_depthwise.depthwise_conv2d(case.call, case.tensors)
    assert variant is not None
    return variant


def along(case: Case, variant: Variant, other_axis: bool, block: int) -> Variant:
    """The variant along the other axis, if `other_axis`, and in blocks of so many rows."""
    transposed = int(variant.call.attrs["transposed"])
    if not other_axis:
        return replace(variant, call=replace(variant.call, attrs={**variant.call.attrs, "block": block}))
    weights = case.constants[1]
    filters = weights.reshape(-1, weights.shape[-1]).T
    scales = dsp_depthwise.fold(case.call, case.tensors, filters)
    assert scales is not None
    records = dsp_depthwise.pack(filters.reshape(-1, *weights.shape[1:3]), scales, not transposed)
    attrs = {**variant.call.attrs, "block": block, "transposed": 1 - transposed}
    constant = replace(variant.constants[0], shape=records.shape, data=records)
    return Variant(replace(variant.call, attrs=attrs), (constant,), 0)


def test_blocks_keep_planes_small() -> None:
    for shape in ((1, 96, 96, 8), (1, 25, 5, 64), (1, 3, 3, 256), (1, 4, 4000, 4)):
        call = by_planes(depthwise_conv2d(pairs_of(2), shape, 1, (3, 3))).call
        size = kernels.workspace_bytes("depthwise_conv2d_s8_dsp", call.attrs)
        assert size <= dsp_depthwise.PLANES_BYTES + 48 or call.attrs["block"] == 1


def test_sizes_that_no_memory_holds_ask_for_more_than_any_arena() -> None:
    call = by_planes(depthwise_conv2d(pairs_of(3), (1, 5, 5, 4), 1, (3, 3))).call
    huge = {**call.attrs, "stride_height": 32767, "output_height": 32767, "block": 32767, "output_width": 32767}
    assert kernels.workspace_bytes("depthwise_conv2d_s8_dsp", {**huge, "transposed": 0}) == 2**31 - 4
    wide = {**huge, "kernel_height": 32767, "dilation_height": 32767, "kernel_width": 32767, "dilation_width": 32767}
    for transposed in (0, 1):
        for stride in (1, 32767):
            attrs = {**wide, "transposed": transposed, "stride_height": stride, "stride_width": stride}
            assert kernels.workspace_bytes("depthwise_conv2d_s8_dsp", attrs) == 2**31 - 4


@pytest.mark.parametrize("kernel", [(3, 3), (3, 2), (5, 5)])
@pytest.mark.parametrize(
    "moved",
    [
        {"padding_top": 9},
        {"padding_left": 9},
        {"stride_height": 2},
        {"stride_width": 2},
        {"stride_height": 2, "padding_top": 0, "padding_left": 9},
    ],
    ids=str,
)
def test_windows_that_miss_the_image(kernel: tuple[int, int], moved: dict[str, int]) -> None:
    """Above it, left of it, below it and right of it, as attributes may say that no model of the field has."""
    case = depthwise_conv2d(pairs_of(6), (2, 6, 6, 4), 1, kernel)
    variant = case.variant(dsp)
    case = replace(case, call=replace(case.call, attrs={**case.call.attrs, **moved}))
    call = replace(variant.call, attrs={**variant.call.attrs, **moved})
    np.testing.assert_array_equal(case.run_every_way(replace(variant, call=call)), case.portable())


@pytest.mark.parametrize("kernel", [(3, 3), (4, 2), (5, 5)])
@pytest.mark.parametrize("other_axis", [False, True])
@pytest.mark.parametrize(
    "moved",
    [
        {"stride_height": 3, "stride_width": 3},
        {"dilation_height": 5, "dilation_width": 5},
        {"dilation_height": 3, "padding_top": 0, "stride_width": 4},
        {"dilation_height": 3, "dilation_width": 2, "stride_height": 2, "stride_width": 3, "padding_left": 9},
    ],
    ids=str,
)
def test_windows_that_lie_apart_and_miss_the_image(
    kernel: tuple[int, int], other_axis: bool, moved: dict[str, int]
) -> None:
    case = depthwise_conv2d(pairs_of(8), (2, 6, 6, 5), 1, kernel)
    variant = along(case, by_planes(case), other_axis, 4)
    case = replace(case, call=replace(case.call, attrs={**case.call.attrs, **moved}))
    call = replace(variant.call, attrs={**variant.call.attrs, **moved})
    np.testing.assert_array_equal(case.run_every_way(replace(variant, call=call)), case.portable())
