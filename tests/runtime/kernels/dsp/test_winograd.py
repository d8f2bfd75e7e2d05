"""Convolutions by minimal filtering for DSP cores, through their C models, against the portable kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Refusal, Variant, dsp
from micrort.variants.dsp_winograd import KERNEL, transform, winograd


def offer(case: Case) -> Variant:
    """The variant, which must exist."""
    found = winograd(case.call, case.tensors)
    assert isinstance(found, Variant)
    return found


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Tiles that the output fills and others, borders on all sides, every tail of channels."""
    padding = draw(st.sampled_from([Padding.SAME, Padding.SAME, Padding.VALID]))
    low = 1 if padding is Padding.SAME else 3
    channels = draw(st.sampled_from([4, 8, 12, 16, 20]))
    shape = (draw(st.integers(1, 2)), draw(st.integers(low, low + 6)), draw(st.integers(low, low + 9)), channels)
    return conv2d(draw, shape, draw(st.integers(1, 9)), (3, 3), padding=padding)


@settings(deadline=None, max_examples=150)
@given(convolutions())
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    np.testing.assert_array_equal(case.run_every_way(offer(case)), case.portable())


@pytest.mark.parametrize("weight", [-128, 127])
@pytest.mark.parametrize("element", [-128, 127])
def test_the_largest_elements_stay_in_their_lanes(weight: int, element: int) -> None:
    case = conv2d(pairs_of(1), (1, 5, 6, 8), 4, (3, 3))
    case.constants[1][:] = weight
    case.constants[0][:] = element
    np.testing.assert_array_equal(case.run_every_way(offer(case)), case.portable())


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 1 << 30))
def test_transformed_filters_convolve(seed: int) -> None:
    """By the definition in winograd.h, in Python's integers."""
    random = np.random.default_rng(seed)
    filters = random.integers(-128, 128, (2, 3, 3, 4))
    inputs = random.integers(-128, 128, (4, 4, 4))
    b = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
    a = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
    products = np.einsum("nijc,ijc->nij", transform(filters), np.einsum("ik,klc,jl->ijc", b, inputs, b))
    tile = np.einsum("ik,nkl,jl->nij", a, products, a)
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (3, 3), axis=(0, 1))
    np.testing.assert_array_equal(tile, 4 * np.einsum("yxcij,nijc->nyx", windows, filters))


def test_it_is_offered_for_speed_alone() -> None:
    case = conv2d(pairs_of(2), (1, 6, 6, 8), 4, (3, 3))
    for level in ("size", "speed"):
        found = [item.call.kernel for item in dsp.variants(case.call, case.tensors, level) if isinstance(item, Variant)]
        assert "conv2d_s8_dsp" in found
        assert (KERNEL in found) == (level == "speed")


@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "dilation"),
    [
        (6, (3, 3), (1, 1), (1, 1)),
        (8, (3, 1), (1, 1), (1, 1)),
        (8, (3, 3), (2, 1), (1, 1)),
        (8, (3, 3), (1, 1), (1, 2)),
    ],
)
def test_other_windows_are_not_its_business(
    channels: int, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    case = conv2d(pairs_of(3), (1, 9, 9, channels), 4, kernel, stride, dilation)
    assert winograd(case.call, case.tensors) is None


def test_sums_that_four_times_leave_32_bits_are_refused() -> None:
    for bias, refused in ((1 << 28, False), (1 << 29, True), ((1 << 31) - 1, True)):
        case = conv2d(pairs_of(4), (1, 4, 4, 4), 4, (3, 3))
        case.constants[2][1] = bias
        found = winograd(case.call, case.tensors)
        assert isinstance(found, Refusal if refused else Variant)
        if isinstance(found, Variant):
            np.testing.assert_array_equal(case.run_every_way(found), case.portable())


def test_the_workspace_holds_lanes_sums_and_a_pixel() -> None:
    call = offer(conv2d(pairs_of(5), (1, 5, 5, 8), 4, (3, 3))).call
    assert kernels.workspace_bytes(KERNEL, call.attrs) == 16 * 8 * 4 + 16 * 8 * 4 + 8
    huge = {**call.attrs, "input_channels": 2**31 - 1}
    assert kernels.workspace_bytes(KERNEL, huge) < 2**31
