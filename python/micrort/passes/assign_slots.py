"""Where every tensor and workspace lies: liveness as the planner's lifetimes, its offsets as slots."""

from __future__ import annotations

from dataclasses import replace

from micrort import planner
from micrort.ir import Program, Slot
from micrort.ir.program import Arena
from micrort.passes import storage
from micrort.passes.share_storage import blocks


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
            alignment = storage.WORKSPACE_ALIGNMENT
            found.append(planner.Lifetime(call.workspace, steps.start, steps.end, call.workspace_bytes, alignment))
    return found


def assign_slots(program: Program, pools: tuple[planner.Pool, ...]) -> Program:
    """Fill `Program.slots` and `Program.arenas`; pools that nothing lies in get no arena.

    Raises:
        PlanError: the tensors do not fit into the pools.
    """
    plan = planner.plan(lifetimes(program), pools)
    used = [index for index, size in enumerate(plan.sizes) if size > 0]
    slots = {name: Slot(used.index(pool), offset) for name, (pool, offset) in plan.slots.items()}
    for name, (owner, offset) in program.shares.items():
        slots[name] = Slot(slots[owner].pool, slots[owner].offset + offset)
    for name in program.aliases:
        if not storage.is_constant(program, name):
            slots[name] = slots[program.root(name)]
    arenas = tuple(
        Arena(pools[index].name, plan.sizes[index], pools[index].alignment, plan.lower_bounds[index]) for index in used
    )
    return replace(program, slots=slots, arenas=arenas)
