"""Corners of the planner's interface: empty and null tables, limits of sizes, proofs of plans, spent budgets."""

from __future__ import annotations

import re

import pytest
from tests.runtime.test_plan import ANY, FLOATING, PAIR, UNLIMITED, Buffer, Problem, buffer

from micrort import sources

NAMES = ("AUTO", "GREEDY", "HILL_CLIMB", "EXACT")
FIT = 1


def status_of(problem: Problem, strategy: str, goal: int, budget: int) -> tuple[str, str]:
    """Status and outcome of mrt_plan_solve."""
    ffi, lib = problem.ffi, problem.lib
    number = getattr(lib, f"MRT_PLAN_{strategy}")
    size = int(lib.mrt_plan_scratch_size(number, problem.struct.buffer_count))
    scratch = ffi.new("uint64_t[]", size // 8 + 1)
    options = ffi.new("mrt_plan_options_t *", (number, goal, budget))
    status = problem.name(lib.mrt_plan_solve(problem.struct, options, scratch, size, problem.plan))
    outcome = ffi.string(ffi.cast("mrt_plan_outcome_t", problem.plan.outcome)).removeprefix("MRT_PLAN_")
    return status, outcome


@pytest.mark.parametrize("strategy", NAMES)
def test_nothing_needs_no_tables(strategy: str) -> None:
    problem = Problem([])
    problem.struct.buffers = problem.struct.pairs = problem.ffi.NULL
    problem.plan.slots = problem.ffi.NULL
    assert problem.solve(strategy) == "OK"
    assert problem.plan.used[0] == 0
    check = problem.lib.mrt_plan_check(problem.struct, problem.ffi.NULL, problem.fault)
    assert problem.name(check) == "OK"


FAULTS = re.findall(r'X\((\w+), (\d+), "([^"]+)"\)', (sources.root() / "include/micrort/plan.h").read_text())


@pytest.mark.parametrize(("name", "value", "words"), FAULTS)
def test_each_fault_has_its_text(name: str, value: str, words: str) -> None:
    problem = Problem(PAIR)
    assert getattr(problem.lib, f"MRT_PLAN_FAULT_{name}") == int(value)
    assert problem.ffi.string(problem.lib.mrt_plan_fault_text(int(value))).decode() == words


@pytest.mark.parametrize("value", [15, 2**31 - 1])
def test_what_is_no_fault_is_said_to_be_none(value: int) -> None:
    problem = Problem(PAIR)
    assert problem.ffi.string(problem.lib.mrt_plan_fault_text(value)).decode() == "unknown fault"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"size": 2**31}, "NONE"),
        ({"size": 2**31 + 1}, "SIZE"),
        ({"alignment": 0}, "ALIGNMENT"),
        ({"alignment": 3}, "ALIGNMENT"),
        ({"alignment": 32}, "POOLS"),  # no pool is aligned so
        ({"pools": 2}, "POOLS"),  # there is one pool only
        ({"pools": 0}, "POOLS"),
        ({"fixed": 16, "size": 2**31}, "NONE"),
        ({"fixed": 4, "alignment": 8}, "FIXED"),
        ({"start": 2, "end": 2}, "LIFETIME"),
    ],
)
def test_a_buffer_is_refused_for(fields: dict[str, int], fault: str) -> None:
    sound = {"start": 0, "end": 1, "size": 8, "alignment": 1, "pools": ANY, "fixed": FLOATING}
    problem = Problem([buffer(0, 1, 8), buffer(**{**sound, **fields})])
    kind = getattr(problem.lib, f"MRT_PLAN_FAULT_{fault}")
    status = problem.name(problem.lib.mrt_plan_validate(problem.struct, problem.fault))
    assert (status, problem.fault.kind) == ("OK" if fault == "NONE" else "ERR_ARGUMENT", kind)
    if fault != "NONE":
        assert (problem.fault.first, problem.fault.second) == (1, 1)


