"""Blobs back into an ir.ExecutorGraph, by runtime/SPEC.md alone. They are outside input: everything is checked.

What a blob does not tell gets a name by its index, and the shape [rows, elements of a row, 1].
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

from micrort.codegen.blob import (
    ALIGNMENT,
    COVERED,
    DTYPES,
    FORMATS,
    GRAPH_MAGIC,
    HEADER,
    PARAMS_MAGIC,
    SECTION,
    VERSION,
)
from micrort.codegen.tables import GRAPH_VERSION
from micrort.errors import ModelError
from micrort.ir import schedule
from micrort.ir.executor_graph import PARAMS_POOL, ROW_TABLE, ROW_UNIT, ExecutorGraph, NodeEntry, TensorEntry
from micrort.ir.program import Arena


def is_blob(data: bytes) -> bool:
    """Whether the bytes begin as a graph blob does."""
    return data.startswith(GRAPH_MAGIC)


def read(data: bytes, source: str, params: bytes | None = None) -> ExecutorGraph:
    """The graph of a model's blobs.

    Args:
        data: the content of a .mrt file; the graph blob alone where `params` is given.
        source: what to call it in messages.
        params: the params blob.

    Raises:
        ModelError: cut off, damaged, of another version, or its tables point out of bounds.
    """
    try:
        return _Reader(data, params).read()
    except _ProblemError as problem:
        raise ModelError(source, [str(problem)]) from None
    except (IndexError, KeyError, ValueError, struct.error) as error:
        raise ModelError(source, [f"its tables contradict each other: {error}"]) from None


class _ProblemError(Exception):
    """What is wrong, as a sentence."""


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise _ProblemError(problem)


def _envelope(data: bytes, magic: bytes, what: str) -> tuple[bytes, tuple[int, ...]]:
    """A blob without what follows it, and the words at 12, 16, 20, 24 and 28 of its header."""
    _need(len(data) >= HEADER.size, f"{what} is cut off: {len(data)} bytes")
    found, version, header, size, checksum, *words = HEADER.unpack_from(data)
    _need(found == magic, f"{what} does not begin with {magic.decode()}")
    _need(version == VERSION, f"{what} has version {version} of the format; this micrort reads {VERSION}")
    _need(header == HEADER.size and size >= HEADER.size, f"the header of {what} is damaged")
    _need(size % ALIGNMENT == 0 and size <= len(data), f"{what} is cut off: {len(data)} of {size} bytes")
    _need(zlib.crc32(data[COVERED:size]) == checksum, f"{what} is damaged: its checksum differs")
    return data[:size], (checksum, *words)


class _Reader:
    """The tables of one model."""

    def __init__(self, data: bytes, params: bytes | None) -> None:
        self.blob, words = _envelope(data, GRAPH_MAGIC, "the graph blob")
        checksum, params_bytes, sections, version, reserved = words
        _need(version == GRAPH_VERSION, f"its tables have version {version}; this micrort reads {GRAPH_VERSION}")
        _need((sections, reserved) == (len(FORMATS), 0), f"it has {sections} sections instead of {len(FORMATS)}")
        rest = data[len(self.blob) :] if params is None else params
        constants, own = _envelope(rest, PARAMS_MAGIC, "the params blob")
        _need(own[1:] == (params_bytes, checksum, 0, 0), "the params belong to another graph")
        _need(HEADER.size + params_bytes <= len(constants), "the params blob is too short for its constants")
        self.params = constants[HEADER.size : HEADER.size + params_bytes]
        self.tables = {name: self._table(index, layout) for index, (name, layout) in enumerate(FORMATS.items())}

    def read(self) -> ExecutorGraph:
        text = b"".join(item[0] for item in self.tables["text"]).decode("utf-8", "replace").split("\0")
        tables = self.tables
        inputs, outputs = ([row[0] for row in tables[name]] for name in ("inputs", "outputs"))
        name, *ends = text if len(text) > len(inputs) + len(outputs) else ["model"]
        tensors = [self._tensor(index, row) for index, row in enumerate(tables["tensors"])]
        for place, row in enumerate((*tables["inputs"], *tables["outputs"])):
            tensors[row[0]] = self._described(tensors[row[0]], row, ends[place] if ends else "")
        return ExecutorGraph(
            name=name or "model",
            tensors=tuple(tensors),
            nodes=tuple(self._node(index, row) for index, row in enumerate(tables["nodes"])),
            steps=tuple(schedule.expand([tuple(row) for row in tables["steps"]])),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            arenas=tuple(Arena(f"pool{i}", size, alignment) for i, (size, alignment) in enumerate(tables["pools"])),
            params=self.params,
        )

    def _table(self, index: int, layout: str) -> list[tuple[Any, ...]]:
        """The elements of a section as tuples."""
        number, element, offset, count = SECTION.unpack_from(self.blob, HEADER.size + index * SECTION.size)
        name, end = list(FORMATS)[index], offset + element * count
        _need(
            number == index + 1 and element == struct.calcsize(layout),
            f"section {name} is not described as it should be",
        )
        _need(offset % 4 == 0 and end <= len(self.blob), f"section {name} is out of bounds")
        return list(struct.iter_unpack(layout, self.blob[offset:end]))

    def _tensor(self, index: int, row: tuple[int, ...]) -> TensorEntry:
        offset, row_bytes, rows, pool, dtype = row
        kind = DTYPES[dtype]
        row_offsets = None
        if pool != PARAMS_POOL and pool & ROW_TABLE:
            pool -= ROW_TABLE
            row_offsets = tuple(ROW_UNIT * item[0] for item in self.tables["rows"][offset : offset + rows])
            _need(len(row_offsets) == rows > 0, f"tensor {index} has rows without a place")
            offset = row_offsets[0]
        limit = len(self.params) if pool == PARAMS_POOL else self.tables["pools"][pool][0]
        end = offset + rows * row_bytes if row_offsets is None else max(row_offsets) + row_bytes
        _need(rows > 0 and row_bytes > 0 and row_bytes % kind.bytes == 0, f"tensor {index} has no whole elements")
        _need(end <= limit, f"tensor {index} is out of bounds")
        shape = (rows, row_bytes // kind.bytes, 1)
        return TensorEntry(f"tensor{index}", shape, kind, pool, offset, row_offsets=row_offsets)

    def _described(self, entry: TensorEntry, row: tuple[Any, ...], name: str) -> TensorEntry:
        """A tensor with what an input or output says of it."""
        _, dtype, rank, *rest = row
        shape, scale, zero_point = tuple(rest[:rank]), rest[-2], rest[-1]
        described = replace(
            entry, name=name or entry.name, shape=shape, dtype=DTYPES[dtype], scale=scale, zero_point=zero_point
        )
        _need(rank <= len(rest) - 2 and all(size >= 1 for size in shape), f"{described.name} has no shape")
        _need((described.bytes, described.dtype) == (entry.bytes, entry.dtype), f"{described.name} has another size")
        return described

    def _node(self, index: int, row: tuple[int, ...]) -> NodeEntry:
        from micrort.native import kernels

        kernel, first, attrs, inputs, outputs, workspaces, *_ = row
        number, size = self.tables["kernels"][kernel]
        names = {identifier: name for name, identifier in kernels.ids().items()}
        _need(number in names, f"node {index} needs kernel {number}, which this micrort does not have")
        args = [item[0] for item in self.tables["args"][first : first + inputs + outputs + workspaces]]
        words = [item[0] for item in self.tables["attrs"][attrs : attrs + size // 4]]
        _need(len(args) == inputs + outputs + workspaces, f"node {index} has too few operands")
        _need(
            all(arg < len(self.tables["tensors"]) for arg in args), f"node {index} has an operand that does not exist"
        )
        return NodeEntry(
            name=f"node{index}",
            kernel=names[number],
            inputs=tuple(args[:inputs]),
            outputs=tuple(args[inputs : inputs + outputs]),
            workspace=args[-1] if workspaces else None,
            attrs=kernels.unpack_attrs(names[number], struct.pack(f"<{len(words)}i", *words)),
        )
