"""Runs packages on emulated boards: firmware from micrort.project.build, inputs and outputs by semihosting files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from micrort.devices import boards
from micrort.errors import TargetError, UsageError
from micrort.ir import Step
from micrort.ir.executor_graph import ExecutorGraph, TensorEntry
from micrort.ir.program import StepKind
from micrort.mlf import Blob
from micrort.project import build, footprint
from micrort.project.loader import LOADER_MEMORY
from micrort.transport import qemu

if TYPE_CHECKING:
    from micrort.devices.boards import Board
    from micrort.devices.targets import Target
    from micrort.mlf import Package

Arrays = Mapping[str, np.ndarray]
"""Tensors by name."""


@dataclass(frozen=True)
class Run:
    """What came out of one run of the runner, and what it cost."""

    outputs: list[dict[str, np.ndarray]]
    """For each inference the model's outputs by name."""
    instructions: int
    """Of the first inference, after a warm-up; deterministic."""
    stack_bytes: int
    """Stack that an inference used below its caller."""
    stack_bound_bytes: int
    """What it can use at most, by analysis of the machine code."""
    init_instructions: int
    """Of preparing the model."""
    static_ram_bytes: int
    """.data and .bss of runtime and model, without arenas."""
    code_bytes: int
    """Code and constants of runtime and model and of what they need from the C library, without weights."""
    weights_bytes: int
    """Constant tensors."""
    operators: list[dict[str, Any]]
    """With `profile`: for each node its name, operator, kernel and instructions, in order of execution."""
    traces: list[dict[str, np.ndarray]]
    """With `trace`: for each inference every tensor that a node made, by name."""


def emulate(
    package: Package | Blob,
    machine: str,
    inputs: Sequence[Arrays],
    profile: bool = False,
    trace: bool = False,
    timeout: float = 600.0,
    prove: bool = False,
) -> Run:
    """Run a package on an emulated board.

    Args:
        package: a compiled model; of a blob the board gets nothing but its kernels, and loads it at run time.
        machine: QEMU's name of the machine, e.g. mps2-an386.
        inputs: for each inference all inputs by name, of exactly the model's dtypes and shapes; at least one.
        profile: count each node's instructions, too.
        trace: bring back every node's outputs, too.
        timeout: seconds for the emulator.
        prove: the board proves the graph before it runs it (MRT_INIT_PROVES_GRAPH); a blob is proved in any case.

    Raises:
        UsageError: no such machine, it does not run the package's target, or inputs do not fit the model.
        ToolError: compiler or QEMU are missing or refuse.
        TargetError: the firmware failed.
    """
    board = boards.for_machine(machine)
    target = board.resolve(package.figures.get("target"))
    graph = package.graph
    if (profile or trace) and package.executor != "graph":
        raise UsageError(
            f"{package.name} is compiled to direct calls (aot), which cannot be stepped: compile with --executor graph"
        )
    if not inputs:
        raise UsageError("no inputs: at least one inference is needed")
    data = b"".join(pack(graph, item) for item in inputs)
    made = _firmware(package, board, target, prove)
    words = [word for word, wanted in (("profile", profile), ("trace", trace)) if wanted]
    with tempfile.TemporaryDirectory(prefix="micrort-") as work:
        folder = Path(work)
        (folder / "inputs.bin").write_bytes(data)
        if isinstance(package, Blob):
            (folder / "model.mrt").write_bytes(package.data)
        console = qemu.run(made.image, machine, folder, words, timeout)
        raw = (folder / "outputs.bin").read_bytes()
        traced = (folder / "trace.bin").read_bytes() if trace else b""
    outputs = [graph.tensors[index] for index in graph.outputs]
    figures, steps = _parse(console, machine)
    sizes = _sizes(package, made)
    return Run(
        unpack(raw, outputs, len(inputs), machine),
        figures["instructions"],
        figures["stack_bytes"],
        json.loads(made.figures.read_text(encoding="utf-8"))["stack_bytes"]["run"],
        figures["init_instructions"],
        sizes.static_ram_bytes,
        sizes.code_bytes,
        sizes.weights_bytes,
        _operators(graph, steps) if profile else [],
        list(_traces(graph, traced, len(inputs))) if trace else [],
    )


def _firmware(package: Package | Blob, board: Board, target: Target, prove: bool) -> build.Firmware:
    if not isinstance(package, Blob):
        return build.firmware(package, board, target, prove)
    if len(package.data) > LOADER_MEMORY["BLOB"] or sum(a.size for a in package.graph.arenas) > LOADER_MEMORY["ARENA"]:
        raise UsageError(
            f"{package.name} is too large for firmware that loads models: it keeps {LOADER_MEMORY['BLOB']:,} bytes for "
            f"the blob and {LOADER_MEMORY['ARENA']:,} for arenas. Run the model without --blob"
        )
    return build.loader(package.kernels or ("copy",), board, target)


