"""Shapes as kernels with several axes see them: four axes that make rows, then width and channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

RANK_MAX = 6
"""Most dimensions of such an operator's tensors."""
NAMES = ("rows0", "rows1", "rows2", "rows3", "width", "channels")
_PIXEL_AXES = 2

Kind = TypeVar("Kind")


def folded(shape: tuple[int, ...], kinds: Iterable[Kind], plain: Kind) -> list[tuple[int, Kind]]:
    """`shape`, of rank 6 at most, as six (size, kind) in the order of NAMES; those to spare are (1, plain).

    Neighbouring axes of one kind become one, but the last two, which lie within a row, never join those before.
    """
    lead = max(_PIXEL_AXES - len(shape), 0)
    axes = [(1, plain)] * lead + list(zip(shape, kinds, strict=True))
    rows, pixel = _joined(axes[:-_PIXEL_AXES]), _joined(axes[-_PIXEL_AXES:])
    spare_rows, spare_pixel = len(NAMES) - _PIXEL_AXES - len(rows), _PIXEL_AXES - len(pixel)
    return [(1, plain)] * spare_rows + rows + [(1, plain)] * spare_pixel + pixel


def bits(flags: Iterable[bool]) -> int:
    """A word whose bit i is flag i."""
    return sum(1 << index for index, flag in enumerate(flags) if flag)


def _joined(axes: list[tuple[int, Kind]]) -> list[tuple[int, Kind]]:
    joined: list[tuple[int, Kind]] = []
    for size, kind in axes:
        if size == 1:
            continue
        if joined and joined[-1][1] == kind:
            joined[-1] = (joined[-1][0] * size, kind)
        else:
            joined.append((size, kind))
    return joined
