"""Matrix products and convolutions 1 x 1 for DSP cores, through their C models, against the portable kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, conv2d, fully_connected, pairs_of

from micrort.native import kernels
from micrort.variants import dsp

PAIRS = {"fully_connected_s8_dsp", "fully_connected_s8_dsp_wide"}
SINGLE = {"matvec_s8_dsp", "matvec_s8_dsp_wide"}


@st.composite
def products(draw: st.DrawFn) -> Case:
    """Vectors in rows of any number, or over several rows; every tail of depth and channels."""
    depth, channels = draw(st.integers(1, 70)), draw(st.integers(1, 13))
    shape = draw(st.sampled_from([(depth,), (3, depth), (2, 3, depth), (1, 4, 5, depth)]))
    if draw(st.booleans()):
        return fully_connected(draw, shape, depth, channels)
    width = draw(st.sampled_from([4, 8]))
    rows = draw(st.integers(2, 4))
    return fully_connected(draw, (draw(st.integers(1, 3)), rows, 1, width), rows * width, channels)


@settings(deadline=None, max_examples=150)
@given(products())
def test_products_equal_the_portable_kernel(case: Case) -> None:
    for variant in case.variants(dsp).values():
        np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@pytest.mark.parametrize(
    ("shape", "depth", "offers"),
    [
        ((1, 8), 8, PAIRS | SINGLE),
        ((1, 7), 7, PAIRS),
        ((3, 8), 8, PAIRS),
        ((2, 4, 1, 4), 16, SINGLE),
    ],
)
def test_single_vectors_and_those_of_several_rows_have_kernels_of_their_own(
    shape: tuple[int, ...], depth: int, offers: set[str]
) -> None:
    case = fully_connected(pairs_of(8), shape, depth, 5)
    variants = case.variants(dsp)
    assert set(variants) == offers
    for variant in variants.values():
        np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


def test_vectors_of_several_rows_in_no_multiple_of_four_stay_portable() -> None:
    case = fully_connected(pairs_of(8), (2, 3, 1, 6), 18, 5)
    assert next(dsp.variants(case.call, case.tensors, "speed"), None) is None


@pytest.mark.parametrize("vectors", [2, 3, 5])
def test_vectors_within_rows_one_by_one(vectors: int) -> None:
    """However many there are, whatever the compiler would choose."""
    case = fully_connected(pairs_of(3), (1, 2, vectors, 8), 8, 5)
    variants = case.variants(dsp)
    for pairs, single in (
        ("fully_connected_s8_dsp", "matvec_s8_dsp"),
        ("fully_connected_s8_dsp_wide", "matvec_s8_dsp_wide"),
    ):
        attrs = dict(variants[pairs].call.attrs)
        assert attrs.pop("linear") == 0
        call = replace(variants[pairs].call, kernel=single, attrs={**attrs, "copied": 0})
        np.testing.assert_array_equal(case.run_every_way(replace(variants[pairs], call=call)), case.portable())


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_pointwise_convolutions_equal_the_portable_kernel(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 5), st.integers(1, 40)))
    case = conv2d(data.draw, shape, data.draw(st.integers(1, 13)), (1, 1))
    variants = case.variants(dsp)
    assert PAIRS <= set(variants) <= PAIRS | SINGLE
    for variant in variants.values():
        np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


@pytest.mark.parametrize("lanes", ["odd", "even"])
def test_weights_that_fit_no_lane_are_wide_or_stay_portable(lanes: str) -> None:
    """-128 in an odd channel beside a negative weight is out of 16 bits; in an even one it is not."""
    case = fully_connected(pairs_of(1), (8,), 8, 2)
    weights = case.constants[1]
    weights[:] = -128 if lanes == "odd" else [[-128] * 8, [-127] * 8]
    assert (next(dsp.variants(case.call, case.tensors, "balanced"), None) is None) == (lanes == "odd")
    variants = case.variants(dsp)
    assert len(variants) == (2 if lanes == "odd" else 4)
    for variant in variants.values():
        np.testing.assert_array_equal(case.run_every_way(variant), case.portable())


def test_sums_beyond_24_bits_of_odd_channels_are_wide_or_stay_portable() -> None:
    for channel, portable in ((0, False), (1, True)):
        case = fully_connected(pairs_of(2), (8,), 8, 2)
        case.constants[2][channel] = 1 << 23
        assert (next(dsp.variants(case.call, case.tensors, "balanced"), None) is None) == portable
        assert len(case.variants(dsp)) == (2 if portable else 4)


def test_wide_weights_are_for_speed_and_for_many_short_products() -> None:
    for shape, depth, both in (((300, 16), 16, True), ((4, 16), 16, False), ((300, 40), 40, False)):
        case = fully_connected(pairs_of(5), shape, depth, 3)
        offers = {offer.call.kernel for offer in dsp.variants(case.call, case.tensors, "balanced")}
        assert (offers == PAIRS) == both


@pytest.mark.parametrize(("shift", "portable"), [(0, True), (-1, False), (-22, False), (-23, True), (3, True)])
def test_only_shifts_to_the_right_are_taken(shift: int, portable: bool) -> None:
    case = fully_connected(pairs_of(3), (8,), 8, 3, shift=shift)
    offer = next(dsp.variants(case.call, case.tensors, "balanced"), None)
    assert (offer is None) == portable
    if offer is not None:
        np.testing.assert_array_equal(case.run_every_way(offer), case.portable())


def test_a_multiplier_of_zero_gives_the_zero_point() -> None:
    case = fully_connected(pairs_of(4), (8,), 8, 3, shift=0, multiplier=0)
    result = case.run_every_way(case.variant(dsp))
    np.testing.assert_array_equal(result, case.portable())
    assert len(set(result.ravel().tolist())) == 1


def test_the_workspace_has_lanes_of_two_vectors_or_a_copy_of_one() -> None:
    attrs = {"depth": 12, "channels": 1, "output_point": 0, "activation_min": -128, "activation_max": 127}
    assert kernels.workspace_bytes("fully_connected_s8_dsp", {**attrs, "depth": 9, "linear": 0}) == 3 * 16
    assert kernels.workspace_bytes("fully_connected_s8_dsp", {**attrs, "depth": 2**31 - 1, "linear": 0}) == 2**28
    assert kernels.workspace_bytes("matvec_s8_dsp", {**attrs, "copied": 0}) == 0
    assert kernels.workspace_bytes("matvec_s8_dsp", {**attrs, "copied": 1}) == 3 * 4
