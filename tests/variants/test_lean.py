"""Kernels with less workspace: chosen only where they take less, for no more instructions than may be spent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.runtime.kernels.dsp.cases import conv2d, pairs_of

from micrort import variants
from micrort.devices import targets
from micrort.native import kernels
from micrort.variants import Variant, lean


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
