"""Depthwise convolutions of 3 x 3 from planes for cores without SIMD, through the C twins of their loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Variant, scalar

KERNEL = "depthwise_planes_s8_scalar"


def offers(case: Case) -> list[str]:
    return [offer.call.kernel for offer in scalar.variants(case.call, case.tensors, "balanced")]


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 3)))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    low = 1 if padding is Padding.SAME else 3
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(low, low + 12)) for _ in range(2)), draw(st.integers(1, 5)))
    return depthwise_conv2d(draw, shape, draw(st.sampled_from([1, 1, 2, 3])), (3, 3), stride, (1, 1), padding)


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.integers(1, 4))
def test_depthwise_convolutions_equal_the_portable_kernel(case: Case, lines: int) -> None:
    if KERNEL in offers(case):
        variant = case.variant(scalar, KERNEL)
        expected = case.portable()
        np.testing.assert_array_equal(case.run_every_way(variant), expected)
        np.testing.assert_array_equal(case.run_every_way(planes_of(variant, lines)), expected)


def planes_of(variant: Variant, lines: int) -> Variant:
    """The variant with so many lines to a plane."""
    return replace(variant, call=replace(variant.call, attrs={**variant.call.attrs, "lines": lines}))


def test_usual_layers_have_such_scales() -> None:
    for seed in range(20):
        assert KERNEL in offers(depthwise_conv2d(pairs_of(seed), (1, 6, 6, 30), 1, (3, 3))), seed


@pytest.mark.parametrize("padding", [(40, 0), (0, 40), (40, 40), (3, 3)])
def test_windows_far_outside_the_image(padding: tuple[int, int]) -> None:
    """Paddings as large as no operator makes them, which attributes may hold all the same."""
    case = depthwise_conv2d(pairs_of(2), (1, 6, 5, 3), 1, (3, 3))
    far = dict(zip(("padding_top", "padding_left"), padding, strict=True))
    case = replace(case, call=replace(case.call, attrs={**case.call.attrs, **far}))
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def test_other_windows_and_pairs_of_least_weights_have_other_kernels() -> None:
    for kernel, stride, dilation in (((3, 2), 1, 1), ((2, 3), 1, 1), ((3, 3), 4, 1), ((3, 3), 1, 2)):
        case = depthwise_conv2d(pairs_of(1), (1, 9, 9, 2), 1, kernel, (1, stride), (1, dilation))
        assert KERNEL not in offers(case)
    least = depthwise_conv2d(pairs_of(1), (1, 9, 9, 2), 1, (3, 3))
    least.constants[1][0, 0, 0:2, 0] = -128
    assert KERNEL not in offers(least)
    least.constants[1][0, 0, 1, 0] = -127
    np.testing.assert_array_equal(least.run_every_way(least.variant(scalar, KERNEL)), least.portable())


@pytest.mark.parametrize(("width", "lines"), [(5, 5), (48, 3), (400, 1)])
def test_planes_keep_to_the_workspace(width: int, lines: int) -> None:
    call = depthwise_conv2d(pairs_of(2), (1, 9, width, 4), 1, (3, 3)).variant(scalar, KERNEL).call
    assert call.attrs["lines"] == lines
    assert kernels.workspace_bytes(KERNEL, call.attrs) == 4 * (lines + 2) * (width + 2)
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, "kernel_height": 2}) == 0
    huge = {"output_width": 32767, "stride_width": 3, "stride_height": 32767, "lines": 4096}
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, **huge}) >= 2**31
