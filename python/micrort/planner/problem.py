"""The nouns of planning: lifetimes, pools, plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micrort.errors import MicrortError, UsageError

STRATEGIES = ("auto", "greedy", "hill_climb", "exact")
"""Names of mrt_plan_strategy_t, in the order of its values."""
SIZE_MAX = 1 << 31
"""MRT_PLAN_SIZE_MAX: bytes of one buffer."""
POOLS_MAX = 16
"""MRT_PLAN_POOLS_MAX."""
UINT32_MAX = 0xFFFFFFFF
"""Also MRT_PLAN_FLOATING and MRT_PLAN_UNLIMITED."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer that is alive in the half-open interval [start, end) of any unit of time."""

    id: str
    """Unique name."""
    start: int
    end: int
    size: int
    """Bytes, 0..2^31."""
    alignment: int = 1
    """Power of two, in bytes, that divides the buffer's address."""
    pools: tuple[int, ...] | None = None
    """Indices of the pools where it may lie; None: any."""
    fixed: int | None = None
    """Offset in its only pool, for a buffer that is pinned there."""


@dataclass(frozen=True)
class Pair:
    """Leave for an output to share bytes with an input that ends at the step at which the output begins.

    The planner takes it where that makes the plan smaller. Where they share bytes, the output begins at least `delta`
    bytes before the input; the step that reads the one and writes the other must bear any such distance.
    """

    input: str
    """Lifetime's id; its end is one more than the output's start."""
    output: str
    """Lifetime's id."""
    delta: int = 0
    """Bytes, 0 or more."""


@dataclass(frozen=True)
class Pool:
    """A memory region. The order of pools is their order of cost: the first is filled first."""

    name: str
    capacity: int | None = None
    """Bytes; None: as large as 32-bit offsets allow."""
    alignment: int = 16
    """Power of two, in bytes, that divides the pool's address; buffers that ask for more do not go here."""


@dataclass(frozen=True)
class Plan:
    """Where every lifetime lies, and what is known of that."""

    slots: Mapping[str, tuple[int, int]]
    """Lifetime's id -> (pool index, offset in bytes); empty where no plan was found."""
    sizes: tuple[int, ...]
    """Bytes used of each pool."""
    lower_bounds: tuple[int, ...]
    """Bytes of each pool below which no plan exists that uses as little of the costlier pools."""
    status: str
    """`optimal`, `feasible` (a smaller plan may exist), `infeasible` (proved), or `budget` (spent without answer)."""
    steps: int
    """Placements of single buffers that were tried."""
    in_place: tuple[Pair, ...] = ()
    """Those pairs whose buffers share bytes."""


class PlanError(MicrortError):
    """No plan was found. `plan` has the lower bounds, and the status `infeasible` or `budget`."""

    def __init__(self, plan: Plan, pools: Sequence[Pool]) -> None:
        self.plan = plan
        needs = ", ".join(
            f"{pool.name}: at least {bound:,} of {'unlimited' if pool.capacity is None else format(pool.capacity, ',')}"
            for pool, bound in zip(pools, plan.lower_bounds, strict=True)
        )
        if plan.status == "infeasible":
            text = "the buffers do not fit into the memory, as is proved"
            advice = "give more memory, shorten lifetimes, or make buffers smaller"
        else:
            text = f"no plan was found within {plan.steps:,} steps, and none is excluded"
            advice = "raise the budget, choose another strategy, or give more memory"
        super().__init__(f"{text} (bytes needed: {needs}). Try: {advice}")


def validate(lifetimes: Sequence[Lifetime], pools: Sequence[Pool], pairs: Sequence[Pair] = ()) -> None:
    """Check what 32-bit fields of C cannot say; the rest is for mrt_plan_validate.

    Raises:
        UsageError: a value is out of range, an id or a pair is not unique, a pair names a buffer that does not exist,
            or there are too many or no pools.
    """
    if not 1 <= len(pools) <= POOLS_MAX:
        raise UsageError(f"{len(pools)} memory pools; supported: 1 to {POOLS_MAX}")
    for pool in pools:
        _in_range(f"pool {pool.name}", "capacity", 0 if pool.capacity is None else pool.capacity, 0, UINT32_MAX)
        _in_range(f"pool {pool.name}", "alignment", pool.alignment, 1, SIZE_MAX)
    seen: set[str] = set()
    for item in lifetimes:
        name = f"buffer {item.id}"
        if item.id in seen:
            raise UsageError(f"{name}: the id is used twice; ids are to be unique")
        seen.add(item.id)
        _in_range(name, "start", item.start, 0, UINT32_MAX)
        _in_range(name, "end", item.end, 0, UINT32_MAX)
        _in_range(name, "size", item.size, 0, SIZE_MAX)
        _in_range(name, "alignment", item.alignment, 1, SIZE_MAX)
        _in_range(name, "fixed offset", 0 if item.fixed is None else item.fixed, 0, UINT32_MAX - 1)
        for pool_index in item.pools or ():
            _in_range(name, "pool", pool_index, 0, len(pools) - 1)
    _validate_pairs(seen, pairs)


def _validate_pairs(ids: set[str], pairs: Sequence[Pair]) -> None:
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        name = f"in-place pair {pair.input}, {pair.output}"
        for end in (pair.input, pair.output):
            if end not in ids:
                raise UsageError(f"{name}: there is no buffer {end!r}")
        if (pair.input, pair.output) in seen:
            raise UsageError(f"{name}: the pair is given twice")
        seen.add((pair.input, pair.output))
        _in_range(name, "delta", pair.delta, 0, UINT32_MAX)


def _in_range(name: str, what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name}: {what} {value}; supported: {least} to {most}")
