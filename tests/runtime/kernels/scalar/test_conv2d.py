"""Convolutions for cores without SIMD, through the C twins of their loops, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, pairs_of

from micrort.native import kernels
from micrort.operators.window import Padding
from micrort.variants import scalar
from micrort.variants.scalar_scales import EXACT

KERNEL = "conv2d_s8_scalar"


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
    variant = case.variant(scalar, KERNEL)
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@pytest.mark.parametrize("depth", [507, 508, 509, 511, 1100])
def test_more_elements_than_a_run_holds(depth: int) -> None:
    case = conv2d(pairs_of(depth), (1, 2, 3, depth), 5, (1, 1))
    case.constants[1][:2] = 127
    case.constants[0][..., 1:] = np.where(case.constants[0][..., 1:] < 0, -128, 127)
    variant = case.variant(scalar, KERNEL)
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@settings(deadline=None, max_examples=100)
@given(st.data(), st.integers(-31, 3), st.integers(0, 2**31 - 1))
def test_any_scale(data: st.DataObject, shift: int, multiplier: int) -> None:
    """Shifts and multipliers for which there are no numbers but the multiplier itself."""
    case = scaled(conv2d(data.draw, (1, 3, 5, 9), 4, (1, 1)), shift, multiplier)
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def scaled(case: Case, shift: int, multiplier: int) -> Case:
    """The case with another scale for its first two channels."""
    multipliers, shifts = (array.copy() for array in case.constants[3:5])
    multipliers[:2], shifts[:2] = multiplier, shift
    tensors = dict(case.tensors)
    for name, values in (("multiplier", multipliers), ("shift", shifts)):
        tensors[name] = replace(tensors[name], data=values)
    return replace(case, tensors=tensors, constants=(*case.constants[:3], multipliers, shifts))


def test_usual_scales_need_no_multiplier_of_32_bits() -> None:
    case = conv2d(pairs_of(3), (1, 4, 4, 16), 32, (3, 3))
    (constant,) = case.variant(scalar, KERNEL).constants
    assert constant.data is not None
    assert not np.any(constant.data[:, 0] & 0xFFFF == EXACT)


def test_groups_weights_of_the_least_value_and_sums_beyond_32_bits_stay_portable() -> None:
    case = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (3, 3))
    case.call.attrs["groups"] = 2  # type: ignore[index]
    assert next(scalar.variants(case.call, case.tensors, "balanced"), None) is None
    least = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (1, 1))
    least.constants[1][1, 0, 0, :] = -128
    assert next(scalar.variants(least.call, least.tensors, "balanced"), None) is None
    far = conv2d(pairs_of(1), (1, 4, 4, 4), 4, (1, 1))
    far.constants[2][1] = 2**31 - 1
    assert next(scalar.variants(far.call, far.tensors, "balanced"), None) is None


def test_the_workspace_holds_the_words_of_two_patches_and_a_row_of_zero_points() -> None:
    call = conv2d(pairs_of(2), (1, 5, 5, 3), 4, (3, 3)).variant(scalar, KERNEL).call
    assert kernels.workspace_bytes("conv2d_s8_scalar", call.attrs) == 28 * 4 + 12
    huge = {**call.attrs, "kernel_height": 2**31 - 1, "kernel_width": 2**31 - 1, "input_channels": 2**31 - 1}
    assert kernels.workspace_bytes("conv2d_s8_scalar", huge) >= 2**26
    assert kernels.workspace_bytes("conv2d_s8_scalar", {**call.attrs, "kernel_height": 0}) == 0
