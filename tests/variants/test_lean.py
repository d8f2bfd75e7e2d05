"""Kernels with less workspace: chosen only where they take less, for no more instructions than may be spent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.kernels.dsp.cases import conv2d, depthwise_conv2d, pairs_of

from micrort import variants
from micrort.devices import targets
from micrort.native import kernels
from micrort.variants import Variant, dsp_depthwise3x3, lean


def offers() -> tuple[Variant, Variant]:
    """A fast kernel for windows, and one for little code."""
    case = conv2d(pairs_of(1), (1, 6, 6, 8), 16, (3, 3))
    target = targets.target("cortex-m4")
    fast = variants.for_rows(case.call, case.tensors, target, "ram", variants.ANY, 2)
    rules = variants.Rules(kernels=lean.SMALL)
    return fast, variants.for_rows(case.call, case.tensors, target, "size", rules, 2)


def test_a_small_kernel_is_taken_where_it_may_cost_what_it_does() -> None:
    fast, small = offers()
    assert small.call.kernel in lean.SMALL and small.instructions > fast.instructions
    share = small.instructions / fast.instructions - 1
    assert lean.smaller(fast, small, share + 0.01) is small
    assert lean.smaller(fast, small, share - 0.01) is fast
    sizes = [kernels.workspace_bytes(offer.call.kernel, offer.call.attrs) for offer in (small, fast)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("change", [-1, 0])
def test_small_code_alone_is_no_reason(change: int) -> None:
    fast, small = offers()
    assert lean.smaller(fast, replace(small, instructions=fast.instructions + change), 9.0) is fast
    assert lean.smaller(small, replace(fast, instructions=small.instructions + 1), 9.0) is small


@pytest.mark.parametrize("level", ["ram", "balanced"])
def test_only_ram_pays_for_it(level: str) -> None:
    case = conv2d(pairs_of(1), (1, 6, 6, 8), 16, (3, 3))
    made = variants.for_rows(case.call, case.tensors, targets.target("cortex-m4"), level, variants.ANY, 2, slack=9.0)
    assert (made.call.kernel in lean.SMALL) == (level == "ram")


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_rows_are_cut_into_parts_for_what_they_cost(stride: int, parts: int) -> None:
    """Of depthwise convolutions of 3 x 3 with the DSP extension; the last part of 47 outputs is smaller."""
    case = depthwise_conv2d(pairs_of(1), (1, 2 * stride, 47 * stride, 8), 1, (3, 3), (stride, stride))
    target = targets.target("cortex-m4")
    fast = variants.for_rows(case.call, case.tensors, target, "ram", variants.ANY, 2)
    assert fast.call.kernel in dsp_depthwise3x3.KERNELS and fast.call.attrs["columns"] == 47
    columns = -(-47 // parts)
    more = dsp_depthwise3x3.cost_of_parts(fast.call.attrs, 2, columns)
    for slack, expected in ((1.01 * more, columns), (0.99 * more, -(-47 // max(parts - 1, 1)))):
        made = lean.leaner(fast, 2, slack / fast.instructions)
        assert made.call.attrs["columns"] == expected
        assert made.instructions == fast.instructions + dsp_depthwise3x3.cost_of_parts(fast.call.attrs, 2, expected)
        np.testing.assert_array_equal(case.run_every_way(made), case.portable())


def test_no_other_kernel_comes_in_where_code_is_bounded() -> None:
    """Neither the small one for its workspace, nor another one for few rows."""
    case = conv2d(pairs_of(1), (1, 6, 6, 8), 16, (3, 3))
    for kernels_, rows in ((("conv2d_s8_dsp",), 2), (("conv2d_s8",), 1), (("conv2d_s8_dsp", *lean.SMALL), 2)):
        for is_strict in (False, True):
            rules = variants.Rules(kernels=frozenset(kernels_), is_strict=is_strict)
            target = targets.target("cortex-m4")
            made = variants.for_rows(case.call, case.tensors, target, "ram", rules, rows, slack=9.0)
            assert made.call.kernel in {*kernels_, *(() if is_strict else lean.SMALL)}
    rules = variants.Rules(kernels=frozenset(("conv2d_s8_dsp",)), constants=1)
    made = variants.for_rows(case.call, case.tensors, target, "ram", rules, 2, slack=9.0)
    assert made.call.kernel == "conv2d_s8_dsp"


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("rows", [1, 2])
def test_depthwise_kernels_for_few_rows_are_taken_where_a_step_makes_few(stride: int, rows: int) -> None:
    """For MVE: without workspace, in place of one whose workspace is most of what few rows take."""
    case = depthwise_conv2d(pairs_of(1), (1, 48, 48, 8), 1, (3, 3), (stride, stride))
    target = targets.target("cortex-m55")
    made = variants.for_rows(case.call, case.tensors, target, "ram", variants.ANY, rows)
    assert made.call.kernel in lean.ROWS
    assert kernels.workspace_bytes(made.call.kernel, made.call.attrs) == 0
    np.testing.assert_array_equal(case.run_every_way(made), case.portable())


def test_depthwise_kernels_for_few_rows_are_not_taken_for_all_of_them() -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 24, 24, 32), 1, (3, 3))
    target = targets.target("cortex-m55")
    whole = variants.for_rows(case.call, case.tensors, target, "speed", variants.ANY, 24)
    assert whole.call.kernel == "depthwise_conv2d_s8_mve"
    assert kernels.workspace_bytes(whole.call.kernel, whole.call.attrs) > 0


@pytest.mark.parametrize(
    ("near", "is_strict", "taken"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_they_come_in_where_rows_lie_near_and_code_is_not_bounded(near: bool, is_strict: bool, taken: bool) -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 48, 48, 8), 1, (3, 3))
    rules = variants.Rules(kernels=frozenset(("depthwise_conv2d_s8_mve",)), near=near, is_strict=is_strict)
    made = variants.for_rows(case.call, case.tensors, targets.target("cortex-m55"), "ram", rules, 1)
    assert (made.call.kernel in lean.ROWS) == taken
