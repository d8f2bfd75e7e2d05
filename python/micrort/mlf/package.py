"""What a package holds, and its description metadata.json."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from micrort.errors import ModelError
from micrort.ir import DType, Pruning, RemovedChannels
from micrort.ir.executor_graph import PARAMS_POOL, ExecutorGraph, NodeEntry, TensorEntry
from micrort.ir.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 7
"""Of the Model Library Format."""


@dataclass(frozen=True)
class Foreign:
    """C that another compiler made for a model."""

    units: Mapping[str, str]
    """By file name."""
    adapters: str
    """Our unit that calls them."""
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Package:
    """A compiled model. Texts and bytes are exactly the members of the archive."""

    name: str
    """The module's name, a C identifier: prefix of its symbols after `mrt_`."""
    graph_json: str
    params: bytes
    """The params file."""
    sources: Mapping[str, str]
    """File name -> C, under codegen/host/src."""
    headers: Mapping[str, str]
    """File name -> C, under codegen/host/include."""
    listing: str
    """The program as text, for people."""
    metadata: Mapping[str, Any]
    """metadata.json."""
    path: Path | None = field(default=None, compare=False)
    """Where it was read from, for messages."""

    @property
    def module(self) -> Mapping[str, Any]:
        """The metadata of the module."""
        module = self.metadata["modules"][self.name]
        assert isinstance(module, Mapping)
        return module

    @property
    def executor(self) -> str:
        """`graph` or `aot`."""
        return str(self.module["executors"][0])

    @property
    def interface(self) -> str:
        """What an application calls, as micrort.project.target_figures has it: `graph`, `aot`, or `stream`, the graph
        executor where rows are handed over."""
        ports = (*self.graph.inputs, *self.graph.outputs) if self.executor == "graph" else ()
        streams = any(self.graph.tensors[index].row_offsets is not None for index in ports)
        return "stream" if streams else self.executor

    @property
    def figures(self) -> Mapping[str, Any]:
        """Our part of the metadata: options, arenas, inputs, outputs, operators."""
        figures = self.module["micrort"]
        assert isinstance(figures, Mapping)
        return figures

    @cached_property
    def foreign(self) -> Foreign | None:
        """The C of operators that another compiler made, with our adapters to it; None where there are none.

        Raises:
            ModelError: the archive lacks units or headers that it names.
        """
        described = self.figures.get("tvm")
        if described is None:
            return None
        names = {key: described.get(key) if isinstance(described, dict) else None for key in ("units", "headers")}
        adapters = f"{self.name}_operators.c"
        for key, texts in (("units", self.sources), ("headers", self.headers)):
            listed = names[key]
            if not isinstance(listed, list) or not all(isinstance(item, str) and item in texts for item in listed):
                raise ModelError(str(self.path or self.name), [f"metadata.json names {key} that the archive lacks"])
        if adapters not in self.sources:
            raise ModelError(str(self.path or self.name), [f"the archive has no {adapters}"])
        return Foreign(
            {name: self.sources[name] for name in names["units"] or ()},
            self.sources[adapters],
            {name: self.headers[name] for name in names["headers"] or ()},
        )

    @cached_property
    def removed(self) -> Mapping[str, RemovedChannels]:
        """The channels that the compiler took out, by the tensor's name in the model."""
        return {
            name: RemovedChannels(
                item["channels"],
                tuple(index for index in range(item["channels"]) if str(index) not in item["removed"]),
                {int(index): value for index, value in item["removed"].items() if value is not None},
            )
            for name, item in self.figures.get("pruning", {}).get("tensors", {}).items()
        }

    @cached_property
    def graph(self) -> ExecutorGraph:
        """The graph that graph JSON and params describe, checked.

        Raises:
            ModelError: they are damaged, or made by another tool.
        """
        from micrort.codegen import graph_reader, params

        source = str(self.path or self.name)
        graph = graph_reader.read(self.graph_json, params.read(self.params, source), source)
        if graph.name != self.name:
            raise ModelError(source, [f"the graph of module {self.name} is named {graph.name}"])
        return graph


