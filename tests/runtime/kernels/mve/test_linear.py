"""ADD and SUB as a linear form: the search, its proof, and the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case

from micrort.ir import DType, InPlace, KernelCall, Tensor
from micrort.native import kernels
from micrort.variants import mve

SHAPE = (1, 3, 5, 7)
RESNET = {
    "input0_offset": 128,
    "input0_multiplier": 1623821475,
    "input0_shift": -2,
    "input1_offset": -4,
    "input1_multiplier": 1073741824,
    "input1_shift": 0,
    "output_offset": -128,
    "output_multiplier": 1098017566,
    "output_shift": -17,
    "activation_min": -128,
    "activation_max": 127,
}


def case_of(kernel: str, quantisation: dict[str, int], seed: int, repeats: int = 0) -> Case:
    random = np.random.default_rng(seed)
    arrays = tuple(random.integers(-128, 128, SHAPE).astype(np.int8) for _ in range(2))
    attrs: dict[str, int | float] = {"rows0": 1, "rows1": 1, "rows2": 1, "rows3": 3, "width": 5, "channels": 7}
    attrs |= {"input0_repeats": repeats, "input1_repeats": 0, **quantisation}
    tensors = {name: Tensor(name, SHAPE, DType.S8) for name in ("a", "b", "y")}
    call = KernelCall("node", kernel, ("a", "b"), ("y",), attrs, in_place=(InPlace(0),))
    return Case(call, tensors, arrays)


@st.composite
def quantisations(draw: st.DrawFn) -> dict[str, int]:
    low = draw(st.sampled_from([-128, -128, -20, 0]))
    offsets = {f"{name}_offset": draw(st.integers(-127, 127)) for name in ("input0", "input1", "output")}
    multipliers = {
        name: draw(st.integers(1 << 30, (1 << 31) - 1)) for name in ("input0_multiplier", "output_multiplier")
    }
    shifts = {"input0_shift": draw(st.integers(-5, -1)), "output_shift": draw(st.integers(-19, -16))}
    fixed = {"input1_multiplier": 1 << 30, "input1_shift": 0, "activation_min": low, "activation_max": 127}
    return {**offsets, **multipliers, **shifts, **fixed}


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["add_s8", "sub_s8"]), quantisations(), st.integers(0, 9))
def test_forms_equal_the_portable_kernel(kernel: str, quantisation: dict[str, int], seed: int) -> None:
    case = case_of(kernel, quantisation, seed)
    for offer in mve.variants(case.call, case.tensors, "balanced"):
        assert offer.call.in_place == case.call.in_place
        np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize("kernel", ["add_s8", "sub_s8"])
def test_every_pair_of_operands_gives_the_same(kernel: str) -> None:
    case = case_of(kernel, RESNET, 1)
    (offer,) = mve.variants(case.call, case.tensors, "balanced")
    left, right = (np.ravel(values).astype(np.int8) for values in np.mgrid[-128:128, -128:128])
    shape = [((256, 256), DType.S8)]
    pairs = [left.reshape(256, 256), right.reshape(256, 256)]
    (got,) = kernels.call("linear_s8_mve", offer.call.attrs, pairs, shape)
    attrs = {**case.call.attrs, "rows3": 1, "width": 256, "channels": 256}
    (want,) = kernels.call(kernel, attrs, pairs, shape)
    np.testing.assert_array_equal(got, want)


def test_an_output_may_lie_over_an_operand() -> None:
    case = case_of("add_s8", RESNET, 2)
    (offer,) = mve.variants(case.call, case.tensors, "balanced")
    made = [(SHAPE, DType.S8)]
    for index in (0, 1):
        (shared,) = kernels.call("linear_s8_mve", offer.call.attrs, case.constants, made, in_place=InPlace(index))
        np.testing.assert_array_equal(shared, case.portable())


def test_repeated_operands_and_impossible_forms_stay_portable() -> None:
    repeated = case_of("add_s8", RESNET, 3, repeats=1)
    assert not list(mve.variants(repeated.call, repeated.tensors, "balanced"))
    coarse = case_of("add_s8", {**RESNET, "output_shift": -2}, 3)
    assert not list(mve.variants(coarse.call, coarse.tensors, "balanced"))
