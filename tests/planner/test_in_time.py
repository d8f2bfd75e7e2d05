"""Plans in the order of time; each is proved by mrt_plan_check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrort.planner import Lifetime, PlanError, Pool, plan_in_time

POOLS = (Pool("ram", 1 << 20, 16),)


def live(lifetimes: list[Lifetime]) -> int:
    """Most bytes alive at once."""
    ends = {item.end for item in lifetimes}
    return max((sum(item.size for item in lifetimes if item.start < end <= item.end) for end in ends), default=0)


spans = st.tuples(st.integers(0, 20), st.integers(1, 12))


@given(st.lists(spans, max_size=30))
def test_buffers_of_one_size_take_what_is_alive_at_once(found: list[tuple[int, int]]) -> None:
    lifetimes = [Lifetime(f"{i}", start, start + length, 24, 4) for i, (start, length) in enumerate(found)]
    assert plan_in_time(lifetimes, POOLS).sizes[0] == live(lifetimes)


@given(st.lists(st.tuples(spans, st.integers(1, 40), st.sampled_from((1, 4, 8))), max_size=20), st.booleans())
def test_any_buffers_lie_apart(found: list[tuple[tuple[int, int], int, int]], pinned: bool) -> None:
    lifetimes = [
        Lifetime(f"{i}", start, start + length, size, alignment)
        for i, ((start, length), size, alignment) in enumerate(found)
    ]
    if pinned:
        lifetimes.append(Lifetime("pinned", 3, 9, 20, 4, (0,), 16))
    plan = plan_in_time(lifetimes, POOLS)
    assert plan.sizes[0] >= live(lifetimes)
    assert not pinned or plan.slots["pinned"] == (0, 16)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(PlanError):
        plan_in_time([Lifetime("a", 0, 1, 64, 4)], (Pool("ram", 32, 16),))
