"""Convolutions four channels at a time for cores without SIMD, through the C twin of their loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK
from tests.runtime.kernels.dsp.cases import Case, conv2d, fully_connected, pairs_of
from tests.runtime.kernels.scalar.test_conv2d import convolutions, scaled
from tests.runtime.kernels.scalar.test_scalar_checks import sound

from micrort.native import kernels
from micrort.variants import scalar

KERNEL = "conv2d_quads_s8_scalar"
WINDOWS = 24
"""MRT_SCALAR_QUAD_WINDOWS."""


def offers(case: Case) -> list[str]:
    return [offer.call.kernel for offer in scalar.variants(case.call, case.tensors, "balanced")]


@settings(deadline=None, max_examples=200)
@given(convolutions(), st.booleans())
def test_convolutions_equal_the_portable_kernel(case: Case, small: bool) -> None:
    if small:
        case.constants[1][:] //= 8
    if KERNEL in offers(case):
        np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def test_usual_layers_have_such_scales() -> None:
    for seed in range(20):
        case = conv2d(pairs_of(seed), (1, 4, 4, 16), 30, (3, 3))
        assert KERNEL in offers(case), seed


@pytest.mark.parametrize(("divisor", "windows"), [(1, 0), (8, 1)])
def test_small_weights_have_windows_of_eight(divisor: int, windows: int) -> None:
    case = conv2d(pairs_of(1), (1, 3, 3, 8), 7, (3, 3))
    case.constants[1][:] //= divisor
    variant = case.variant(scalar, KERNEL)
    (constant,) = variant.constants
    assert constant.data is not None
    assert set(constant.data[:, WINDOWS]) == {windows}
    np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@settings(deadline=None, max_examples=100)
@given(st.data(), st.integers(-20, 3), st.integers(1 << 30, 2**31 - 1))
def test_any_scale_is_exact_or_refused(data: st.DataObject, shift: int, multiplier: int) -> None:
    case = scaled(conv2d(data.draw, (1, 3, 5, 9), 4, (1, 1)), shift, multiplier)
    if KERNEL in offers(case):
        np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


@pytest.mark.parametrize("extreme", [-128, 127])
def test_channels_that_never_change_are_constants(extreme: int) -> None:
    case = conv2d(pairs_of(2), (1, 3, 3, 4), 6, (1, 1))
    case.constants[1][1] = 0
    case.constants[2][1] = 40
    case.constants[0][0, 0] = extreme
    np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


@settings(deadline=None, max_examples=50)
@given(st.data(), st.integers(1, 30), st.integers(1, 9))
def test_vectors_are_pixels(data: st.DataObject, depth: int, channels: int) -> None:
    case = fully_connected(data.draw, (data.draw(st.integers(1, 3)), depth), depth, channels, -7)
    if KERNEL in offers(case):
        np.testing.assert_array_equal(case.run_every_way(case.variant(scalar, KERNEL)), case.portable())


def test_patches_of_many_elements_have_another_kernel() -> None:
    assert KERNEL in offers(fully_connected(pairs_of(1), (1, 1024), 1024, 4, -9))
    assert KERNEL not in offers(fully_connected(pairs_of(1), (1, 1025), 1025, 4, -9))


def test_the_workspace_holds_the_words_of_a_patch() -> None:
    call = conv2d(pairs_of(2), (1, 5, 5, 3), 4, (3, 3)).variant(scalar, KERNEL).call
    assert kernels.workspace_bytes(KERNEL, call.attrs) == 28 * 4
    huge = {**call.attrs, "kernel_height": 2**31 - 1, "kernel_width": 2**31 - 1, "input_channels": 2**31 - 1}
    assert kernels.workspace_bytes(KERNEL, huge) >= 2**26


@pytest.mark.parametrize(("depth", "windows", "status"), [(8, 1, OK), (7, 1, OK), (6, 0, OK), (6, 1, ERR_ATTRIBUTE)])
@pytest.mark.parametrize("group", [0, 1])
def test_windows_of_eight_fill_the_patch(depth: int, windows: int, status: int, group: int) -> None:
    call = sound(conv2d(pairs_of(3), (1, 3, 3, depth), 5, (1, 1)), KERNEL)
    words = np.frombuffer(call.contents[1], np.int32).reshape(2, -1).copy()
    words[group, WINDOWS] = windows
    assert replace(call, contents=[call.contents[0], words.tobytes()], offsets=[]).check() == status
