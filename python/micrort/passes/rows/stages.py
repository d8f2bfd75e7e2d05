"""Where to cut a program into stages, and how many rows to make at a time.

A stage is a stretch of calls whose rows are made on demand; between stages tensors live as a whole. Instructions of
stages add up, while the busiest of them decides on memory: so the fewest instructions within given bytes are a shortest
path over the cuts, along stages that keep within them. Which stages there are does not depend on the bytes, so that
all bounds are tried at little cost.

What a stage needs is an estimate: bytes of rows alive at once, as if they could always be placed without gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram
from micrort.passes.rows.stretch import Stage, Stretch

WORTH_TRYING = 256
"""Bounds on memory that are tried, at most."""
PIXELS = (8, 16, 32, 40)
"""Least pixels of a step, for the choices of rows by pixels."""
ROWS = (1, 2, 4)
"""Rows of a step, for the choices of rows by count."""


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
    alone = [Stretch(rows, last, heights, costs).stages(last - 1) for last in range(1, len(heights) + 1)]
    whole = [stage for found in alone for stage in found]
    families = _families(rows, costs, max((found[0].peak for found in alone), default=0))
    mixed = {(stage.first, stage.last, stage.chunks, stage.slacks): stage for family in families for stage in family}
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
    stretch = Stretch(rows, last, chunks, costs)
    for first in range(last - 1, -1, -1):
        if not rows.calls[first].in_pieces:
            break
        if last - first > 1 or chunks[first] < rows.calls[first].chunk(rows.calls[first].rows):
            yield from stretch.stages(first)
