"""Executes an ExecutorGraph on the host: the device's tables and the device's C, through cffi."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from micrort.errors import ModelError, RuntimeStatusError, UsageError
from micrort.ir import schedule
from micrort.ir.executor_graph import ExecutorGraph, NodeEntry, TensorEntry
from micrort.ir.program import StepKind
from micrort.native import kernels, library
from micrort.native.blob import LoadedBlob
from micrort.native.memory import GuardedMemory
from micrort.native.streams import Streams, is_streamed

RANK_MAX = 6
"""MRT_RANK_MAX."""
PARAMS_ALIGNMENT = 16
"""Bytes; see mrt_graph_t::params."""


class HostExecutor:
    """An executor with its own memory: as many as wanted live side by side, also of the same graph.

    mrt_executor_init, as the host library has it, checks every table, has every kernel prove its attributes and
    tensors, and proves the plan, before anything runs.

    Args:
        graph: what to run.
        blob: the graph as a blob, with its params: the device's loader makes the tables of it.
        adapters: addresses of the functions of foreign operators, by name (micrort.native.foreign).

    Raises:
        ModelError: the graph is larger than the tables can say, or names a kernel that does not exist.
        RuntimeStatusError: a check refused the tables.
    """

    def __init__(
        self, graph: ExecutorGraph, blob: bytes | None = None, adapters: Mapping[str, int] | None = None
    ) -> None:
        self.graph = graph
        self._ffi, self._lib = library.load()
        self._tables: Tables | LoadedBlob
        if blob is None:
            self._tables = Tables(graph, self._ffi, self._lib, adapters)
        else:
            self._tables = LoadedBlob(graph.name, blob, self._ffi, self._lib)
        self._arenas = [GuardedMemory(self._ffi, arena.name, arena.size, arena.alignment) for arena in graph.arenas]
        memory = self._ffi.new("mrt_memory_t[]", [(arena.base, arena.size) for arena in self._arenas] or 1)
        self._executor = self._ffi.new("mrt_executor_t *")
        self._init(memory, len(self._arenas))
        self._streams = Streams(graph, self._ffi, self._lib)
        self._call("set_stream", self._streams.struct)

    def set_input(self, which: str | int, value: np.ndarray) -> None:
        """Write an input; all inputs are to be written before each inference. A streamed one hands over its rows later.

        Args:
            which: the tensor's name, or its place among the inputs.
            value: array of exactly the input's dtype and shape.

        Raises:
            UsageError: no such input, or another dtype or shape.
        """
        names = [self.graph.tensors[index].name for index in self.graph.inputs]
        if isinstance(which, str) and which not in names:
            raise UsageError(f"{self.graph.name} has no input {which!r}; its inputs: {', '.join(names) or 'none'}")
        index = names.index(which) if isinstance(which, str) else which
        if not 0 <= index < len(names):
            raise UsageError(f"{self.graph.name} has no input {index}; it has {len(names)}, counted from 0")
        entry = self.graph.tensors[self.graph.inputs[index]]
        if value.dtype != entry.dtype.numpy or value.shape != entry.shape:
            raise UsageError(
                f"input {entry.name} of {self.graph.name} takes {entry.dtype.value}{list(entry.shape)}, "
                f"not {value.dtype.name}{list(value.shape)}: convert the array first"
            )
        if is_streamed(entry):
            self._streams.set_input(index, value)
            return
        data = np.ascontiguousarray(value).tobytes()
        self._call("set_input", index, self._ffi.from_buffer(data), len(data))

    def run(self) -> dict[str, np.ndarray]:
        """Run a whole inference from its first step; returns the outputs by tensor name.

        Raises:
            RuntimeStatusError: a kernel failed.
            MemoryError: a kernel wrote outside an arena.
        """
        self._call("run")
        self._check_guards()
        return self.outputs()

    def step(self, count: int = 1) -> bool:
        """Run at most `count` further steps; True when this completes the inference. Raises as `run` does."""
        done = self._ffi.new("bool *")
        self._call("step", count, done)
        self._check_guards()
        return bool(done[0])

    def by_hand(self) -> None:
        """Rows of streamed inputs are pushed, those of outputs popped, from now on."""
        self._call("set_stream", self._ffi.NULL)

    def push_row(self, index: int, row: bytes) -> int:
        """Hand in the next row of input `index`; returns how many steps were run.

        Raises:
            RuntimeStatusError: no row of it is due, or it has another size.
        """
        steps = self._ffi.new("uint32_t *")
        self._call("push_row", index, self._ffi.from_buffer(row), len(row), steps)
        self._check_guards()
        return int(steps[0])

    def pop_row(self, index: int) -> bytes:
        """Take the next row of output `index`. Raises as `push_row` does."""
        data = self._ffi.new("uint8_t[]", self.graph.tensors[self.graph.outputs[index]].row_bytes)
        self._call("pop_row", index, data, len(data), self._ffi.NULL)
        self._check_guards()
        return bytes(self._ffi.buffer(data))

    def waiting(self) -> tuple[str, int, int]:
        """What the inference waits for: `input`, `output` or `none`, the index, and the row."""
        row = self._ffi.new("mrt_row_t *")
        self._call("waiting", row)
        return ("none", "input", "output")[row.waiting], int(row.index), int(row.row)

    def reset(self) -> None:
        """Abandon an inference under way; the next step starts a new one."""
        self._call("reset")

    def outputs(self) -> dict[str, np.ndarray]:
        """Copies of the outputs of a completed inference, by tensor name.

        Raises:
            RuntimeStatusError: no inference has been completed.
        """
        found: dict[str, np.ndarray] = {}
        for index, tensor in enumerate(self.graph.outputs):
            entry = self.graph.tensors[tensor]
            if is_streamed(entry):
                found[entry.name] = _array(entry, bytes(self._streams.outputs[index]))
                continue
            data = self._ffi.new("uint8_t[]", entry.bytes)
            self._call("get_output", index, data, entry.bytes)
            found[entry.name] = _array(entry, bytes(self._ffi.buffer(data)))
        return found

    def run_nodes(self) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        """Run an inference step by step; yields each node's name and outputs as soon as they are complete.

        Outputs are copied row by row after the step that makes them, since later steps reuse their memory. An
        inference under way is abandoned. Raises as `run` does.
        """
        self.reset()
        steps = [step for step in self.graph.steps if step.kind is StepKind.CALL]
        last = {step.call: index for index, step in enumerate(steps)}
        partial: dict[int, bytearray] = {}
        for index, step in enumerate(steps):
            self.step()
            node = self.graph.nodes[step.call]
            for tensor in node.outputs:
                copy = partial.setdefault(tensor, bytearray(self.graph.tensors[tensor].bytes))
                self._copy_rows(node, tensor, step.row_begin, step.row_end, copy)
            if last[step.call] == index:
                entries = {tensor: self.graph.tensors[tensor] for tensor in node.outputs}
                yield node.name, {entry.name: _array(entry, bytes(partial.pop(i))) for i, entry in entries.items()}

    def _copy_rows(self, node: NodeEntry, tensor: int, begin: int, end: int, copy: bytearray) -> None:
        """Copies a step's rows; a further output that has other rows than output 0 is made by one step, whole."""
        entry = self.graph.tensors[tensor]
        if entry.rows != self.graph.tensors[node.outputs[0]].rows:
            begin, end = 0, entry.rows
        for row in range(begin, end):
            first = row * entry.row_bytes
            place = entry.offset + first if entry.row_offsets is None else entry.row_offsets[row]
            copy[first : first + entry.row_bytes] = self._arenas[entry.pool].read(place, entry.row_bytes)

    def _init(self, memory: Any, count: int) -> None:
        """Bind executor, graph and memory; on failure say which node is at fault, where one is."""
        status = self._lib.mrt_executor_init(self._executor, self._tables.graph, memory, count)
        if status != 0:
            text = self._ffi.string(self._lib.mrt_status_text(status)).decode()
            raise RuntimeStatusError(self._refusal(), int(status), text)

    def _refusal(self) -> str:
        """What the parts of init's proof say one by one, which tell the node."""
        graph, node = self._tables.graph, self._ffi.new("uint32_t *")
        if self._lib.mrt_graph_check(graph) != 0:
            return "mrt_graph_check"
        if self._lib.mrt_graph_check_kernels(graph, graph.kernel_rows, node) != 0:
            what = "kernel {0.kernel} refuses {0.name}"
        else:
            words = self._ffi.new("uint32_t[]", self._lib.mrt_graph_plan_words(graph) + 1)
            if self._lib.mrt_graph_check_plan(graph, graph.kernel_rows, words, len(words), node) == 0:
                return "mrt_executor_init"
            what = "the plan fails at {0.name} ({0.kernel})"
        known = node[0] < len(self.graph.nodes)
        return f"{self.graph.name}: {what.format(self.graph.nodes[node[0]]) if known else 'the plan loses an output'}"

    def _check_guards(self) -> None:
        for arena in self._arenas:
            arena.check()

    def _call(self, function: str, *arguments: Any) -> None:
        name = f"mrt_executor_{function}"
        c_function: Callable[..., int] = getattr(self._lib, name)
        library.check(name, c_function(self._executor, *arguments))


