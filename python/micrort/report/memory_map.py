"""Where the bytes of an arena are in use, step by step: read off the tables, rows by rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from micrort.ir.executor_graph import PARAMS_POOL, ExecutorGraph, NodeEntry, TensorEntry
from micrort.ir.program import Step, StepKind
from micrort.ir.tensor import Tensor


@dataclass(frozen=True)
class Area:
    """Bytes [offset, offset + bytes) of a pool, in use in the steps [start, end)."""

    tensor: str
    pool: int
    offset: int
    bytes: int
    start: int
    end: int


@dataclass
class _Use:
    """The rows of one tensor: the step that makes each, and one past the last that reads it."""

    entry: TensorEntry
    start: np.ndarray
    end: np.ndarray

    def offset(self, row: int) -> int:
        """Where a row begins."""
        if self.entry.row_offsets is not None:
            return self.entry.row_offsets[row]
        return self.entry.offset + row * self.entry.row_bytes


def areas(graph: ExecutorGraph) -> list[Area]:
    """All areas of a graph's arenas; neighbouring rows that live at the same time are one."""
    uses = _uses(graph)
    found = [area for use in uses.values() for area in _areas_of(use)]
    found.extend(_workspaces(graph))
    return sorted(found, key=lambda area: (area.pool, area.start, area.offset))


def busiest(graph: ExecutorGraph) -> list[int]:
    """Bytes in use at each step, all pools together; those that a step reads and writes over count once."""
    found = areas(graph)
    begins: dict[int, list[Area]] = defaultdict(list)
    ends: dict[int, list[Area]] = defaultdict(list)
    for area in found:
        begins[area.start].append(area)
        ends[area.end].append(area)
    sizes = {
        pool: max(area.offset + area.bytes for area in found if area.pool == pool) for pool in {a.pool for a in found}
    }
    users = {pool: np.zeros(size, np.int32) for pool, size in sizes.items()}
    busy = []
    for step in range(len(graph.steps)):
        for change, changed in ((1, begins[step]), (-1, ends[step])):
            for area in changed:
                users[area.pool][area.offset : area.offset + area.bytes] += change
        busy.append(sum(int(np.count_nonzero(held)) for held in users.values()))
    return busy


def _uses(graph: ExecutorGraph) -> dict[int, _Use]:
    uses: dict[int, _Use] = {}

    def use(tensor: int) -> _Use:
        if tensor not in uses:
            rows = graph.tensors[tensor].rows
            uses[tensor] = _Use(graph.tensors[tensor], np.full(rows, -1), np.zeros(rows, np.int64))
        return uses[tensor]

    for tensor in graph.inputs:
        if graph.tensors[tensor].row_offsets is None:
            use(tensor).start[:], use(tensor).end[:] = 0, 1
    reads = [_reads(graph, node) for node in graph.nodes]
    for index, step in enumerate(graph.steps):
        for tensor, begin, end, is_made in _touched(graph, reads, step):
            own = use(tensor)
            made = own.start[begin:end]
            if is_made:
                own.start[begin:end] = np.where(made < 0, index, made)
            own.end[begin:end] = index + 1
    for tensor in graph.outputs:
        if graph.tensors[tensor].row_offsets is None:
            use(tensor).end[:] = len(graph.steps)
    return uses


def _reads(graph: ExecutorGraph, node: NodeEntry) -> list[np.ndarray] | None:
    from micrort.native import kernels

    inputs = [Tensor(entry.name, entry.shape, entry.dtype) for entry in (graph.tensors[i] for i in node.inputs)]
    outputs = [(graph.tensors[index].rows, graph.tensors[index].row_bytes) for index in node.outputs]
    return kernels.rows_read(node.kernel, node.attrs, inputs, outputs)


def _touched(
    graph: ExecutorGraph, reads: list[list[np.ndarray] | None], step: Step
) -> Iterator[tuple[int, int, int, bool]]:
    """Tensor, first row, one past the last, and whether they are made."""
    if step.kind is not StepKind.CALL:
        ports = graph.inputs if step.kind is StepKind.INPUT else graph.outputs
        yield ports[step.call], step.row_begin, step.row_end, step.kind is StepKind.INPUT
        return
    node, needs = graph.nodes[step.call], reads[step.call]
    for place, tensor in enumerate(node.inputs):
        if graph.tensors[tensor].pool == PARAMS_POOL:
            continue
        begin, end = 0, graph.tensors[tensor].rows
        if needs is not None:
            ranges = needs[place][step.row_begin : step.row_end]
            begin, end = int(ranges[:, 0].min()), int(ranges[:, 1].max())
        yield tensor, begin, end, False
    rows = graph.tensors[node.outputs[0]].rows
    for tensor in node.outputs:
        own = graph.tensors[tensor].rows
        if own == rows:
            yield tensor, step.row_begin, step.row_end, True
        elif step.row_end == rows:  # averages are made of all rows
            yield tensor, 0, own, True


def _areas_of(use: _Use) -> Iterator[Area]:
    entry, first = use.entry, 0
    for row in range(1, entry.rows + 1):
        adjoins = (
            row < entry.rows
            and use.offset(row) == use.offset(row - 1) + entry.row_bytes
            and (use.start[row], use.end[row]) == (use.start[first], use.end[first])
        )
        if not adjoins:
            start, end = max(int(use.start[first]), 0), int(use.end[first])
            if end > start:
                yield Area(entry.name, entry.pool, use.offset(first), (row - first) * entry.row_bytes, start, end)
            first = row


def _workspaces(graph: ExecutorGraph) -> Iterator[Area]:
    for index, step in enumerate(graph.steps):
        workspace = graph.nodes[step.call].workspace if step.kind is StepKind.CALL else None
        if workspace is not None:
            entry = graph.tensors[workspace]
            yield Area(entry.name, entry.pool, entry.offset, entry.bytes, index, index + 1)
