"""The C planner at its own interface: arguments, scratch, the proof of plans, bounds, determinism."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from micrort.native import library

FLOATING = UNLIMITED = 0xFFFFFFFF
ANY = 0xFFFFFFFF
NAMES = ("AUTO", "GREEDY", "HILL_CLIMB", "EXACT")

Buffer = tuple[int, int, int, int, int, int]


class Problem:
    """An mrt_plan_problem_t, its arrays, and a place for the answer."""

    def __init__(
        self,
        buffers: Sequence[Buffer],
        pools: Sequence[tuple[int, int, int]] = ((UNLIMITED, 16, 0),),
        pairs: Sequence[tuple[int, int, int]] = (),
    ):
        self.ffi, self.lib = library.load()
        self.buffers = self.ffi.new("mrt_plan_buffer_t[]", list(buffers) or 1)
        self.pools = self.ffi.new("mrt_plan_pool_t[]", list(pools))
        self.pairs = self.ffi.new("mrt_plan_pair_t[]", list(pairs) or 1)
        self.struct = self.ffi.new(
            "mrt_plan_problem_t *", (self.buffers, self.pools, len(buffers), len(pools), self.pairs, len(pairs))
        )
        self.slots = self.ffi.new("mrt_plan_slot_t[]", len(buffers) or 1)
        self.plan = self.ffi.new("mrt_plan_t *", {"slots": self.slots})
        self.fault = self.ffi.new("mrt_plan_fault_t *")

    def solve(self, strategy: str = "AUTO", short: int = 0, budget: int = 0, guard: int = 4, fill: int = 0) -> str:
        """Name of the status. The scratch is `short` bytes too short, holds `fill`, and has a guard behind it."""
        number = getattr(self.lib, f"MRT_PLAN_{strategy}")
        size = int(self.lib.mrt_plan_scratch_size(number, self.struct.buffer_count))
        scratch = self.ffi.new("uint64_t[]", size // 8 + guard)
        self.ffi.buffer(scratch)[:] = bytes([fill]) * (size + 8 * guard)
        for index in range(guard):
            scratch[size // 8 + index] = 0x5AFE5AFE5AFE5AFE
        options = self.ffi.new("mrt_plan_options_t *", (number, 0, budget))
        status = self.lib.mrt_plan_solve(self.struct, options, scratch, size - short, self.plan)
        assert all(scratch[size // 8 + index] == 0x5AFE5AFE5AFE5AFE for index in range(guard))
        return self.name(status)

    def check(self, slots: Sequence[tuple[int, int]]) -> tuple[str, str, int, int]:
        """Status, and the fault's kind, first and second."""
        array = self.ffi.new("mrt_plan_slot_t[]", list(slots) or 1)
        status = self.name(self.lib.mrt_plan_check(self.struct, array, self.fault))
        kind = self.ffi.string(self.ffi.cast("mrt_plan_fault_kind_t", self.fault.kind)).removeprefix("MRT_PLAN_FAULT_")
        return status, kind, self.fault.first, self.fault.second

    def name(self, status: int) -> str:
        """MRT_OK -> OK."""
        return str(self.ffi.string(self.ffi.cast("mrt_status_t", status))).removeprefix("MRT_")


def buffer(start: int, end: int, size: int, alignment: int = 1, pools: int = ANY, fixed: int = FLOATING) -> Buffer:
    return start, end, size, alignment, pools, fixed


PAIR = [buffer(0, 2, 8), buffer(1, 3, 8)]


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize("fill", [0x00, 0xFF, 0xA5])
def test_scratch_is_enough_and_its_content_is_of_no_matter(strategy: str, fill: int) -> None:
    for count in (0, 1, 2, 3, 7, 40):
        problem = Problem([buffer(i % 9, i % 9 + 1 + i % 5, 1 + i * 7 % 23) for i in range(count)])
        assert problem.solve(strategy, fill=fill, budget=2000) == "OK"
        slots = [(slot.pool, slot.offset) for slot in problem.slots][:count]
        assert problem.check(slots)[0] == "OK"
        used = problem.plan.used[0]
        assert problem.solve(strategy, fill=0x11, budget=2000) == "OK"
        assert [(slot.pool, slot.offset) for slot in problem.slots][:count] == slots and problem.plan.used[0] == used


@pytest.mark.parametrize("strategy", NAMES)
def test_scratch_that_is_too_small_is_refused(strategy: str) -> None:
    assert Problem(PAIR).solve(strategy, short=8) == "ERR_MEMORY"


@pytest.mark.parametrize("strategy", range(4))
def test_scratch_grows_linearly(strategy: int) -> None:
    _, lib = library.load()
    sizes = [int(lib.mrt_plan_scratch_size(strategy, count)) for count in (0, 1, 1000, 10_000, 20_000)]
    assert all(size % 8 == 0 for size in sizes)
    assert sizes[0] <= sizes[1] <= sizes[2]
    assert sizes[3] < sizes[4] <= 2 * sizes[3] + 64
    assert lib.mrt_plan_scratch_size(4, 10) == 0


