"""What the planner is to place where steps make rows: rows with lifetimes of their own.

Neighbouring rows that live and die together are one buffer. Rows of a tensor that is written or read as a whole from
outside are pinned side by side, where they can still be given up one by one; all others lie anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from micrort import planner
from micrort.ir import Program, Slot, Step
from micrort.ir.executor_graph import ROW_OFFSET_MAX
from micrort.ir.program import StepKind
from micrort.passes import storage
from micrort.passes.rows.needs import UNIT, RowProgram, piled
from micrort.passes.rows.order import ADJOINING, together


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


@dataclass(frozen=True)
class Buffers:
    """All that is to be placed for a schedule."""

    runs: tuple[Run, ...]
    merged: dict[str, str]
    """Run laid over another one, in place: id -> id."""
    lifetimes: tuple[planner.Lifetime, ...]

    def owner(self, run: str) -> str:
        """The lifetime that a run lies in."""
        while run in self.merged:
            run = self.merged[run]
        return run

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


def buffers(rows: RowProgram, steps: tuple[Step, ...]) -> Buffers:
    """What is to be placed for a schedule, workspaces included."""
    alive = lives(rows, steps)
    runs = [run for root, own in alive.items() for run in _runs(rows, root, own)]
    merged = _in_place(rows, {root: [run for run in runs if run.root == root] for root in alive})
    pinned = _pinned(rows, runs)
    found = [_lifetime(rows, run, runs, merged, pinned) for run in runs if run.id not in merged]
    found.extend(_workspaces(rows.program, steps))
    return Buffers(tuple(runs), merged, tuple(found))


def _runs(rows: RowProgram, root: str, own: Lives) -> Iterator[Run]:
    tensor = rows.program.tensors[root]
    if piled(rows, root):
        yield Run(root, 0, tensor.rows, int(own.born.min()), int(own.dead.max()), tensor.row_bytes, is_piled=True)
        return
    loose = root in rows.separable or root in rows.streamed
    if not loose and not (root in rows.inputs and tensor.row_bytes % UNIT == 0 and root in rows.program.inputs):
        if own.dead.max() > 0:
            yield Run(root, 0, tensor.rows, int(own.born.min()), int(own.dead.max()), tensor.row_bytes)
        return
    spans = zip(own.born.tolist(), np.maximum(own.dead, own.born + 1).tolist(), strict=True)
    groups = [(span, len(list(group))) for span, group in groupby(spans)]
    stride = tensor.row_bytes if len(groups) == 1 else -(-tensor.row_bytes // UNIT) * UNIT
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


def _pinned(rows: RowProgram, runs: list[Run]) -> dict[str, int]:
    """Where inputs begin whose rows are given up one by one: at the start of the first pool, one behind the other."""
    offsets: dict[str, int] = {}
    place = 0
    for root in rows.inputs:
        if sum(run.root == root for run in runs) > 1:
            offsets[root] = place
            place += -(-rows.program.tensors[root].bytes // 16) * 16
    return offsets


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
        return planner.Lifetime(run.id, run.born, dead, run.bytes, UNIT, (0,), fixed)
    return planner.Lifetime(run.id, run.born, dead, size, alignment, (0,) if pieces else None)


def _workspaces(program: Program, steps: tuple[Step, ...]) -> Iterator[planner.Lifetime]:
    """One buffer for all workspaces of steps that are interleaved."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index, step in enumerate(steps):
        if step.kind is StepKind.CALL and program.calls[step.call].workspace_bytes:
            first.setdefault(step.call, index)
            last[step.call] = index
    group: list[int] = []
    end = -1
    for call in sorted(first, key=lambda item: first[item]):
        if group and first[call] > end:
            yield _workspace(program, group, first, last)
            group = []
        group.append(call)
        end = max(end, last[call]) if group else last[call]
    if group:
        yield _workspace(program, group, first, last)


def _workspace(program: Program, calls: list[int], first: dict[int, int], last: dict[int, int]) -> planner.Lifetime:
    size = max(program.calls[call].workspace_bytes for call in calls)
    born, dead = min(first[call] for call in calls), max(last[call] for call in calls) + 1
    owner = program.calls[calls[0]]
    return planner.Lifetime(owner.workspace, born, dead, size, owner.workspace_alignment)


def workspace_owner(program: Program, steps: tuple[Step, ...]) -> dict[str, str]:
    """For each workspace, the one whose buffer it lies in."""
    owners: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {item.id: (item.start, item.end) for item in _workspaces(program, steps)}
    for index, step in enumerate(steps):
        if step.kind is StepKind.CALL and program.calls[step.call].workspace_bytes:
            name = program.calls[step.call].workspace
            if name not in owners:
                owners[name] = next(owner for owner, (born, dead) in spans.items() if born <= index < dead)
    return owners


def slots(rows: RowProgram, made: Buffers, plan: planner.Plan, used: list[int]) -> dict[str, Slot] | None:
    """Where everything lies; None where rows that are placed by themselves lie beyond what a row table can say."""
    program = rows.program
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
        if len(pools) > 1 or (not strided and max(offsets) > ROW_OFFSET_MAX):
            return None
        by_table = root in rows.streamed or not strided
        found[root] = Slot(pools.pop(), offsets[0], tuple(offsets) if by_table else None)
    for name in program.aliases:
        root = program.root(name)
        if root in found:
            found[name] = found[root]
    return found


def with_slots(program: Program, found: dict[str, Slot], plan: planner.Plan, used: list[int]) -> dict[str, Slot]:
    """`found`, and the workspaces."""
    for name, owner in workspace_owner(program, program.steps).items():
        pool, offset = plan.slots[owner]
        found[name] = Slot(used.index(pool), offset)
    return found
