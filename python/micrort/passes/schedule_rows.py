"""The schedule by rows: which stages, how many rows at a time, by which kernels. See passes/rows."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from micrort import planner
from micrort.errors import UsageError
from micrort.ir import Program, Step
from micrort.ir.executor_graph import ROW_UNIT
from micrort.ir.program import StepKind
from micrort.passes.accumulate import accumulate
from micrort.passes.assign_slots import (
    PROMISING,
    QUICK,
    TABLE_REACH,
    Effort,
    assign_slots,
    goes_by_rows,
    lifetimes,
    row_sizes,
)
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram, row_program
from micrort.passes.rows.order import produce
from micrort.passes.rows.refine import Refinement
from micrort.passes.rows.stages import Cut, cuts
from micrort.passes.rows.stretch import SLACKS, Stage
from micrort.passes.select_kernels import rules, with_kernels
from micrort.passes.share_storage import busiest_of, share_storage

if TYPE_CHECKING:
    from micrort.devices.targets import Target

OVERHEADS = {"balanced": 0.029, "ram": 0.097, "speed": 0.0, "size": 0.0}
"""By level, the part of instructions that a smaller arena may cost, as estimated."""
TRIFLES = {"balanced": 0.03, "ram": 0.0}
"""By level, the part of an arena that is not worth an instruction."""
NEAR = 1.1
"""A schedule whose quick plan takes at most so many times the bytes of those with fewer instructions may be better."""
REFINED_MOST = 6
"""Cuts that are refined for a front of schedules."""
PROMISING_MOST = 6
"""Of schedules about as small as the smallest one, so many are planned once more: by bytes and their lower bound."""


@dataclass(frozen=True)
class Schedule:
    """A schedule that was planned."""

    program: Program
    """With the calls and steps of the schedule."""
    arena_bytes: int
    """Of all pools."""
    instructions: int
    """An estimate."""


def schedule_rows(
    program: Program,
    target: Target | None,
    optimize: str,
    model_bytes: int,
    max_code: int | None,
    pools: tuple[planner.Pool, ...],
    max_ram: int | None,
    streams: tuple[str, ...],
) -> Program:
    """Choose kernels and steps.

    Args:
        program: portable calls in order.
        target: the core to choose kernels for; None: portable ones.
        optimize: one of micrort.compiler.LEVELS.
        model_bytes: constant data of the model as it was given.
        max_code: bytes that kernels, executor and tables may take at most; None: any.
        pools: memory, the cheapest first.
        max_ram: bytes of arena to stay within, at the fewest instructions; None: what `optimize` has it.
        streams: inputs and outputs of the model that are handed over row by row.

    Raises:
        PlanError: nothing fits into the pools.
        UsageError: no choice of kernels keeps to `max_code`.
    """
    costs = Costs(program, target, optimize, rules(program, target, optimize, model_bytes, max_code))
    if max_ram is None and not OVERHEADS[optimize] and not streams:
        return whole(program, costs)
    overhead = OVERHEADS[optimize] if max_ram is None else math.inf
    found = front(program, costs, pools, streams, overhead)
    return choose(found, optimize, max_ram).program


@dataclass(frozen=True)
class _Candidate:
    """A schedule that is yet to be planned."""

    instructions: int
    peak: int
    """Bytes that its arena is estimated to have at least."""
    plan: Callable[[], Schedule | None]
    """Quickly. None: it does not fit, or is another candidate's."""


class NothingFits(planner.PlanError):
    """Neither whole tensors fit into the pools nor any schedule by rows. `plan` is that of whole tensors."""

    def __init__(self, plan: planner.Plan, pools: Sequence[planner.Pool], least: int) -> None:
        super().__init__(plan, pools)
        given = ", ".join(f"{pool.name}: {pool.capacity:,}" for pool in pools if pool.capacity is not None)
        self.args = (
            f"no schedule was found whose tensors fit into the memory ({given} bytes), neither whole tensors nor "
            "tensors cut into rows. Each tensor lies in one memory, with all of its rows that live at a time; in one "
            f"memory the smallest arena is {least:,} bytes. Try: give more memory, or fewer and larger pools",
        )


