"""Graph JSON and params back into an ir.ExecutorGraph. Both are outside input: everything is checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from micrort.codegen.graph_json import NOP, PARAMS_ALIGNMENT, VERSION
from micrort.errors import ModelError
from micrort.ir import DType, Step
from micrort.ir.executor_graph import (
    FOREIGN,
    PARAMS_POOL,
    ROW_OFFSET_MAX,
    ROW_UNIT,
    ExecutorGraph,
    NodeEntry,
    TensorEntry,
)
from micrort.ir.program import Arena, StepKind

BYTES_MAX = 2**31 - 1
"""Largest tensor, arena and offset: TVM's lists hold signed 32-bit integers."""
RESERVED = ("kernel", "operator", "macs", "workspace_bytes", "workspace_pool", "workspace_offset")
"""Node attributes `mrt_<name>` that are no members of the attribute struct."""


def read(text: str, arrays: Mapping[str, np.ndarray], source: str) -> ExecutorGraph:
    """The graph that graph JSON and params describe.

    Args:
        text: the graph JSON.
        arrays: the arrays of the params file, by name.
        source: what to call the graph in messages.

    Raises:
        ModelError: damaged, contradicts itself, or made by another tool without our additions.
    """
    try:
        graph = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(source, [f"graph JSON cannot be parsed: {error}"]) from None
    try:
        return _Reader(_record(graph, "the graph"), arrays).read()
    except _ProblemError as problem:
        raise ModelError(source, [f"graph JSON: {problem}"]) from None


class _ProblemError(Exception):
    """What is wrong, as a sentence."""


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise _ProblemError(problem)


def _record(value: Any, what: str) -> dict[str, Any]:
    _need(isinstance(value, dict), f"{what} is not an object")
    return value  # type: ignore[no-any-return]


def _list(value: Any, what: str, length: int | None = None) -> list[Any]:
    _need(isinstance(value, list), f"{what} is not a list")
    _need(length is None or len(value) == length, f"{what} has {len(value)} items instead of {length}")
    return value  # type: ignore[no-any-return]


def _integer(value: Any, what: str, low: int = 0, high: int = BYTES_MAX) -> int:
    _need(type(value) is int and low <= value <= high, f"{what} is {value!r}, not an integer in {low}..{high}")
    return int(value)


def _string(value: Any, what: str) -> str:
    _need(isinstance(value, str), f"{what} is not a string")
    return str(value)


