"""Calls the C planner, and has mrt_plan_check judge what it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from micrort.errors import InternalError, UsageError
from micrort.native import library
from micrort.planner.problem import STRATEGIES, UINT32_MAX, Lifetime, Pair, Plan, PlanError, Pool, validate

_OUTCOMES = {1: "feasible", 2: "optimal"}


def plan(
    lifetimes: Sequence[Lifetime],
    pools: Sequence[Pool],
    strategy: str = "auto",
    budget: int | None = None,
    minimise: bool = True,
    pairs: Sequence[Pair] = (),
) -> Plan:
    """Find offsets for all lifetimes, proved by mrt_plan_check.

    Args:
        lifetimes: any number of buffers with unique ids.
        pools: 1 to 16 memory regions, the cheapest first.
        strategy: one of STRATEGIES.
        budget: most placements of single buffers to try; None: MRT_PLAN_STEPS_DEFAULT. The same budget gives the
            same plan on every machine.
        minimise: search for the smallest plan; else the first one within the capacities will do.
        pairs: which outputs may share bytes with which inputs.

    Raises:
        UsageError: a lifetime, pool, option or pair is not valid.
        PlanError: no plan was found within the capacities, or within the budget.
    """
    validate(lifetimes, pools, pairs)
    if strategy not in STRATEGIES:
        raise UsageError(f"no strategy {strategy!r}; supported: {', '.join(STRATEGIES)}")
    if budget is not None and not 1 <= budget < 1 << 63:
        raise UsageError(f"budget {budget}; supported: 1 to 2^63 - 1 steps")
    ffi, lib = library.load()
    problem = _problem(ffi, lifetimes, pools, pairs)
    _check_problem(ffi, lib, problem, lifetimes, pools)
    number = STRATEGIES.index(strategy)
    options = ffi.new("mrt_plan_options_t *", (number, 0 if minimise else 1, budget or 0))
    scratch_bytes = int(lib.mrt_plan_scratch_size(number, len(lifetimes)))
    scratch = ffi.new("uint64_t[]", scratch_bytes // 8 or 1)
    slots = ffi.new("mrt_plan_slot_t[]", len(lifetimes) or 1)
    answer = ffi.new("mrt_plan_t *", {"slots": slots})
    status = _interruptible(lambda: int(lib.mrt_plan_solve(problem.struct, options, scratch, scratch_bytes, answer)))
    if status not in (lib.MRT_OK, lib.MRT_ERR_INFEASIBLE, lib.MRT_ERR_BUDGET):
        library.check("mrt_plan_solve", status)
    bounds = tuple(int(answer.lower_bound[i]) for i in range(len(pools)))
    if status != lib.MRT_OK:
        name = "infeasible" if status == lib.MRT_ERR_INFEASIBLE else "budget"
        raise PlanError(Plan({}, (0,) * len(pools), bounds, name, int(answer.steps)), pools)
    _prove(ffi, lib, problem, slots, lifetimes)
    places = {item.id: (int(slots[i].pool), int(slots[i].offset)) for i, item in enumerate(lifetimes)}
    return Plan(
        slots=places,
        sizes=tuple(int(answer.used[i]) for i in range(len(pools))),
        lower_bounds=bounds,
        status=_OUTCOMES[int(answer.outcome)],
        steps=int(answer.steps),
        in_place=_in_place(lifetimes, pairs, places),
    )


def _in_place(
    lifetimes: Sequence[Lifetime], pairs: Sequence[Pair], slots: Mapping[str, tuple[int, int]]
) -> tuple[Pair, ...]:
    """Those pairs whose buffers share bytes. The output begins first."""
    sizes = {item.id: item.size for item in lifetimes}
    found = []
    for pair in pairs:
        (input_pool, begin), (output_pool, output_begin) = slots[pair.input], slots[pair.output]
        if (
            input_pool == output_pool
            and sizes[pair.input]
            and output_begin <= begin < output_begin + sizes[pair.output]
        ):
            found.append(pair)
    return tuple(found)


def _interruptible(call: Callable[[], int]) -> int:
    """Run a long C call beside the main thread, which Ctrl-C could not reach while it is in C itself."""
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(call()), daemon=True)
    thread.start()
    thread.join()
    return answers[0]


class _Problem:
    """An mrt_plan_problem_t together with the arrays that it points to, which cffi frees otherwise."""

    def __init__(self, ffi: Any, buffers: list[Any], pools: list[Any], pairs: list[Any]) -> None:
        self.arrays = (
            ffi.new("mrt_plan_buffer_t[]", buffers or 1),
            ffi.new("mrt_plan_pool_t[]", pools),
            ffi.new("mrt_plan_pair_t[]", pairs or 1),
        )
        self.pairs = pairs
        self.struct = ffi.new(
            "mrt_plan_problem_t *",
            (self.arrays[0], self.arrays[1], len(buffers), len(pools), self.arrays[2], len(pairs)),
        )


def _problem(ffi: Any, lifetimes: Sequence[Lifetime], pools: Sequence[Pool], pairs: Sequence[Pair]) -> _Problem:
    rows = [
        (
            item.start,
            item.end,
            item.size,
            item.alignment,
            (1 << len(pools)) - 1 if item.pools is None else sum({1 << pool for pool in item.pools}),
            UINT32_MAX if item.fixed is None else item.fixed,
        )
        for item in lifetimes
    ]
    regions = [
        (UINT32_MAX if pool.capacity is None else pool.capacity, pool.alignment, place)
        for place, pool in enumerate(pools)
    ]
    index = {item.id: i for i, item in enumerate(lifetimes)}
    links = sorted((index[pair.output], index[pair.input], pair.delta) for pair in pairs)
    return _Problem(ffi, rows, regions, links)


def _check_problem(ffi: Any, lib: Any, problem: _Problem, lifetimes: Sequence[Lifetime], pools: Sequence[Pool]) -> None:
    fault = ffi.new("mrt_plan_fault_t *")
    if lib.mrt_plan_validate(problem.struct, fault) == lib.MRT_OK:
        return
    text = ffi.string(lib.mrt_plan_fault_text(fault.kind)).decode()
    if fault.kind == lib.MRT_PLAN_FAULT_POOL_ALIGNMENT:
        raise UsageError(f"pool {pools[fault.first].name}: {text}: {pools[fault.first].alignment}")
    if fault.kind == lib.MRT_PLAN_FAULT_PAIR_STEP:
        output, source, _ = problem.pairs[fault.first]
        raise UsageError(f"{text}: {lifetimes[source]}, {lifetimes[output]}")
    raise UsageError(f"{text}: {lifetimes[fault.first]}")


def _prove(ffi: Any, lib: Any, problem: _Problem, slots: Any, lifetimes: Sequence[Lifetime]) -> None:
    fault = ffi.new("mrt_plan_fault_t *")
    if lib.mrt_plan_check(problem.struct, slots, fault) != lib.MRT_OK:
        text = ffi.string(lib.mrt_plan_fault_text(fault.kind)).decode()
        names = " and ".join(dict.fromkeys((lifetimes[fault.first].id, lifetimes[fault.second].id)))
        raise InternalError("the memory planner", f"{text}: {names}")
