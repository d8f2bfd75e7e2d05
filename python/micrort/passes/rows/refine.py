"""Stages made better one call at a time: cuts know but few choices of rows, and spend slack on all calls alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram
from micrort.passes.rows.stages import Cut
from micrort.passes.rows.stretch import SLACKS, Stage, Stretch

_Choice = tuple[tuple[int, ...], tuple[float, ...]]
"""Rows of a step of each call, and slacks."""


@dataclass
class Refinement:
    """Of the stages of a program; remembers all that it looked at."""

    rows: RowProgram
    costs: Costs
    _known: dict[tuple[int, _Choice], Stage] = field(default_factory=dict)

    def cut(self, cut: Cut) -> Cut:
        """`cut` with fewer instructions within its bytes, as estimated."""
        return Cut(tuple(self._stage(stage, cut.peak) for stage in cut.stages))

    def _stage(self, stage: Stage, bound: int) -> Stage:
        """The best choice that single steps lead to, each the best one: more rows for a call, a smaller workspace."""
        best = stage
        while True:
            tried = (self._made(stage, choice) for choice in self._choices(best))
            better = [made for made in tried if made.peak <= bound and made.instructions < best.instructions]
            if not better:
                return best
            best = min(better, key=lambda made: (made.instructions, made.peak))

    def _choices(self, stage: Stage) -> Iterator[_Choice]:
        """More rows for one call, a larger workspace for one, or more rows for one and a smaller workspace for one."""
        more = list(self._more_rows(stage))
        yield from ((chunks, stage.slacks) for chunks in more)
        for index, own in enumerate(stage.slacks):
            for slack in (0.0, *SLACKS):
                slacks = (*stage.slacks[:index], slack, *stage.slacks[index + 1 :])
                if slack < own:
                    yield stage.chunks, slacks
                elif slack > own:
                    yield from ((chunks, slacks) for chunks in more)

    def _more_rows(self, stage: Stage) -> Iterator[tuple[int, ...]]:
        for index, own in enumerate(stage.chunks):
            call = self.rows.calls[stage.first + index]
            for count in (own + 1, 2 * own) if own > 1 else (2,):
                if own < call.chunk(count) == count:
                    yield (*stage.chunks[:index], count, *stage.chunks[index + 1 :])

    def _made(self, stage: Stage, choice: _Choice) -> Stage:
        key = (stage.first, choice)
        if key not in self._known:
            chunks, slacks = choice
            padded = (*(call.rows for call in self.rows.calls[: stage.first]), *chunks)
            stretch = Stretch(self.rows, stage.last, padded, self.costs, stage.first)
            self._known[key] = stretch.stage(stage.first, slacks)
        return self._known[key]
