"""Depthwise convolutions of 3 x 3 for DSP cores, through their C models, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Variant, dsp, dsp_depthwise3x3

KERNEL, LINEAR = "depthwise3x3_s8_dsp", "depthwise3x3_s8_dsp_linear"
TALL, DILATED = f"{LINEAR}_tall", f"{KERNEL}_dilated"


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Windows of 3 x 3 with strides of 1 and 2: all remainders of channels, rows and columns."""
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    least = 1 if padding is Padding.SAME else 3
    shape = (
        draw(st.integers(1, 2)),
        *(draw(st.integers(least, least + 14)) for _ in range(2)),
        draw(st.integers(1, 9)),
    )
    return depthwise_conv2d(draw, shape, draw(st.sampled_from([1, 1, 2, 3])), (3, 3), stride, (1, 1), padding)


@st.composite
def dilated(draw: st.DrawFn) -> Case:
    """Windows whose taps are apart along one axis or both, often so far that few outputs share elements."""
    dilation = (draw(st.integers(1, 6)), draw(st.integers(2, 6)))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    least = [1 if padding is Padding.SAME else 1 + 2 * step for step in dilation]
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(low, low + 14)) for low in least), draw(st.integers(1, 9)))
    if draw(st.booleans()):
        shape, dilation = (shape[0], shape[2], shape[1], shape[3]), (dilation[1], dilation[0])
    return depthwise_conv2d(draw, shape, draw(st.sampled_from([1, 1, 2, 3])), (3, 3), (1, 1), dilation, padding)


def parts(case: Case, block: int, columns: int) -> dict[str, int]:
    """The parts of the output that are computed at a time, of at most so many rows and columns."""
    sizes = {"block": (block, "height"), "columns": (columns, "width")}
    return {name: min(most, int(case.call.attrs[f"output_{side}"])) for name, (most, side) in sizes.items()}


@settings(deadline=None, max_examples=200)
@given(dilated(), st.integers(1, 20), st.integers(1, 20))
def test_dilated_depthwise_convolutions_equal_the_portable_kernel(case: Case, block: int, columns: int) -> None:
    variants = case.variants(dsp)
    assert set(variants) == {DILATED}
    call, expected = variants[DILATED].call, case.portable()
    np.testing.assert_array_equal(case.run_every_way(variants[DILATED]), expected)
    blocks = replace(call, attrs={**call.attrs, **parts(case, block, columns)})
    np.testing.assert_array_equal(case.run_every_way(replace(variants[DILATED], call=blocks)), expected)


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.integers(1, 20), st.integers(1, 20))
def test_depthwise_convolutions_equal_the_portable_kernel(case: Case, block: int, columns: int) -> None:
    variants = case.variants(dsp)
    assert {KERNEL} <= set(variants) <= {KERNEL, LINEAR, TALL}
    strides = tuple(case.call.attrs[f"stride_{side}"] for side in ("height", "width"))
    assert (TALL in variants) == (LINEAR in variants and strides != (1, 2))
    expected = case.portable()
    for kernel, variant in variants.items():
        np.testing.assert_array_equal(case.run_every_way(variant), expected)
        most = 20 if kernel != TALL else 7 if strides[0] == 2 else 14
        blocks = replace(variant.call, attrs={**variant.call.attrs, **parts(case, min(block, most), columns)})
        np.testing.assert_array_equal(case.run_every_way(replace(variant, call=blocks)), expected)


@pytest.mark.parametrize("top", [1, 2, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_windows_that_miss_the_image_see_zero_points(top: int, stride: int) -> None:
    case = depthwise_conv2d(pairs_of(8, -128), (1, 6, 5, 4), 1, (3, 3), (stride, stride))
    attrs = {**case.call.attrs, "padding_top": top, "padding_left": top}
    moved = replace(case, call=replace(case.call, attrs=attrs))
    variants = moved.variants(dsp)
    assert TALL in variants
    for variant in variants.values():
        np.testing.assert_array_equal(moved.run_every_way(variant), moved.portable())


@pytest.mark.parametrize("padding", [1, 2, 9, 40])
@pytest.mark.parametrize("dilation", [(2, 2), (1, 7), (9, 3)])
def test_dilated_windows_that_miss_the_image_see_zero_points(padding: int, dilation: tuple[int, int]) -> None:
    case = depthwise_conv2d(pairs_of(8), (1, 6, 5, 4), 1, (3, 3), dilation=dilation)
    attrs = {**case.call.attrs, "padding_top": padding, "padding_left": padding}
    moved = replace(case, call=replace(case.call, attrs=attrs))
    np.testing.assert_array_equal(moved.run_every_way(moved.variant(dsp, DILATED)), moved.portable())


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"),
    [((3, 3), (3, 1), (1, 1)), ((3, 3), (1, 2), (2, 1)), ((3, 2), (1, 1), (1, 1)), ((5, 3), (1, 1), (1, 1))],
)
def test_other_windows_get_another_kernel(
    kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 9, 9, 4), 1, kernel, stride, dilation)
    assert case.variant(dsp).call.kernel not in (KERNEL, LINEAR, TALL, DILATED)


def test_blocks_keep_strips_small() -> None:
    for shape in ((1, 96, 96, 8), (1, 25, 5, 64), (1, 3, 3, 256), (1, 4, 4000, 4)):
        call = depthwise_conv2d(pairs_of(2), shape, 1, (3, 3)).variant(dsp).call
        size = kernels.workspace_bytes(KERNEL, call.attrs)
        assert size <= dsp_depthwise3x3.STRIPS_BYTES or call.attrs["block"] <= 2


def test_sizes_that_no_memory_holds_ask_for_more_than_any_arena() -> None:
    call = depthwise_conv2d(pairs_of(3), (1, 5, 5, 4), 1, (3, 3), (2, 2)).variant(dsp).call
    huge = {**call.attrs, "output_height": 32767, "block": 32767, "output_width": 32767, "columns": 32767}
    assert kernels.workspace_bytes(KERNEL, huge) == 2**31 - 4


def test_scales_that_cannot_be_folded_stay_portable() -> None:
    case = depthwise_conv2d(pairs_of(4), (1, 5, 5, 4), 1, (3, 3))
    steep = {**case.tensors, "shift": replace(case.tensors["shift"], data=np.ones(4, np.int32))}
    assert (
        next((offer for offer in dsp.variants(case.call, steep, "balanced") if isinstance(offer, Variant)), None)
        is None
    )
