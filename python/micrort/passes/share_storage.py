"""Outputs over inputs: which in-place offers of kernels are taken.

Storages that are laid over one another form a block. An offer can be taken where the input dies at that call and
nothing else of its block is in use at the same time as the output; model inputs may be overwritten too. It need not
help: an output that starts before its input makes a block longer than either, and a small input makes its large output
live longer. So the offers are chosen for the fewest bytes at the busiest step: once by taking, in the order of calls,
those that do not raise it, once by dropping, from all, those that do not help; the better choice holds.
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


@dataclass(frozen=True)
class _Offer:
    """The in-place offers of a call on storages; `source` may lie any of `deltas` behind `made`."""

    source: str
    made: str
    deltas: tuple[int, ...]


def share_storage(program: Program) -> Program:
    """Fill `Program.shares`; where steps make rows, nothing: those are laid over one another row by row."""
    if len(program.steps) != len(program.calls):
        return program
    sharing = _Sharing(program)
    taken, dropped = sharing.take(), sharing.drop()
    best = dropped if busiest(program, dropped) < busiest(program, taken) else taken
    shares = {name: (block.owner, block.offsets[name]) for name, block in best.items() if name != block.owner}
    return replace(program, shares=shares)


class _Sharing:
    """The offers of a program, and what comes of choices among them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.uses = _Uses(program)
        self.offers: list[_Offer] = []
        for index, call in enumerate(program.calls):
            deltas: dict[tuple[str, str], list[int]] = {}
            for offer in call.in_place:
                source, made = program.root(call.inputs[offer.input]), program.root(call.outputs[offer.output])
                if self.uses.dies_at(source, index):
                    deltas.setdefault((source, made), []).append(offer.delta)
            self.offers.extend(_Offer(*names, tuple(found)) for names, found in deltas.items())

    def take(self) -> dict[str, Block]:
        """Take each offer that does not raise the most bytes in use."""
        chosen = self._apart()
        bound = busiest(self.program, chosen)
        for offer in self.offers:
            trial = self._with(chosen, offer)
            peak = busiest(self.program, trial)
            if peak <= bound:
                chosen, bound = trial, peak
        return chosen

    def drop(self) -> dict[str, Block]:
        """Take all offers, then drop those without which no more bytes are in use."""
        offers = list(self.offers)
        chosen = self._all(offers)
        for offer in self.offers:
            fewer = [other for other in offers if other is not offer]
            trial = self._all(fewer)
            if busiest(self.program, trial) <= busiest(self.program, chosen) - (0 in offer.deltas):
                offers, chosen = fewer, trial
        return chosen

    def _apart(self) -> dict[str, Block]:
        """Storage -> its block, each by itself."""
        used = self.uses.intervals
        return {name: Block({name: 0}, self.program.tensors[name].bytes, used[name]) for name in used}

    def _all(self, offers: list[_Offer]) -> dict[str, Block]:
        chosen = self._apart()
        for offer in offers:
            chosen = self._with(chosen, offer)
        return chosen

    def _with(self, chosen: dict[str, Block], offer: _Offer) -> dict[str, Block]:
        """`chosen` with the two blocks of an offer joined, where that is allowed."""
        old, new = chosen[offer.source], chosen[offer.made]
        trials = (_join(self.program, old, new, offer, delta, self.uses.intervals) for delta in offer.deltas)
        joined = min((trial for trial in trials if trial is not None), key=lambda block: block.bytes, default=None)
        return chosen if joined is None else {**chosen, **dict.fromkeys(joined.offsets, joined)}


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


def busiest_of(program: Program) -> int:
    """The most bytes in use at one step of a program whose storage is shared."""
    return busiest(program, {block.owner: block for block in blocks(program)})


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
    program: Program, old: Block, new: Block, offer: _Offer, apart: int, used: dict[str, Interval]
) -> Block | None:
    """`old` and `new` with the offer's storages `apart` as one of its deltas; None where storages in use would meet."""
    if old is new:
        return None
    unit = max(storage.alignment(program.tensors[name]) for name in (*old.offsets, *new.offsets))
    size = -(-abs(apart) // unit) * unit
    delta = size if apart >= 0 else -size
    shift = old.offsets[offer.source] - delta - new.offsets[offer.made]
    offsets = {**old.offsets, **{name: offset + shift for name, offset in new.offsets.items()}}
    for name in old.offsets:
        for other in new.offsets:
            if (name, other) != (offer.source, offer.made) and used[name].overlaps(used[other]):
                return None
    first = min(offsets.values())
    offsets = {name: offset - first for name, offset in offsets.items()}
    end = max(offset + program.tensors[name].bytes for name, offset in offsets.items())
    return Block(offsets, end, old.interval.union(new.interval))
