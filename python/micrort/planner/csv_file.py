"""Planning problems and plans as CSV, in the format of MiniMalloc: `id,lower,upper,size[,alignment][,fixed]`.

A row is a buffer that is alive in [lower, upper). A plan is the same table with a column `offset` behind it. In-place
pairs have a file of their own, `input,output[,delta]`: ids of two buffers, and bytes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from micrort.errors import UsageError
from micrort.planner.problem import SIZE_MAX, UINT32_MAX, Lifetime, Pair, Plan

REQUIRED = ("id", "lower", "upper", "size")
OPTIONAL = ("alignment", "fixed")
PAIR_REQUIRED = ("input", "output")
PAIR_OPTIONAL = ("delta",)
_NUMBER = re.compile(r"[0-9]{1,20}")


def read_lifetimes(path: Path) -> list[Lifetime]:
    """Read a problem.

    Raises:
        UsageError: the file cannot be read, or a line is malformed; the message has its number.
    """
    lifetimes: list[Lifetime] = []
    lines: dict[str, int] = {}
    for line, row in _rows(path, REQUIRED, OPTIONAL):
        item = _lifetime(f"{path}:{line}", row)
        if item.id in lines:
            raise UsageError(f"{path}:{line}: id {item.id!r} stands in line {lines[item.id]} too")
        lines[item.id] = line
        lifetimes.append(item)
    return lifetimes


def read_pairs(path: Path) -> list[Pair]:
    """Read in-place pairs. Whether their buffers exist and fit together, `plan` says.

    Raises:
        UsageError: the file cannot be read, or a line is malformed; the message has its number.
    """
    pairs = []
    for line, row in _rows(path, PAIR_REQUIRED, PAIR_OPTIONAL):
        delta = _number(f"{path}:{line}", row, "delta", UINT32_MAX) if row.get("delta") else 0
        pairs.append(Pair(row["input"], row["output"], delta))
    return pairs


def _rows(path: Path, required: Sequence[str], optional: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column of each row that is not empty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a text file in UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(path, next(reader, []), required, optional)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                have = f"{len(cells)} cells; the header has {len(columns)}: {','.join(columns)}"
                raise UsageError(f"{path}:{reader.line_num}: {have}")
            yield reader.line_num, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: not CSV: {error}") from error


def write_plan(path: Path, lifetimes: Sequence[Lifetime], plan: Plan) -> None:
    """Write a problem together with its offsets; a column `pool` is added where there are several.

    Raises:
        UsageError: the file cannot be written.
    """
    aligned = any(item.alignment != 1 for item in lifetimes)
    pooled = len(plan.sizes) > 1
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*REQUIRED, *["alignment"] * aligned, *["pool"] * pooled, "offset"])
    for item in lifetimes:
        pool, offset = plan.slots[item.id]
        row = [item.id, item.start, item.end, item.size]
        writer.writerow([*row, *[item.alignment] * aligned, *[pool] * pooled, offset])
    try:
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _columns(path: Path, header: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in header]
    expected = f"{','.join(required)}[,{'][,'.join(optional)}]"
    if not set(required) <= set(columns):
        missing = ", ".join(name for name in required if name not in columns)
        raise UsageError(f"{path}:1: the header lacks {missing}; expected: {expected}")
    unknown = [name for name in columns if name not in (*required, *optional)]
    if unknown or len(set(columns)) != len(columns):
        raise UsageError(f"{path}:1: unknown or repeated column in {','.join(columns)}; expected: {expected}")
    return columns


def _lifetime(where: str, row: dict[str, str]) -> Lifetime:
    if not row["id"]:
        raise UsageError(f"{where}: the id is empty")
    item = Lifetime(
        row["id"],
        _number(where, row, "lower", UINT32_MAX),
        _number(where, row, "upper", UINT32_MAX),
        _number(where, row, "size", SIZE_MAX),
        alignment=_number(where, row, "alignment", SIZE_MAX) if row.get("alignment") else 1,
        fixed=_number(where, row, "fixed", UINT32_MAX - 1) if row.get("fixed") else None,
    )
    if item.start >= item.end:
        raise UsageError(f"{where}: lower {item.start} is not below upper {item.end}; the interval is half-open")
    if item.alignment & (item.alignment - 1) or not item.alignment:
        raise UsageError(f"{where}: alignment {item.alignment} is not a power of two")
    if item.fixed is not None and item.fixed % item.alignment:
        raise UsageError(f"{where}: the fixed offset {item.fixed} is not a multiple of {item.alignment}")
    return item


def _number(where: str, row: dict[str, str], name: str, most: int) -> int:
    if not _NUMBER.fullmatch(row[name]) or int(row[name]) > most:
        raise UsageError(f"{where}: {name} {row[name]!r}; supported: whole numbers from 0 to {most}")
    return int(row[name])
