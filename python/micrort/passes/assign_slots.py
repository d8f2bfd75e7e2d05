"""Where every tensor and workspace lies: liveness as the planner's lifetimes, its offsets as slots."""

from __future__ import annotations

import itertools
import math
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from micrort import planner
from micrort.errors import InternalError
from micrort.ir import Program, Slot
from micrort.ir.executor_graph import ROW_OFFSET_MAX, ROW_UNIT
from micrort.ir.program import Arena, StepKind
from micrort.passes import storage
from micrort.passes.rows import buffers
from micrort.passes.rows.needs import RowProgram, row_program
from micrort.passes.share_storage import blocks


@dataclass(frozen=True)
class Effort:
    """What is tried to place rows."""

    strategies: tuple[str, ...]
    """Of the planner."""
    placements: int
    """Of each buffer."""
    many: int = 360
    """From so many buffers that may lie anywhere on the time that is spent grows no more: each is looked at for each
    placement."""

    def budget(self, made: buffers.Buffers) -> int:
        """Placements of all buffers."""
        loose = sum(item.fixed is None for item in made.lifetimes)
        return max(self.placements * min(len(made.lifetimes), self.many * self.many // max(loose, 1)), 1)


TABLE_REACH = ROW_OFFSET_MAX + ROW_UNIT
"""Bytes of a memory, from its begin on, in which rows begin that a row table can say."""
QUICK = Effort(("hill_climb",), 200)
"""While schedules are compared."""
PROMISING = Effort(("auto",), 400, many=440)
"""For those that may be the best."""
CAREFUL = Effort(("hill_climb", "auto"), 1000)
"""At last."""


def lifetimes(program: Program) -> list[planner.Lifetime]:
    """What the planner is to place: each block of shared storage, and each workspace for the steps of its call.

    Sizes are rounded up to the alignment, which no neighbour could use anyway: so the planner's bound knows it too.
    """
    found = []
    for block in blocks(program):
        alignment = max(storage.alignment(program.tensors[name]) for name in block.offsets)
        size = -(-block.bytes // alignment) * alignment
        found.append(planner.Lifetime(block.owner, block.interval.start, block.interval.end, size, alignment))
    for call, steps in zip(program.calls, storage.call_intervals(program), strict=True):
        if call.workspace_bytes > 0:
            size, alignment = call.workspace_bytes, call.workspace_alignment
            found.append(planner.Lifetime(call.workspace, steps.start, steps.end, size, alignment))
    return found


def goes_by_rows(program: Program) -> bool:
    """Whether some call is cut into steps of rows, or rows are handed over."""
    calls = [step.call for step in program.steps if step.kind is StepKind.CALL]
    return len(calls) != len(program.calls) or len(calls) != len(program.steps)


def streamed(program: Program) -> frozenset[str]:
    """Storages of inputs and outputs that are handed over row by row."""
    ports = {StepKind.INPUT: program.inputs, StepKind.OUTPUT: program.outputs}
    return frozenset(
        program.root(ports[step.kind][step.call]) for step in program.steps if step.kind is not StepKind.CALL
    )


def assign_slots(program: Program, pools: tuple[planner.Pool, ...]) -> Program:
    """Fill `Program.slots` and `Program.arenas`; pools that nothing lies in get no arena.

    Raises:
        PlanError: the tensors do not fit into the pools.
    """
    if goes_by_rows(program):
        return _assign_rows(program, pools)
    plan = planner.plan(lifetimes(program), pools)
    if len(pools) > 1 and program.shares:  # what shares storage has to lie in one pool
        alone = replace(program, shares={})
        other = _plan_if_any(alone, pools)
        if other is not None and other.sizes[::-1] < plan.sizes[::-1]:
            program, plan = alone, other
    used = _used(plan)
    slots = {name: Slot(used.index(pool), offset) for name, (pool, offset) in plan.slots.items()}
    for name, (owner, offset) in program.shares.items():
        slots[name] = Slot(slots[owner].pool, slots[owner].offset + offset)
    for name in program.aliases:
        if not storage.is_constant(program, name):
            slots[name] = slots[program.root(name)]
    return replace(program, slots=slots, arenas=_arenas(plan, pools, used))


def _plan_if_any(program: Program, pools: tuple[planner.Pool, ...]) -> planner.Plan | None:
    try:
        return planner.plan(lifetimes(program), pools)
    except planner.PlanError:
        return None


def row_sizes(
    program: Program, streams: frozenset[str], pools: tuple[planner.Pool, ...], effort: Effort
) -> tuple[int, ...]:
    """Bytes of each pool.

    Raises:
        PlanError: nothing was found within the pools.
    """
    return _best_plan(row_program(program, streams), program, pools, effort)[1].sizes


def _best_plan(
    rows: RowProgram, program: Program, pools: tuple[planner.Pool, ...], effort: Effort
) -> tuple[buffers.Buffers, planner.Plan]:
    """The best of the plans with workspaces here or there, by any of the planner's strategies.

    Over several pools workspaces may lie anywhere: pinned ones would bind them to one.
    """
    places = tuple(buffers.Workspaces) if len(pools) == 1 else (buffers.Workspaces.ANYWHERE,)
    best: tuple[buffers.Buffers, planner.Plan] | None = None
    failed: planner.PlanError | None = None
    choices = {made.lifetimes: made for made in (buffers.buffers(rows, program.steps, at) for at in places)}
    for strategy, made in itertools.product(effort.strategies, choices.values()):
        if best is not None and _busiest(made) >= sum(best[1].sizes):
            continue
        try:
            plan = _plan_rows(made, pools, strategy, effort.budget(made))
        except planner.PlanError as error:
            failed = failed or error
            continue
        if best is None or plan.sizes[::-1] < best[1].sizes[::-1]:
            best = made, plan
    if best is None:
        assert failed is not None
        raise failed
    return best


def _busiest(made: buffers.Buffers) -> int:
    """Most bytes in use at a step."""
    change = np.zeros(max((item.end for item in made.lifetimes), default=0) + 1, np.int64)
    for item in made.lifetimes:
        change[item.start] += item.size
        change[item.end] -= item.size
    return int(np.cumsum(change).max())


def _plan_rows(made: buffers.Buffers, pools: tuple[planner.Pool, ...], strategy: str, budget: int) -> planner.Plan:
    """A plan in the first pool if all fits there, else over all pools, else in any one that has room for all."""
    try:
        return _plan_alone(made, pools, 0, strategy, budget)
    except planner.PlanError:
        if len(pools) == 1:
            raise
    try:
        plan = _plan_over_pools(made, pools, strategy, budget)
        if not _can_be_said(made, plan):
            raise planner.PlanError(replace(plan, status="budget"), pools)
        return plan
    except planner.PlanError:
        for index in range(1, len(pools)):
            with suppress(planner.PlanError):
                return _plan_alone(made, pools, index, strategy, budget)
        raise


def _plan_alone(
    made: buffers.Buffers, pools: tuple[planner.Pool, ...], index: int, strategy: str, budget: int
) -> planner.Plan:
    """The better of a plan in the order of time and one of the planner's own, with everything in one pool."""
    if _pinned_end(made) > _room(pools[index]):
        raise _pinned_beyond(made, pools)
    plan = _plan_in_one(made, pools[index], strategy, budget)
    sizes, bounds = [0] * len(pools), [0] * len(pools)
    sizes[index], bounds[index] = plan.sizes[0], plan.lower_bounds[0]
    slots = {name: (index, offset) for name, (_, offset) in plan.slots.items()}
    return replace(plan, slots=slots, sizes=tuple(sizes), lower_bounds=tuple(bounds))


def _pinned_beyond(made: buffers.Buffers, pools: tuple[planner.Pool, ...]) -> planner.PlanError:
    """What is wrong where pinned rows reach beyond a pool."""
    none = (0,) * len(pools)
    return planner.PlanError(planner.Plan({}, none, (_pinned_end(made), *none[1:]), "infeasible", 0), pools)


def _plan_in_one(made: buffers.Buffers, pool: planner.Pool, strategy: str, budget: int) -> planner.Plan:
    """The better of both plans; where one of them does not fit, the other; where row tables cannot say it, the best
    one that they can."""
    found: list[planner.Plan] = []
    with suppress(planner.PlanError):
        found.append(planner.plan_in_time(made.lifetimes, (pool,)))
    try:
        found.insert(0, planner.plan(made.lifetimes, (pool,), strategy, budget))
    except planner.PlanError:
        if not found:
            raise
    best = min(found, key=lambda item: item.sizes)
    if _can_be_said(made, best):
        return best
    found = [plan for plan in found if _can_be_said(made, plan)]
    try:
        found.append(replace(_plan_in_two_parts(made, pool, strategy, budget), lower_bounds=best.lower_bounds))
    except planner.PlanError:
        if not found:
            raise
    return min(found, key=lambda item: item.sizes)


def _can_be_said(made: buffers.Buffers, plan: planner.Plan) -> bool:
    """Whether row tables reach all rows that they have to say."""
    return max(plan.sizes) <= TABLE_REACH or buffers.slots(made, plan, _used(plan)) is not None


def _plan_in_two_parts(made: buffers.Buffers, pool: planner.Pool, strategy: str, budget: int) -> planner.Plan:
    """A plan with rows by table in the first part of a pool, where row tables reach, and whole tensors in either."""
    near = replace(pool, capacity=TABLE_REACH)
    far = replace(pool, capacity=None if pool.capacity is None else pool.capacity - TABLE_REACH)
    home = 0 if _pinned_end(made) <= TABLE_REACH else 1
    bound = dict.fromkeys(made.tabled(), (0,)) | {item.id: (home,) for item in made.lifetimes if item.fixed is not None}
    wanted = [replace(item, pools=bound.get(item.id)) for item in made.lifetimes]
    plan = planner.plan(wanted, (near, far), strategy, budget)
    begin = (0, -(-plan.sizes[0] // pool.alignment) * pool.alignment)
    slots = {name: (0, begin[part] + offset) for name, (part, offset) in plan.slots.items()}
    size = begin[1] + plan.sizes[1] if plan.sizes[1] else plan.sizes[0]
    return replace(plan, slots=slots, sizes=(size,), status="feasible")


def _plan_over_pools(
    made: buffers.Buffers, pools: tuple[planner.Pool, ...], strategy: str, budget: int
) -> planner.Plan:
    """A plan in which all rows of a tensor lie in one pool, as a row table wants it.

    Tensors that a plan tears apart are bound to the largest pool that it used for them, and all is planned anew; where
    that leads nowhere, all that are cut into pieces lie in the largest. Pinned rows lie in the first pool with room.
    """
    end = _pinned_end(made)
    home = next((index for index, pool in enumerate(pools) if end <= _room(pool)), None)
    if home is None:
        raise _pinned_beyond(made, pools)
    largest = max(range(len(pools)), key=lambda index: _room(pools[index]))
    pinned = {item.id for item in made.lifetimes if item.fixed is not None}
    groups = made.groups()
    pieces = set().union(*(names for names in groups if len(names) > 1)) - pinned
    bound = {name: (home,) for name in pinned.union(*(names for names in groups if names & pinned))}
    while True:
        wanted = [replace(item, pools=bound.get(item.id)) for item in made.lifetimes]
        try:
            plan = planner.plan(wanted, pools, strategy, budget)
        except planner.PlanError:
            wanted = [replace(item, pools=(largest,)) if item.id in pieces else item for item in wanted]
            return planner.plan(wanted, pools, strategy, budget)
        torn = [names for names in groups if len({plan.slots[name][0] for name in names}) > 1]
        if not torn:
            return plan
        for names in torn:
            used = {plan.slots[name][0] for name in names}
            bound |= dict.fromkeys(names, (max(used, key=lambda index: _room(pools[index])),))


def _pinned_end(made: buffers.Buffers) -> int:
    """Bytes from a pool's begin that pinned rows reach over."""
    return max((item.fixed + item.size for item in made.lifetimes if item.fixed is not None), default=0)


def _room(pool: planner.Pool) -> float:
    return math.inf if pool.capacity is None else pool.capacity


def _assign_rows(program: Program, pools: tuple[planner.Pool, ...]) -> Program:
    rows = row_program(program, streamed(program))
    made, plan = _best_plan(rows, program, pools, CAREFUL)
    used = _used(plan)
    found = buffers.slots(made, plan, used)
    if found is None:
        raise InternalError("assign_slots", "a plan was taken that row tables cannot say")
    slots = buffers.with_slots(made, found, plan, used)
    return replace(program, slots=slots, arenas=_arenas(plan, pools, used))


def _used(plan: planner.Plan) -> list[int]:
    return [index for index, size in enumerate(plan.sizes) if size > 0]


def _arenas(plan: planner.Plan, pools: tuple[planner.Pool, ...], used: list[int]) -> tuple[Arena, ...]:
    return tuple(
        Arena(pools[index].name, plan.sizes[index], pools[index].alignment, plan.lower_bounds[index]) for index in used
    )
