"""What passes on programs share: views, alignment, and when the bytes of a tensor are in use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from micrort.ir import Program, Tensor

ARENA_ALIGNMENT = 16
"""What an arena's address is aligned to: enough for any vector load, and free in a static array."""


def alignment(tensor: Tensor) -> int:
    """The alignment of a tensor in its arena, in bytes.

    4: kernels load words, also from int8 tensors, and no Cortex-M instruction that they use asks for more; a larger
    alignment would only open gaps between small tensors. Wider elements keep their own size.
    """
    return max(4, tensor.dtype.bytes)


def is_constant(program: Program, name: str) -> bool:
    """Whether the bytes of `name` lie in the params."""
    return program.tensors[program.root(name)].is_constant


def add_aliases(program: Program, made: set[str]) -> None:
    """Add to `made` every alias whose original is in it."""
    for alias in program.aliases:
        if program.root(alias) in made:
            made.add(alias)


def activations(program: Program, names: Iterable[str]) -> list[str]:
    """The storages behind `names`, once each, constants left out."""
    roots = (program.root(name) for name in names)
    return [name for name in dict.fromkeys(roots) if not program.tensors[name].is_constant]


@dataclass(frozen=True)
class Interval:
    """Steps [start, end) in which the bytes of a storage are in use."""

    start: int
    end: int

    def overlaps(self, other: Interval) -> bool:
        """Whether both are in use at the same step."""
        return self.start < other.end and other.start < self.end

    def union(self, other: Interval) -> Interval:
        """From the first step of either to the last of either."""
        return Interval(min(self.start, other.start), max(self.end, other.end))


def call_intervals(program: Program) -> list[Interval]:
    """For each call, from its first to its last step."""
    found: dict[int, Interval] = {}
    for index, step in enumerate(program.steps):
        own = Interval(index, index + 1)
        found[step.call] = found.get(step.call, own).union(own)
    return [found[index] for index in range(len(program.calls))]


def intervals(program: Program) -> dict[str, Interval]:
    """When each activation storage is in use.

    Inputs are written before step 0, outputs are read after the last step; between, from the first step that writes
    to the last that reads.
    """
    found: dict[str, Interval] = {}

    def use(name: str, interval: Interval) -> None:
        found[name] = found[name].union(interval) if name in found else interval

    for name in activations(program, program.inputs):
        use(name, Interval(0, 1))
    for call, steps in zip(program.calls, call_intervals(program), strict=True):
        for name in activations(program, (*call.inputs, *call.outputs)):
            use(name, steps)
    for name in activations(program, program.outputs):
        use(name, Interval(found[name].start, len(program.steps)))
    return found