@dataclass(frozen=True)
class Decisions:
    """What the compiler decided, for reports."""

    pruning: Pruning | None = None
    selection: Mapping[str, Selection] = field(default_factory=dict)
    """By node name."""


@dataclass(frozen=True)
class Settings:
    """What the user chose."""

    executor: str = "graph"
    """graph or aot."""
    target: str | None = None
    """A processor of `micrort targets`; None: no one in particular."""
    optimize: str = "balanced"
    """The level that was asked for."""
    datetime: str = "1970-01-01 00:00:00Z"
    """`%Y-%m-%d %H:%M:%SZ`; given, not read from the clock, so that packages are reproducible."""


def metadata(
    graph: ExecutorGraph, graph_json: str, settings: Settings, decisions: Decisions | None = None
) -> dict[str, Any]:
    """metadata.json: TVM's keys, and ours under "micrort" in the module.

    Args:
        graph: the compiled graph.
        graph_json: the text that describes it.
        settings: what the user chose.
        decisions: what the compiler decided, if it made the graph.
    """
    decisions = decisions or Decisions()
    target = settings.target
    module = {
        "model_name": graph.name,
        "export_datetime": settings.datetime,
        "memory": _memory(graph, graph_json, settings.executor),
        "target": ["c -keys=cpu" if target in (None, "host") else f"c -keys=arm_cpu,cpu -mcpu={target}"],
        "executors": [settings.executor],
        "style": "full-model",
        "micrort": _figures(graph, settings, decisions) | _pruned(graph, decisions.pruning),
    }
    return {"version": VERSION, "modules": {graph.name: module}}


def _memory(graph: ExecutorGraph, graph_json: str, executor: str) -> dict[str, Any]:
    largest: dict[str, int] = {}
    for node in graph.nodes:
        function = f"mrt_{node.kernel}_run"
        largest[function] = max(largest.get(function, 0), _workspace(graph, node))
    workspaces = [
        {"function_name": function, "workspace": [_device(workspace_size_bytes=size)]}
        for function, size in largest.items()
    ]
    inputs = [graph.tensors[index] for index in graph.inputs]
    outputs = [graph.tensors[index] for index in graph.outputs]
    main = _device(
        workspace_size_bytes=sum(arena.size for arena in graph.arenas),
        constants_size_bytes=len(graph.params),
        io_size_bytes=sum(tensor.bytes for tensor in (*inputs, *outputs)),
        inputs={tensor.name: {"size": tensor.bytes, "dtype": tensor.dtype.value} for tensor in inputs},
        outputs={tensor.name: {"size": tensor.bytes, "dtype": tensor.dtype.value} for tensor in outputs},
    )
    memory: dict[str, Any] = {"functions": {"operator_functions": workspaces, "main": [main]}}
    if executor == "graph":
        return {"sids": _sids(graph, graph_json), **memory}
    return memory


def _device(**entries: Any) -> dict[str, Any]:
    """Figures of DLPack's device type 1, the processor itself."""
    return {"device": 1, **entries}


def _sids(graph: ExecutorGraph, graph_json: str) -> list[dict[str, Any]]:
    """The storages that the graph JSON gives to tensors that are no constants, each as large as the largest of them.

    There every tensor but a view has its own; what the arena shares is in our own figures.
    """
    described = json.loads(graph_json)
    attrs, names = described["attrs"], described["metadata"]["mrt_tensor_names"]
    inputs = {graph.tensors[index].name for index in graph.inputs}
    sizes: dict[int, int] = {}
    bound: dict[int, str] = {}
    rows = zip(names, *(attrs[key][1] for key in ("storage_id", "mrt_pool", "dltype", "shape")), strict=True)
    for name, storage, pool, dtype, shape in rows:
        if pool != PARAMS_POOL:
            sizes[storage] = max(sizes.get(storage, 0), math.prod(shape) * DType(dtype).bytes)
            if name in inputs:
                bound[storage] = name
    return [
        {"storage_id": storage, "size_bytes": size, **({"input_binding": bound[storage]} if storage in bound else {})}
        for storage, size in sorted(sizes.items())
    ]


