"""The order in which rows are made: on demand.

A row of the last call is made as soon as it can be, and pulls the rows that it needs; each is made once. So rows live
for the shortest time that an order by rows of the last call allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from micrort.passes.rows.needs import Need, RowProgram


@dataclass
class Production:
    """Calls making rows; steps are (call, first row, one past the last). Calls without bounds have been made before."""

    rows: RowProgram
    chunks: Sequence[int]
    """By call, most rows of a step."""
    first: int = 0
    """Calls before this one are through."""
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    """By call, rows made."""

    def __post_init__(self) -> None:
        """Nothing is made."""
        self.done = [0] * len(self.rows.calls)

    def make(self, call: int, end: int) -> None:
        """Make rows of `call` up to `end`, those that they need before them."""
        own = self.rows.calls[call]
        while self.done[call] < end:
            begin = self.done[call]
            past = min(begin + self.chunks[call], own.rows) if own.in_pieces else own.rows
            for need in own.needs:
                maker = self.rows.maker.get(need.root, -1)
                if maker >= self.first:
                    wanted = int(need.end[begin:past].max())
                    self.make(maker, self._steps_for(maker, need, wanted))
            self.steps.append((call, begin, past))
            self.done[call] = past

    def _steps_for(self, maker: int, need: Need, wanted: int) -> int:
        """Rows of the maker's output 0 that make `wanted` rows of what is needed: all, if it is a further output."""
        first = self.rows.program.root(self.rows.program.calls[maker].outputs[0])
        return wanted if first == need.root else self.rows.calls[maker].rows


def produce(rows: RowProgram, first: int, last: int, chunks: Sequence[int]) -> list[tuple[int, int, int]]:
    """Steps of the calls first..last-1, driven by the last of them; what it does not need comes at the end.

    Args:
        rows: the program.
        first: the first call; what it reads has been made.
        last: one past the last call.
        chunks: by call of the program, most rows of a step.
    """
    production = Production(rows, chunks, first)
    production.make(last - 1, rows.calls[last - 1].rows)
    for call in range(first, last):
        production.make(call, rows.calls[call].rows)
    return production.steps


def live_bytes(births: np.ndarray, deaths: np.ndarray, size: int, length: int) -> np.ndarray:
    """Bytes of rows of `size` bytes that are alive at each of `length` steps, each in [birth, death)."""
    changes = np.bincount(births, minlength=length + 1) - np.bincount(deaths, minlength=length + 1)
    lengths: np.ndarray = np.cumsum(changes[:length]) * size
    return lengths


ADJOINING = (
    "depthwise3x3_s8_dsp",
    "depthwise3x3_s8_dsp_dilated",
    "depthwise3x3_s8_dsp_linear",
    "depthwise3x3_s8_dsp_linear_tall",
    "depthwise_conv2d_s8_dsp",
    "depthwise_conv2d_s8_mve",
    "depthwise_conv2d_s8_scalar",
    "depthwise_planes_s8_scalar",
)
"""Kernels that make several rows at a time, or are faster, only where they lie behind one another (mrt_rows_adjoin)."""


def together(births: np.ndarray, deaths: np.ndarray) -> np.ndarray:
    """The deaths of rows where those that are made at once are given up at once."""
    _, group = np.unique(births, return_inverse=True)
    last = np.zeros(int(group.max()) + 1, deaths.dtype)
    np.maximum.at(last, group, deaths)
    whole: np.ndarray = last[group]
    return whole
