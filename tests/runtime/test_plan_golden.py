"""The same problem and options give the same plan everywhere: answers of fixed problems, to the step of the search.

A change of the planner that is meant to change answers makes the golden file anew:
`python -m tests.runtime.test_plan_golden > tests/runtime/golden_plans.txt`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.test_plan import ANY, FLOATING, UNLIMITED, Buffer, Problem, buffer

GOLDEN = Path(__file__).with_name("golden_plans.txt")
STRATEGIES = ("AUTO", "GREEDY", "HILL_CLIMB", "EXACT")
COUNTS = (0, 1, 2, 15, 16, 17, 63, 64, 65, 100, 1024, 1025, 4096, 5000)


WAITING: tuple[tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]], ...] = (
    (
        [(1, 2, 4), (1, 2, 2), (2, 3, 6), (1, 3, 1), (1, 3, 5), (1, 3, 1)],
        [(1, 0, 0), (2, 4, 2), (2, 5, 0), (3, 1, 0), (4, 1, 0), (5, 0, 1), (5, 1, 0)],
    ),
    (
        [(0, 1, 1), (0, 1, 3), (1, 4, 6), (3, 6, 3), (0, 2, 1), (3, 5, 4)],
        [(1, 0, 0), (2, 4, 0), (3, 2, 0), (4, 0, 0), (4, 1, 0), (5, 2, 0)],
    ),
    (
        [(1, 3, 2), (1, 3, 6), (0, 2, 2), (1, 4, 3), (2, 5, 3), (2, 4, 3)],
        [(0, 2, 0), (3, 2, 0), (4, 1, 0), (5, 1, 0)],
    ),
    (
        [(1, 3, 3), (2, 4, 5), (3, 6, 5), (3, 4, 6), (2, 5, 1), (3, 4, 2)],
        [(1, 0, 0), (2, 3, 0), (2, 5, 0), (3, 1, 0), (4, 0, 0), (5, 1, 0), (5, 3, 0)],
    ),
    (
        [(1, 2, 5), (3, 6, 2), (1, 3, 5), (1, 3, 6), (0, 2, 6), (0, 1, 5)],
        [(0, 4, 0), (2, 0, 2), (3, 0, 0), (4, 5, 0)],
    ),
    (
        [(2, 4, 3), (0, 3, 4), (3, 4, 6), (3, 6, 6), (2, 4, 1), (3, 5, 2), (0, 3, 2)],
        [(0, 1, 0), (0, 6, 0), (2, 0, 0), (2, 4, 1), (3, 2, 0), (4, 6, 3), (5, 0, 0), (5, 4, 0)],
    ),
)
"""Lifetimes with sizes, and pairs, in whose search an input waits at its place for an output that is not free."""
CUTS = 12
"""Rectangles cut to pieces: problems without a gap, whose search comes to the later orders of preference."""


class Numbers:
    """A generator of its own, so that the problems never change."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound

    def of(self, *values: int) -> int:
        return values[self.below(len(values))]


SEEDS = 320
BLOCK = 20
"""Seeds of one test: the judge of mutants wants it quick."""
FIRST_WITH_PAIRS = 240


def problem(seed: int) -> Problem:
    """Buffers over one to three pools; every fourth is plain, of these every second in eights, every third large. From
    FIRST_WITH_PAIRS on most of the pairs that are possible may lie in place."""
    numbers = Numbers(seed)
    plain, large = seed % 4 == 0, seed % 3 == 0
    pools = [(UNLIMITED, 16, 0)] if plain else [
        (numbers.of(UNLIMITED, 24, 40, 64), numbers.of(4, 16), numbers.below(3)) for _ in range(1 + numbers.below(3))
    ]  # fmt: skip
    items = []
    for _ in range(20 + numbers.below(20) if large else 4 + numbers.below(10)):
        start = numbers.below(30 if large else 8)
        end = start + 1 + numbers.below(9)
        size = numbers.below(17) + (1 if plain else 0)
        if plain:
            items.append(buffer(start, end, size * (8 if seed % 8 == 4 else 1)))
        else:
            fixed = 4 * numbers.below(8) if numbers.below(12) == 0 else FLOATING
            allowed = 1 << numbers.below(len(pools)) if fixed != FLOATING else numbers.of(ANY, ANY, ANY, 1, 3, 6)
            items.append(buffer(start, end, size, numbers.of(1, 1, 2, 4), allowed, fixed))
    return Problem(items, pools, pairs_of(items, numbers) if seed >= FIRST_WITH_PAIRS else ())


def pairs_of(items: list[Buffer], numbers: Numbers) -> list[tuple[int, int, int]]:
    """Pairs in the order in which the planner wants them."""
    found = []
    for output, (start, end, *_) in enumerate(items):
        for source, (source_start, source_end, *_) in enumerate(items):
            follows = (source_start, source_end, source) < (start, end, output)
            if source_end == start + 1 and follows and numbers.below(4) > 0:
                found.append((output, source, numbers.of(0, 0, 1, 4, 8, 20)))
    return found