def whole(program: Program, costs: Costs, slacks: Sequence[float] | None = None) -> Program:
    """Every call in one step; see Costs.sized."""
    heights = [_height(program, call) for call in range(len(program.calls))]
    return _sized(program, costs, heights, slacks or [0.0] * len(heights))


def choose(found: Sequence[Schedule], optimize: str, max_ram: int | None) -> Schedule:
    """The schedule that is wanted, of a front by rising instructions.

    Without `max_ram` the smallest arena, or about as small a one, whose instructions are within the level's bounds;
    with it the fewest instructions that fit, or the smallest arena where nothing does.
    """
    if max_ram is not None:
        fitting = [item for item in found if item.arena_bytes <= max_ram]
        return fitting[0] if fitting else min(found, key=lambda item: item.arena_bytes)
    most = found[0].instructions * (1 + OVERHEADS[optimize])
    least = min(item.arena_bytes for item in found if item.instructions <= most)
    return next(item for item in found if item.arena_bytes <= least * (1 + TRIFLES.get(optimize, 0.0)))


def front(
    program: Program,
    costs: Costs,
    pools: tuple[planner.Pool, ...],
    streams: tuple[str, ...] = (),
    overhead: float = math.inf,
) -> list[Schedule]:
    """Schedules by rising instructions, each with a smaller arena than all before it, of no more instructions than the
    part `overhead` above the first one's."""
    streamed = frozenset(program.root(name) for name in streams)
    _check_streams(row_program(program, streamed))
    candidates = [] if streams else list(_whole_candidates(program, costs, pools))
    for form in _forms(program, costs):
        rows = row_program(form, streamed)
        own = costs if form is program else Costs(form, costs.target, costs.optimize, costs.rules)
        found = cuts(rows, own)
        found += _refined(rows, own, found, overhead)
        candidates.extend(
            _Candidate(cut.instructions, cut.peak, partial(_planned, rows, own, cut, pools)) for cut in found
        )
    best = _smallest(_near(candidates, overhead), streamed, pools)
    if not best:
        whole_plan = _plan_or_fail(share_storage(whole(program, costs)), pools)
        if all(pool.capacity is None for pool in pools):
            raise _beyond_tables(streams) if streams else planner.PlanError(whole_plan, pools)
        one = (replace(pools[0], capacity=None),)
        raise NothingFits(whole_plan, pools, min(item.arena_bytes for item in front(program, costs, one, streams)))
    return best


def _forms(program: Program, costs: Costs) -> Iterator[Program]:
    """The program, and where code may have the kernel for it, with averages that are summed row by row."""
    yield program
    summed = accumulate(program)
    others = {call.kernel for call in summed.calls} - {call.kernel for call in program.calls}
    if summed.calls != program.calls and all(costs.rules.affords(kernel) for kernel in others):
        yield summed