@pytest.mark.parametrize(("alignments", "first"), [((0, 16), 0), ((16, 12), 1), ((3, 0), 0), ((16, 0), 1)])
def test_the_first_pool_whose_alignment_is_no_power_of_two_is_named(alignments: tuple[int, int], first: int) -> None:
    problem = Problem(PAIR, [(UNLIMITED, alignment, 0) for alignment in alignments])
    assert problem.name(problem.lib.mrt_plan_validate(problem.struct, problem.fault)) == "ERR_ARGUMENT"
    assert problem.fault.kind == problem.lib.MRT_PLAN_FAULT_POOL_ALIGNMENT
    assert (problem.fault.first, problem.fault.second) == (first, first)


@pytest.mark.parametrize(
    ("slots", "kind", "second"),
    [
        ([(0, 0), (0, 8)], "NONE", 0),
        ([(0, 0), (1, 8)], "SLOT_POOL", 1),
        ([(0, 0), (0, 4)], "OVERLAP", 1),
        ([(0, 4), (0, 0)], "OVERLAP", 1),
        ([(0, 0), (0, 93)], "SLOT_CAPACITY", 1),
        ([(0, 0), (0, 92)], "NONE", 0),
    ],
)
def test_a_plan_is_refused_for(slots: list[tuple[int, int]], kind: str, second: int) -> None:
    problem = Problem(PAIR, [(100, 16, 0)])
    status, found, _, last = problem.check(slots)
    assert (status, found) == ("OK" if kind == "NONE" else "ERR_PLAN", kind)
    assert kind == "NONE" or last == second
    array = problem.ffi.new("mrt_plan_slot_t[]", slots)
    assert problem.name(problem.lib.mrt_plan_check(problem.struct, array, problem.ffi.NULL)) == status


def test_alignment_counts_from_the_pool() -> None:
    """A buffer that asks for more than the pool has lies misaligned wherever it lies there."""
    problem = Problem([buffer(0, 1, 8, alignment=16)], [(100, 8, 0), (100, 16, 0)])
    assert problem.check([(0, 0)])[:2] == ("ERR_PLAN", "SLOT_ALIGNMENT")
    assert problem.check([(1, 8)])[:2] == ("ERR_PLAN", "SLOT_ALIGNMENT")
    assert problem.check([(1, 16)])[:2] == ("OK", "NONE")
    assert problem.solve("GREEDY") == "OK" and problem.slots[0].pool == 1, "passed over for the aligned pool"


@pytest.mark.parametrize(
    ("sizes", "slots"), [((0, 8), [(0, 4), (0, 0)]), ((8, 0), [(0, 0), (0, 4)]), ((0, 0), [(0, 4), (0, 4)])]
)
def test_an_empty_buffer_overlaps_nothing(sizes: tuple[int, int], slots: list[tuple[int, int]]) -> None:
    problem = Problem([buffer(0, 2, size) for size in sizes])
    assert problem.check(slots)[:2] == ("OK", "NONE")


def test_the_exact_search_is_left_out_where_any_plan_will_do_and_there_is_one() -> None:
    problem = Problem([buffer(i % 9, i % 9 + 1 + i % 5, 1 + i * 7 % 23) for i in range(40)])
    status, outcome = status_of(problem, "EXACT", FIT, 10_000)
    assert (status, outcome) == ("OK", "FEASIBLE")
    assert problem.plan.steps == 40, "the greedy placements only"
    status_of(problem, "EXACT", 0, 10_000)
    assert problem.plan.steps > 40


@pytest.mark.parametrize("strategy", NAMES)
def test_a_budget_that_the_first_order_spends_leaves_the_question_open(strategy: str) -> None:
    """Four buffers that need 11 bytes of 12 where the greedy order takes more: nothing is proved without a search."""
    items = [buffer(0, 3, 4), buffer(2, 5, 4), buffer(4, 7, 5), buffer(0, 1, 5), buffer(1, 2, 5), buffer(3, 6, 2)]
    needed = Problem(items)
    assert needed.solve("EXACT") == "OK"
    best = needed.plan.used[0]
    greedy = Problem(items)
    assert greedy.solve("GREEDY") == "OK"
    if greedy.plan.used[0] == best:
        pytest.fail("the greedy order must not be the best here: choose other buffers")
    tight = Problem(items, [(best, 16, 0)])
    assert status_of(tight, strategy, FIT, 1)[0] == "ERR_BUDGET"
    assert status_of(tight, "EXACT", FIT, 0)[0] == "OK"


