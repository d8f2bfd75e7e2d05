"""Average pooling for DSP cores, through its C model, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call, descriptor
from tests.runtime.kernels.dsp.cases import Case

from micrort.ir import DType, InPlace, KernelCall, Tensor
from micrort.native import kernels
from micrort.operators.window import Padding, Window
from micrort.variants import dsp

KERNEL = "average_pool2d_s8_dsp"


def case_of(shape: tuple[int, int, int, int], window: Window, clamp: tuple[int, int] = (-128, 127)) -> Case:
    x = Tensor("x", shape, DType.S8)
    y = Tensor("y", window.output_shape(x, shape[3]), DType.S8)
    attrs = {**window.attrs(x, y), "activation_min": clamp[0], "activation_max": clamp[1]}
    call = KernelCall("node", "average_pool2d_s8", ("x",), ("y",), attrs, in_place=window.in_place(x, y))
    array = np.random.default_rng(sum(shape)).integers(-128, 128, shape).astype(np.int8)
    return Case(call, {"x": x, "y": y}, (array,))


@settings(deadline=None, max_examples=100)
@given(
    st.tuples(st.integers(1, 2), st.integers(1, 14), st.integers(1, 9), st.integers(4, 13)),
    st.tuples(st.sampled_from([1, 2, 3, 13]), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from([Padding.SAME, Padding.VALID]),
    st.sampled_from([(-128, 127), (-3, 90), (7, 7)]),
)
def test_pools_equal_the_portable_kernel(
    shape: tuple[int, int, int, int],
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    clamp: tuple[int, int],
) -> None:
    assume(padding is Padding.SAME or (size[0] <= shape[1] and size[1] <= shape[2]))
    case = case_of(shape, Window(size, stride, (1, 1), padding), clamp)
    offer = case.variant(dsp)
    assert offer.call.kernel == KERNEL
    np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize("element", [-128, 127])
def test_the_largest_sums_stay_in_their_lanes(element: int) -> None:
    case = case_of((1, 15, 17, 5), Window((15, 17), (1, 1), (1, 1), Padding.VALID))
    case.constants[0][:] = element
    np.testing.assert_array_equal(case.run_every_way(case.variant(dsp)), case.portable())


def test_an_output_may_lie_over_the_input() -> None:
    case = case_of((1, 9, 6, 7), Window((3, 3), (1, 1), (1, 1), Padding.VALID))
    call = case.variant(dsp).call
    assert call.in_place == case.call.in_place
    made = [(case.tensors["y"].shape, DType.S8)]
    (shared,) = kernels.call(call.kernel, call.attrs, case.constants, made, in_place=InPlace(0))
    np.testing.assert_array_equal(shared, case.portable())


@pytest.mark.parametrize(("shape", "size"), [((1, 4, 4, 3), (2, 2)), ((1, 16, 16, 4), (16, 16))])
def test_few_channels_and_large_windows_stay_portable(shape: tuple[int, int, int, int], size: tuple[int, int]) -> None:
    case = case_of(shape, Window(size, (1, 1), (1, 1), Padding.VALID))
    assert next(dsp.variants(case.call, case.tensors, "speed"), None) is None


def test_checks() -> None:
    def check(case: Case, **changes: int) -> int:
        ends = [[descriptor(case.tensors[name])] for name in ("x", "y")]
        return Call(KERNEL, {**case.call.attrs, **changes}, *ends).check()

    small = case_of((1, 4, 4, 4), Window((2, 2), (1, 1), (1, 1), Padding.VALID))
    assert check(small) == OK
    assert kernels.workspace_bytes(KERNEL, small.call.attrs) == 0
    for changes in ({"activation_min": -129}, {"kernel_height": 0}, {"input_width": 5}):
        assert check(small, **changes) == ERR_ATTRIBUTE
    for shape, size in (((1, 4, 4, 3), (2, 2)), ((1, 16, 16, 4), (16, 16))):
        assert check(case_of(shape, Window(size, (1, 1), (1, 1), Padding.VALID))) == ERR_ATTRIBUTE
    assert check(replace(small, tensors={**small.tensors, "y": replace(small.tensors["y"], dtype=DType.S16)})) != OK
