"""Plans made in the order of time: good for many small buffers of few sizes, as rows are.

Buffers of one size that are placed as they are born, each in the lowest free place, need no more than what is alive at
once (interval graphs are coloured so; see Gavril, SIAM J. Comput. 1, 1972). Strategies that begin with the largest
buffers miss that. The C planner proves the result: it is given every buffer pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from micrort.planner.problem import Lifetime, Plan, Pool
from micrort.planner.solve import plan

Gap = tuple[int, int]
"""First free byte, and one past the last."""


def plan_in_time(lifetimes: Sequence[Lifetime], pools: Sequence[Pool]) -> Plan:
    """The smallest of a few plans in the order of time, all in the first pool; if that is too small, a plan of `plan`.

    Args:
        lifetimes: may all lie in the first pool.
        pools: as for `plan`.

    Raises:
        PlanError: no plan fits into the pools.
        UsageError: a lifetime or pool is not valid.
    """
    tried = [_place(lifetimes, order, choose) for order in (_by_birth, _long_first) for choose in (_lowest, _tightest)]
    best = min(tried, key=lambda offsets: _size(lifetimes, offsets))
    capacity = pools[0].capacity
    if capacity is not None and _size(lifetimes, best) > capacity:
        return plan(lifetimes, pools)
    pinned = [replace(item, pools=(0,), fixed=best[item.id]) for item in lifetimes]
    return plan(pinned, pools, "greedy")


def _size(lifetimes: Sequence[Lifetime], offsets: dict[str, int]) -> int:
    return max((offsets[item.id] + item.size for item in lifetimes), default=0)


def _by_birth(lifetimes: Sequence[Lifetime]) -> list[Lifetime]:
    return sorted(lifetimes, key=lambda item: (item.start, -item.end, -item.size))


def _long_first(lifetimes: Sequence[Lifetime]) -> list[Lifetime]:
    """Buffers that outlive half of all steps before the others."""
    end = max((item.end for item in lifetimes), default=0)
    long = [item for item in lifetimes if 2 * (item.end - item.start) > end]
    names = {item.id for item in long}
    return [*_by_birth(long), *_by_birth([item for item in lifetimes if item.id not in names])]


def _place(
    lifetimes: Sequence[Lifetime],
    order: Callable[[Sequence[Lifetime]], list[Lifetime]],
    choose: Callable[[Lifetime, list[Gap]], int],
) -> dict[str, int]:
    """Offsets by id: pinned buffers where they are to be, the others one after another."""
    pinned = [item for item in lifetimes if item.fixed is not None]
    loose = order([item for item in lifetimes if item.fixed is None])
    offsets = {item.id: item.fixed or 0 for item in pinned}
    placed = [*pinned, *loose]
    starts, ends = (np.array([getattr(item, name) for item in placed], np.int64) for name in ("start", "end"))
    begins = np.array([offsets.get(item.id, 0) for item in placed], np.int64)
    sizes = np.array([item.size for item in placed], np.int64)
    for count, item in enumerate(loose, len(pinned)):
        meets = np.flatnonzero((starts[:count] < item.end) & (item.start < ends[:count]))
        taken = sorted(zip(begins[meets].tolist(), (begins[meets] + sizes[meets]).tolist(), strict=True))
        begins[count] = offsets[item.id] = choose(item, list(_gaps(taken)))
    return offsets


def _gaps(taken: list[Gap]) -> Iterator[Gap]:
    free = 0
    for begin, end in taken:
        if begin > free:
            yield free, begin
        free = max(free, end)
    yield free, 1 << 62


def _fits(item: Lifetime, gap: Gap) -> int | None:
    """Where a buffer would begin in a gap."""
    begin = -(-gap[0] // item.alignment) * item.alignment
    return begin if begin + item.size <= gap[1] else None


def _lowest(item: Lifetime, gaps: list[Gap]) -> int:
    return next(begin for begin in (_fits(item, gap) for gap in gaps) if begin is not None)


def _tightest(item: Lifetime, gaps: list[Gap]) -> int:
    fitting = [(gap[1] - gap[0], begin) for gap in gaps if (begin := _fits(item, gap)) is not None]
    return min(fitting)[1]
