"""What the planner is to place where steps make rows: rows with lifetimes of their own.

Neighbouring rows that live and die together are one buffer. Rows of a tensor that is written or read as a whole from
outside are pinned side by side, where they can still be given up one by one; all others lie anywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import groupby

import numpy as np

from micrort import planner
from micrort.ir import KernelCall, Program, Slot, Step
from micrort.ir.executor_graph import ROW_OFFSET_MAX, ROW_UNIT
from micrort.ir.program import StepKind
from micrort.passes import storage
from micrort.passes.rows.needs import RowProgram, piled
from micrort.passes.rows.order import ADJOINING, together

COMMON = 0.75
"""Of the buffers, how many at least are those whose sizes say at which distances rows lie."""


@dataclass(frozen=True)
class Lives:
    """Of each row of a storage, the steps [born, dead) in which its bytes are in use."""

    born: np.ndarray
    dead: np.ndarray


@dataclass(frozen=True)
class Run:
    """Rows first..last-1 of a storage, which live at the same time and lie behind one another."""

    root: str
    first: int
    last: int
    born: int
    dead: int
    stride: int
    """Bytes from row to row."""
    is_piled: bool = False
    """Whether all rows take one place instead."""

    @property
    def bytes(self) -> int:
        """Of all of them."""
        return self.stride * (1 if self.is_piled else self.last - self.first)

    def offsets(self, first: int) -> list[int]:
        """Where the rows begin, if the first one begins at byte `first`."""
        return [first + (0 if self.is_piled else row * self.stride) for row in range(self.last - self.first)]

    @property
    def id(self) -> str:
        """Name of the planner's buffer."""
        return f"{self.root}#{self.first}"


class Workspaces(Enum):
    """Where workspaces may lie. At a fixed place, each is in use at the steps of its call only; elsewhere from its
    call's first step to the last, as it cannot move."""

    ANYWHERE = "anywhere"
    FIRST = "first"
    """At the start of the first pool, before model inputs whose rows are given up one by one."""
    PADDED = "padded"
    """Likewise, and as much longer as rows behind them need to lie side by side with those behind the largest one."""
    BEHIND = "behind"
    """Behind those inputs."""


@dataclass(frozen=True)
class Buffers:
    """All that is to be placed for a schedule."""

    rows: RowProgram
    runs: tuple[Run, ...]
    merged: dict[str, str]
    """Run laid over another one, in place: id -> id."""
    workspaces: dict[str, str]
    """Workspace -> the lifetime that it lies in."""
    lifetimes: tuple[planner.Lifetime, ...]

    def owner(self, run: str) -> str:
        """The lifetime that a run lies in."""
        while run in self.merged:
            run = self.merged[run]
        return run

    def tabled(self) -> set[str]:
        """Lifetimes of rows that may need a row table to say where they lie."""
        pieces = Counter(run.root for run in self.runs)
        alone = (run for run in self.runs if pieces[run.root] > 1 or run.is_piled or run.root in self.rows.streamed)
        return {self.owner(run.id) for run in alone}

    def groups(self) -> list[set[str]]:
        """Lifetimes that one pool must hold: those of the rows of a tensor, and of tensors that share lifetimes."""
        by_root: dict[str, set[str]] = {}
        for run in self.runs:
            by_root.setdefault(run.root, set()).add(self.owner(run.id))
        found: list[set[str]] = []
        for names in by_root.values():
            met = [group for group in found if group & names]
            found = [group for group in found if not group & names]
            found.append(names.union(*met))
        return found


def lives(rows: RowProgram, steps: tuple[Step, ...]) -> dict[str, Lives]:
    """When the rows of each activation are in use, by storage."""
    program = rows.program
    found: dict[str, Lives] = {}

    def of(root: str) -> Lives:
        if root not in found:
            count = program.tensors[root].rows
            found[root] = Lives(np.full(count, len(steps), np.int64), np.zeros(count, np.int64))
        return found[root]

    for root in rows.inputs:
        of(root).born[:], of(root).dead[:] = 0, 1
    for index, step in enumerate(steps):
        for root, begin, end, is_made in touched(rows, step):
            own = of(root)
            if is_made:
                own.born[begin:end] = np.minimum(own.born[begin:end], index)
            own.dead[begin:end] = np.maximum(own.dead[begin:end], index + 1)
    for root in rows.outputs:
        of(root).dead[:] = len(steps)
    for call in program.calls:
        root = program.root(call.outputs[0])
        if call.kernel in ADJOINING and root in found:
            found[root] = Lives(found[root].born, together(found[root].born, found[root].dead))
    return found


