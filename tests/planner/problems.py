"""Random planning problems, and judges of plans that share nothing with the planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from micrort.planner import Lifetime, Pair, Plan, Pool

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


@st.composite
def pairs_of(draw: st.DrawFn, items: Sequence[Lifetime]) -> list[Pair]:
    """Some of the pairs that the lifetimes allow, most of them at no distance."""
    found = []
    for first, source in enumerate(items):
        for second, output in enumerate(items):
            follows = (source.start, source.end, first) < (output.start, output.end, second)
            if source.end == output.start + 1 and follows and draw(st.integers(0, 3)) > 0:
                found.append(Pair(source.id, output.id, draw(st.sampled_from((0, 0, 0, 1, 4, 8, 100)))))
    return found


def chain(items: Sequence[Lifetime]) -> list[Lifetime]:
    """The same sizes on a few moments that many end and begin at, as layers of a model do."""
    return [replace(item, start=item.start % 4, end=item.start % 4 + 1 + item.end % 3) for item in items]


def assert_proper(items: Sequence[Lifetime], pools: Sequence[Pool], plan: Plan, pairs: Sequence[Pair] = ()) -> None:
    """Paints every pool byte by byte over time: no byte is painted twice, none outside the pool. An output in place
    is compared with its input instead."""
    deltas = {(pair.input, pair.output): pair.delta for pair in pairs}
    for one in items:
        for other in items:
            if one.id < other.id and one.size and other.size and plan.slots[one.id][0] == plan.slots[other.id][0]:
                a, b = plan.slots[one.id][1], plan.slots[other.id][1]
                assert are_clear(one, a, other, b, deltas), (one, a, other, b)
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
        assert pairs or painted.max(initial=0) <= 1
        assert used == 0 or painted[:, -1].any(), "the size is the end of a buffer"


def live_peak(items: Sequence[Lifetime]) -> int:
    """Most bytes alive at once."""
    return max((sum(b.size for b in items if b.start <= a.start < b.end) for a in items), default=0)


Deltas = dict[tuple[str, str], int]


def are_clear(one: Lifetime, a: int, other: Lifetime, b: int, deltas: Deltas) -> bool:
    """Whether two buffers may lie at offsets a and b of one pool: apart in time or space, or the output in place."""
    if one.end <= other.start or other.end <= one.start or a + one.size <= b or b + other.size <= a:
        return True
    one_first = deltas.get((other.id, one.id))
    other_first = deltas.get((one.id, other.id))
    return (one_first is not None and a + one_first <= b) or (other_first is not None and b + other_first <= a)


def best_height(items: Sequence[Lifetime], pairs: Sequence[Pair] = ()) -> int:
    """The least size of one pool, by trying all orders of stacking; for up to 8 buffers."""
    best = sum(item.size + item.alignment for item in items)
    floor = max((item.size for item in items), default=0) if pairs else live_peak(items)
    deltas = {(pair.input, pair.output): pair.delta for pair in pairs}

    def stack(left: tuple[Lifetime, ...], placed: list[tuple[Lifetime, int]], height: int) -> None:
        nonlocal best
        if height >= best or best == floor:
            return
        if not left:
            best = height
            return
        for index, item in enumerate(left):
            offset = lowest_gap(item, placed, deltas)
            rest = left[:index] + left[index + 1 :]
            stack(rest, [*placed, (item, offset)], max(height, offset + item.size))

    stack(tuple(item for item in items if item.size), [], 0)
    return best


def lowest_gap(item: Lifetime, placed: Sequence[tuple[Lifetime, int]], deltas: Deltas) -> int:
    """First fit."""
    edges = {0, *(at + other.size for other, at in placed)}
    edges |= {at + deltas[item.id, other.id] for other, at in placed if (item.id, other.id) in deltas}
    for begin in sorted(edges):
        offset = -(-begin // item.alignment) * item.alignment
        if all(are_clear(item, offset, other, at, deltas) for other, at in placed):
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


def scattered(seed: int, buffers: int) -> list[Lifetime]:
    """Buffers of any size and any of many short lifetimes."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 10 * buffers, buffers)
    lengths, sizes = rng.integers(1, buffers // 2, buffers), rng.integers(1, 100_000, buffers)
    return [
        Lifetime(str(i), int(start), int(start + length), int(size))
        for i, (start, length, size) in enumerate(zip(starts, lengths, sizes, strict=True))
    ]


def best_sizes(items: Sequence[Lifetime], pools: Sequence[Pool], pairs: Sequence[Pair] = ()) -> tuple[int, ...] | None:
    """The best sizes of several pools, the costliest first; for up to 8 buffers.

    Tries all pools and orders, each pool from below: whatever is placed lies no lower than what was placed before it.
    """
    best: tuple[int, ...] | None = None
    deltas = {(pair.input, pair.output): pair.delta for pair in pairs}

    def place(left: tuple[Lifetime, ...], placed: list[list[tuple[Lifetime, int]]], first_pool: int) -> None:
        nonlocal best
        sizes = tuple(max((at + item.size for item, at in held), default=0) for held in placed)[::-1]
        if best is not None and sizes >= best:
            return
        if not left:
            best = sizes
            return
        for index, item in enumerate(left):
            for pool in range(first_pool, len(pools)):
                offset = on_top(item, placed[pool], deltas) if item.fixed is None else item.fixed
                above = not placed[pool] or offset >= placed[pool][-1][1]
                if above and may_lie(item, offset, pool, pools[pool]) and is_free(item, offset, placed[pool], deltas):
                    held = [*placed[pool], (item, offset)]
                    place(left[:index] + left[index + 1 :], [*placed[:pool], held, *placed[pool + 1 :]], pool)

    place(tuple(item for item in items if item.size), [[] for _ in pools], 0)
    return best


def on_top(item: Lifetime, placed: Sequence[tuple[Lifetime, int]], deltas: Deltas) -> int:
    """The lowest offset where nothing that lies below is in the way."""
    top = 0
    for other, at in placed:
        if other.start < item.end and item.start < other.end:
            top = max(top, at + min(other.size, deltas.get((item.id, other.id), other.size)))
    return -(-top // item.alignment) * item.alignment


def may_lie(item: Lifetime, offset: int, index: int, pool: Pool) -> bool:
    """Whether the item's own limits let it lie there."""
    allowed = item.pools is None or index in item.pools
    return (
        allowed and item.alignment <= pool.alignment and (pool.capacity is None or offset + item.size <= pool.capacity)
    )


def is_free(item: Lifetime, offset: int, placed: Sequence[tuple[Lifetime, int]], deltas: Deltas) -> bool:
    """Whether nothing is in the way there."""
    return all(are_clear(item, offset, other, at, deltas) for other, at in placed)