def _workspace(graph: ExecutorGraph, node: NodeEntry) -> int:
    return 0 if node.workspace is None else graph.tensors[node.workspace].bytes


def _figures(graph: ExecutorGraph, settings: Settings, decisions: Decisions) -> dict[str, Any]:
    arenas = [
        {"name": arena.name, "bytes": arena.size, "alignment": arena.alignment, "lower_bound": arena.lower_bound}
        for arena in graph.arenas
    ]
    operators = [
        {
            "name": node.name,
            "operator": node.operator,
            "kernel": node.kernel,
            "macs": node.macs,
            "workspace_bytes": _workspace(graph, node),
            "outputs": [_described(graph.tensors[index]) for index in node.outputs],
            **_selected(decisions.selection.get(node.name)),
        }
        for node in graph.nodes
    ]
    return {
        "executor": settings.executor,
        "target": settings.target,
        "optimize": settings.optimize,
        "arena_bytes": sum(arena.size for arena in graph.arenas),
        "arena_by_pool": {arena.name: arena.size for arena in graph.arenas},
        "arenas": arenas,
        "workspace_bytes": max((_workspace(graph, node) for node in graph.nodes), default=0),
        "weights_bytes": len(graph.params),
        "macs": sum(node.macs for node in graph.nodes),
        "inputs": [_described(graph.tensors[index]) for index in graph.inputs],
        "outputs": [_described(graph.tensors[index]) for index in graph.outputs],
        "operators": operators,
    }


def _selected(selection: Selection | None) -> dict[str, Any]:
    """Why a node has its kernel."""
    if selection is None:
        return {}
    return {
        "tile": selection.tile,
        "estimated_instructions": selection.instructions,
        "refused": [{"kernel": kernel, "reason": reason} for kernel, reason in selection.refused],
    }


def _pruned(graph: ExecutorGraph, pruning: Pruning | None) -> dict[str, Any]:
    """What was removed from each node, and from each tensor (channel -> its constant; null where nothing reads it)."""
    if pruning is None:
        return {}
    removed = pruning.tensors
    by_node: dict[str, int] = {}
    for node in graph.nodes:
        names = (graph.tensors[index].name for index in node.outputs)
        by_node[node.name] = sum(removed[name].count for name in names if name in removed)
    tensors = {}
    for name, item in removed.items():
        gone = sorted(set(range(item.channels)) - set(item.kept))
        tensors[name] = {
            "channels": item.channels,
            "removed": {str(index): item.constants.get(index) for index in gone},
        }
    return {
        "pruning": {
            "macs_before": pruning.macs_before,
            "macs": pruning.macs,
            "weights_before": pruning.weights_before,
            "weights": pruning.weights,
            "removed_channels": {name: count for name, count in by_node.items() if count},
            "tensors": tensors,
        }
    }


def _described(tensor: TensorEntry) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": tensor.name,
        "dtype": tensor.dtype.value,
        "shape": list(tensor.shape),
        "bytes": tensor.bytes,
    }
    if tensor.scale:
        described |= {"scale": tensor.scale, "zero_point": tensor.zero_point}
    return described


def listing(graph: ExecutorGraph) -> str:
    """The program as text: one line a node, with where its operands lie."""

    def place(index: int) -> str:
        tensor = graph.tensors[index]
        pool = "params" if tensor.pool == PARAMS_POOL else graph.arenas[tensor.pool].name
        return f"{tensor.name}: {tensor.dtype.value}{json.dumps(list(tensor.shape))} @ {pool}+{tensor.offset}"

    def several(indices: Sequence[int]) -> str:
        return ", ".join(place(index) for index in indices)

    lines = [f"{graph.name}({several(graph.inputs)}) -> {several(graph.outputs)}"]
    lines.extend(
        f"{node.name} = {node.kernel}({several(node.inputs)}) -> {several(node.outputs)}" for node in graph.nodes
    )
    return "\n".join(lines) + "\n"
