"""C of a model: const tables or direct kernel calls, static arenas, and the header that firmware includes.

The text is the same for the same graph, byte for byte.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from micrort import __version__
from micrort.codegen import c_text
from micrort.errors import ModelError
from micrort.ir import DType, schedule
from micrort.ir.executor_graph import FOREIGN, PARAMS_POOL, ROW_UNIT, ExecutorGraph, NodeEntry, TensorEntry

if TYPE_CHECKING:
    import jinja2

GRAPH_VERSION = 2
"""The MRT_GRAPH_VERSION that these tables follow."""
RANK_MAX = 6
"""MRT_RANK_MAX."""
U8_MAX, U16_MAX = 0xFF, 0xFFFF


def header_name(graph: ExecutorGraph) -> str:
    """File name of the header."""
    return f"mrt_{graph.name}.h"


def header(graph: ExecutorGraph, executor: str) -> str:
    """The header: sizes, shapes and quantisation as macros, and the declarations for `executor` (graph or aot)."""
    return _render("model.h.jinja", graph, executor)


def tables(graph: ExecutorGraph) -> str:
    """C of the const tables `mrt_<name>_graph`."""
    return _render("graph.c.jinja", graph, "graph")


def arenas(graph: ExecutorGraph) -> str:
    """C of the static arenas and `mrt_<name>_init`; a unit of its own, so that firmware with other memory omits it."""
    return _render("arenas.c.jinja", graph, "graph")


def calls(graph: ExecutorGraph) -> str:
    """C of `mrt_<name>_run`: direct kernel calls without tables of nodes, with the static arenas."""
    return _render("aot.c.jinja", graph, "aot")


@dataclass(frozen=True)
class Value:
    """A tensor as C sees it."""

    entry: TensorEntry
    index: int
    offset: int
    """In bytes; with a row table an index into it."""
    pool: str
    """The member's initialiser."""
    c_type: str
    note: str
    """What it is, for a comment."""


@dataclass(frozen=True)
class Constant:
    """A member of the struct of constants."""

    name: str
    c_type: str
    elements: int
    offset: int
    note: str
    text: str
    """The literals."""


@dataclass(frozen=True)
class Call:
    """A node as C sees it."""

    entry: NodeEntry
    name: str
    """Identifier, distinct among the nodes."""
    kernel: int
    first_arg: int
    args: tuple[int, ...]
    attrs: str
    """The first node with the same attributes, whose member they are."""
    attrs_type: str
    attrs_text: str
    note: str


@dataclass(frozen=True)
class Port:
    """An input or output of the model."""

    macro: str
    """Prefix of its macros, e.g. MRT_KWS_INPUT_0."""
    value: Value
    shape: tuple[int, ...]
    """Extended to RANK_MAX with ones."""
    role: str


def check_limits(graph: ExecutorGraph) -> None:
    """Refuse a graph whose counts do not fit in the tables of include/micrort/graph.h.

    Raises:
        ModelError: names every limit that is exceeded.
    """
    from micrort.native import kernels

    words = sum(len(packed) for packed in kernels.shared_attrs(graph.nodes)[0]) // 4
    args = sum(len(_args(node)) for node in graph.nodes)
    counts = [
        ("tensors", len(graph.tensors), U16_MAX),
        ("nodes", len(graph.nodes), schedule.OUTPUT),
        ("entries of the schedule", len(schedule.compress(graph.steps)), U16_MAX),
        ("rows that are placed one by one", len(graph.row_table), U16_MAX),
        ("operands of all nodes", args, U16_MAX),
        ("words of attributes", words, U16_MAX),
        ("inputs", len(graph.inputs), U8_MAX),
        ("outputs", len(graph.outputs), U8_MAX),
    ]
    problems = [f"{count} {what}; the runtime's tables hold {limit}" for what, count, limit in counts if count > limit]
    problems.extend(
        f"tensor {tensor.name} {list(tensor.shape)} has {tensor.rows} rows; the runtime's tables hold {U16_MAX}"
        for tensor in graph.tensors
        if tensor.rows > U16_MAX
    )
    problems.extend(
        f"tensor {graph.tensors[index].name} has rank {len(graph.tensors[index].shape)}; inputs and outputs have at "
        f"most {RANK_MAX}: reshape it in the model"
        for index in (*graph.inputs, *graph.outputs)
        if len(graph.tensors[index].shape) > RANK_MAX
    )
    problems.extend(
        f"node {node.name} has {max(len(node.inputs), len(node.outputs))} inputs or outputs; a call takes {U8_MAX}"
        for node in graph.nodes
        if max(len(node.inputs), len(node.outputs)) > U8_MAX
    )
    if problems:
        raise ModelError(graph.name, problems)


