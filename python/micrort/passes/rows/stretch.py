"""A stage: a stretch of calls whose rows are made on demand, and what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from micrort.ir.executor_graph import ROW_UNIT
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram, piled
from micrort.passes.rows.order import ADJOINING, live_bytes, produce, together

SLACKS = (0.1, 0.5)
"""Parts of a call's instructions that a smaller workspace may cost."""


@dataclass(frozen=True)
class Stage:
    """Calls first..last-1, and the most rows of a step of each."""

    first: int
    last: int
    chunks: tuple[int, ...]
    """Of each call of the stage."""
    peak: int
    """Bytes alive at its busiest step, whatever else lives meanwhile and the step's workspace included."""
    kept_peak: int
    """The same where the largest workspace is kept throughout."""
    instructions: int
    """An estimate."""
    slacks: tuple[float, ...]
    """The part of each call's instructions that is spent on a smaller workspace, at most."""


@dataclass
class Stretch:
    """The stages that end with one call, by one choice of rows. One production serves them all: where a stage begins
    later, the steps of the calls before it are left out, and what they made is there as a whole."""

    rows: RowProgram
    last: int
    chunks: Sequence[int]
    costs: Costs
    begin: int | None = None
    """The first call of the production; None: the first one from which on rows are made one by one."""
    births: dict[str, np.ndarray] = field(default_factory=dict)
    deaths: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    """By storage and reader."""

    def __post_init__(self) -> None:
        """Produce everything."""
        first = self.last - 1 if self.begin is None else self.begin
        if self.begin is None and self.rows.calls[first].in_pieces:
            while first > 0 and self.rows.calls[first - 1].in_pieces:
                first -= 1
        steps = produce(self.rows, first, self.last, self.chunks)
        self.callers = np.array([call for call, _, _ in steps], np.int64)
        for index, (call, begin, end) in enumerate(steps):
            self._note(index, call, begin, end)

    def stages(self, first: int) -> list[Stage]:
        """The stages of the calls first..last-1: by the fewest instructions, and by smaller workspaces for more."""
        busy = self._busy(first)
        found: list[Stage] = []
        for slack in (0.0, *SLACKS):
            made = self._stage(first, busy, (slack,) * (self.last - first))
            last = found[-1] if found else None
            if last is None or made.instructions < last.instructions or _peaks(made) != _peaks(last):
                found.append(made)
        return found

    def stage(self, first: int, slacks: tuple[float, ...]) -> Stage:
        """The stage of the calls first..last-1 with these slacks."""
        return self._stage(first, self._busy(first), slacks)

    def _busy(self, first: int) -> np.ndarray:
        """Bytes of rows alive at each step of the stage from `first` on."""
        busy = np.zeros(len(self.callers), np.int64)
        for root in dict.fromkeys((*self.rows.maker, *self.rows.readers)):
            busy += self._profile(root, first)
        return busy[self.callers >= first]

    def _stage(self, first: int, busy: np.ndarray, slacks: tuple[float, ...]) -> Stage:
        chunks = tuple(self.chunks[first : self.last])
        sized = list(zip(range(first, self.last), chunks, slacks, strict=True))
        workspace = np.array([self.costs.workspace(*size) for size in sized])
        instructions = sum(self.costs.instructions(*size) for size in sized)
        callers = self.callers[self.callers >= first] - first
        peak, kept = int((busy + workspace[callers]).max()), int(busy.max() + workspace.max())
        return Stage(first, self.last, chunks, peak, kept, instructions, slacks)

    def _note(self, index: int, call: int, begin: int, end: int) -> None:
        program = self.rows.program
        for place, name in enumerate(program.calls[call].outputs):
            root = program.root(name)
            births = self.births.setdefault(root, np.zeros(program.tensors[root].rows, np.int64))
            if place == 0:
                births[begin:end] = index
            else:
                births[:] = index
        in_place = self.costs.in_place(call)
        for need in self.rows.calls[call].needs:
            key = (need.root, call)
            deaths = self.deaths.setdefault(key, np.zeros(program.tensors[need.root].rows, np.int64))
            deaths[int(need.begin[begin:end].min()) : int(need.end[begin:end].max())] = index + (need.root != in_place)

    def _profile(self, root: str, first: int) -> np.ndarray | int:
        """Bytes of a storage at each step of the stage from `first` on, or at all of them."""
        tensor = self.rows.program.tensors[root]
        maker, readers = self.rows.maker.get(root, -1), self.rows.readers.get(root, ())
        inside = [reader for reader in readers if first <= reader < self.last]
        later = any(reader >= self.last for reader in readers) or root in self.rows.outputs
        if maker >= self.last or (maker < first and not inside and not later):
            return 0
        streamed = root in self.rows.streamed
        if maker < first and (later or (root in self.rows.inputs and not inside)):
            if streamed and maker < 0 and not inside:
                return 0  # its rows are yet to come
            return tensor.bytes
        return self._rows_profile(root, first, inside, later)

    def _rows_profile(self, root: str, first: int, inside: list[int], later: bool) -> np.ndarray:
        tensor, length = self.rows.program.tensors[root], len(self.callers)
        maker = self.rows.maker.get(root, -1)
        births = self.births[root] if maker >= first else np.zeros(tensor.rows, np.int64)
        deaths = np.zeros(tensor.rows, np.int64)
        for reader in inside:
            deaths = np.maximum(deaths, self.deaths[root, reader])
        if later:
            deaths[:] = length
        elif maker >= first:
            deaths = np.maximum(deaths, births + 1)
        if root in self.rows.streamed and maker < 0:
            births = np.maximum(deaths - 1, 0)  # as late as possible; most rows are read at several steps
            for reader in inside:
                births = np.minimum(births, self._first_reads(root, reader))
        if maker >= first and self.costs.sized(maker, self.chunks[maker]).call.kernel in ADJOINING:
            deaths = together(births, deaths)
        size = -(-tensor.row_bytes // ROW_UNIT) * ROW_UNIT
        if piled(self.rows, root):
            return live_bytes(births.min(keepdims=True), deaths.max(keepdims=True), size, length)
        movable = root in self.rows.separable or root in self.rows.streamed
        if not movable and not (maker < 0 and tensor.row_bytes % ROW_UNIT == 0):
            births, deaths, size = births.min(keepdims=True), deaths.max(keepdims=True), tensor.bytes
        return live_bytes(births, np.maximum(deaths, births), size, length)

    def _first_reads(self, root: str, reader: int) -> np.ndarray:
        """For each row, the first step of `reader` that reads it."""
        (need,) = (need for need in self.rows.calls[reader].needs if need.root == root)
        steps = np.flatnonzero(self.callers == reader)
        ends = np.minimum((np.arange(len(steps)) + 1) * self.chunks[reader], self.rows.calls[reader].rows)
        found = np.full(self.rows.program.tensors[root].rows, len(self.callers), np.int64)
        for step, end, begin in zip(steps[::-1], ends[::-1], (ends - self.chunks[reader])[::-1], strict=True):
            begin = max(int(begin), 0)
            found[int(need.begin[begin:end].min()) : int(need.end[begin:end].max())] = step
        return found


def _peaks(stage: Stage) -> tuple[int, int]:
    return stage.peak, stage.kept_peak
