"""Matrix products for cores without SIMD, through the C twins of their loops, against the portable kernel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.dsp.cases import Case, fully_connected, pairs_of

from micrort.native import kernels
from micrort.variants import Variant, scalar

KERNEL = "fully_connected_s8_scalar"


def vectors(case: Case) -> Variant:
    """The variant that goes vector by vector."""
    (found,) = (offer for offer in scalar.variants(case.call, case.tensors, "balanced") if offer.call.kernel == KERNEL)
    return found


@st.composite
def products(draw: st.DrawFn) -> Case:
    """Vectors within rows, and vectors of several rows; weights with windows of eight and of two."""
    depth, channels = draw(st.integers(1, 40)), draw(st.integers(1, 9))
    shape = (draw(st.integers(1, 3)), depth)
    if draw(st.booleans()):
        rows, width, deep = (draw(st.integers(1, 4)) for _ in range(3))
        shape, depth = (draw(st.integers(1, 2)), rows, width, deep), rows * width * deep
    case = fully_connected(draw, shape, depth, channels, draw(st.sampled_from([None, -7])))
    case.constants[1][draw(st.integers(0, channels)) :] //= 8
    return case


@settings(deadline=None, max_examples=200)
@given(products(), st.integers(1, 3))
def test_products_equal_the_portable_kernel(case: Case, blocks: int) -> None:
    variant = vectors(case)
    expected = case.portable()
    np.testing.assert_array_equal(case.run_every_way(variant), expected)
    np.testing.assert_array_equal(case.run_every_way(chunked(case, variant, 8 * blocks)), expected)


def chunked(case: Case, variant: Variant, chunk: int) -> Variant:
    """The variant with so many elements multiplied at a time."""
    filters = case.constants[1]
    scaling = scalar.scale(case.call, case.tensors, filters)
    assert scaling is not None
    matrix = scalar.pack_matrix(filters, scaling, chunk)
    constant = replace(variant.constants[0], shape=matrix.shape, data=matrix)
    attrs = {**variant.call.attrs, "chunk": chunk}
    return Variant(replace(variant.call, attrs=attrs), (constant,), variant.instructions)


def test_vectors_in_rows_may_go_in_pairs() -> None:
    case = fully_connected(pairs_of(4), (3, 2, 12), 12, 7)
    found = {offer.call.kernel: offer for offer in scalar.variants(case.call, case.tensors, "balanced")}
    assert set(found) == {KERNEL, "conv2d_s8_scalar", "conv2d_quads_s8_scalar"}
    np.testing.assert_array_equal(case.run_every_way(found["conv2d_s8_scalar"]), case.portable())


def test_weights_of_the_least_value_and_rows_that_cut_vectors_stay_portable() -> None:
    least = fully_connected(pairs_of(1), (1, 8), 8, 4)
    least.constants[1][2, 2:4] = -128
    cut = fully_connected(pairs_of(1), (2, 3, 4), 8, 4)
    for case in (least, cut):
        assert next(scalar.variants(case.call, case.tensors, "balanced"), None) is None


@pytest.mark.parametrize(("depth", "size"), [(8, 36), (12, 72), (160, 720), (640, 720 + 24)])
def test_the_workspace_holds_a_chunk_and_the_sums_of_all_channels(depth: int, size: int) -> None:
    call = vectors(fully_connected(pairs_of(2), (1, depth), depth, 5)).call
    assert kernels.workspace_bytes(KERNEL, call.attrs) == size
    assert kernels.workspace_bytes(KERNEL, {**call.attrs, "chunk": 7}) == 0
