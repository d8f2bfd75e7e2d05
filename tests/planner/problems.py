"""Random planning problems, and judges of plans that share nothing with the planner."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from micrort.planner import Lifetime, Plan, Pool

ALIGNMENTS = (1, 2, 4, 8, 16)


@st.composite
def lifetimes(draw: st.DrawFn, most: int = 24, largest: int = 64, alignments: Sequence[int] = (1,)) -> list[Lifetime]:
    """Buffers within some 12 points of time."""
    items = []
    for index in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, 11))
        items.append(
            Lifetime(
                f"b{index}",
                start,
                start + draw(st.integers(1, 6)),
                draw(st.integers(0, largest)),
                alignment=draw(st.sampled_from(alignments)),
            )
        )
    return items


def assert_proper(items: Sequence[Lifetime], pools: Sequence[Pool], plan: Plan) -> None:
    """Paints every pool byte by byte over time: no byte is painted twice, none outside the pool."""
    assert set(plan.slots) == {item.id for item in items}
    moments = max((item.end for item in items), default=0)
    for index, pool in enumerate(pools):
        used = plan.sizes[index]
        assert pool.capacity is None or used <= pool.capacity
        painted = np.zeros((moments, used), np.int32)
        for item in items:
            place, offset = plan.slots[item.id]
            if place == index:
                assert offset % item.alignment == 0 and pool.alignment % item.alignment == 0
                assert item.pools is None or place in item.pools
                assert item.fixed is None or offset == item.fixed
                assert offset + item.size <= used or item.size == 0
                painted[item.start : item.end, offset : offset + item.size] += 1
        assert painted.max(initial=0) <= 1
        assert used == 0 or painted[:, -1].any(), "the size is the end of a buffer"


def live_peak(items: Sequence[Lifetime]) -> int:
    """Most bytes alive at once."""
    return max((sum(b.size for b in items if b.start <= a.start < b.end) for a in items), default=0)


def best_height(items: Sequence[Lifetime]) -> int:
    """The least size of one pool, by trying all orders of stacking; for up to 8 buffers."""
    best = sum(item.size + item.alignment for item in items)
    floor = live_peak(items)

    def stack(left: tuple[Lifetime, ...], placed: list[tuple[Lifetime, int]], height: int) -> None:
        nonlocal best
        if height >= best or best == floor:
            return
        if not left:
            best = height
            return
        for index, item in enumerate(left):
            offset = lowest_gap(item, placed)
            rest = left[:index] + left[index + 1 :]
            stack(rest, [*placed, (item, offset)], max(height, offset + item.size))

    stack(tuple(item for item in items if item.size), [], 0)
    return best


def lowest_gap(item: Lifetime, placed: Sequence[tuple[Lifetime, int]]) -> int:
    """First fit."""
    others = sorted(
        (offset, offset + other.size) for other, offset in placed if other.start < item.end and item.start < other.end
    )
    for begin in sorted({0, *(end for _, end in others)}):
        offset = -(-begin // item.alignment) * item.alignment
        if all(offset + item.size <= low or high <= offset for low, high in others):
            return offset
    raise AssertionError("above everything there is room")


def tight(seed: int, capacity: int, moments: int, buffers: int) -> list[Lifetime]:
    """A problem that fills `capacity` without a gap: a rectangle cut at random into buffers, like the instances
    that MiniMalloc was published with."""
    rng = np.random.default_rng(seed)
    rectangles = [(0, moments, 0, capacity)]
    while len(rectangles) < buffers:
        areas = np.array([(b - a) * (d - c) for a, b, c, d in rectangles], float)
        a, b, c, d = rectangles.pop(int(rng.choice(len(rectangles), p=areas / areas.sum())))
        in_time = rng.random() < 0.5
        low, high = (a, b) if in_time else (c, d)
        cut = int(rng.integers(low, high + 1))
        pieces = [(x, y, c, d) if in_time else (a, b, x, y) for x, y in pairwise((low, cut, high)) if x < y]
        rectangles.extend(pieces)
    order = rng.permutation(len(rectangles))
    return [
        Lifetime(str(name), rectangles[index][0], rectangles[index][1], rectangles[index][3] - rectangles[index][2])
        for name, index in enumerate(order)
    ]


def best_sizes(items: Sequence[Lifetime], pools: Sequence[Pool]) -> tuple[int, ...] | None:
    """The best sizes of several pools, the costliest first, by trying all orders and pools; for up to 5 buffers."""
    best: tuple[int, ...] | None = None

    def place(left: tuple[Lifetime, ...], placed: list[list[tuple[Lifetime, int]]]) -> None:
        nonlocal best
        sizes = tuple(max((at + item.size for item, at in held), default=0) for held in placed)[::-1]
        if best is not None and sizes >= best:
            return
        if not left:
            best = sizes
            return
        for index, item in enumerate(left):
            for pool in range(len(pools)) if item.pools is None else item.pools:
                offset = lowest_gap(item, placed[pool]) if item.fixed is None else item.fixed
                fits = pools[pool].capacity is None or offset + item.size <= pools[pool].capacity
                if fits and item.alignment <= pools[pool].alignment and is_free(item, offset, placed[pool]):
                    held = [*placed[pool], (item, offset)]
                    place(left[:index] + left[index + 1 :], [*placed[:pool], held, *placed[pool + 1 :]])

    place(tuple(item for item in items if item.size), [[] for _ in pools])
    return best


def is_free(item: Lifetime, offset: int, placed: Sequence[tuple[Lifetime, int]]) -> bool:
    """Whether nothing that is alive at the same time lies there."""
    return all(
        other.end <= item.start or item.end <= other.start or offset + item.size <= at or at + other.size <= offset
        for other, at in placed
    )
