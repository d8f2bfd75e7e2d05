"""Depthwise convolutions for cores without SIMD, through the C twins of their loops, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Variant, cost, scalar

KERNEL = "depthwise_conv2d_s8_scalar"


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window whose stride or dilation along the width is 1."""
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    stride = [draw(st.integers(1, 3)), draw(st.integers(1, 3))]
    dilation = [draw(st.integers(1, 3)), 1]
    if draw(st.booleans()):
        stride[1], dilation[1] = 1, draw(st.integers(1, 3))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(size, size + 12)) for size in low), draw(st.integers(1, 5)))
    multiplier = draw(st.sampled_from([1, 1, 2, 3]))
    return depthwise_conv2d(
        draw, shape, multiplier, kernel, (stride[0], stride[1]), (dilation[0], dilation[1]), padding
    )


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.booleans(), st.booleans())
def test_depthwise_convolutions_equal_the_portable_kernel(case: Case, pair_rows: bool, kept: bool) -> None:
    variant = case.variant(scalar, KERNEL)
    expected = case.portable()
    np.testing.assert_array_equal(case.run_every_way(variant), expected)
    np.testing.assert_array_equal(case.run_every_way(arranged(variant, pair_rows, kept)), expected)


def arranged(variant: Variant, pair_rows: bool, kept: bool) -> Variant:
    """The variant with words shared by other outputs, and rows kept or not."""
    attrs = dict(variant.call.attrs)
    phases = attrs["kernel_height"] if kept and attrs["dilation_height"] == 1 else 1
    attrs |= {"pair_rows": int(pair_rows), "phases": phases}
    return replace(variant, call=replace(variant.call, attrs=attrs))


def test_channels_that_need_a_multiplier_of_32_bits() -> None:
    case = depthwise_conv2d(pairs_of(5), (1, 7, 6, 3), 1, (3, 3))
    shifts = np.array([-25, -30, -7], np.int32)
    tensors = {**case.tensors, "shift": replace(case.tensors["shift"], data=shifts)}
    case = replace(case, tensors=tensors, constants=(*case.constants[:4], shifts))
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


@pytest.mark.parametrize("kernel", [(8, 10), (22, 23)])
def test_many_taps(kernel: tuple[int, int]) -> None:
    case = depthwise_conv2d(pairs_of(7), (1, 24, 25, 1), 3, kernel)
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def test_windows_none_of_whose_columns_lie_in_the_image() -> None:
    case = depthwise_conv2d(pairs_of(11), (1, 5, 1, 2), 1, (3, 2), (1, 1), (1, 3), Padding.SAME)
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def test_what_stays_portable() -> None:
    both = depthwise_conv2d(pairs_of(1), (1, 9, 9, 2), 1, (3, 3))
    both.call.attrs["stride_width"] = both.call.attrs["dilation_width"] = 2  # type: ignore[index]
    least = depthwise_conv2d(pairs_of(1), (1, 9, 9, 2), 1, (3, 2))
    least.constants[1][0, 0, 0, 0] = -128
    many = depthwise_conv2d(pairs_of(1), (1, 24, 24, 1), 1, (23, 23))
    for case in (both, least, many):
        assert next(scalar.variants(case.call, case.tensors, "balanced"), None) is None


def test_columns_whose_taps_lie_apart_cost_more_than_the_portable_kernel() -> None:
    """As measured: 847,888 and 622,857 instructions of 3 x 1 taps, dilated by 4, on 98 x 1 x 32."""
    for dilation, is_dearer in ((4, True), (1, False)):
        case = depthwise_conv2d(pairs_of(9), (1, 98, 1, 32), 1, (3, 1), (1, 1), (dilation, 1))
        portable = cost.portable(case.call, case.tensors, long_products=False)
        assert (case.variant(scalar, KERNEL).instructions > portable) is is_dearer


def test_the_workspace_holds_columns_and_turned_weights() -> None:
    call = depthwise_conv2d(pairs_of(2), (1, 9, 9, 4), 1, (3, 3)).variant(scalar, KERNEL).call
    assert (call.attrs["pair_rows"], call.attrs["phases"]) == (1, 3)
    assert kernels.workspace_bytes(KERNEL, call.attrs) == 4 * (11 * 3 + 1 + 3 * 10)
    halves = {**call.attrs, "pair_rows": 0, "phases": 1}
    assert kernels.workspace_bytes(KERNEL, halves) == 4 * (7 * 3 + 1 + 10)
    assert kernels.workspace_bytes(KERNEL, {**halves, "output_width": 7}) == 4 * (9 * 3 + 1 + 10)
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, "kernel_height": 0}) == 0
    huge = {"output_width": 32767, "stride_width": 510, "kernel_height": 255, "kernel_width": 2, "phases": 1}
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, **huge}) >= 2**31


@pytest.mark.parametrize("width", [40, 200])
def test_wide_images_share_words_by_halves_of_rows(width: int) -> None:
    case = depthwise_conv2d(pairs_of(width), (1, 5, width, 2), 1, (3, 3))
    variant = case.variant(scalar, KERNEL)
    assert variant.call.attrs["pair_rows"] == int(width < 60)
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())