def _sizes(package: Package | Blob, made: build.Firmware) -> footprint.Footprint:
    """Figures of the linked image, and of the blob, which is in no image."""
    sizes = footprint.measure(made.footprint)
    if not isinstance(package, Blob):
        return sizes
    weights = len(package.graph.params)
    code = sizes.code_bytes + len(package.data) - weights
    return footprint.Footprint(sizes.static_ram_bytes, code, weights)


def pack(graph: ExecutorGraph, values: Arrays) -> bytes:
    """The inputs of one inference, one behind the other, as firmware reads them.

    Raises:
        UsageError: they are not exactly the graph's.
    """
    entries = [graph.tensors[index] for index in graph.inputs]
    unknown = set(values) - {entry.name for entry in entries}
    if unknown:
        raise UsageError(
            f"{graph.name} has no input {sorted(unknown)[0]!r}; its inputs: {', '.join(e.name for e in entries)}"
        )
    parts = []
    for entry in entries:
        if entry.name not in values:
            raise UsageError(f"input {entry.name} of {graph.name} is missing")
        value = values[entry.name]
        if value.dtype != entry.dtype.numpy or value.shape != entry.shape:
            raise UsageError(
                f"input {entry.name} of {graph.name} takes {entry.dtype.value}{list(entry.shape)}, "
                f"not {value.dtype.name}{list(value.shape)}: convert the array first"
            )
        parts.append(np.ascontiguousarray(value).tobytes())
    return b"".join(parts)


def unpack(raw: bytes, outputs: Sequence[TensorEntry], count: int, machine: str) -> list[dict[str, np.ndarray]]:
    """The outputs of `count` inferences, by name.

    Raises:
        TargetError: they are not as many bytes.
    """
    size = sum(entry.bytes for entry in outputs)
    if len(raw) != count * size:
        raise TargetError(f"{machine}: {len(raw)} bytes of outputs instead of {count * size}")
    found: list[dict[str, np.ndarray]] = []
    offset = 0
    for _ in range(count):
        arrays = {}
        for entry in outputs:
            arrays[entry.name] = _array(raw[offset : offset + entry.bytes], entry)
            offset += entry.bytes
        found.append(arrays)
    return found


def _array(raw: bytes, entry: TensorEntry) -> np.ndarray:
    return np.frombuffer(raw, entry.dtype.numpy).reshape(entry.shape)


def _parse(console: str, machine: str) -> tuple[dict[str, int], list[int]]:
    """The runner's figures by name, and the instructions of each step."""
    figures: dict[str, int] = {}
    steps: list[int] = []
    for line in console.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit():
            figures[words[0]] = int(words[1])
        elif len(words) == 3 and words[0] == "step":
            steps.append(int(words[2]))
    missing = {"instructions", "stack_bytes", "init_instructions"} - set(figures)
    if missing:
        raise TargetError(f"{machine}: the runner did not print {', '.join(sorted(missing))}:\n{console}")
    return figures, steps


def _calls(graph: ExecutorGraph) -> list[Step]:
    """The steps that run a node."""
    return [step for step in graph.steps if step.kind is StepKind.CALL]


def _operators(graph: ExecutorGraph, steps: Sequence[int]) -> list[dict[str, Any]]:
    instructions = [0] * len(graph.nodes)
    for step, count in zip(_calls(graph), steps, strict=True):
        instructions[step.call] += count
    return [
        {"name": node.name, "operator": node.operator, "kernel": node.kernel, "instructions": count}
        for node, count in zip(graph.nodes, instructions, strict=True)
    ]


def _traces(graph: ExecutorGraph, raw: bytes, count: int) -> Iterator[dict[str, np.ndarray]]:
    """Each inference's tensors from trace.bin: for each step its index, a size, and rows of the node's outputs."""
    offset = 0
    for _ in range(count):
        tensors: dict[int, bytearray] = {}
        for index, step in enumerate(_calls(graph)):
            header = np.frombuffer(raw, "<u4", 2, offset)
            if header[0] != index:
                raise TargetError(f"the trace has step {header[0]} where {index} was expected")
            offset += 8
            for position, output in enumerate(graph.nodes[step.call].outputs):
                entry = graph.tensors[output]
                begin, end = (step.row_begin, step.row_end) if position == 0 else (0, entry.rows)
                size = (end - begin) * entry.row_bytes
                rows = tensors.setdefault(output, bytearray(entry.bytes))
                rows[begin * entry.row_bytes : begin * entry.row_bytes + size] = raw[offset : offset + size]
                offset += size
        yield {
            graph.tensors[output].name: _array(bytes(data), graph.tensors[output]) for output, data in tensors.items()
        }