def touched(rows: RowProgram, step: Step) -> Iterator[tuple[str, int, int, bool]]:
    """Storage, first row, one past the last row, and whether they are made: of all rows that a step uses."""
    program = rows.program
    if step.kind is not StepKind.CALL:
        names = program.inputs if step.kind is StepKind.INPUT else program.outputs
        yield program.root(names[step.call]), step.row_begin, step.row_end, step.kind is StepKind.INPUT
        return
    call, own = program.calls[step.call], rows.calls[step.call]
    for need in own.needs:
        begin, end = need.begin[step.row_begin : step.row_end].min(), need.end[step.row_begin : step.row_end].max()
        yield need.root, int(begin), int(end), False
    for place, name in enumerate(call.outputs):
        root = program.root(name)
        count = program.tensors[root].rows
        if place == 0 or count == own.rows:
            yield root, step.row_begin, step.row_end, True
        elif step.row_end == own.rows:
            yield root, 0, count, True


def buffers(rows: RowProgram, steps: tuple[Step, ...], where: Workspaces) -> Buffers:
    """What is to be placed for a schedule, workspaces included."""
    alive = lives(rows, steps)
    runs = [run for root, own in alive.items() for run in _runs(rows, root, own)]
    merged = _in_place(rows, {root: [run for run in runs if run.root == root] for root in alive})
    calls = _calls(rows.program, steps)
    is_first = where in (Workspaces.FIRST, Workspaces.PADDED)
    begin = _before_inputs(rows, alive, calls) if is_first else 0
    pinned, end = _pinned(rows, runs, begin)
    found = [_lifetime(rows, run, runs, merged, pinned) for run in runs if run.id not in merged]
    if where is Workspaces.ANYWHERE:
        workspaces = list(_workspaces(calls))
    else:
        workspaces = list(_pinned_workspaces(calls, 0 if is_first else end))
    if where is Workspaces.PADDED:
        largest = max((item.size for item, _ in workspaces), default=0)
        workspaces = list(_padded(workspaces, begin if pinned else largest, _common_divisor(found)))
    lies = {call.workspace: item.id for item, users in workspaces for call in users}
    return Buffers(rows, tuple(runs), merged, lies, (*(item for item, _ in workspaces), *found))


def _calls(program: Program, steps: tuple[Step, ...]) -> dict[int, KernelCall]:
    """The steps of calls that need a workspace."""
    calls = {index: program.calls[step.call] for index, step in enumerate(steps) if step.kind is StepKind.CALL}
    return {index: call for index, call in calls.items() if call.workspace_bytes}


def _before_inputs(rows: RowProgram, alive: dict[str, Lives], calls: dict[int, KernelCall]) -> int:
    """Bytes of the largest workspace while inputs are read."""
    read = max((int(alive[root].dead.max()) for root in rows.inputs), default=0)
    size = max((call.workspace_bytes for index, call in calls.items() if index < read), default=0)
    return _aligned(size)


