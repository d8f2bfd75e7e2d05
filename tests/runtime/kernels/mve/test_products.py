"""Convolutions and matrix products for MVE cores, through their C models, against the portable kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, fully_connected, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import lean, mve

KERNEL = "conv2d_s8_mve"
KERNELS = {KERNEL, "fully_connected_s8_mve"}
COLOURS = "conv2d_rgb_s8_mve"


def assert_all_offers_equal_the_portable_kernel(case: Case) -> set[str]:
    """Every variant on offer, all rows at once and in pieces; returns the kernels."""
    offers = list(mve.variants(case.call, case.tensors, "balanced"))
    want = case.portable()
    for offer in offers:
        np.testing.assert_array_equal(case.run_every_way(offer), want, strict=True)
    return {offer.call.kernel for offer in offers}


def with_scales(case: Case, random: np.random.Generator) -> Case:
    """The same with any multipliers and shifts: to the left too, negative, and none at all."""
    if len(case.constants) == 5:
        channels = len(case.constants[3])
        case.constants[3][:] = random.integers(-(2**31), 2**31, channels)
        case.constants[3][random.random(channels) < 0.2] = 0
        case.constants[4][:] = random.integers(-31, 31, channels)
        case.constants[4][random.random(channels) < 0.3] = 0
    return case


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window: borders on all sides, tails of filters and of channels, windows that miss the image."""
    kernel = (draw(st.sampled_from([1, 1, 2, 3, 4, 13])), draw(st.sampled_from([1, 1, 2, 3, 5])))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    dilation = draw(st.one_of(st.just((1, 1)), pairs))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    channels = draw(st.sampled_from([1, 2, 3, 4, 5, 8, 15, 16, 17, 32, 40, 64, 112]))
    height, width = (draw(st.integers(size, size + 5)) for size in low)
    shape = (draw(st.integers(1, 2)), height, width, channels)
    case = conv2d(draw, shape, draw(st.integers(1, 9)), kernel, draw(pairs), dilation, padding)
    return with_scales(case, np.random.default_rng(draw(st.integers(0, 99)))) if draw(st.booleans()) else case


@settings(deadline=None, max_examples=200)
@given(convolutions())
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    assert "conv2d_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)


