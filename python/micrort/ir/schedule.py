"""Schedules as the entries of mrt_step_t: a stretch that repeats itself is a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from micrort.ir.program import Step, StepKind

LOOP, INPUT, OUTPUT = 0xFFFF, 0xFE00, 0xFD00
"""MRT_STEP_LOOP, MRT_STEP_INPUT, MRT_STEP_OUTPUT."""
BODY_MAX = 400
"""Longest body of a loop that is looked for, in steps."""
U16_MAX = 0xFFFF

Entry = tuple[int, int, int, int]
"""The members of mrt_step_t: node, row_begin, row_end, advance. Of a loop: LOOP, steps of the body, repetitions, 0."""


@dataclass(frozen=True)
class _Loop:
    """`rounds` times the `length` steps from some step on, each of which moves on by its own advance."""

    length: int
    rounds: int
    advances: tuple[int, ...]

    @property
    def saved(self) -> int:
        """Entries fewer than without the loop."""
        return self.length * (self.rounds - 1) - 1


def compress(steps: Sequence[Step]) -> list[Entry]:
    """The entries of a schedule: of each repeated stretch that begins at a step the loop that saves most."""
    found: list[Entry] = []
    index = 0
    while index < len(steps):
        loop = _best_loop(steps, index)
        if loop is None:
            found.append(_entry(steps[index], 0))
            index += 1
            continue
        found.append((LOOP, loop.length, loop.rounds, 0))
        body = steps[index : index + loop.length]
        found.extend(_entry(step, advance) for step, advance in zip(body, loop.advances, strict=True))
        index += loop.length * loop.rounds
    return found


def expand(entries: Sequence[Entry]) -> Iterator[Step]:
    """The steps of a schedule, each by itself.

    Raises:
        ValueError: a loop is empty or not whole.
    """
    index = 0
    while index < len(entries):
        node, length, rounds, _ = entries[index]
        if node == LOOP:
            body = entries[index + 1 : index + 1 + length]
            if len(body) != length or not length or any(entry[0] == LOOP for entry in body):
                raise ValueError(f"loop {index} has no body")
        else:
            body, length, rounds = entries[index : index + 1], 0, 1
        for turn in range(rounds):
            yield from (_step(entry, turn) for entry in body)
        index += length + 1


def _best_loop(steps: Sequence[Step], first: int) -> _Loop | None:
    best: _Loop | None = None
    for length in range(1, min(BODY_MAX, (len(steps) - first) // 2) + 1):
        if steps[first + length].call != steps[first].call:
            continue
        loop = _loop(steps, first, length)
        if loop is not None and loop.saved > (0 if best is None else best.saved):
            best = loop
    return best


def _loop(steps: Sequence[Step], first: int, length: int) -> _Loop | None:
    """The loop with a body of `length` steps; None where the second turn is not the first one, moved."""
    advances = []
    for before, after in zip(steps[first : first + length], steps[first + length : first + 2 * length], strict=True):
        advance = after.row_begin - before.row_begin
        if not 0 <= advance <= U16_MAX or not _is_moved(before, after, advance):
            return None
        advances.append(advance)
    rounds = 2
    while first + (rounds + 1) * length <= len(steps):
        at = first + (rounds - 1) * length
        pairs = zip(steps[at : at + length], steps[at + length : at + 2 * length], advances, strict=True)
        if not all(_is_moved(before, after, advance) for before, after, advance in pairs):
            break
        rounds += 1
    return _Loop(length, rounds, tuple(advances))


def _is_moved(before: Step, after: Step, advance: int) -> bool:
    same = (before.call, before.kind) == (after.call, after.kind)
    return same and (after.row_begin - before.row_begin, after.row_end - before.row_end) == (advance, advance)


def _entry(step: Step, advance: int) -> Entry:
    base = {StepKind.CALL: 0, StepKind.INPUT: INPUT, StepKind.OUTPUT: OUTPUT}[step.kind]
    return (base + step.call, step.row_begin, step.row_end, advance)


def _step(entry: Entry, turn: int) -> Step:
    node, begin, end, advance = entry
    kind, base = StepKind.CALL, 0
    if node >= INPUT:
        kind, base = StepKind.INPUT, INPUT
    elif node >= OUTPUT:
        kind, base = StepKind.OUTPUT, OUTPUT
    return Step(node - base, begin + turn * advance, end + turn * advance, kind)
