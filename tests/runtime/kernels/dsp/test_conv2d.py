"""Convolutions for DSP cores, through their C models, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import dsp


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window: more rows than row pointers are kept for, borders on all sides, windows that miss the image."""
    kernel = (draw(st.one_of(st.integers(1, 4), st.integers(12, 14))), draw(st.integers(1, 5)))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    dilation = draw(st.one_of(st.just((1, 1)), pairs))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    channels = draw(st.sampled_from([1, 2, 3, 4, 5, 8, 12]))
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(size, size + 6)) for size in low), channels)
    return conv2d(draw, shape, draw(st.integers(1, 9)), kernel, draw(pairs), dilation, padding)


@settings(deadline=None, max_examples=200)
@given(convolutions())
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    variants = case.variants(dsp)
    assume("conv2d_s8_dsp" in variants)
    for kernel in ("conv2d_s8_dsp", "conv2d_s8_dsp_wide"):
        np.testing.assert_array_equal(case.run_every_way(variants[kernel]), case.portable())


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("padding", [{"padding_left": 7}, {"padding_top": 7}, {"padding_left": 9, "padding_top": 9}])
def test_windows_that_miss_the_image_see_zero_points_alone(channels: int, padding: dict[str, int]) -> None:
    case = conv2d(pairs_of(4), (1, 5, 6, channels), 6, (3, 3))
    variant = case.variant(dsp)
    moved = replace(case, call=replace(case.call, attrs={**case.call.attrs, **padding}))
    call = replace(variant.call, attrs={**variant.call.attrs, **padding})
    np.testing.assert_array_equal(moved.run_every_way(replace(variant, call=call)), moved.portable())


@pytest.mark.parametrize("kernel", [(1, 3), (2, 3), (3, 1), (3, 2), (3, 3), (4, 5), (5, 5)])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_what_is_left_of_tap_rows_goes_in_pairs_of_rows(kernel: tuple[int, int], channels: int) -> None:
    case = conv2d(pairs_of(12), (1, 9, 11, channels), 5, kernel)
    for name in ("conv2d_s8_dsp", "conv2d_s8_dsp_wide"):
        np.testing.assert_array_equal(case.run_every_way(case.variants(dsp)[name]), case.portable())


@pytest.mark.parametrize("width", [5, 6, 7, 8])
@pytest.mark.parametrize("stride", [1, 2])
def test_borders_are_on_either_side_of_a_pair(width: int, stride: int) -> None:
    case = conv2d(pairs_of(8), (1, 4, width, 4), 5, (3, 3), (stride, stride))
    for kernel in ("conv2d_s8_dsp", "conv2d_s8_dsp_wide"):
        np.testing.assert_array_equal(case.run_every_way(case.variants(dsp)[kernel]), case.portable())


@pytest.mark.parametrize("channels", [3, 4])
def test_rows_may_end_before_the_windows_that_fit(channels: int) -> None:
    """Three outputs a row where five windows would: a pair does not go on into the next row."""
    case = conv2d(pairs_of(6), (1, 7, 7, channels), 5, (3, 3), (1, 2), padding=Padding.VALID)
    for kernel in ("conv2d_s8_dsp", "conv2d_s8_dsp_wide"):
        variant = case.variants(dsp)[kernel]
        moved = replace(case, call=replace(case.call, attrs={**case.call.attrs, "stride_width": 1}))
        call = replace(variant.call, attrs={**variant.call.attrs, "stride_width": 1})
        np.testing.assert_array_equal(moved.run_every_way(replace(variant, call=call)), moved.portable())


def test_groups_stay_portable() -> None:
    case = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (3, 3))
    case.call.attrs["groups"] = 2  # type: ignore[index]
    assert next(dsp.variants(case.call, case.tensors, "balanced"), None) is None


def test_the_workspace_holds_lanes_tables_and_zero_points_or_two_patches() -> None:
    by_taps = conv2d(pairs_of(2), (1, 5, 5, 8), 4, (3, 3)).variant(dsp).call
    assert kernels.workspace_bytes("conv2d_s8_dsp", by_taps.attrs) == 18 * 16 + 2 * 3 * 4 + 8
    gathered = conv2d(pairs_of(3), (1, 5, 5, 3), 4, (3, 3)).variant(dsp).call
    assert kernels.workspace_bytes("conv2d_s8_dsp", gathered.attrs) == 7 * 16 + 3 * 3 * 4 + 12 + 56
    huge = {**by_taps.attrs, "kernel_height": 2**31 - 1, "kernel_width": 2**31 - 1, "input_channels": 2**31 - 1}
    assert kernels.workspace_bytes("conv2d_s8_dsp", huge) >= 2**28
    assert kernels.workspace_bytes("conv2d_s8_dsp", {**by_taps.attrs, "kernel_height": 0}) == 0