@st.composite
def matrix_products(draw: st.DrawFn) -> Case:
    """Vectors in rows of any number, or over several rows; every tail of depth and channels."""
    depth = draw(st.sampled_from([1, 7, 8, 15, 16, 17, 32, 33, 48, 64, 80, 100, 112]))
    channels = draw(st.integers(1, 17))
    if draw(st.booleans()) and depth % 4 == 0:
        case = fully_connected(draw, (draw(st.integers(1, 3)), 4, depth // 4), depth, channels)
    else:
        shape = draw(st.sampled_from([(depth,), (3, depth), (2, 3, depth), (1, 4, 5, depth), (3 * depth,)]))
        shift = draw(st.sampled_from([None, -9, -1, 0, 4]))
        case = fully_connected(draw, shape, depth, channels, shift, draw(st.sampled_from([2**30 + 7, 0, 2**31 - 1])))
    return with_scales(case, np.random.default_rng(draw(st.integers(0, 99)))) if draw(st.booleans()) else case


@settings(deadline=None, max_examples=200)
@given(matrix_products())
def test_matrix_products_equal_the_portable_kernel(case: Case) -> None:
    assert "fully_connected_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)


@pytest.mark.parametrize("scaling", [mve.ANY, mve.SIGNED, mve.RECTIFIED])
@pytest.mark.parametrize("channels", [1, 4, 9])
def test_every_scaling_rounds_as_the_portable_kernel(scaling: int, channels: int) -> None:
    """Sums around zero, where ties and signs show."""
    for seed in range(20):
        case = conv2d(pairs_of(seed), (1, 5, 5, 3), channels, (2, 2))
        case.constants[2][:] = np.random.default_rng(seed).integers(-40, 40, channels)
        case.constants[1][:] //= 60
        case.constants[4][:] = seed % 3 if scaling == mve.ANY else -1 - seed % 3
        offset = -128 if scaling == mve.RECTIFIED else 3
        clamp = {"activation_min": -90, "activation_max": 5} if scaling != mve.RECTIFIED and seed % 2 == 0 else {}
        case.call.attrs.update({"output_offset": offset, **clamp})  # type: ignore[attr-defined]
        (offer,) = mve.variants(case.call, case.tensors, "balanced")
        assert offer.call.attrs["scaling"] == scaling
        np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


def test_a_kernel_that_covers_the_input_is_a_vector_times_a_matrix() -> None:
    case = conv2d(pairs_of(1), (1, 3, 4, 16), 9, (3, 4), padding=Padding.VALID)
    assert assert_all_offers_equal_the_portable_kernel(case) == KERNELS


def test_vectors_in_rows_may_go_in_pairs() -> None:
    case = fully_connected(pairs_of(1), (9, 32), 32, 8)
    assert assert_all_offers_equal_the_portable_kernel(case) == KERNELS
    offers = {offer.call.kernel: offer.instructions for offer in mve.variants(case.call, case.tensors, "balanced")}
    assert offers["conv2d_s8_mve"] < offers["fully_connected_s8_mve"]


def test_groups_and_weights_that_are_not_constant_stay_portable() -> None:
    case = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (3, 3))
    case.call.attrs["groups"] = 2  # type: ignore[index]
    assert not list(mve.variants(case.call, case.tensors, "balanced"))


@pytest.mark.parametrize(
    ("channels", "kernel", "bytes_"),
    [(16, (1, 1), 0), (8, (1, 1), 24), (3, (3, 3), 16 * 32), (64, (3, 3), 2 * 576 + 192)],
)
def test_the_workspace_holds_patches(channels: int, kernel: tuple[int, int], bytes_: int) -> None:
    case = conv2d(pairs_of(1), (1, 4, 4, channels), 4, kernel)
    offer = next(mve.variants(case.call, case.tensors, "balanced"))
    assert kernels.workspace_bytes(offer.call.kernel, offer.call.attrs) == bytes_


@pytest.mark.parametrize("width", [1, 2, 9])
def test_fewer_patches_take_less_workspace_and_make_the_same(width: int) -> None:
    """Rows that begin and end within a set of patches, and the last ones that fill none."""
    case = conv2d(pairs_of(2), (1, 7, width, 5), 9, (3, 3))
    offer = next(mve.variants(case.call, case.tensors, "balanced"))
    assert offer.call.attrs["patches"] == 7 * width + width % 2
    few = lean.leaner(offer, 7, 9.0)
    assert few.call.attrs["patches"] == 2 and few.instructions > offer.instructions
    for patches in (2, 4, 8):
        fewer = replace(offer, call=replace(offer.call, attrs={**offer.call.attrs, "patches": patches}))
        assert kernels.workspace_bytes(KERNEL, fewer.call.attrs) == patches * 48
        np.testing.assert_array_equal(case.run_every_way(fewer), case.portable(), strict=True)
    for patches in (0, 64):  # no more than ever
        assert kernels.workspace_bytes(KERNEL, {**offer.call.attrs, "patches": patches}) == 20 * 48
    assert lean.leaner(offer, 7, 0.0) == offer


def test_the_workspace_of_a_refused_window_is_some_number() -> None:
    case = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (3, 3))
    offer = next(mve.variants(case.call, case.tensors, "balanced"))
    huge = dict.fromkeys(("kernel_height", "kernel_width", "input_channels", "stride_width", "output_width"), 2**31 - 1)
    assert kernels.workspace_bytes(offer.call.kernel, {**offer.call.attrs, **huge}) >= 2**29


@pytest.mark.parametrize("dilation", [1, 2])
def test_windows_of_many_rows(dilation: int) -> None:
    """More rows than are looked up at once, with borders and without."""
    for shape, padding in (((1, 30, 6, 3), Padding.VALID), ((1, 9, 3, 4), Padding.SAME)):
        case = conv2d(pairs_of(1), shape, 5, (14, 3), dilation=(dilation, dilation), padding=padding)
        assert "conv2d_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)


