"""Where to cut a program into stages, and how many rows to make at a time.

A stage is a stretch of calls whose rows are made on demand; between stages tensors live as a whole. Instructions of
stages add up, while the busiest of them decides on memory: so the fewest instructions within given bytes are a shortest
path over the cuts, along stages that keep within them. Which stages there are does not depend on the bytes, so that
all bounds are tried at little cost.

What a stage needs is an estimate: bytes of rows alive at once, as if they could always be placed without gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from micrort.ir.executor_graph import ROW_UNIT
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram, piled
from micrort.passes.rows.order import ADJOINING, live_bytes, produce, together

WORTH_TRYING = 256
"""Bounds on memory that are tried, at most."""
PIXELS = (8, 16, 32, 40)
"""Least pixels of a step, for the choices of rows by pixels."""
ROWS = (1, 2, 4)
"""Rows of a step, for the choices of rows by count."""
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
    slack: float = 0.0
    """The part of each call's instructions that is spent on a smaller workspace, at most."""


@dataclass(frozen=True)
class Cut:
    """A program cut into stages."""

    stages: tuple[Stage, ...]

    @property
    def peak(self) -> int:
        """Bytes that no arena can do without, as estimated."""
        return max(stage.peak for stage in self.stages)

    @property
    def instructions(self) -> int:
        """An estimate."""
        return sum(stage.instructions for stage in self.stages)


def cuts(rows: RowProgram, costs: Costs) -> list[Cut]:
    """Cuts that may be the best within some bytes of arena, or those of the fewest instructions.

    Estimates of bytes leave out gaps, so that of cuts with like estimates another one may be placed in less: there are
    some for workspaces which take turns with rows and some for workspaces that are kept, of stages of all choices of
    rows and of one choice alone.
    """
    heights = tuple(call.chunk(call.rows) for call in rows.calls)
    alone = [_Stretch(rows, last, heights, costs).stages(last - 1) for last in range(1, len(heights) + 1)]
    whole = [stage for found in alone for stage in found]
    families = _families(rows, costs, max((found[0].peak for found in alone), default=0))
    mixed = {(stage.first, stage.last, stage.chunks, stage.slack): stage for family in families for stage in family}
    found: dict[tuple[Stage, ...], Cut] = {}
    for stages in (mixed.values(), *families):
        for kept in (False, True):
            for cut in _cuts(rows, [*whole, *stages], kept):
                found.setdefault(cut.stages, cut)
    return list(found.values())


def _cuts(rows: RowProgram, stages: Sequence[Stage], kept: bool) -> list[Cut]:
    """The fewest instructions within each bound, by rising bounds on peaks with workspaces that are kept or not."""
    by_last: dict[int, list[tuple[int, Stage]]] = {}
    for stage in stages:
        by_last.setdefault(stage.last, []).append((stage.kept_peak if kept else stage.peak, stage))
    count = len(rows.calls)
    peaks = np.unique([peak for found in by_last.values() for peak, _ in found])
    least = _bottleneck(by_last, count)
    bounds = peaks[peaks >= least]
    if len(bounds) > WORTH_TRYING:
        bounds = bounds[np.unique(np.linspace(0, len(bounds) - 1, WORTH_TRYING).astype(int))]
    found: list[Cut] = []
    for bound in bounds:
        cut = _shortest(by_last, count, int(bound))
        if cut is not None and (not found or cut.instructions < found[-1].instructions):
            found.append(cut)
    return found


def _bottleneck(by_last: Mapping[int, list[tuple[int, Stage]]], count: int) -> int:
    """The least bound within which there is a cut."""
    best = [0] + [-1] * count
    for last in range(1, count + 1):
        reachable = [max(best[stage.first], peak) for peak, stage in by_last.get(last, ()) if best[stage.first] >= 0]
        best[last] = min(reachable, default=-1)
    return best[count]


def _shortest(by_last: Mapping[int, list[tuple[int, Stage]]], count: int, bound: int) -> Cut | None:
    """The cut of the fewest instructions among those with stages of at most `bound` bytes; of equals fewer bytes."""
    best: list[tuple[int, int, Stage | None] | None] = [(0, 0, None)] + [None] * count
    for last in range(1, count + 1):
        for peak, stage in by_last.get(last, ()):
            before = best[stage.first]
            if before is None or peak > bound:
                continue
            reached = (before[0] + stage.instructions, max(before[1], peak), stage)
            if best[last] is None or reached[:2] < best[last][:2]:  # type: ignore[index]
                best[last] = reached
    if best[count] is None:
        return None
    stages: list[Stage] = []
    place = count
    while place > 0:
        reached_by = best[place]
        assert reached_by is not None and reached_by[2] is not None
        stage = reached_by[2]
        stages.append(stage)
        place = stage.first
    return Cut(tuple(reversed(stages)))


