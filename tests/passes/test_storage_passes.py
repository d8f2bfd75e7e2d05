"""Order, steps, in-place storage and slots: whatever the program, no tensor is overwritten while it is needed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.passes.programs import Device, live_peak, programs, tensor

from micrort.errors import InternalError
from micrort.ir import InPlace, KernelCall, Program
from micrort.passes import Options, order_calls, spec
from micrort.passes.assign_slots import assign_slots
from micrort.passes.make_steps import make_steps
from micrort.passes.share_storage import blocks, busiest, share_storage
from micrort.planner import PlanError, Pool

POOLS = Options().pools


def place(program: Program) -> Program:
    """The passes behind ordering, each with the check of its stage."""
    stepped = make_steps(program)
    assert spec.stepped(stepped) is None
    shared = share_storage(stepped)
    assert spec.shared(shared) is None
    placed = assign_slots(shared, POOLS)
    assert spec.placed(placed) is None
    return placed


@settings(max_examples=300, deadline=None)
@given(programs())
def test_no_tensor_is_overwritten_while_it_is_needed(program: Program) -> None:
    assert spec.program(program) is None
    Device(place(program)).run()


@settings(max_examples=100, deadline=None)
@given(programs(), st.integers(0, 100))
def test_what_does_not_fit_goes_to_the_next_pool(program: Program, capacity: int) -> None:
    pools = (Pool("fast", capacity, 16), Pool("slow", None, 16))
    placed = assign_slots(share_storage(make_steps(program)), pools)
    assert spec.placed(placed) is None
    assert all(arena.size <= capacity for arena in placed.arenas if arena.name == "fast")
    assert all(arena.size > 0 for arena in placed.arenas)
    Device(placed).run()


def test_what_fits_nowhere_is_reported() -> None:
    with pytest.raises(PlanError, match="fast: at least 128 of 100"):
        assign_slots(make_steps(chain(())), (Pool("fast", 100, 16),))


@settings(max_examples=100, deadline=None)
@given(programs())
def test_sharing_never_raises_the_bound(program: Program) -> None:
    stepped = make_steps(program)

    def bound(unit: Program) -> int:
        return busiest(unit, {block.owner: block for block in blocks(unit)})

    assert bound(share_storage(stepped)) <= bound(stepped)


@settings(max_examples=100, deadline=None)
@given(programs(most_calls=5))
def test_order_is_the_best_of_all(program: Program) -> None:
    program = replace(program, calls=tuple(replace(call, in_place=()) for call in program.calls))
    ordered = order_calls(program, 100_000)
    valid = (replace(program, calls=calls) for calls in itertools.permutations(program.calls))
    best = min(live_peak(other) for other in valid if spec.program(other) is None)
    assert spec.program(ordered) is None
    assert live_peak(ordered) == best
    if live_peak(program) == best:
        assert ordered == program


@settings(max_examples=100, deadline=None)
@given(programs())
def test_greedy_order_is_valid_and_no_worse(program: Program) -> None:
    program = replace(program, calls=tuple(replace(call, in_place=()) for call in program.calls))
    ordered = order_calls(program, 1)
    assert spec.program(ordered) is None
    assert live_peak(ordered) <= live_peak(program)


def chain(*offers: tuple[InPlace, ...]) -> Program:
    """x0 -> x1 -> x2 -> ..., each of 64 bytes, with the given offers."""
    names = [f"x{i}" for i in range(len(offers) + 1)]
    calls = tuple(
        KernelCall(f"call{i}", "copy", (names[i],), (names[i + 1],), {}, offer) for i, offer in enumerate(offers)
    )
    return Program("chain", {name: tensor(name, 64) for name in names}, calls, (names[0],), (names[-1],))


def test_elementwise_chain_needs_one_tensor() -> None:
    placed = place(chain((InPlace(0),), (InPlace(0),), (InPlace(0),)))
    assert placed.arenas[0].size == placed.arenas[0].lower_bound == 64
    assert {slot.offset for slot in placed.slots.values()} == {0}


def test_delta_puts_the_input_behind_the_output() -> None:
    placed = place(chain((InPlace(0, delta=10),)))
    assert placed.arenas[0].size == 76  # 64 and a delta of 10, rounded up to the alignment
    assert placed.slots["x0"].offset - placed.slots["x1"].offset == 12


def test_deltas_add_up_along_a_chain() -> None:
    placed = place(chain((InPlace(0, delta=8),), (InPlace(0, delta=8),)))
    assert [placed.slots[f"x{i}"].offset for i in range(3)] == [16, 8, 0]


def test_offer_that_would_raise_the_peak_is_refused() -> None:
    # x1 -> x2 in place makes a block of 64 + 32 bytes, which then meets the 64 of x0 or x3
    placed = place(chain((), (InPlace(0, delta=32),), ()))
    assert placed.arenas[0].size == 128
    assert not placed.shares


def test_input_that_is_read_later_is_not_overwritten() -> None:
    program = chain((InPlace(0),), ())
    program = replace(program, calls=(program.calls[0], replace(program.calls[1], inputs=("x1", "x0"))))
    assert not share_storage(make_steps(program)).shares


def test_offers_in_both_directions_do_not_drift() -> None:
    """Of outputs that may begin before their input or behind it, every second one goes back."""
    both = (InPlace(0, delta=16), InPlace(0, delta=-16))
    (block,) = blocks(share_storage(make_steps(chain(*[both] * 6))))
    assert block.bytes == 64 + 16
    (drifting,) = blocks(share_storage(make_steps(chain(*[both[:1]] * 3))))
    assert drifting.bytes == 64 + 3 * 16


def test_output_of_the_model_is_not_overwritten() -> None:
    program = chain((), (InPlace(0),))
    assert not share_storage(make_steps(replace(program, outputs=("x1", "x2")))).shares


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda unit: replace(unit, calls=unit.calls[::-1]), "before it is made"),
        (lambda unit: replace(unit, calls=(*unit.calls, unit.calls[0])), "two calls are named"),
        (lambda unit: replace(unit, steps=unit.steps[:-1]), "leave out rows"),
        (lambda unit: replace(unit, steps=(unit.steps[0], *unit.steps)), "does not continue"),
        (lambda unit: replace(unit, shares={"x1": ("x0", 3)}), "lies at byte 3"),
        (lambda unit: replace(unit, slots={}), "has no place"),
        (lambda unit: replace(unit, outputs=("x9",)), "x9"),
    ],
)
def test_spec_notices(damage, message: str) -> None:
    placed = place(chain((), ()))
    problem = spec.placed(damage(placed))
    assert problem is not None and message in problem


def test_internal_error_names_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    from micrort import passes
    from micrort.ir import Graph

    broken = passes.Pass(lambda graph: replace(graph, outputs=("nowhere",)), spec.graph)
    broken.run.__name__ = "break_it"
    monkeypatch.setattr(passes, "PIPELINE", (broken,))
    with pytest.raises(InternalError, match="pass break_it: output nowhere"):
        passes.compile_graph(Graph("empty", {}, (), (), ()))