def table_bytes(graph: ExecutorGraph) -> dict[str, int]:
    """Bytes of the tables in flash: of the schedule, of the places of rows, and of all of them, attributes included."""
    from micrort.native import kernels

    attrs = sum(len(packed) for packed in kernels.shared_attrs(graph.nodes)[0])
    args = sum(len(_args(node)) for node in graph.nodes)
    steps, rows = 8 * len(schedule.compress(graph.steps)), 2 * len(graph.row_table)
    ports = 36 * (len(graph.inputs) + len(graph.outputs)) + 8 * len(graph.arenas)
    whole = 12 * len(graph.tensors) + 12 * len(graph.nodes) + 2 * args + attrs + ports + steps + rows
    return {"schedule": steps, "rows": rows, "all": whole}


def _render(template: str, graph: ExecutorGraph, executor: str) -> str:
    check_limits(graph)
    return _environment().get_template(template).render(_view(graph, executor))


@functools.lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("micrort.codegen"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    environment.filters.update(comment=c_text.comment, c_string=c_text.string)
    environment.filters["f32"] = lambda value: c_text.literal(value, DType.F32)
    environment.filters["identifier"] = c_text.identifier
    return environment


def _view(graph: ExecutorGraph, executor: str) -> Mapping[str, Any]:
    """What the templates see."""
    from micrort.native import kernels as native

    values = [_value(graph, index) for index in range(len(graph.tensors))]
    functions = {node.function: node.kernel for node in graph.nodes}
    calls, constants = list(_calls(graph, list(functions))), _constants(graph)
    texts = (*(call.attrs_text for call in calls), *(item.text for item in constants if item.c_type == "float"))
    return {
        "graph": graph,
        "executor": executor,
        "version": __version__,
        "graph_version": GRAPH_VERSION,
        "name": graph.name,
        "macro": f"MRT_{graph.name.upper()}",
        "header": header_name(graph),
        "values": values,
        "constants": constants,
        "needs_math": any("INFINITY" in text or "NAN" in text for text in texts),
        "calls": calls,
        "stretches": list(_stretches(graph)),
        "schedule": list(_schedule_lines(graph, calls)),
        "row_table": graph.row_table,
        "row_lines": list(_row_lines(graph)),
        "seal": f"0x{_seal(graph):08X}u" if executor == "graph" else "",
        "functions": list(functions),
        "kernel_rows": [
            f"MRT_FOREIGN_ROW({function})" if kernel == FOREIGN else f"MRT_KERNEL_ROW({native.definition(kernel)})"
            for function, kernel in functions.items()
        ],
        "adapters": sorted({node.adapter for node in graph.nodes} - {""}),
        "inputs": list(_ports(graph, values, graph.inputs, "input")),
        "outputs": list(_ports(graph, values, graph.outputs, "output")),
        "macs": sum(node.macs for node in graph.nodes),
        "pools": list(zip(graph.arenas, c_text.identifiers(arena.name for arena in graph.arenas), strict=True)),
    }


def _value(graph: ExecutorGraph, index: int) -> Value:
    entry = graph.tensors[index]
    note = f"{entry.name}: {entry.dtype.value} {list(entry.shape)}"
    offset, _ = graph.place(index)
    pool = "(uint8_t)MRT_POOL_PARAMS" if entry.pool == PARAMS_POOL else f"{entry.pool}u"
    if entry.row_offsets is not None:
        pool = f"{entry.pool}u | (uint8_t)MRT_POOL_ROW_TABLE" if entry.pool else "(uint8_t)MRT_POOL_ROW_TABLE"
    return Value(entry, index, offset, pool, c_text.C_TYPES[entry.dtype], note)


@dataclass(frozen=True)
class ScheduleLine:
    """An entry of the schedule as C sees it."""

    members: str
    note: str


def _schedule_lines(graph: ExecutorGraph, calls: Sequence[Call]) -> Iterator[ScheduleLine]:
    left = 0
    for node, begin, end, advance in schedule.compress(graph.steps):
        indent = "    " if left else ""
        if node == schedule.LOOP:
            left = begin + 1
            yield ScheduleLine(f"MRT_STEP_LOOP, {begin}u, {end}u, 0u", f"{end} times the next {begin} steps")
        elif node >= schedule.OUTPUT:
            name, base = ("INPUT", schedule.INPUT) if node >= schedule.INPUT else ("OUTPUT", schedule.OUTPUT)
            note = f"{indent}a row of {name.lower()} {node - base}"
            yield ScheduleLine(f"MRT_STEP_{name} + {node - base}u, {begin}u, {end}u, {advance}u", note)
        else:
            yield ScheduleLine(f"{node}u, {begin}u, {end}u, {advance}u", indent + calls[node].name)
        left -= left > 0


def _stretches(graph: ExecutorGraph) -> Iterator[tuple[int, list[schedule.Entry]]]:
    """The schedule as how often a stretch of it is run, and its entries."""
    entries = schedule.compress(graph.steps)
    index = 0
    while index < len(entries):
        node, length, rounds, _ = entries[index]
        is_loop = node == schedule.LOOP
        body = entries[index + 1 : index + 1 + length] if is_loop else entries[index : index + 1]
        yield (rounds if is_loop else 1), body
        index += 1 + (length if is_loop else 0)


def _seal(graph: ExecutorGraph) -> int:
    """What mrt_graph_seal says of the tables."""
    from micrort.native import executor, library

    ffi, lib = library.load()
    return int(executor.Tables(graph, ffi, lib).graph.seal)


def _row_lines(graph: ExecutorGraph) -> Iterator[tuple[str, str]]:
    """The row table: a tensor's entries, and its name."""
    for tensor in graph.tensors:
        if tensor.row_offsets is not None:
            yield ", ".join(f"{offset // ROW_UNIT}u" for offset in tensor.row_offsets), tensor.name


def _constants(graph: ExecutorGraph) -> list[Constant]:
    """One member for each offset in the params (views share their original's)."""
    found: dict[int, TensorEntry] = {}
    for entry in graph.tensors:
        if entry.pool == PARAMS_POOL and entry.bytes > (found[entry.offset].bytes if entry.offset in found else 0):
            found[entry.offset] = entry
    entries = [found[offset] for offset in sorted(found)]
    names = c_text.identifiers(entry.name for entry in entries)
    return [_constant(graph, entry, name) for entry, name in zip(entries, names, strict=True)]


def _constant(graph: ExecutorGraph, entry: TensorEntry, name: str) -> Constant:
    elements = entry.bytes // entry.dtype.bytes
    data = np.frombuffer(graph.params, entry.dtype.numpy, elements, entry.offset)
    note = f"{entry.name}: {entry.dtype.value} {list(entry.shape)}"
    return Constant(name, c_text.C_TYPES[entry.dtype], elements, entry.offset, note, c_text.array(data, entry.dtype, 8))


def _calls(graph: ExecutorGraph, functions: Sequence[str]) -> Iterator[Call]:
    from micrort.native import kernels as native

    names = c_text.identifiers(node.name for node in graph.nodes)
    structs, indices = native.shared_attrs(graph.nodes)
    homes = [names[indices.index(index)] for index in range(len(structs))]
    first_arg = 0
    for node, name, index in zip(graph.nodes, names, indices, strict=True):
        ctype = native.attrs_type(node.kernel)
        outputs = ", ".join(str(list(graph.tensors[index].shape)) for index in node.outputs)
        note = f"{node.name}: {node.adapter or node.kernel} -> {outputs}"
        text = "\n".join(_attrs(ctype, node.attrs, 8))
        yield Call(
            node, name, functions.index(node.function), first_arg, _args(node), homes[index], ctype.cname, text, note
        )
        first_arg += len(_args(node))


def _args(node: NodeEntry) -> tuple[int, ...]:
    return (*node.inputs, *node.outputs, *(() if node.workspace is None else (node.workspace,)))


def _attrs(ctype: Any, attrs: Mapping[str, int | float], indent: int) -> Iterator[str]:
    """Designated initialisers of an attribute struct: members in the order of C, nested structs in braces."""
    plain: list[str] = []
    for member, field in ctype.fields:
        if field.type.kind == "struct":
            if plain:
                yield c_text.wrap(plain, indent) + ","
                plain = []
            yield " " * indent + f".{member} = {{"
            yield from _attrs(field.type, attrs, indent + 4)
            yield " " * indent + "},"
        else:
            dtype = {"float": DType.F32, "uint32_t": DType.U32}.get(field.type.cname, DType.S32)
            plain.append(f".{member} = {c_text.literal(attrs[member], dtype)}")
    if plain:
        yield c_text.wrap(plain, indent) + ","


def _ports(graph: ExecutorGraph, values: Sequence[Value], indices: Sequence[int], role: str) -> Iterator[Port]:
    for number, index in enumerate(indices):
        shape = values[index].entry.shape
        padded = (*shape, *(1,) * (RANK_MAX - len(shape)))
        yield Port(f"MRT_{graph.name.upper()}_{role.upper()}_{number}", values[index], padded, role)