def test_a_search_whose_trail_is_full_gives_up_and_proves_nothing() -> None:
    """Hundreds of buffers at once, whose alignment keeps every plan above the lower bound: each placement moves all
    others, more changes than the scratch holds."""
    items = [buffer(0, 2, 3, alignment=2)] * 300 + [buffer(i % 2, i % 2 + 1, 5, alignment=4) for i in range(4)]
    problem = Problem(items)
    assert status_of(problem, "EXACT", 0, 200_000) == ("OK", "FEASIBLE")
    assert problem.plan.lower_bound[0] < problem.plan.used[0]
    assert problem.plan.steps < 200_000, "what is left of the budget is of no use"
    assert problem.check([(slot.pool, slot.offset) for slot in problem.slots])[:2] == ("OK", "NONE")


@pytest.mark.parametrize("strategy", NAMES)
def test_a_buffer_passes_over_a_pool_that_others_share_with_its_own(strategy: str) -> None:
    """Buffer 0 may lie in either pool, and so joins them; buffer 1 asks for more alignment than the cheaper one has."""
    problem = Problem([buffer(0, 2, 8), buffer(0, 2, 8, alignment=16)], [(100, 8, 0), (100, 16, 1)])
    assert problem.solve(strategy) == "OK"
    assert [(slot.pool, slot.offset) for slot in problem.slots] == [(0, 0), (1, 0)]


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_group_of_pools_that_is_too_small_is_enough_to_fail(strategy: str, order: tuple[int, int]) -> None:
    """Two pools that no buffer joins: the one's failure is the answer, whichever is looked at first."""
    items = [buffer(0, 1, 20, pools=1 << order[0]), buffer(0, 1, 8, pools=1 << order[1])]
    problem = Problem(items, [(10, 16, 0), (10, 16, 0)])
    assert problem.solve(strategy) == "ERR_INFEASIBLE"
    assert problem.plan.lower_bound[order[0]] == 20
    assert problem.plan.lower_bound[order[1]] == 8


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize(
    ("pins", "sound"),
    [
        ([(0, 2, 0, 8), (2, 4, 0, 8)], True),  # one after the other, in either order
        ([(2, 4, 0, 8), (0, 2, 0, 8)], True),
        ([(0, 4, 0, 8), (0, 4, 8, 8)], True),  # side by side, in either order
        ([(0, 4, 8, 8), (0, 4, 0, 8)], True),
        ([(0, 3, 0, 8), (2, 4, 0, 8)], False),
        ([(2, 4, 0, 8), (0, 3, 0, 8)], False),
        ([(0, 4, 0, 9), (0, 4, 8, 8)], False),
        ([(0, 4, 8, 8), (0, 4, 0, 9)], False),
        ([(0, 9, 64, 4), (0, 2, 0, 8), (1, 2, 7, 1)], False),  # the last two
        ([(0, 2, 0, 8), (3, 9, 0, 4), (1, 2, 7, 1)], False),  # the first and the last
    ],
)
def test_pins_collide_where_they_share_time_and_bytes(strategy: str, pins: list[tuple[int, ...]], sound: bool) -> None:
    items = [buffer(start, end, size, fixed=fixed) for start, end, fixed, size in pins]
    problem = Problem(items)
    assert problem.solve(strategy) == ("OK" if sound else "ERR_INFEASIBLE")
    if sound:
        assert [(slot.pool, slot.offset) for slot in problem.slots] == [(0, fixed) for _, _, fixed, _ in pins]
        assert problem.plan.used[0] == max(fixed + size for _, _, fixed, size in pins)


@pytest.mark.parametrize(("sizes", "offsets"), [((8, 1), (0, 7)), ((1, 8), (7, 0)), ((1, 1), (0, 0))])
def test_one_byte_is_enough_to_overlap(sizes: tuple[int, int], offsets: tuple[int, int]) -> None:
    problem = Problem([buffer(0, 2, size) for size in sizes])
    assert problem.check([(0, offset) for offset in offsets])[:2] == ("ERR_PLAN", "OVERLAP")
    assert problem.check([(0, 0), (0, sizes[0])])[:2] == ("OK", "NONE")