def test_null_arguments() -> None:
    problem = Problem(PAIR)
    ffi, lib = problem.ffi, problem.lib
    scratch = ffi.new("uint64_t[]", 1 << 16)
    bytes_ = 8 << 16

    def solve(struct: Any = problem.struct, options: Any = ffi.NULL, memory: Any = scratch, plan: Any = problem.plan):
        return problem.name(lib.mrt_plan_solve(struct, options, memory, bytes_, plan))

    assert solve() == "OK"
    assert solve(struct=ffi.NULL) == solve(memory=ffi.NULL) == solve(plan=ffi.NULL) == "ERR_ARGUMENT"
    assert solve(plan=ffi.new("mrt_plan_t *")) == "ERR_ARGUMENT"
    for strategy, goal in ((4, 0), (-1, 0), (0, 2), (0, -1)):
        options = ffi.new("mrt_plan_options_t *")
        ffi.cast("int *", options)[0] = strategy
        ffi.cast("int *", options)[1] = goal
        assert solve(options=options) == "ERR_ARGUMENT"
    assert problem.name(lib.mrt_plan_check(problem.struct, ffi.NULL, ffi.NULL)) == "ERR_ARGUMENT"
    assert problem.name(lib.mrt_plan_check(ffi.NULL, problem.slots, ffi.NULL)) == "ERR_ARGUMENT"
    assert problem.name(lib.mrt_plan_validate(problem.struct, ffi.NULL)) == "OK"


@pytest.mark.parametrize(
    ("field", "value"), [("buffers", None), ("pools", None), ("pool_count", 0), ("pool_count", 17), ("pairs", None)]
)
def test_broken_problems(field: str, value: int | None) -> None:
    problem = Problem(CHAIN, pairs=[(1, 0, 0)])
    setattr(problem.struct, field, problem.ffi.NULL if value is None else value)
    assert problem.name(problem.lib.mrt_plan_validate(problem.struct, problem.fault)) == "ERR_ARGUMENT"
    assert problem.solve() == "ERR_ARGUMENT"


TWO_POOLS = [(64, 16, 0), (32, 4, 1)]
MIXED = [buffer(0, 2, 8, alignment=4), buffer(1, 3, 8, pools=2), buffer(0, 9, 4, pools=1, fixed=16)]


@pytest.mark.parametrize(
    ("slots", "verdict"),
    [
        ([(0, 0), (1, 0), (0, 16)], ("OK", "NONE", 2, 2)),
        ([(1, 8), (1, 0), (0, 16)], ("OK", "NONE", 2, 2)),
        ([(0, 0), (0, 0), (0, 16)], ("ERR_PLAN", "SLOT_POOL", 1, 1)),
        ([(2, 0), (1, 0), (0, 16)], ("ERR_PLAN", "SLOT_POOL", 0, 0)),
        ([(0xFFFFFFFF, 0), (1, 0), (0, 16)], ("ERR_PLAN", "SLOT_POOL", 0, 0)),
        ([(0, 2), (1, 0), (0, 16)], ("ERR_PLAN", "SLOT_ALIGNMENT", 0, 0)),
        ([(0, 60), (1, 0), (0, 16)], ("ERR_PLAN", "SLOT_CAPACITY", 0, 0)),
        ([(0, 0xFFFFFFFC), (1, 0), (0, 16)], ("ERR_PLAN", "SLOT_CAPACITY", 0, 0)),
        ([(0, 0), (1, 0), (0, 20)], ("ERR_PLAN", "SLOT_FIXED", 2, 2)),
        ([(1, 4), (1, 0), (0, 16)], ("ERR_PLAN", "OVERLAP", 0, 1)),
        ([(0, 12), (1, 0), (0, 16)], ("ERR_PLAN", "OVERLAP", 0, 2)),
    ],
)
def test_the_proof_finds_each_fault(slots: list[tuple[int, int]], verdict: tuple[str, str, int, int]) -> None:
    status, kind, first, second = Problem(MIXED, TWO_POOLS).check(slots)
    assert (status, kind) == verdict[:2]
    assert status == "OK" or (first, second) == verdict[2:]


def test_a_pool_that_is_aligned_too_little_is_no_place() -> None:
    assert Problem([buffer(0, 1, 8, alignment=16)], TWO_POOLS).check([(1, 0)])[1] == "SLOT_ALIGNMENT"


CHAIN = [buffer(0, 2, 8), buffer(1, 3, 8), buffer(2, 4, 8)]
FOLLOWING = [(1, 0, 2), (2, 1, 0)]


@pytest.mark.parametrize(
    ("offsets", "verdict"),
    [
        ((2, 0, 0), ("OK", 0)),
        ((9, 0, 8), ("OK", 0)),
        ((0, 8, 16), ("OK", 0)),
        ((7, 3, 4), ("ERR_PLAN", 1)),  # the output must not begin behind its input
        ((1, 0, 8), ("ERR_PLAN", 0)),  # nor so near before it
        ((0, 2, 20), ("ERR_PLAN", 0)),
    ],
)
def test_the_proof_of_pairs(offsets: tuple[int, ...], verdict: tuple[str, int]) -> None:
    problem = Problem(CHAIN, pairs=FOLLOWING)
    status, kind, first, second = problem.check([(0, offset) for offset in offsets])
    assert (status, kind) == (verdict[0], "NONE" if verdict[0] == "OK" else "OVERLAP")
    assert status == "OK" or (first, second) == (verdict[1], verdict[1] + 1)
    assert Problem(CHAIN).check([(0, 2), (0, 0), (0, 0)])[:2] == ("ERR_PLAN", "OVERLAP")


