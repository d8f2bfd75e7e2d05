"""Pooling for MVE cores, through its C model, against the portable kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case

from micrort.ir import DType, InPlace, KernelCall, Tensor
from micrort.native import kernels
from micrort.operators.window import Padding, Window
from micrort.variants import mve

KERNELS = ("average_pool2d_s8", "max_pool2d_s8")


def case_of(
    kernel: str, shape: tuple[int, int, int, int], window: Window, clamp: tuple[int, int] = (-128, 127), seed: int = 1
) -> Case:
    x = Tensor("x", shape, DType.S8)
    y = Tensor("y", window.output_shape(x, shape[3]), DType.S8)
    attrs = {**window.attrs(x, y), "activation_min": clamp[0], "activation_max": clamp[1]}
    call = KernelCall("node", kernel, ("x",), ("y",), attrs, in_place=window.in_place(x, y))
    array = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
    return Case(call, {"x": x, "y": y}, (array,))


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(KERNELS),
    st.tuples(st.integers(1, 2), st.integers(1, 14), st.integers(1, 9), st.sampled_from([1, 3, 4, 16, 17, 35])),
    st.tuples(st.sampled_from([1, 2, 3, 13]), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from([Padding.SAME, Padding.VALID]),
    st.sampled_from([(-128, 127), (-3, 90), (7, 7)]),
    st.integers(0, 99),
)
def test_pools_equal_the_portable_kernels(
    kernel: str,
    shape: tuple[int, int, int, int],
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    clamp: tuple[int, int],
    seed: int,
) -> None:
    assume(padding is Padding.SAME or (size[0] <= shape[1] and size[1] <= shape[2]))
    case = case_of(kernel, shape, Window(size, stride, (1, 1), padding), clamp, seed)
    offer = case.variant(mve)
    assert offer.call.in_place == case.call.in_place
    np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_output_may_lie_over_the_input(kernel: str) -> None:
    case = case_of(kernel, (1, 9, 6, 20), Window((3, 3), (1, 1), (1, 1), Padding.VALID))
    offer = case.variant(mve)
    made = [(case.tensors["y"].shape, DType.S8)]
    (shared,) = kernels.call(offer.call.kernel, offer.call.attrs, case.constants, made, in_place=InPlace(0))
    np.testing.assert_array_equal(shared, case.portable())