def solve_in(problem: Problem, scratch: object, bytes_: int, goal: int = 0) -> tuple[str, int, list[int]]:
    """Status, steps and offsets of the exact planner in memory that others have used before."""
    ffi, lib = problem.ffi, problem.lib
    options = ffi.new("mrt_plan_options_t *", (lib.MRT_PLAN_EXACT, goal, 20_000))
    status = problem.name(lib.mrt_plan_solve(problem.struct, options, scratch, bytes_, problem.plan))
    return status, problem.plan.steps, [slot.offset for slot in problem.slots]


def test_what_an_earlier_search_has_excluded_is_forgotten() -> None:
    """Two problems that differ in their sizes alone, one without a plan, one after the other in the same scratch."""
    lifetimes = [(0, 3), (2, 5), (4, 7), (0, 1), (1, 2), (3, 6)]
    crowded = [buffer(start, end, size) for (start, end), size in zip(lifetimes, (4, 4, 5, 5, 5, 2), strict=True)]
    best = Problem(crowded)
    assert best.solve("EXACT") == "OK"
    capacity = best.plan.used[0] - 1
    assert best.plan.lower_bound[0] == best.plan.used[0], "known by the search or by the bound"
    small = [buffer(start, end, 1 + index % 3) for index, (start, end) in enumerate(lifetimes)]
    bytes_ = int(best.lib.mrt_plan_scratch_size(best.lib.MRT_PLAN_EXACT, len(small)))
    for fill in (0x00, 0xFF):
        scratch = best.ffi.new("uint64_t[]", bytes_ // 8)
        best.ffi.buffer(scratch)[:] = bytes([fill]) * bytes_
        alone = solve_in(Problem(small), scratch, bytes_)
        solve_in(Problem(crowded, [(capacity, 16, 0)]), scratch, bytes_, FIT)
        assert solve_in(Problem(small), scratch, bytes_) == alone
        assert solve_in(Problem(small), scratch, bytes_) == alone, "nor does it know its own answers"


def test_a_pair_with_a_buffer_of_other_pools_is_none_whatever_the_scratch_holds() -> None:
    """The search of one group of pools has no place for the other's buffer."""
    items = [buffer(i % 5, i % 5 + 2, 3 + i * 7 % 11, pools=1) for i in range(12)] + [buffer(0, 2, 9, pools=2)]
    pairs = [(index, 12, 0) for index in range(12) if items[index][0] == 1]
    answers = set()
    for fill in (0x00, 0xFF, 0x01):
        problem = Problem(items, [(UNLIMITED, 16, 0), (UNLIMITED, 16, 1)], pairs)
        assert problem.solve("EXACT", fill=fill, budget=5000) == "OK"
        answers.add((problem.plan.steps, problem.plan.used[0], *(slot.offset for slot in problem.slots)))
    assert len(answers) == 1


@pytest.mark.parametrize("strategy", NAMES)
def test_one_buffer_needs_no_search(strategy: str) -> None:
    problem = Problem([buffer(0, 3, 8, alignment=4)])
    assert problem.solve(strategy) == "OK"
    assert (problem.plan.steps, problem.plan.used[0]) == (1, 8)
    assert problem.plan.outcome == problem.lib.MRT_PLAN_OPTIMAL


@pytest.mark.parametrize(
    ("items", "needed"),
    [
        ([buffer(0, 1, 6, alignment=4), buffer(0, 1, 6, alignment=4)], 14),  # 4, not 6, divides the offsets
        ([buffer(0, 1, 6, alignment=2), buffer(0, 1, 6, fixed=9)], 15),
        ([buffer(0, 2, 6), buffer(0, 2, 6, fixed=4), buffer(0, 1, 6)], 22),
    ],
)
def test_the_optimum_may_lie_between_multiples_of_the_sizes(items: list[Buffer], needed: int) -> None:
    problem = Problem(items)
    assert problem.solve("EXACT") == "OK"
    assert (problem.plan.used[0], problem.plan.lower_bound[0]) == (needed, needed)
    assert problem.plan.outcome == problem.lib.MRT_PLAN_OPTIMAL