class Tables:
    """An mrt_graph_t made of an ExecutorGraph; keeps what it points to alive.

    Foreign operators without adapters stand for the library's kernel, which refuses to run.

    Raises:
        ModelError: see HostExecutor.
    """

    def __init__(self, graph: ExecutorGraph, ffi: Any, lib: Any, adapters: Mapping[str, int] | None = None) -> None:
        self._ffi, self._lib = ffi, lib
        self._adapters = adapters or {}
        self._functions = {node.function: node.kernel for node in graph.nodes}
        """Function -> kernel, in the order of mrt_graph_t::kernels."""
        self.kernels = list(self._functions.values())
        unknown = sorted(set(self.kernels) - set(kernels.ids()))
        if unknown:
            raise ModelError(graph.name, [f"kernel {name} is not in the library: see kernels.def" for name in unknown])
        try:
            self.graph: Any = ffi.new("mrt_graph_t *", self._members(graph))
        except (OverflowError, ValueError) as error:
            reason = f"does not fit the tables of include/micrort/graph.h: {error}"
            raise ModelError(graph.name, [reason]) from error
        self._rows = ffi.new("mrt_kernel_t[]", [lib.mrt_kernels[kernels.ids()[name]] for name in self.kernels] or 1)
        for row, item in zip(self._rows, self._functions.items(), strict=False):
            row.run = self._run_of(*item)
        rows = [self._rows + index for index in range(len(self.kernels))]
        self.kernel_rows: Any = ffi.new("mrt_kernel_t *[]", rows or 1)
        """One row for each kernel, those of mrt_kernels; of foreign operators with the adapter as `run`."""
        self.graph.kernel_rows = self.kernel_rows
        self.graph.seal = lib.mrt_graph_seal(self.graph)

    def _members(self, graph: ExecutorGraph) -> dict[str, Any]:
        args, attrs, nodes = self._flatten(graph)
        tables: dict[str, tuple[str, Sequence[Any]]] = {
            "tensors": ("mrt_tensor_t[]", [self._tensor(graph, index) for index in range(len(graph.tensors))]),
            "nodes": ("mrt_node_t[]", nodes),
            "steps": ("mrt_step_t[]", schedule.compress(graph.steps)),
            "args": ("uint16_t[]", args),
            "attrs": ("int32_t[]", attrs),
            "inputs": ("mrt_tensor_info_t[]", [self._info(graph, index) for index in graph.inputs]),
            "outputs": ("mrt_tensor_info_t[]", [self._info(graph, index) for index in graph.outputs]),
            "pools": ("mrt_pool_t[]", [(arena.size, arena.alignment) for arena in graph.arenas]),
            "kernels": ("mrt_kernel_run_t[]", [self._run_of(*item) for item in self._functions.items()]),
        }
        self._params = GuardedMemory(self._ffi, "params", len(graph.params), PARAMS_ALIGNMENT)
        self._params.write(0, graph.params)
        row_table = graph.row_table
        # An empty table is one zeroed row, for an address that is not null.
        self._owned = {name: self._ffi.new(ctype, rows or 1) for name, (ctype, rows) in tables.items()}
        self._owned["row_table"] = self._ffi.new("uint16_t[]", row_table or 1)
        counts = {f"{name[:-1]}_count": len(rows) for name, (_, rows) in tables.items()}
        counts["row_count"] = len(row_table)
        return {**self._owned, **counts, "params": self._params.base, "params_size": self._params.size}

    def _run_of(self, function: str, kernel: str) -> Any:
        if function in self._adapters:
            return self._ffi.cast("mrt_kernel_run_t", self._adapters[function])
        return self._lib.mrt_kernels[kernels.ids()[kernel]].run

    def _flatten(self, graph: ExecutorGraph) -> tuple[list[int], list[int], list[dict[str, int]]]:
        args: list[int] = []
        nodes: list[dict[str, int]] = []
        functions = list(self._functions)
        structs, indices = kernels.shared_attrs(graph.nodes)
        words = [np.frombuffer(data, np.int32).tolist() for data in structs]
        begins = [0, *itertools.accumulate(map(len, words))]
        for node, index in zip(graph.nodes, indices, strict=True):
            nodes.append(
                {
                    "kernel": functions.index(node.function),
                    "args": len(args),
                    "attrs": begins[index],
                    "input_count": len(node.inputs),
                    "output_count": len(node.outputs),
                    "workspace_count": 0 if node.workspace is None else 1,
                }
            )
            args += [*node.inputs, *node.outputs, *(() if node.workspace is None else (node.workspace,))]
        return args, list(itertools.chain.from_iterable(words)), nodes

    def _tensor(self, graph: ExecutorGraph, index: int) -> dict[str, int]:
        entry = graph.tensors[index]
        offset, pool = graph.place(index)
        return {
            "offset": offset,
            "row_bytes": entry.row_bytes,
            "rows": entry.rows,
            "pool": pool,
            "dtype": self._dtype(entry),
        }

    def _info(self, graph: ExecutorGraph, index: int) -> dict[str, Any]:
        entry = graph.tensors[index]
        if len(entry.shape) > RANK_MAX:
            raise ModelError(graph.name, [f"{entry.name} has {len(entry.shape)} dimensions; at most {RANK_MAX}"])
        return {
            "tensor": index,
            "dtype": self._dtype(entry),
            "rank": len(entry.shape),
            "shape": [*entry.shape, *[1] * (RANK_MAX - len(entry.shape))],
            "scale": entry.scale,
            "zero_point": entry.zero_point,
        }

    def _dtype(self, entry: TensorEntry) -> int:
        return int(getattr(self._lib, f"MRT_DTYPE_{entry.dtype.name}"))


def _array(entry: TensorEntry, data: bytes) -> np.ndarray:
    array: np.ndarray = np.frombuffer(data, entry.dtype.numpy).reshape(entry.shape).copy()
    return array