@pytest.mark.parametrize("channels", [8, 12, 13, 252, 264])
def test_rectified_outputs_in_twos_fours_and_singles(channels: int) -> None:
    for width in (1, 2, 3, 8):
        for depth in (16, 64, 80):
            case = conv2d(pairs_of(width), (1, 2, width, depth), channels, (1, 1))
            case.call.attrs.update({"output_offset": -128})  # type: ignore[attr-defined]
            (offer,) = (
                item
                for item in mve.variants(case.call, case.tensors, "balanced")
                if item.call.kernel == "conv2d_s8_mve"
            )
            assert offer.call.attrs["scaling"] == mve.RECTIFIED
            np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_windows_that_are_multiplied_where_they_lie(data: st.DataObject) -> None:
    """Rows of whole blocks: borders on every side, odd widths, strides, one row to five, and one too many."""
    draw = data.draw
    channels, columns = draw(st.sampled_from([(16, 3), (8, 2), (4, 4), (32, 1), (32, 3), (80, 1), (16, 5)]))
    kernel = (draw(st.integers(1, 6)), columns)
    stride = (draw(st.integers(1, 2)), draw(st.integers(1, 3)))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    shape = (draw(st.integers(1, 2)), draw(st.integers(6, 9)), draw(st.integers(columns, 12)), channels)
    case = conv2d(draw, shape, draw(st.sampled_from([4, 8, 12, 3])), kernel, stride, (1, 1), padding)
    if draw(st.booleans()):
        case.call.attrs.update({"output_offset": -128})  # type: ignore[attr-defined]
    assert "conv2d_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_first_layers_of_three_channels(data: st.DataObject) -> None:
    """Borders on every side and none, one window in a row and many, strides that keep rows and that do not."""
    draw = data.draw
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    least = 1 if padding is Padding.SAME else 3
    shape = (draw(st.integers(1, 2)), draw(st.integers(least, 9)), draw(st.integers(least, 12)), 3)
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 3)))
    case = conv2d(draw, shape, draw(st.sampled_from([8, 16, 24])), (3, 3), stride, (1, 1), padding)
    if draw(st.booleans()):
        case.call.attrs.update({"output_offset": -128})  # type: ignore[attr-defined]
    assert COLOURS in assert_all_offers_equal_the_portable_kernel(case)


@pytest.mark.parametrize(
    ("channels", "dilation", "shift"),
    [(12, (1, 1), -5), (256, (1, 1), -5), (8, (2, 1), -5), (8, (1, 2), -5), (8, (1, 1), 1)],
)
def test_first_layers_that_are_like_any_other(channels: int, dilation: tuple[int, int], shift: int) -> None:
    case = conv2d(pairs_of(1), (1, 6, 6, 3), channels, (3, 3), dilation=dilation)
    case.constants[4][:] = shift
    assert assert_all_offers_equal_the_portable_kernel(case) == {"conv2d_s8_mve"}


def test_a_first_layer_may_be_too_wide() -> None:
    attrs = {"output_width": 40000, "stride_width": 1}
    case = conv2d(pairs_of(1), (1, 6, 6, 3), 8, (3, 3))
    offers = {offer.call.kernel: offer for offer in mve.variants(case.call, case.tensors, "balanced")}
    made = offers[COLOURS].call.attrs
    assert kernels.workspace_bytes(COLOURS, made) == 3 * 8 * 3
    assert kernels.workspace_bytes(COLOURS, {**made, **attrs}) == 0


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("padding", [Padding.SAME, Padding.VALID])
@pytest.mark.parametrize("shape", [(2, 7, 8, 3), (1, 6, 5, 3), (1, 3, 3, 3)])
def test_first_layers_by_hand(shape: tuple[int, int, int, int], padding: Padding, rectified: bool) -> None:
    for stride in ((1, 1), (2, 2), (4, 1)):
        case = conv2d(pairs_of(1), shape, 16, (3, 3), stride, padding=padding)
        case.call.attrs.update({"output_offset": -128 if rectified else 3})  # type: ignore[attr-defined]
        offers = {offer.call.kernel: offer for offer in mve.variants(case.call, case.tensors, "balanced")}
        assert offers[COLOURS].call.attrs["scaling"] == (mve.RECTIFIED if rectified else mve.SIGNED)
        np.testing.assert_array_equal(case.run_every_way(offers[COLOURS]), case.portable(), strict=True)


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 5), (1, 3), (6, 3)])
def test_direct_windows_by_hand(kernel: tuple[int, int], rectified: bool) -> None:
    """Of one output channel group and of three, of rows that are and are not wide enough to gain."""
    for width, channels, outputs, padding in (
        (9, 16, 4, Padding.SAME),
        (5, 16, 12, Padding.VALID),
        (6, 16, 3, Padding.SAME),
        (2, 16, 4, Padding.SAME),
        (9, 80, 8, Padding.SAME),
    ):
        if padding is Padding.VALID and kernel[1] > width:
            continue
        case = conv2d(pairs_of(width), (1, 7, width, channels), outputs, kernel, padding=padding)
        case.call.attrs.update({"output_offset": -128 if rectified else 3})  # type: ignore[attr-defined]
        assert "conv2d_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)


def test_rectified_vectors() -> None:
    for channels in (1, 8, 13):
        case = fully_connected(pairs_of(channels), (1, 80), 80, channels)
        case.call.attrs.update({"output_offset": -128})  # type: ignore[attr-defined]
        assert "fully_connected_s8_mve" in assert_all_offers_equal_the_portable_kernel(case)