def choices(rows: RowProgram) -> list[tuple[int, ...]]:
    """Ways to choose how many rows a step of each call makes."""
    widths = [rows.program.tensors[call.outputs[0]].nhwc[2] for call in rows.program.calls]
    found = [tuple(call.chunk(count) for call in rows.calls) for count in ROWS]
    for pixels in PIXELS:
        wanted = (max(1, -(-pixels // width)) for width in widths)
        found.append(tuple(call.chunk(count) for count, call in zip(wanted, rows.calls, strict=True)))
    return list(dict.fromkeys(found))


def by_strides(rows: RowProgram, last: int) -> list[tuple[int, ...]]:
    """Likewise of the calls before `last`, where strides make heights differ: as many rows of each call as a step of
    the last one goes on by."""
    heights = [call.rows for call in rows.calls[:last]]
    found = []
    for count in ROWS:
        wanted = (max(1, round(count * height / heights[-1])) for height in heights)
        found.append(tuple(call.chunk(rows_) for rows_, call in zip(wanted, rows.calls[:last], strict=True)))
    return found


def _families(rows: RowProgram, costs: Costs, limit: int) -> list[list[Stage]]:
    """Stages below `limit` bytes for each choice of rows."""
    plain = choices(rows)
    families: list[list[Stage]] = [[] for _ in range(len(plain) + len(ROWS))]
    for last in range(1, len(rows.calls) + 1):
        if not rows.calls[last - 1].in_pieces:
            continue
        made: dict[tuple[int, ...], list[Stage]] = {}
        for family, chunks in zip(families, [*(item[:last] for item in plain), *by_strides(rows, last)], strict=True):
            if chunks not in made:
                made[chunks] = [stage for stage in _ending(rows, chunks, costs) if stage.peak < limit]
            family.extend(made[chunks])
    return families


def _ending(rows: RowProgram, chunks: Sequence[int], costs: Costs) -> Iterator[Stage]:
    """Stages that end where `chunks` does, by that choice of rows."""
    last = len(chunks)
    stretch = _Stretch(rows, last, chunks, costs)
    for first in range(last - 1, -1, -1):
        if not rows.calls[first].in_pieces:
            break
        if last - first > 1 or chunks[first] < rows.calls[first].chunk(rows.calls[first].rows):
            yield from stretch.stages(first)


@dataclass
class _Stretch:
    """The stages that end with one call, by one choice of rows. One production serves them all: where a stage begins
    later, the steps of the calls before it are left out, and what they made is there as a whole."""

    rows: RowProgram
    last: int
    chunks: Sequence[int]
    costs: Costs
    births: dict[str, np.ndarray] = field(default_factory=dict)
    deaths: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    """By storage and reader."""

    def __post_init__(self) -> None:
        """Produce everything."""
        first = self.last - 1
        if self.rows.calls[first].in_pieces:
            while first > 0 and self.rows.calls[first - 1].in_pieces:
                first -= 1
        steps = produce(self.rows, first, self.last, self.chunks)
        self.callers = np.array([call for call, _, _ in steps], np.int64)
        for index, (call, begin, end) in enumerate(steps):
            self._note(index, call, begin, end)

    def stages(self, first: int) -> list[Stage]:
        """The stages of the calls first..last-1: by the fewest instructions, and by smaller workspaces for more."""
        busy = np.zeros(len(self.callers), np.int64)
        constant = 0
        for root in dict.fromkeys((*self.rows.maker, *self.rows.readers)):
            profile = self._profile(root, first)
            if isinstance(profile, int):
                constant += profile
            else:
                busy += profile
        own = self.callers >= first
        found: list[Stage] = []
        for slack in (0.0, *SLACKS):
            sized = [(call, self.chunks[call], slack) for call in range(first, self.last)]
            workspace = np.array([self.costs.workspace(*size) for size in sized])
            instructions = sum(self.costs.instructions(*size) for size in sized)
            peak = int((busy[own] + workspace[self.callers[own] - first]).max()) + constant
            kept = int(busy[own].max()) + constant + int(workspace.max())
            chunks = tuple(self.chunks[first : self.last])
            if not found or (peak, kept) != (found[-1].peak, found[-1].kept_peak):
                found.append(Stage(first, self.last, chunks, peak, kept, instructions, slack))
        return found

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
