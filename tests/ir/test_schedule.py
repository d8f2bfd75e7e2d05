"""Schedules as entries with loops, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrort.ir import Step, schedule
from micrort.ir.program import StepKind

ROWS = st.integers(0, 60000)


@st.composite
def schedules(draw: st.DrawFn) -> list[Step]:
    """Stretches of steps, some repeated with their rows moved on."""
    found: list[Step] = []
    for _ in range(draw(st.integers(0, 4))):
        calls = st.integers(0, 3)
        body = [
            (draw(calls), draw(st.integers(0, 50)), draw(st.integers(1, 3)), draw(st.integers(0, 4)))
            for _ in range(draw(st.integers(1, 5)))
        ]
        for turn in range(draw(st.integers(1, 6))):
            found.extend(Step(call, begin + turn * by, begin + turn * by + rows) for call, begin, rows, by in body)
    kinds = st.sampled_from([StepKind.INPUT, StepKind.OUTPUT])
    if found and draw(st.booleans()):
        found.insert(draw(st.integers(0, len(found))), Step(draw(st.integers(0, 5)), 7, 8, draw(kinds)))
    return found


@given(schedules())
def test_entries_are_the_steps(steps: list[Step]) -> None:
    entries = schedule.compress(steps)
    assert list(schedule.expand(entries)) == steps
    assert len(entries) <= len(steps)


def test_a_period_is_a_loop() -> None:
    steps = [Step(call, row, row + 1) for row in range(20) for call in (0, 0, 1)]
    steps[1::3] = [Step(0, 2 * turn + 1, 2 * turn + 2) for turn in range(20)]
    steps[0::3] = [Step(0, 2 * turn, 2 * turn + 1) for turn in range(20)]
    assert schedule.compress(steps) == [(schedule.LOOP, 3, 20, 0), (0, 0, 1, 2), (0, 1, 2, 2), (1, 0, 1, 1)]


def test_rows_that_are_handed_over() -> None:
    steps = [Step(2, row, row + 1, StepKind.INPUT) for row in range(4)]
    assert schedule.compress(steps) == [(schedule.LOOP, 1, 4, 0), (schedule.INPUT + 2, 0, 1, 1)]
    assert schedule.compress([Step(3, 0, 1, StepKind.OUTPUT)]) == [(schedule.OUTPUT + 3, 0, 1, 0)]


@pytest.mark.parametrize(
    "entries", [[(schedule.LOOP, 2, 3, 0), (0, 0, 1, 1)], [(schedule.LOOP, 0, 3, 0)], [(schedule.LOOP, 1, 2, 0)] * 2]
)
def test_loops_without_a_body_are_refused(entries: list[schedule.Entry]) -> None:
    with pytest.raises(ValueError, match="no body"):
        list(schedule.expand(entries))