def _number(text: str, what: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise _ProblemError(f"{what} is {text!r}, not a number") from None


class _Reader:
    """Reads one graph; methods go from the whole to the parts."""

    def __init__(self, graph: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        missing = {"nodes", "arg_nodes", "heads", "attrs", "node_row_ptr"} - set(graph)
        _need(not missing, f"{', '.join(sorted(missing))} is missing")
        _need("metadata" in graph, "it has no metadata: it was made by another tool")
        self.graph = graph
        self.arrays = arrays
        self.metadata = _record(graph["metadata"], "metadata")
        version = self.metadata.get("mrt_version")
        _need(version == VERSION, f"its version is {version!r}; this micrort reads {VERSION}: compile the model again")
        self.nodes = [_record(node, f"node {index}") for index, node in enumerate(_list(graph["nodes"], "nodes"))]
        self.row_ptr = self._row_ptr()
        self.arenas = tuple(self._arena(item) for item in _list(self.metadata.get("mrt_arenas"), "mrt_arenas"))
        _need(len(self.arenas) < PARAMS_POOL, "it has too many arenas")
        self.entries = self._entries()
        self.params_size = 0

    def read(self) -> ExecutorGraph:
        """The whole graph."""
        inputs = self._inputs()
        heads = [self._entry(head, len(self.nodes), "a head") for head in _list(self.graph["heads"], "heads")]
        calls = [self._call(index) for index in range(len(self.nodes)) if self._is_call(index)]
        tensors = list(self.entries)
        nodes = []
        for node, workspace in calls:
            if workspace is not None:
                nodes.append(replace(node, workspace=len(tensors)))
                tensors.append(workspace)
            else:
                nodes.append(node)
        for tensor in tensors:
            self._fits(tensor)
        ports = {StepKind.INPUT: inputs, StepKind.OUTPUT: heads}
        steps = tuple(self._step(item, nodes, ports) for item in _list(self.metadata.get("mrt_steps"), "mrt_steps"))
        name = _string(self.metadata.get("mrt_name"), "mrt_name")
        _need(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None, f"the name {name!r} is no C identifier")
        whole = ExecutorGraph(
            name, tuple(tensors), tuple(nodes), steps, tuple(inputs), tuple(heads), self.arenas, self._params()
        )
        return _without_unused(whole)

    def _row_ptr(self) -> list[int]:
        values = _list(self.graph["node_row_ptr"], "node_row_ptr", len(self.nodes) + 1)
        expected = 0
        for index, value in enumerate(values):
            _need(value == expected and type(value) is int, f"node_row_ptr[{index}] is {value!r} instead of {expected}")
            if index < len(self.nodes):
                expected += self._output_count(index)
        return values

    def _output_count(self, index: int) -> int:
        node = self.nodes[index]
        operation = node.get("op")
        _need(operation in ("null", "tvm_op"), f"node {index} has op {operation!r}")
        if operation == "null":
            return 1
        return self._number_attr(index, "num_outputs", 1, 255)

    def _attr(self, index: int, name: str) -> str:
        attrs = _record(self.nodes[index].get("attrs"), f"attrs of node {index}")
        _need(name in attrs, f"node {index} has no attribute {name}")
        return _string(attrs[name], f"attribute {name} of node {index}")

    def _number_attr(self, index: int, name: str, low: int = 0, high: int = BYTES_MAX) -> int:
        what = f"attribute {name} of node {index}"
        return _integer(_number(self._attr(index, name), what), what, low, high)

    def _arena(self, item: Any) -> Arena:
        arena = _record(item, "an arena")
        name = _string(arena.get("name"), "an arena's name")
        alignment = _integer(arena.get("alignment"), f"alignment of arena {name}", 1, 4096)
        _need(alignment & (alignment - 1) == 0, f"alignment {alignment} of arena {name} is no power of two")
        size = _integer(arena.get("size"), f"size of arena {name}")
        return Arena(name, size, alignment, _integer(arena.get("lower_bound"), f"lower bound of arena {name}"))

    def _entries(self) -> list[TensorEntry]:
        count = self.row_ptr[-1]
        attrs = _record(self.graph["attrs"], "attrs")

        def column(name: str, kind: str) -> list[Any]:
            pair = _list(attrs.get(name), f"attrs.{name}", 2)
            _need(pair[0] == kind, f"attrs.{name} is a {pair[0]!r} instead of a {kind}")
            return _list(pair[1], f"attrs.{name}", count)

        def metadata(name: str) -> list[Any]:
            return _list(self.metadata.get(name), name, count)

        _need(len(set(map(str, metadata("mrt_tensor_names")))) == count, "two tensors have the same name")
        rows = zip(
            metadata("mrt_tensor_names"),
            column("shape", "list_shape"),
            column("dltype", "list_str"),
            column("mrt_pool", "list_int"),
            column("mrt_offset", "list_int"),
            metadata("mrt_scales"),
            metadata("mrt_zero_points"),
            strict=True,
        )
        column("storage_id", "list_int")
        return self._with_row_offsets([_entry_of(*row) for row in rows])

    def _with_row_offsets(self, entries: list[TensorEntry]) -> list[TensorEntry]:
        """The entries whose rows are placed one by one, with their offsets."""
        for key, value in _record(self.metadata.get("mrt_row_offsets", {}), "mrt_row_offsets").items():
            _need(key.isdecimal() and int(key) < len(entries), f"mrt_row_offsets has no entry {key!r}")
            entry = entries[int(key)]
            what = f"offset of a row of {entry.name}"
            _need(entry.pool != PARAMS_POOL, f"{entry.name} is a constant, whose rows are not placed one by one")
            items = _list(value, f"row offsets of {entry.name}", entry.rows)
            offsets = tuple(_integer(item, what, 0, ROW_OFFSET_MAX) for item in items)
            aligned = all(offset % max(ROW_UNIT, entry.dtype.bytes) == 0 for offset in offsets)
            _need(aligned and offsets[0] == entry.offset, f"the rows of {entry.name} are not aligned")
            entries[int(key)] = replace(entry, row_offsets=offsets)
        return entries

    def _entry(self, reference: Any, before: int, what: str) -> int:
        """The entry id of a [node, output, version] that must name a node before node `before`."""
        items = _list(reference, what)
        _need(len(items) in (2, 3), f"{what} has {len(items)} items")
        node = _integer(items[0], f"node of {what}", 0, before - 1)
        count = self.row_ptr[node + 1] - self.row_ptr[node]
        return self.row_ptr[node] + _integer(items[1], f"output of {what}", 0, count - 1)

    def _inputs(self) -> list[int]:
        """Entry ids of the model's inputs; the other null nodes are constants, in the params."""
        nulls = [index for index, node in enumerate(self.nodes) if node["op"] == "null"]
        _need(self.graph["arg_nodes"] == nulls, "arg_nodes is not the list of all null nodes")
        inputs = []
        for node in nulls:
            tensor = self.entries[self.row_ptr[node]]
            if tensor.pool == PARAMS_POOL:
                self._constant(tensor)
            else:
                inputs.append(self.row_ptr[node])
        return inputs

    def _constant(self, tensor: TensorEntry) -> None:
        _need(tensor.name in self.arrays, f"the params hold no {tensor.name}")
        array = self.arrays[tensor.name]
        same = array.shape == tensor.shape and array.dtype == tensor.dtype.numpy
        _need(same, f"{tensor.name} is {array.dtype}{list(array.shape)} in the params, not what the graph says")
        _need(tensor.offset % PARAMS_ALIGNMENT == 0, f"{tensor.name} is not aligned in the params")
        _need(tensor.offset >= self.params_size, f"{tensor.name} overlaps another constant")
        gap = tensor.offset - self.params_size
        _need(gap < PARAMS_ALIGNMENT, f"{tensor.name} lies {gap} bytes behind the constant before it")
        self.params_size = tensor.offset + tensor.bytes

    def _params(self) -> bytes:
        params = bytearray(self.params_size)
        for node, item in enumerate(self.nodes):
            tensor = self.entries[self.row_ptr[node]]
            if item["op"] == "null" and tensor.pool == PARAMS_POOL:
                params[tensor.offset : tensor.offset + tensor.bytes] = self.arrays[tensor.name].tobytes()
        return bytes(params)

    def _is_call(self, index: int) -> bool:
        """Whether a node runs something; a view is checked on the way."""
        if self.nodes[index]["op"] == "null":
            return False
        if self._attr(index, "func_name") != NOP:
            return True
        inputs, outputs = self._operands(index)
        _need(len(inputs) == 1 and len(outputs) == 1, f"node {index} is a view of {len(inputs)} tensors")
        view, original = self.entries[outputs[0]], self.entries[inputs[0]]
        same = (view.pool, view.offset, view.bytes) == (original.pool, original.offset, original.bytes)
        _need(same, f"{view.name} is not a view of {original.name}")
        return False

    def _operands(self, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        items = _list(self.nodes[index].get("inputs"), f"inputs of node {index}")
        inputs = tuple(self._entry(item, index, f"an input of node {index}") for item in items)
        _need(self._number_attr(index, "num_inputs", 0, 255) == len(inputs), f"node {index} has {len(inputs)} inputs")
        return inputs, tuple(range(self.row_ptr[index], self.row_ptr[index + 1]))

    def _call(self, index: int) -> tuple[NodeEntry, TensorEntry | None]:
        """A kernel call and its workspace."""
        from micrort.native import kernels

        inputs, outputs = self._operands(index)
        name = _string(self.nodes[index].get("name"), f"name of node {index}")
        for entry in outputs:
            _need(self.entries[entry].pool != PARAMS_POOL, f"node {name} writes to the params")
        kernel = self._attr(index, "mrt_kernel")
        _need(kernel in kernels.ids(), f"node {name} needs the kernel {kernel}, which this micrort does not have")
        known = {f"mrt_{item}" for item in RESERVED}
        attrs = {
            key.removeprefix("mrt_"): _number(self._attr(index, key), f"attribute {key} of node {name}")
            for key in self.nodes[index]["attrs"]
            if key.startswith("mrt_") and key not in known
        }
        try:
            kernels.pack_attrs(kernel, attrs)
        except ValueError as error:
            raise _ProblemError(f"node {name}: {error}") from None
        operator, macs = self._attr(index, "mrt_operator"), self._number_attr(index, "mrt_macs", 0, 2**62)
        adapter = self._adapter(index, name) if kernel == FOREIGN else ""
        node = NodeEntry(name, kernel, inputs, outputs, None, attrs, operator, macs, adapter)
        return node, self._workspace(index, node)

    def _adapter(self, index: int, node: str) -> str:
        """The C function of a foreign operator."""
        function = self._attr(index, "func_name")
        _need(re.fullmatch(r"mrt_\w+_run", function) is not None, f"node {node} calls {function!r}, no adapter's name")
        return function

    def _workspace(self, index: int, node: NodeEntry) -> TensorEntry | None:
        from micrort.native import kernels

        needed = kernels.workspace_bytes(node.kernel, node.attrs)
        if needed == 0:
            return None
        size = self._number_attr(index, "mrt_workspace_bytes")
        _need(size == needed, f"node {node.name} has {size} bytes of workspace, its kernel needs {needed}")
        pool = self._number_attr(index, "mrt_workspace_pool", 0, PARAMS_POOL - 1)
        offset = self._number_attr(index, "mrt_workspace_offset")
        return TensorEntry(f"{node.name}/workspace", (size,), DType.U8, pool, offset)

    def _fits(self, tensor: TensorEntry) -> None:
        """A tensor must lie within its arena, aligned to its elements."""
        if tensor.pool == PARAMS_POOL:
            _need(tensor.offset + tensor.bytes <= self.params_size, f"{tensor.name} lies behind the params")
            return
        _need(tensor.pool < len(self.arenas), f"{tensor.name} lies in pool {tensor.pool}, which does not exist")
        arena = self.arenas[tensor.pool]
        end = tensor.offset + tensor.bytes
        if tensor.row_offsets is not None:
            end = max(tensor.row_offsets) + tensor.row_bytes
        _need(end <= arena.size, f"{tensor.name} ends behind the arena {arena.name}")
        aligned = tensor.offset % tensor.dtype.bytes == 0 and arena.alignment % tensor.dtype.bytes == 0
        _need(aligned, f"{tensor.name} is not aligned")

    def _step(self, item: Any, nodes: Sequence[NodeEntry], ports: Mapping[StepKind, Sequence[int]]) -> Step:
        *kinds, call, begin, end = _list(item, "a step", None if len(_list(item, "a step")) == 4 else 3)
        _need(kinds in ([], ["input"], ["output"]), f"a step is of the kind {kinds}")
        kind = StepKind(kinds[0]) if kinds else StepKind.CALL
        count = len(nodes) if kind is StepKind.CALL else len(ports[kind])
        call = _integer(call, "call of a step", 0, count - 1)
        tensor = self.entries[nodes[call].outputs[0] if kind is StepKind.CALL else ports[kind][call]]
        streamed = kind is StepKind.CALL or tensor.row_offsets is not None
        _need(streamed, f"{tensor.name} is handed over by rows, but lies in one piece")
        end = _integer(end, "end of a step", 1, tensor.rows)
        begin = _integer(begin, "begin of a step", 0, end - 1)
        _need(kind is StepKind.CALL or end - begin == 1, f"several rows of {tensor.name} are handed over at once")
        return Step(call, begin, end, kind)


def _entry_of(name: Any, shape: Any, dtype: Any, pool: Any, offset: Any, scale: Any, zero_point: Any) -> TensorEntry:
    name = _string(name, "a tensor's name")
    extents = tuple(_integer(extent, f"an extent of {name}", 1) for extent in _list(shape, f"shape of {name}"))
    known = {item.value: item for item in DType}
    _need(isinstance(dtype, str) and dtype in known, f"{name} has the unknown type {dtype!r}")
    _need(math.prod(extents) * known[dtype].bytes <= BYTES_MAX, f"{name} is larger than {BYTES_MAX} bytes")
    finite = isinstance(scale, (int, float)) and not isinstance(scale, bool) and math.isfinite(scale) and scale >= 0
    _need(finite, f"scale of {name} is {scale!r}")
    return TensorEntry(
        name,
        extents,
        known[dtype],
        _integer(pool, f"pool of {name}", 0, PARAMS_POOL),
        _integer(offset, f"offset of {name}"),
        float(scale),
        _integer(zero_point, f"zero point of {name}", -(2**31)),
    )


def _without_unused(graph: ExecutorGraph) -> ExecutorGraph:
    """The graph without tensors that nothing reads or writes (views of views, say)."""
    used = set(graph.inputs) | set(graph.outputs)
    for node in graph.nodes:
        used.update(node.inputs, node.outputs, () if node.workspace is None else (node.workspace,))
    kept = sorted(used)
    new = {old: index for index, old in enumerate(kept)}

    def renumber(indices: Sequence[int]) -> tuple[int, ...]:
        return tuple(new[index] for index in indices)

    nodes = (
        replace(
            node,
            inputs=renumber(node.inputs),
            outputs=renumber(node.outputs),
            workspace=None if node.workspace is None else new[node.workspace],
        )
        for node in graph.nodes
    )
    return replace(
        graph,
        tensors=tuple(graph.tensors[index] for index in kept),
        nodes=tuple(nodes),
        inputs=renumber(graph.inputs),
        outputs=renumber(graph.outputs),
    )