def _aligned(size: int) -> int:
    return -(-size // storage.ARENA_ALIGNMENT) * storage.ARENA_ALIGNMENT


def _runs(rows: RowProgram, root: str, own: Lives) -> Iterator[Run]:
    tensor = rows.program.tensors[root]
    if piled(rows, root):
        yield Run(root, 0, tensor.rows, int(own.born.min()), int(own.dead.max()), tensor.row_bytes, is_piled=True)
        return
    loose = root in rows.separable or root in rows.streamed
    if not loose and not (root in rows.inputs and tensor.row_bytes % ROW_UNIT == 0 and root in rows.program.inputs):
        if own.dead.max() > 0:
            yield Run(root, 0, tensor.rows, int(own.born.min()), int(own.dead.max()), tensor.row_bytes)
        return
    spans = zip(own.born.tolist(), np.maximum(own.dead, own.born + 1).tolist(), strict=True)
    groups = [(span, len(list(group))) for span, group in groupby(spans)]
    stride = tensor.row_bytes if len(groups) == 1 else -(-tensor.row_bytes // ROW_UNIT) * ROW_UNIT
    first = 0
    for (born, dead), count in groups:
        yield Run(root, first, first + count, born, dead, stride)
        first += count


def _in_place(rows: RowProgram, runs: dict[str, list[Run]]) -> dict[str, str]:
    """Runs that elementwise calls may lay over rows of an input that end where they begin."""
    program = rows.program
    merged: dict[str, str] = {}
    taken: set[str] = set()
    for call in program.calls:
        target = program.root(call.outputs[0])
        for offer in call.in_place:
            source = program.root(call.inputs[offer.input])
            alike = program.tensors[source].row_bytes == program.tensors[target].row_bytes
            if offer.delta or not alike or source in rows.inputs or call.inputs[offer.input] in program.aliases:
                continue
            starts = {(run.first, run.last): run for run in runs.get(source, ())}
            for run in runs.get(target, ()):
                under = starts.get((run.first, run.last))
                if under is None or under.dead != run.born + 1 or under.id in taken or run.id in merged:
                    continue
                merged[run.id] = under.id
                taken.add(under.id)
    return merged


def _pinned(rows: RowProgram, runs: list[Run], place: int) -> tuple[dict[str, int], int]:
    """Where inputs begin whose rows are given up one by one: from `place` of the first pool on, one behind the other;
    and where the last one ends."""
    offsets: dict[str, int] = {}
    for root in rows.inputs:
        if sum(run.root == root for run in runs) > 1:
            offsets[root] = place
            place += _aligned(rows.program.tensors[root].bytes)
    return offsets, place


def _lifetime(
    rows: RowProgram, run: Run, runs: list[Run], merged: dict[str, str], pinned: dict[str, int]
) -> planner.Lifetime:
    tensor = rows.program.tensors[run.root]
    alignment = storage.alignment(tensor)
    dead, size = run.dead, -(-run.bytes // alignment) * alignment
    over = {below: above for above, below in merged.items()}
    by_id = {other.id: other for other in runs} if run.id in over else {}
    name = run.id
    while name in over:  # chains of elementwise calls
        name = over[name]
        dead = max(dead, by_id[name].dead)
    pieces = run.last - run.first < tensor.rows
    if run.root in pinned:
        fixed = pinned[run.root] + run.first * run.stride
        return planner.Lifetime(run.id, run.born, dead, run.bytes, ROW_UNIT, (0,), fixed)
    return planner.Lifetime(run.id, run.born, dead, size, alignment, (0,) if pieces else None)


Used = tuple[planner.Lifetime, Sequence[KernelCall]]
"""A buffer for workspaces, and the calls that use it."""


def _pinned_workspaces(calls: dict[int, KernelCall], place: int) -> Iterator[Used]:
    """All at one place, in use at the steps of their call only: between them rows may lie there."""
    for index, call in calls.items():
        name, size, alignment = f"{call.workspace}@{index}", call.workspace_bytes, call.workspace_alignment
        yield planner.Lifetime(name, index, index + 1, size, alignment, (0,), place), [call]


def _padded(workspaces: Sequence[Used], end: int, unit: int) -> Iterator[Used]:
    """Workspaces from byte 0 on that end at `end`, or units before or behind it."""
    for item, calls in workspaces:
        size = item.size + (end - item.size) % unit
        yield replace(item, size=size), calls


def _common_divisor(lifetimes: Sequence[planner.Lifetime]) -> int:
    """What divides the sizes of most buffers that may lie anywhere; 1 where there are none."""
    sizes = Counter(item.size for item in lifetimes if item.fixed is None)
    common, found = 0, 0
    for size, count in sizes.most_common():
        if found < COMMON * sizes.total():
            common = math.gcd(common, size)
            found += count
    return common or 1


def _workspaces(calls: dict[int, KernelCall]) -> Iterator[Used]:
    """One buffer for all workspaces of steps that are interleaved."""
    spans: dict[str, tuple[int, int]] = {}
    named = {call.workspace: call for call in calls.values()}
    for index, call in calls.items():
        spans[call.workspace] = (spans.get(call.workspace, (index, index))[0], index + 1)
    group: list[str] = []
    for name in sorted(spans, key=lambda item: spans[item][0]):
        if group and spans[name][0] >= max(spans[other][1] for other in group):
            yield _joined([named[item] for item in group], spans)
            group = []
        group.append(name)
    if group:
        yield _joined([named[item] for item in group], spans)


def _joined(calls: list[KernelCall], spans: dict[str, tuple[int, int]]) -> Used:
    born, dead = min(spans[call.workspace][0] for call in calls), max(spans[call.workspace][1] for call in calls)
    size = max(call.workspace_bytes for call in calls)
    return planner.Lifetime(calls[0].workspace, born, dead, size, calls[0].workspace_alignment), calls


def slots(made: Buffers, plan: planner.Plan, used: Sequence[int]) -> dict[str, Slot] | None:
    """Where everything lies; None where rows that are placed by themselves lie beyond what a row table can say."""
    rows, program = made.rows, made.rows.program
    places: dict[str, list[tuple[Run, int, int]]] = {}
    for run in made.runs:
        pool, offset = plan.slots[made.owner(run.id)]
        places.setdefault(run.root, []).append((run, used.index(pool), offset))
    found: dict[str, Slot] = {}
    for root, parts in places.items():
        tensor = program.tensors[root]
        offsets = [place for run, _, offset in parts for place in run.offsets(offset)]
        pools = {pool for _, pool, _ in parts}
        strided = all(offset == offsets[0] + row * tensor.row_bytes for row, offset in enumerate(offsets))
        by_table = root in rows.streamed or not strided
        if len(pools) > 1 or (by_table and max(offsets) > ROW_OFFSET_MAX):
            return None
        found[root] = Slot(pools.pop(), offsets[0], tuple(offsets) if by_table else None)
    for name in program.aliases:
        root = program.root(name)
        if root in found:
            found[name] = found[root]
    return found


def with_slots(made: Buffers, found: dict[str, Slot], plan: planner.Plan, used: Sequence[int]) -> dict[str, Slot]:
    """`found`, and the workspaces."""
    for name, lifetime in made.workspaces.items():
        pool, offset = plan.slots[lifetime]
        found[name] = Slot(used.index(pool), offset)
    return found