@pytest.mark.parametrize(
    ("pairs", "fault"),
    [
        (FOLLOWING, "NONE"),
        ([(1, 0, 0xFFFFFFFF)], "NONE"),
        ([(3, 0, 0)], "PAIR_BUFFER"),
        ([(1, 3, 0)], "PAIR_BUFFER"),
        ([(0, 0, 0)], "PAIR_STEP"),
        ([(0, 1, 0)], "PAIR_STEP"),
        ([(2, 0, 0)], "PAIR_STEP"),
        ([(1, 0, 0), (1, 0, 2)], "PAIR_ORDER"),
        ([(2, 1, 0), (1, 0, 0)], "PAIR_ORDER"),
    ],
)
def test_pairs_are_refused_for(pairs: list[tuple[int, int, int]], fault: str) -> None:
    problem = Problem(CHAIN, pairs=pairs)
    status = problem.name(problem.lib.mrt_plan_validate(problem.struct, problem.fault))
    assert problem.fault.kind == getattr(problem.lib, f"MRT_PLAN_FAULT_{fault}")
    assert status == ("OK" if fault == "NONE" else "ERR_ARGUMENT")
    assert fault == "NONE" or (problem.fault.first, problem.fault.second) == (len(pairs) - 1, len(pairs) - 1)


@pytest.mark.parametrize(
    ("lifetimes", "sound"),
    [
        (((0, 2), (1, 3)), True),
        (((0, 1), (0, 2)), True),  # the input ends first
        (((0, 2), (1, 2)), True),  # the input begins first
        (((0, 1), (0, 1)), True),  # the input comes first in the list
        (((0, 1), (1, 2)), False),
        (((0, 3), (1, 3)), False),
    ],
)
def test_an_input_ends_at_the_step_at_which_its_output_begins(
    lifetimes: tuple[tuple[int, int], tuple[int, int]], sound: bool
) -> None:
    buffers = [buffer(*lifetime, 8) for lifetime in lifetimes]
    problem = Problem(buffers, pairs=[(1, 0, 0)])
    assert problem.solve("EXACT") == ("OK" if sound else "ERR_ARGUMENT")
    assert not sound or problem.plan.used[0] == 8
    if lifetimes[0] == lifetimes[1]:
        assert Problem(buffers, pairs=[(0, 1, 0)]).solve() == "ERR_ARGUMENT"


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_neighbours_in_time_and_space_may_touch(shift: int) -> None:
    """Lifetimes and ranges are half-open: touching is no overlap, one more is."""
    in_space = Problem([buffer(0, 2, 8), buffer(0, 2, 8)]).check([(0, 1), (0, 9 + shift)])[0]
    in_time = Problem([buffer(0, 2, 8), buffer(2 + shift, 5, 8)]).check([(0, 0), (0, 0)])[0]
    assert in_space == in_time == ("ERR_PLAN" if shift < 0 else "OK")


def test_statuses_of_capacities() -> None:
    assert Problem(PAIR, [(16, 1, 0)]).solve() == "OK"
    problem = Problem(PAIR, [(15, 1, 0)])
    for strategy in NAMES:
        assert problem.solve(strategy) == "ERR_INFEASIBLE"
        assert (problem.plan.outcome, problem.plan.lower_bound[0]) == (problem.lib.MRT_PLAN_BOUND, 16)


def test_bounds_count_what_other_pools_cannot_hold() -> None:
    buffers = [buffer(0, 1, 10), buffer(0, 1, 10), buffer(0, 1, 10)]
    problem = Problem(buffers, [(20, 1, 5), (20, 1, 1)])
    assert problem.solve("GREEDY") == "OK"
    assert list(problem.plan.lower_bound[0:2]) == [10, 10]
    assert list(problem.plan.used[0:2]) == [10, 20]  # pool 1 costs less


def test_steps_stay_within_the_budget() -> None:
    buffers = [buffer(i * 5 % 37, i * 5 % 37 + 3 + i % 11, 1 + i * i % 97) for i in range(80)]
    for budget in (80, 81, 200, 1000, 12345):
        for strategy in NAMES:
            problem = Problem(buffers)
            assert problem.solve(strategy, budget=budget) == "OK"
            assert 80 <= problem.plan.steps <= budget


def test_texts_of_faults() -> None:
    ffi, lib = library.load()
    texts = {ffi.string(lib.mrt_plan_fault_text(kind)) for kind in range(15)}
    assert len(texts) == 15
    assert ffi.string(lib.mrt_plan_fault_text(15)) == b"unknown fault"
