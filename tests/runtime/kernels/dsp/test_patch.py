"""Convolutions in little code for DSP cores, through their C models, against the portable kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, depthwise_conv2d, fully_connected, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import dsp_patch

SIDES = st.integers(1, 3)
PAIRS = st.tuples(SIDES, SIDES)


@st.composite
def windows(draw: st.DrawFn, depthwise: bool) -> Case:
    """Any window over small images, with every tail of channels; strides or dilations."""
    kernel, dilation = draw(PAIRS), draw(st.one_of(st.just((1, 1)), PAIRS))
    stride = draw(PAIRS) if dilation == (1, 1) else (1, 1)
    padding = draw(st.sampled_from(Padding))
    least = [1 if padding is Padding.SAME else (k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    sides = [draw(st.integers(low, low + 5)) for low in least]
    shape = (draw(st.integers(1, 2)), sides[0], sides[1], draw(st.integers(1, 9)))
    if depthwise:
        return depthwise_conv2d(draw, shape, draw(st.integers(1, 3)), kernel, stride, dilation, padding)
    return conv2d(draw, shape, draw(st.integers(1, 9)), kernel, stride, dilation, padding)


@settings(deadline=None, max_examples=150)
@given(windows(depthwise=False))
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    variant = case.variants(dsp_patch, "size")["conv2d_patch_s8_dsp"]
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@settings(deadline=None, max_examples=150)
@given(windows(depthwise=True))
def test_depthwise_convolutions_equal_the_portable_kernel(case: Case) -> None:
    (variant,) = case.variants(dsp_patch, "size").values()
    assert variant.call.kernel == "depthwise_patch_s8_dsp"
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@pytest.mark.parametrize(
    ("shape", "depth", "offers"),
    [
        ((3, 7), 7, {"conv2d_patch_s8_dsp"}),
        ((3, 8), 8, {"conv2d_patch_s8_dsp", "matvec_s8_dsp"}),
        ((2, 1, 3, 5), 5, {"conv2d_patch_s8_dsp"}),
        ((1, 8), 8, {"conv2d_patch_s8_dsp"}),
    ],
)
def test_products_are_windows_of_one_element(shape: tuple[int, ...], depth: int, offers: set[str]) -> None:
    case = fully_connected(pairs_of(8), shape, depth, 5)
    variants = case.variants(dsp_patch, "size")
    assert set(variants) == offers
    for variant in variants.values():
        np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


def test_vectors_of_several_rows_are_no_windows() -> None:
    case = fully_connected(pairs_of(8), (2, 3, 1, 6), 18, 5)
    assert not list(dsp_patch.variants(case.call, case.tensors, "size"))


@pytest.mark.parametrize("optimize", ["balanced", "speed", "ram"])
def test_they_are_for_size_alone(optimize: str) -> None:
    case = conv2d(pairs_of(3), (1, 5, 6, 4), 6, (3, 3))
    assert not list(dsp_patch.variants(case.call, case.tensors, optimize))


def test_the_workspace_is_a_patch_in_whole_words() -> None:
    (variant,) = conv2d(pairs_of(3), (1, 5, 6, 3), 6, (3, 3)).variants(dsp_patch, "size").values()
    assert kernels.workspace_bytes(variant.call.kernel, variant.call.attrs) == 28
