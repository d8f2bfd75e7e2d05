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


@st.composite
def columns(draw: st.DrawFn) -> Case:
    """Images one column wide, with any window of that width."""
    kernel, stride, dilation = draw(st.integers(1, 9)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
    if draw(st.booleans()):
        stride = 1
    else:
        dilation = 1
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    least = 1 if padding is Padding.SAME else (kernel - 1) * dilation + 1
    height, channels = draw(st.integers(least, least + 30)), draw(st.integers(1, 3))
    shape = (draw(st.integers(1, 2)), height, 1, channels)
    return depthwise_conv2d(draw, shape, draw(st.integers(1, 2)), (kernel, 1), (stride, 1), (dilation, 1), padding)


@settings(deadline=None, max_examples=150)
@given(columns())
def test_columns_are_computed_as_rows_where_their_rows_adjoin(case: Case) -> None:
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 9), st.integers(0, 60), st.integers(0, 60), st.integers(1, 3), st.booleans())
def test_images_in_wide_borders(width: int, before: int, behind: int, dilation: int, column: bool) -> None:
    """Windows of both halves of a row may lie before, in and behind the image."""
    outputs = width + before + behind - 2 * dilation
    if outputs < 1:
        return
    made = depthwise_conv2d(pairs_of(before + behind), (1, width, width, 2), 1, (3, 3))
    axis, other = ("height", "width") if column else ("width", "height")
    attrs = {**made.call.attrs, f"output_{axis}": outputs, f"dilation_{axis}": dilation, "padding_left": 0}
    attrs |= {"padding_top": 0, f"output_{other}": 1, f"input_{other}": 1, f"kernel_{other}": 1}
    attrs["padding_top" if column else "padding_left"] = before
    along = (slice(None), slice(None), slice(0, 1)) if column else (slice(None), slice(0, 1))
    arrays = (np.ascontiguousarray(made.constants[0][along]), np.ascontiguousarray(made.constants[1][along]))
    output = (1, outputs, 1, 2) if column else (1, 1, outputs, 2)
    tensors = {
        **made.tensors,
        "x": replace(made.tensors["x"], shape=arrays[0].shape),
        "weights": replace(made.tensors["weights"], shape=arrays[1].shape, data=arrays[1]),
        "y": replace(made.tensors["y"], shape=output),
    }
    case = Case(replace(made.call, attrs=attrs), tensors, (*arrays, *made.constants[2:]))
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "dilation", "measured", "portable"),
    [
        ((1, 16, 16, 32), (5, 5), (1, 1), (1, 1), (868_140, 814_038), (3_427_405, 1_764_626)),
        ((1, 16, 16, 32), (5, 5), (2, 2), (1, 1), (332_930, 291_404), (858_278, 442_241)),
        ((1, 24, 24, 16), (3, 3), (3, 3), (1, 1), (124_390, 109_767), (271_100, 139_616)),
        ((1, 98, 1, 32), (9, 1), (1, 1), (1, 1), (187_313, 175_609), (1_052_696, 568_142)),
        ((1, 98, 1, 32), (3, 1), (1, 1), (4, 1), (201_524, 171_492), (622_857, 322_190)),
        ((1, 1, 49, 32), (1, 5), (1, 1), (1, 8), (250_529, 185_927), (288_572, 144_049)),
        ((1, 3, 3, 32), (5, 5), (1, 1), (1, 1), (95_101, 75_943), (76_878, 39_200)),
    ],
)
def test_estimates_are_near_to_what_was_measured_on_m0plus_and_m3(
    shape: tuple[int, int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    measured: tuple[int, int],
    portable: tuple[int, int],
) -> None:
    case = depthwise_conv2d(pairs_of(9), shape, 1, kernel, stride, dilation)
    assert case.variant(scalar, KERNEL).instructions == pytest.approx(sum(measured) / 2, rel=0.1)
    for taps, instructions in zip((cost.SHORT_TAPS, cost.LONG_TAPS), portable, strict=True):
        assert cost.portable(case.call, case.tensors, taps=taps) == pytest.approx(instructions, rel=0.15)


def test_portable_estimates_count_channels_that_share_an_input() -> None:
    case = depthwise_conv2d(pairs_of(9), (1, 16, 16, 8), 4, (3, 3))
    assert cost.portable(case.call, case.tensors, taps=cost.SHORT_TAPS) == pytest.approx(3_196_268, rel=0.1)


def test_the_workspace_holds_columns_and_turned_weights() -> None:
    call = depthwise_conv2d(pairs_of(2), (1, 9, 9, 4), 1, (3, 3)).variant(scalar, KERNEL).call
    assert (call.attrs["pair_rows"], call.attrs["phases"]) == (1, 3)
    assert kernels.workspace_bytes(KERNEL, call.attrs) == 4 * (11 * 3 + 1 + 3 * 10)
    halves = {**call.attrs, "pair_rows": 0, "phases": 1}
    assert kernels.workspace_bytes(KERNEL, halves) == 4 * (7 * 3 + 1 + 10)
    assert kernels.workspace_bytes(KERNEL, {**halves, "output_width": 7}) == 4 * (9 * 3 + 1 + 10)
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, "kernel_height": 0}) == 0
    column = {**call.attrs, "input_width": 1, "output_width": 1, "kernel_width": 1, "padding_left": 0, "phases": 1}
    for height, columns in ((3, 5), (4, 5), (6, 5), (8, 6), (98, 51)):
        assert kernels.workspace_bytes(KERNEL, {**column, "output_height": height}) == 4 * (14 + columns + 1 + 4)
    huge = {"output_width": 32767, "stride_width": 510, "kernel_height": 255, "kernel_width": 2, "phases": 1}
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, **huge}) >= 2**31


@pytest.mark.parametrize("width", [40, 200])
def test_wide_images_share_words_by_halves_of_rows(width: int) -> None:
    case = depthwise_conv2d(pairs_of(width), (1, 5, width, 2), 1, (3, 3))
    variant = case.variant(scalar, KERNEL)
    assert variant.call.attrs["pair_rows"] == int(width < 60)
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())
