"""Programs as graph JSON in the schema of TVM's graph executor, with ours as extra attributes.

A reader that ignores what is ours sees a correct graph: each entry has a storage id of its own, except views
(`__nop` nodes, as TVM writes reshapes), which share their original's. Ours:

- node attributes `mrt_<member>` for each member of the kernel's attribute struct, `mrt_kernel`, `mrt_operator`,
  `mrt_macs`, and `mrt_workspace_bytes`, `mrt_workspace_pool`, `mrt_workspace_offset` where there is workspace;
  all values are strings, as TVM has it;
- entry lists `mrt_pool` and `mrt_offset` (lists of integers are what TVM's readers skip);
- the last top-level key, "metadata": names and quantisation of entries, steps, arenas, and the offsets of rows that are
  placed one by one, by entry id (`mrt_offset` is that of row 0).

`graph_reader` reads it back.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from micrort.ir import KernelCall, Program, Step
from micrort.ir.executor_graph import PARAMS_POOL
from micrort.ir.program import StepKind

VERSION = 2
"""Of our additions."""
NOP = "__nop"
"""func_name of a node that only views its input."""
PARAMS_ALIGNMENT = 16
"""Of each constant tensor within the params, in bytes."""


def write(program: Program) -> str:
    """The graph JSON of a placed program: one line for each node, so that it can be read and compared."""
    graph = _Writer(program).graph()
    parts = []
    for key, value in graph.items():
        if key == "nodes":
            text = "[\n" + ",\n".join("  " + json.dumps(node) for node in value) + "\n]"
        elif key in {"attrs", "metadata"}:
            lines = (f"  {json.dumps(name)}: {json.dumps(item)}" for name, item in value.items())
            text = "{\n" + ",\n".join(lines) + "\n}"
        else:
            text = json.dumps(value)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def params(program: Program) -> dict[str, np.ndarray]:
    """The constant tensors of a program in the order of their offsets."""
    found: dict[str, np.ndarray] = {}
    for name in _constants(program):
        data = program.tensors[name].data
        assert data is not None
        found[name] = data
    return found


def _constants(program: Program) -> list[str]:
    """Constants in the order in which calls read them."""
    read = (program.root(name) for call in program.calls for name in call.inputs)
    return [name for name in dict.fromkeys(read) if program.tensors[name].is_constant]


class _Writer:
    """Collects nodes and entries."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes: list[dict[str, Any]] = []
        self.row_ptr = [0]
        self.entries: list[str] = []
        """Tensor names by entry id."""
        self.place: dict[str, list[int]] = {}
        """Tensor name -> [node id, output index, version]."""
        self.param_offsets: dict[str, int] = {}
        self.params_size = 0

    def graph(self) -> dict[str, Any]:
        """The whole JSON object."""
        for name in self.program.inputs:
            self._null(name)
        for call in self.program.calls:
            for name in call.inputs:
                self._ensure(name)
            function = call.adapter or f"mrt_{call.kernel}_run"
            self._node(call.name, function, call.inputs, call.outputs, self._call_attrs(call))
        for name in self.program.outputs:
            self._ensure(name)
        return {
            "nodes": self.nodes,
            "arg_nodes": [index for index, node in enumerate(self.nodes) if node["op"] == "null"],
            "heads": [self.place[name] for name in self.program.outputs],
            "attrs": self._entry_attrs(),
            "node_row_ptr": self.row_ptr,
            "metadata": self._metadata(),
        }

    def _ensure(self, name: str) -> None:
        """Make sure that the constant or view `name` has an entry."""
        if name in self.place:
            return
        original = self.program.aliases.get(name)
        if original is None:
            self._null(name)
        else:
            self._ensure(original)
            self._node(f"{name}/{NOP}", NOP, (original,), (name,), {})

    def _null(self, name: str) -> None:
        tensor = self.program.tensors[name]
        if tensor.is_constant:
            self.params_size += -self.params_size % PARAMS_ALIGNMENT
            self.param_offsets[name] = self.params_size
            self.params_size += tensor.bytes
        self._add({"op": "null", "name": name, "inputs": []}, (name,))

    def _node(
        self, name: str, function: str, inputs: tuple[str, ...], outputs: tuple[str, ...], attrs: dict[str, str]
    ) -> None:
        node = {
            "op": "tvm_op",
            "name": name,
            "attrs": {
                "num_outputs": str(len(outputs)),
                "num_inputs": str(len(inputs)),
                "func_name": function,
                "flatten_data": "0",
                **attrs,
            },
            "inputs": [self.place[item] for item in inputs],
        }
        self._add(node, outputs)

    def _add(self, node: dict[str, Any], outputs: tuple[str, ...]) -> None:
        for index, name in enumerate(outputs):
            self.place[name] = [len(self.nodes), index, 0]
        self.nodes.append(node)
        self.entries.extend(outputs)
        self.row_ptr.append(len(self.entries))

    def _call_attrs(self, call: KernelCall) -> dict[str, str]:
        attrs = {"mrt_kernel": call.kernel, "mrt_operator": call.operator, "mrt_macs": str(call.macs)}
        if call.workspace_bytes > 0:
            slot = self.program.slots[call.workspace]
            attrs["mrt_workspace_bytes"] = str(call.workspace_bytes)
            attrs["mrt_workspace_pool"] = str(slot.pool)
            attrs["mrt_workspace_offset"] = str(slot.offset)
        return {**attrs, **{f"mrt_{name}": repr(_plain(value)) for name, value in call.attrs.items()}}

    def _entry_attrs(self) -> dict[str, Any]:
        roots = [self.program.root(name) for name in self.entries]
        ids = {name: index for index, name in enumerate(dict.fromkeys(roots))}
        tensors = [self.program.tensors[name] for name in self.entries]
        pools, offsets = zip(*map(self._slot, roots), strict=True)
        return {
            "dltype": ["list_str", [tensor.dtype.value for tensor in tensors]],
            "shape": ["list_shape", [list(tensor.shape) for tensor in tensors]],
            "storage_id": ["list_int", [ids[name] for name in roots]],
            "mrt_pool": ["list_int", list(pools)],
            "mrt_offset": ["list_int", list(offsets)],
        }

    def _slot(self, name: str) -> tuple[int, int]:
        if name in self.param_offsets:
            return PARAMS_POOL, self.param_offsets[name]
        slot = self.program.slots[name]
        return slot.pool, slot.offset

    def _row_offsets(self) -> dict[str, list[int]]:
        found = {}
        for index, name in enumerate(self.entries):
            slot = self.program.slots.get(name)
            if slot is not None and slot.rows is not None:
                found[str(index)] = list(slot.rows)
        return found

    def _metadata(self) -> dict[str, Any]:
        quantisations = [self.program.tensors[name].quantisation for name in self.entries]
        # per-channel scales are in the kernels' multipliers already; the first says nothing by itself
        single = [item if item is not None and len(item.scales) == 1 else None for item in quantisations]
        return {
            "mrt_version": VERSION,
            "mrt_name": self.program.name,
            "mrt_tensor_names": self.entries,
            "mrt_scales": [0.0 if item is None else float(item.scale) for item in single],
            "mrt_zero_points": [0 if item is None else int(item.zero_point) for item in single],
            "mrt_steps": [_step(step) for step in self.program.steps],
            "mrt_row_offsets": self._row_offsets(),
            "mrt_arenas": [
                {"name": arena.name, "size": arena.size, "alignment": arena.alignment, "lower_bound": arena.lower_bound}
                for arena in self.program.arenas
            ],
        }


def _step(step: Step) -> list[int | str]:
    """A call's index, or input or output and its index; then rows."""
    kind: list[int | str] = [] if step.kind is StepKind.CALL else [step.kind.value]
    return [*kind, step.call, step.row_begin, step.row_end]


def _plain(value: float) -> int | float:
    """`value` as Python's own number, whose repr is exact."""
    return float(value) if isinstance(value, (float, np.floating)) else int(value)