def options_of(seed: int) -> tuple[str, int, int]:
    """Strategy, goal, step budget."""
    return STRATEGIES[seed // 4 % 4], int(seed % 5 == 1), (40, 400, 4000)[seed // 2 % 3]


def answer(seed: int) -> str:
    """Status, outcome, steps, bytes and bounds of the pools, and a checksum of the slots."""
    case = problem(seed)
    ffi, lib = case.ffi, case.lib
    strategy, goal, budget = options_of(seed)
    number = getattr(lib, f"MRT_PLAN_{strategy}")
    size = int(lib.mrt_plan_scratch_size(number, case.struct.buffer_count))
    scratch = ffi.new("uint64_t[]", size // 8 + 1)
    scratch[size // 8] = 0x5AFE
    options = ffi.new("mrt_plan_options_t *", (number, goal, budget))
    status = case.name(lib.mrt_plan_solve(case.struct, options, scratch, size, case.plan))
    assert scratch[size // 8] == 0x5AFE, "wrote behind the scratch"
    if status == "ERR_ARGUMENT":
        return status
    pools = case.struct.pool_count
    slots = zlib.crc32(bytes(ffi.buffer(case.slots))) if status == "OK" else 0
    used, bounds = list(case.plan.used)[:pools], list(case.plan.lower_bound)[:pools]
    assert not any((*list(case.plan.used)[pools:], *list(case.plan.lower_bound)[pools:])), "pools that do not exist"
    return f"{status} {int(case.plan.outcome)} {case.plan.steps} {used} {bounds} {slots:08x}"


def waiting(index: int) -> str:
    """The exact answer to one of WAITING, with a checksum of its slots."""
    items, pairs = WAITING[index]
    case = Problem([buffer(*item) for item in items], pairs=pairs)
    return f"waiting {index}: {exact_answer(case)}"


def cut(seed: int) -> str:
    """The same of a rectangle of 5,000 bytes and 400 moments."""
    numbers = Numbers(1000 + seed)
    pieces = [(0, 400, 0, 5000)]
    while len(pieces) < 110:
        pieces.sort(key=lambda piece: (piece[1] - piece[0]) * (piece[3] - piece[2]))
        start, end, low, high = pieces.pop(-1 - numbers.below(min(3, len(pieces))))
        share = 1 + numbers.below(9)
        if numbers.below(2) == 0:
            middle = start + (end - start) * share // 10
            pieces += [(start, middle, low, high), (middle, end, low, high)]
        else:
            middle = low + (high - low) * share // 10
            pieces += [(start, end, low, middle), (start, end, middle, high)]
        pieces = [piece for piece in pieces if piece[0] < piece[1] and piece[2] < piece[3]]
    case = Problem([buffer(start, end, high - low) for start, end, low, high in pieces])
    return f"cut {seed}: {exact_answer(case)}"


def exact_answer(case: Problem) -> str:
    """Status, outcome, steps, bytes, and a checksum of the slots."""
    status = case.solve("EXACT", budget=20_000)
    slots = zlib.crc32(bytes(case.ffi.buffer(case.slots)))
    return f"{status} {int(case.plan.outcome)} {case.plan.steps} {case.plan.used[0]} {slots:08x}"


def scratch_sizes(strategy: str) -> str:
    """Bytes for different numbers of buffers."""
    case = Problem([])
    number = getattr(case.lib, f"MRT_PLAN_{strategy}")
    return " ".join(str(case.lib.mrt_plan_scratch_size(number, count)) for count in COUNTS)


def lines() -> Iterator[str]:
    yield from (f"scratch {strategy}: {scratch_sizes(strategy)}" for strategy in STRATEGIES)
    yield from map(waiting, range(len(WAITING)))
    yield from map(cut, range(CUTS))
    yield from (f"{seed}: {answer(seed)}" for seed in range(SEEDS))


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_answers_are_those_of_the_golden_file(first: int) -> None:
    found = [f"{seed}: {answer(seed)}" for seed in range(first, first + BLOCK)]
    assert found == golden_answers()[first : first + BLOCK]


def golden_answers() -> list[str]:
    """The answers to `problem(seed)`, by seed."""
    return [line for line in GOLDEN.read_text().splitlines() if line[0].isdigit()]


def test_answers_to_chosen_problems_are_those_of_the_golden_file() -> None:
    known = GOLDEN.read_text().splitlines()
    assert [line for line in (*map(waiting, range(len(WAITING))), *map(cut, range(CUTS))) if line not in known] == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_scratch_is_as_large_as_in_the_golden_file(strategy: str) -> None:
    assert f"scratch {strategy}: {scratch_sizes(strategy)}" in GOLDEN.read_text().splitlines()


if __name__ == "__main__":
    print("\n".join(lines()))
