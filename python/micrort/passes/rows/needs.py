"""Which rows of its inputs a call needs for each row that it makes. The C kernels say so themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from micrort.ir import KernelCall, Program
from micrort.ir.executor_graph import ROW_UNIT
from micrort.passes import storage

AS_BYTES = ("concatenation", "copy")
"""Kernels that go through tensors as bytes where rows do not agree: those must lie in one piece."""


PILED = ("mean_rows_s8",)
"""Kernels with running sums as output 0; see mrt_reads_sums."""


@dataclass(frozen=True)
class Need:
    """Rows [begin[r], end[r]) of a storage, for each row r of a call's output 0."""

    root: str
    begin: np.ndarray
    end: np.ndarray


@dataclass(frozen=True)
class CallRows:
    """A call as rows see it."""

    rows: int
    """Of its output 0."""
    needs: tuple[Need, ...]
    """Of each activation that it reads, once."""
    in_pieces: bool
    """Whether any range of rows can be made by itself."""
    piled: bool = False
    """Whether each row of output 0 goes on from the one before and takes its place: one row a step."""

    def chunk(self, rows: int) -> int:
        """Rows of a step where so many are wanted."""
        return 1 if self.piled else min(rows, self.rows)


def call_rows(program: Program, call: KernelCall) -> CallRows:
    """The rows of one call."""
    from micrort.native import kernels

    rows = program.tensors[call.outputs[0]].rows
    inputs = [program.tensors[name] for name in call.inputs]
    reads = kernels.rows_read(call.kernel, call.attrs, inputs, rows_of(program, call))
    found: dict[str, Need] = {}
    for index, name in enumerate(call.inputs):
        root = program.root(name)
        if program.tensors[root].is_constant:
            continue
        ranges = None if reads is None else reads[index]
        need = _need(program, name, ranges, rows)
        known = found.get(root)
        if known is not None:
            need = Need(root, np.minimum(known.begin, need.begin), np.maximum(known.end, need.end))
        found[root] = need
    needs = tuple(found.values())
    as_bytes = call.kernel in AS_BYTES and not all(_is_row_for_row(need) for need in needs)
    return CallRows(rows, needs, call.by_rows and reads is not None and not as_bytes, call.kernel in PILED)


def _is_row_for_row(need: Need) -> bool:
    rows = np.arange(len(need.begin))
    return bool((need.begin == rows).all() and (need.end == rows + 1).all())


def rows_of(program: Program, call: KernelCall) -> list[tuple[int, int]]:
    """Rows and bytes of a row of each output of a call."""
    return [(program.tensors[name].rows, program.tensors[name].row_bytes) for name in call.outputs]


def _need(program: Program, name: str, ranges: np.ndarray | None, rows: int) -> Need:
    """`ranges` of the tensor `name` as rows of its storage: all of them where a view is cut into other rows."""
    root = program.root(name)
    view, original = program.tensors[name], program.tensors[root]
    if ranges is None or (view.rows, view.row_bytes) != (original.rows, original.row_bytes):
        return Need(root, np.zeros(rows, np.int64), np.full(rows, original.rows, np.int64))
    begin, end = ranges[:, 0], ranges[:, 1]
    return Need(root, begin, np.maximum(end, begin))


@dataclass(frozen=True)
class RowProgram:
    """A program, and what rows need of one another."""

    program: Program
    calls: tuple[CallRows, ...]
    maker: Mapping[str, int]
    """Storage -> the call that makes it; model inputs have none."""
    readers: Mapping[str, tuple[int, ...]]
    """Storage -> the calls that read it, in order."""
    separable: frozenset[str]
    """Storages whose rows can be placed one by one."""
    outputs: frozenset[str]
    """Storages that are read at the end of the inference."""
    inputs: tuple[str, ...]
    """Storages that are written before it."""
    streamed: frozenset[str]
    """Model inputs and outputs that are handed over row by row."""


def row_program(program: Program, streamed: frozenset[str] = frozenset()) -> RowProgram:
    """Look at all calls of `program`."""
    calls = tuple(call_rows(program, call) for call in program.calls)
    readers: dict[str, list[int]] = {}
    maker: dict[str, int] = {}
    for index, (call, rows) in enumerate(zip(program.calls, calls, strict=True)):
        for need in rows.needs:
            readers.setdefault(need.root, []).append(index)
        maker.update(dict.fromkeys((program.root(name) for name in call.outputs), index))
    outputs = frozenset(storage.activations(program, program.outputs)) - streamed
    inputs = tuple(name for name in storage.activations(program, program.inputs) if name not in streamed)
    kept = outputs | set(inputs) | {program.root(name) for name in program.aliases}
    separable = {
        root
        for root in {*maker, *readers}
        if root not in kept
        and program.tensors[root].dtype.bytes <= ROW_UNIT
        and all(calls[index].in_pieces for index in readers.get(root, ()))
        and (root not in maker or _is_first_output(program, calls, root, maker[root]))
    }
    found = {root: tuple(indices) for root, indices in readers.items()}
    return RowProgram(program, calls, maker, found, frozenset(separable), outputs, inputs, streamed)


def piled(rows: RowProgram, root: str) -> bool:
    """Whether all rows of a storage take one place."""
    maker = rows.maker.get(root)
    return maker is not None and rows.calls[maker].piled and _is_first_output(rows.program, rows.calls, root, maker)


def _is_first_output(program: Program, calls: tuple[CallRows, ...], root: str, maker: int) -> bool:
    """Whether steps make rows of `root`: further outputs of a call are made as a whole."""
    return calls[maker].in_pieces and program.root(program.calls[maker].outputs[0]) == root
