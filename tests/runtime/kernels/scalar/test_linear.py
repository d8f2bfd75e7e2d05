"""ADD and SUB as a linear form on cores without SIMD."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call, descriptor
from tests.runtime.kernels.mve.test_linear import RESNET, SHAPE, case_of, quantisations

from micrort.ir import DType, InPlace, Tensor
from micrort.native import kernels
from micrort.variants import scalar

KERNEL = "linear_s8_scalar"


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["add_s8", "sub_s8"]), quantisations(), st.integers(0, 9))
def test_forms_equal_the_portable_kernel(kernel: str, quantisation: dict[str, int], seed: int) -> None:
    case = case_of(kernel, quantisation, seed)
    for offer in scalar.variants(case.call, case.tensors, "balanced"):
        assert offer.call.in_place == case.call.in_place
        np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize("kernel", ["add_s8", "sub_s8"])
def test_every_pair_of_operands_gives_the_same(kernel: str) -> None:
    case = case_of(kernel, RESNET, 1)
    (offer,) = scalar.variants(case.call, case.tensors, "balanced")
    left, right = (np.ravel(values).astype(np.int8) for values in np.mgrid[-128:128, -128:128])
    shape = [((256, 256), DType.S8)]
    pairs = [left.reshape(256, 256), right.reshape(256, 256)]
    (got,) = kernels.call(KERNEL, offer.call.attrs, pairs, shape)
    attrs = {**case.call.attrs, "rows3": 1, "width": 256, "channels": 256}
    (want,) = kernels.call(kernel, attrs, pairs, shape)
    np.testing.assert_array_equal(got, want)


def test_an_output_may_lie_over_an_operand() -> None:
    case = case_of("add_s8", RESNET, 2)
    (offer,) = scalar.variants(case.call, case.tensors, "balanced")
    for index in (0, 1):
        (shared,) = kernels.call(KERNEL, offer.call.attrs, case.constants, [(SHAPE, DType.S8)], in_place=InPlace(index))
        np.testing.assert_array_equal(shared, case.portable())


def test_repeated_operands_and_impossible_forms_stay_portable() -> None:
    repeated = case_of("add_s8", RESNET, 3, repeats=1)
    assert not list(scalar.variants(repeated.call, repeated.tensors, "balanced"))
    coarse = case_of("add_s8", {**RESNET, "output_shift": -2}, 3)
    assert not list(scalar.variants(coarse.call, coarse.tensors, "balanced"))


ROW = descriptor(Tensor("x", (1, 2, 2, 3), DType.S8))
ATTRS = {
    "first_factor": 1,
    "second_factor": 2,
    "addend": 3,
    "shift": 4,
    "activation_min": -128,
    "activation_max": 127,
}


@pytest.mark.parametrize(
    "change",
    [
        {"shift": -1},
        {"shift": 32},
        {"activation_min": -129},
        {"activation_max": 128},
        {"activation_min": 5, "activation_max": 4},
    ],
    ids=str,
)
def test_attributes_out_of_range_are_refused(change: dict[str, int]) -> None:
    assert Call(KERNEL, ATTRS, [ROW, ROW], [ROW]).check() == OK
    assert Call(KERNEL, {**ATTRS, **change}, [ROW, ROW], [ROW]).check() == ERR_ATTRIBUTE


def test_operands_of_another_size_type_or_number_are_refused() -> None:
    rows, row_bytes, dtype = ROW
    for other in ((rows + 1, row_bytes, dtype), (rows, row_bytes + 1, dtype), (rows, row_bytes, DType.U8)):
        for index in range(3):
            tensors = [ROW, ROW, ROW]
            tensors[index] = other
            assert Call(KERNEL, ATTRS, tensors[:2], tensors[2:]).check() == ERR_ATTRIBUTE
    assert Call(KERNEL, ATTRS, [ROW], [ROW]).check() == ERR_ATTRIBUTE