def _refined(rows: RowProgram, costs: Costs, found: Sequence[Cut], overhead: float) -> list[Cut]:
    """Some cuts made better that are smaller than all within the bounds of instructions: the smallest that then are
    within them, too, and the next larger ones, as gaps decide between them. Without bounds cuts of all sizes."""
    most = (1 + overhead) * min(cut.instructions for cut in found)
    by_peak = {cut.peak: cut for cut in sorted(found, key=lambda cut: -cut.instructions)}
    refinement = Refinement(rows, costs)
    if math.isinf(overhead):
        peaks = sorted(by_peak)
        return [refinement.cut(by_peak[peak]) for peak in peaks[:: -(-len(peaks) // REFINED_MOST)]]
    least = min(cut.peak for cut in found if cut.instructions <= most)
    peaks = sorted(peak for peak in by_peak if peak < least)
    first = bisect.bisect_left(peaks, -most, key=lambda peak: -refinement.cut(by_peak[peak]).instructions)
    made = [refinement.cut(by_peak[peak]) for peak in peaks[first : first + REFINED_MOST]]
    return [cut for cut in made if cut.instructions <= most]


def _near(candidates: Sequence[_Candidate], overhead: float) -> list[tuple[_Candidate, Schedule]]:
    """By rising instructions, quick plans that are among the smallest of all before them, or nearly so."""
    found: list[tuple[_Candidate, Schedule]] = []
    least = math.inf
    for candidate in sorted(candidates, key=lambda item: (item.instructions, item.peak)):
        if found and candidate.instructions > found[0][1].instructions * (1 + overhead):
            break
        made = candidate.plan() if candidate.peak < least else None
        if made is not None and made.arena_bytes <= least * NEAR:
            found.append((candidate, made))
            least = min(least, made.arena_bytes)
    return found


def _smallest(
    near: Sequence[tuple[_Candidate, Schedule]], streamed: frozenset[str], pools: tuple[planner.Pool, ...]
) -> list[Schedule]:
    """Each with a smaller arena than all before it; those that may be the smallest of all are planned once more."""
    best: list[Schedule] = []
    most = NEAR * min((made.arena_bytes for _, made in near), default=0)
    small = [(made.arena_bytes + candidate.peak, candidate) for candidate, made in near if made.arena_bytes <= most]
    promising = [candidate for _, candidate in sorted(small, key=lambda item: item[0])[:PROMISING_MOST]]
    for candidate, made in near:
        least = best[-1].arena_bytes if best else math.inf
        if candidate.peak >= least:
            continue
        found = [made]
        if candidate in promising and candidate.peak < made.arena_bytes and goes_by_rows(made.program):
            again = _placed(made.program, made.instructions, streamed, pools, PROMISING)
            found += [] if again is None else [again]
        smaller = min(found, key=lambda item: item.arena_bytes)
        if smaller.arena_bytes < least:
            best.append(smaller)
    return best


def _placed(
    program: Program, instructions: int, streamed: frozenset[str], pools: tuple[planner.Pool, ...], effort: Effort
) -> Schedule | None:
    """A schedule by rows; None: it does not fit."""
    try:
        sizes = row_sizes(program, streamed, pools, effort)
    except planner.PlanError:
        return None
    return Schedule(program, sum(sizes), instructions)


def _beyond_tables(streams: Sequence[str]) -> UsageError:
    """What is wrong where nothing was found in memory without bounds."""
    return UsageError(
        f"{', '.join(streams)} cannot be streamed: no schedule was found whose rows all begin within the first "
        f"{TABLE_REACH:,} bytes of a memory, as far as the graph's row table reaches. Leave out what has the longest "
        "rows, or change the model there"
    )


def _check_streams(rows: RowProgram) -> None:
    """What is handed over row by row must be made and read so."""
    program = rows.program
    for root in rows.streamed:
        users = [*rows.readers.get(root, ()), *([rows.maker[root]] if root in rows.maker else [])]
        whole = [program.calls[index].name for index in users if not rows.calls[index].in_pieces]
        viewed = root in {program.root(name) for name in program.aliases}
        wide = program.tensors[root].dtype.bytes > ROW_UNIT
        if whole or viewed or wide:
            reason = f"{whole[0]} needs it as a whole" if whole else "it is reshaped, or has elements of 8 bytes"
            raise UsageError(f"{root} cannot be streamed: {reason}. Leave it out, or change the model there")


def _whole_slacks(program: Program, costs: Costs) -> Iterator[list[float]]:
    """For programs of whole tensors, what each call spends on a smaller workspace: nothing, and what makes the arena
    smaller."""
    slacks = [0.0] * len(program.calls)
    yield list(slacks)
    peak = _whole_peak(program, costs, slacks)
    for slack in SLACKS:
        lean = [slack] * len(slacks)
        least = _whole_peak(program, costs, lean)
        if least >= peak:
            continue
        peak = least
        for call in range(len(lean)):
            richer = [*lean[:call], 0.0, *lean[call + 1 :]]
            rows = _height(program, call)
            if costs.workspace(call, rows, slack) < costs.workspace(call, rows):
                lean = richer if _whole_peak(program, costs, richer) <= peak else lean
        yield lean


def _whole_peak(program: Program, costs: Costs, slacks: Sequence[float]) -> int:
    return busiest_of(share_storage(whole(program, costs, slacks)))


def _height(program: Program, call: int) -> int:
    return program.tensors[program.calls[call].outputs[0]].rows


def _whole_candidates(program: Program, costs: Costs, pools: tuple[planner.Pool, ...]) -> Iterator[_Candidate]:
    for slacks in _whole_slacks(program, costs):
        made = share_storage(whole(program, costs, slacks))
        instructions = sum(costs.instructions(call, _height(program, call), slack) for call, slack in enumerate(slacks))
        yield _Candidate(instructions, busiest_of(made), partial(_whole_planned, made, instructions, pools))


def _whole_planned(made: Program, instructions: int, pools: tuple[planner.Pool, ...]) -> Schedule | None:
    try:
        placed = assign_slots(made, pools)
    except planner.PlanError:
        return None
    return Schedule(replace(made, shares={}), sum(arena.size for arena in placed.arenas), instructions)


def _planned(rows: RowProgram, costs: Costs, cut: Cut, pools: tuple[planner.Pool, ...]) -> Schedule | None:
    program = rows.program
    chunks = [count for stage in cut.stages for count in stage.chunks]
    slacks = [slack for stage in cut.stages for slack in stage.slacks]
    made = _sized(program, costs, chunks, slacks)
    steps = tuple(_with_handovers(rows, list(_steps(rows, cut.stages, chunks))))
    made = replace(made, steps=steps)
    if not goes_by_rows(made):
        return None  # as a whole it is planned with the sharing of storage
    return _placed(made, cut.instructions, rows.streamed, pools, QUICK)


def _steps(rows: RowProgram, stages: Sequence[Stage], chunks: Sequence[int]) -> Iterator[Step]:
    for stage in stages:
        for call, begin, end in produce(rows, stage.first, stage.last, chunks):
            yield Step(call, begin, end)


def _with_handovers(rows: RowProgram, steps: Sequence[Step]) -> Iterator[Step]:
    """Rows of streamed inputs come just before the step that reads them first, rows of outputs go as they are made."""
    program = rows.program
    inputs = {program.root(name): index for index, name in enumerate(program.inputs) if name in rows.streamed}
    outputs = {program.root(name): index for index, name in enumerate(program.outputs)}
    came = dict.fromkeys(inputs, 0)
    for step in steps:
        for need in rows.calls[step.call].needs:
            if need.root in inputs:
                end = int(need.end[step.row_begin : step.row_end].max())
                yield from _rows_of(inputs[need.root], came[need.root], end, StepKind.INPUT)
                came[need.root] = max(came[need.root], end)
        yield step
        made = program.root(program.calls[step.call].outputs[0])
        if made in rows.streamed and made in outputs:
            yield from _rows_of(outputs[made], step.row_begin, step.row_end, StepKind.OUTPUT)
    for root, index in inputs.items():  # rows that nobody reads
        yield from _rows_of(index, came[root], program.tensors[root].rows, StepKind.INPUT)


def _rows_of(index: int, begin: int, end: int, kind: StepKind) -> Iterator[Step]:
    return (Step(index, row, row + 1, kind) for row in range(begin, end))


def _sized(program: Program, costs: Costs, chunks: Sequence[int], slacks: Sequence[float]) -> Program:
    """The program with the kernels for steps of so many rows, one step a call."""
    chosen = [costs.sized(index, *size) for index, size in enumerate(zip(chunks, slacks, strict=True))]
    steps = tuple(Step(index, 0, program.tensors[call.outputs[0]].rows) for index, call in enumerate(program.calls))
    return replace(with_kernels(program, chosen, costs.target), steps=steps)


def _plan_or_fail(program: Program, pools: tuple[planner.Pool, ...]) -> planner.Plan:
    """The answer of the planner to whole tensors, which do not fit."""
    try:
        return planner.plan(lifetimes(program), pools)
    except planner.PlanError as error:
        return error.plan
