"""Outputs over inputs: which in-place offers of kernels are taken.

Storages that are laid over one another form a block. An offer is taken where the input dies at that call, nothing
else of its block is in use at the same time as the output, and the bytes live at the busiest step do not grow (an
output that starts before its input makes a block longer than either). Model inputs may be overwritten too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from micrort.ir import Program
from micrort.passes import storage
from micrort.passes.storage import Interval


@dataclass(frozen=True)
class Block:
    """Storages at fixed distances from one another."""

    offsets: dict[str, int]
    """Storage -> bytes from the start of the block; the least is 0."""
    bytes: int
    interval: Interval
    """When any of them is in use."""

    @property
    def owner(self) -> str:
        """The first storage at the start of the block; it stands for the block."""
        return min(self.offsets, key=lambda name: self.offsets[name])


def share_storage(program: Program) -> Program:
    """Fill `Program.shares` by taking offers in the order of calls."""
    uses = _Uses(program)
    used = uses.intervals
    block_of = {name: Block({name: 0}, program.tensors[name].bytes, used[name]) for name in used}
    bound = busiest(program, block_of)
    for index, call in enumerate(program.calls):
        for offer in call.in_place:
            source = program.root(call.inputs[offer.input])
            made = program.root(call.outputs[offer.output])
            if not uses.dies_at(source, index):
                continue
            joined = _join(program, block_of[source], block_of[made], source, made, offer.delta, used)
            if joined is None:
                continue
            trial = {**block_of, **dict.fromkeys(joined.offsets, joined)}
            peak = busiest(program, trial)
            if peak <= bound:
                block_of, bound = trial, peak
                break
    shares = {name: (block.owner, block.offsets[name]) for name, block in block_of.items() if name != block.owner}
    return replace(program, shares=shares)


def blocks(program: Program) -> list[Block]:
    """The blocks that `Program.shares` describes, in the order of their first storage."""
    used = storage.intervals(program)
    found: dict[str, Block] = {}
    for name, interval in used.items():
        owner, offset = program.shares.get(name, (name, 0))
        alone = Block({name: offset}, offset + program.tensors[name].bytes, interval)
        block = found.get(owner, alone)
        found[owner] = Block(
            {**block.offsets, name: offset}, max(block.bytes, alone.bytes), block.interval.union(interval)
        )
    return list(found.values())


def busiest(program: Program, block_of: dict[str, Block]) -> int:
    """The most bytes, workspaces included, in use at one step."""
    change = [0] * (len(program.steps) + 1)
    for block in {id(block): block for block in block_of.values()}.values():
        change[block.interval.start] += block.bytes
        change[block.interval.end] -= block.bytes
    live, most = 0, 0
    for index, step in enumerate(program.steps):
        live += change[index]
        most = max(most, live + program.calls[step.call].workspace_bytes)
    return most


class _Uses:
    """Which calls touch a storage, and when it is in use."""

    def __init__(self, program: Program) -> None:
        self.intervals = storage.intervals(program)
        self.outputs = set(storage.activations(program, program.outputs))
        self.steps = storage.call_intervals(program)
        self.calls: dict[str, set[int]] = {}
        self.read_twice: set[tuple[str, int]] = set()
        for index, call in enumerate(program.calls):
            roots = [program.root(name) for name in call.inputs]
            self.read_twice.update((name, index) for name in roots if roots.count(name) > 1)
            for name in (*roots, *(program.root(made) for made in call.outputs)):
                self.calls.setdefault(name, set()).add(index)

    def dies_at(self, name: str, index: int) -> bool:
        """Whether call `index` is the last to use `name`, by one input, and all others are through before it."""
        if name not in self.intervals or name in self.outputs or (name, index) in self.read_twice:
            return False
        return all(self.steps[other].end <= self.steps[index].start for other in self.calls[name] - {index})


def _join(
    program: Program, old: Block, new: Block, source: str, made: str, delta: int, used: dict[str, Interval]
) -> Block | None:
    """`old` and `new` with `source` `delta` bytes behind `made`; None where storages in use would meet."""
    if old is new:
        return None
    unit = max(storage.alignment(program.tensors[name]) for name in (*old.offsets, *new.offsets))
    delta = -(-delta // unit) * unit
    shift = old.offsets[source] - delta - new.offsets[made]
    offsets = {**old.offsets, **{name: offset + shift for name, offset in new.offsets.items()}}
    for name in old.offsets:
        for other in new.offsets:
            if (name, other) != (source, made) and used[name].overlaps(used[other]):
                return None
    first = min(offsets.values())
    offsets = {name: offset - first for name, offset in offsets.items()}
    end = max(offset + program.tensors[name].bytes for name, offset in offsets.items())
    return Block(offsets, end, old.interval.union(new.interval))
