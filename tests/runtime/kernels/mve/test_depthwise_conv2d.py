"""Depthwise convolutions for MVE cores, through their C models, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of
from tests.runtime.kernels.mve.test_products import with_scales

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import Variant, mve

KERNEL = "depthwise_conv2d_s8_mve"


def variant(case: Case) -> Variant:
    return next(item for item in mve.variants(case.call, case.tensors, "balanced") if item.call.kernel == KERNEL)


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window: kernels of one tile and of several, strides, borders, windows that miss the image."""
    kernel = (draw(st.sampled_from([1, 2, 3, 4, 5, 9])), draw(st.sampled_from([1, 2, 3, 5, 8])))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    dilation, stride = (draw(st.one_of(st.just((1, 1)), st.just((1, 1)), pairs)) for _ in range(2))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    height, width = (draw(st.integers(size, size + 10)) for size in low)
    shape = (draw(st.integers(1, 2)), height, width, draw(st.sampled_from([1, 3, 8, 16, 17])))
    case = depthwise_conv2d(draw, shape, draw(st.sampled_from([1, 1, 2, 3])), kernel, stride, dilation, padding)
    return with_scales(case, np.random.default_rng(draw(st.integers(0, 99)))) if draw(st.booleans()) else case


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.integers(1, 5), st.sampled_from([16, 8, 4, 1]))
def test_convolutions_equal_the_portable_kernel(case: Case, strips: int, block: int) -> None:
    """With as many strips of as many channels as the compiler takes, and with others."""
    want, offer = case.portable(), variant(case)
    np.testing.assert_array_equal(case.run_every_way(offer), want, strict=True)
    other = replace(offer, call=replace(offer.call, attrs={**offer.call.attrs, "strips": strips, "block": block}))
    np.testing.assert_array_equal(case.run_every_way(other), want, strict=True)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_quads_equal_the_portable_kernel(data: st.DataObject) -> None:
    """Kernels up to 3 x 3 without strides, every way to scale, every tail of rows and columns."""
    shape = (1, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 11)), data.draw(st.sampled_from([3, 16])))
    kernel = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    case = depthwise_conv2d(data.draw, shape, 1, kernel)
    if data.draw(st.booleans()):
        clamp = {"output_offset": -128, "activation_min": -128, "activation_max": 127}
        case.call.attrs.update(clamp)  # type: ignore[attr-defined]
    offer = variant(case)
    assume(offer.call.kernel == KERNEL)
    np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize(("width", "several"), [(96, False), (5, True), (6, True)])
def test_narrow_images_take_several_strips(width: int, several: bool) -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 6 if width == 6 else 24, width, 16), 1, (3, 3))
    assert (int(variant(case).call.attrs["strips"]) > 1) == several


def test_rows_that_are_too_long_are_made_otherwise() -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 1, 70, 1000), 1, (1, 3))
    offers = [offer.call.kernel for offer in mve.variants(case.call, case.tensors, "balanced")]
    assert offers == ["depthwise_taps_s8_mve"]


def test_pixels_of_very_many_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that eight pixels are further apart than a place can tell, which the compiler leaves to other kernels."""
    monkeypatch.setattr(mve, "_strips_fit", lambda *_: True)
    case = depthwise_conv2d(pairs_of(1), (1, 1, 3, 8200), 1, (1, 2), (1, 2))
    np.testing.assert_array_equal(case.run_every_way(variant(case)), case.portable(), strict=True)


def test_the_workspace_holds_the_strips() -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 8, 12, 16), 1, (3, 3))
    attrs = dict(variant(case).call.attrs)
    strip, lists = 64 * (12 + 2), 3 * (16 + 8)  # three batches, their places and patches
    assert kernels.workspace_bytes(KERNEL, {**attrs, "strips": 1}) == strip + lists + 2 * 4  # room for two fours
    assert kernels.workspace_bytes(KERNEL, {**attrs, "strips": 2}) == 2 * (strip + lists) + 4 * 4
    assert kernels.workspace_bytes(KERNEL, {**attrs, "strips": 8, "stride_width": 32767}) == 0


def test_one_channel_is_any_convolution_of_it() -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 12, 11, 1), 8, (10, 8), (2, 2))
    offers = {item.call.kernel: item for item in mve.variants(case.call, case.tensors, "balanced")}
    assert set(offers) == {KERNEL, "conv2d_s8_mve"}  # of eight output channels
    assert offers["conv2d_s8_mve"].instructions < offers[KERNEL].instructions
    for offer in offers.values():
        np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)
