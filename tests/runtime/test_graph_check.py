"""mrt_graph_check against a second judgement, written as sentences in Python, over corrupted tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.executor_graphs import chain

from micrort.ir import schedule
from micrort.ir.executor_graph import PARAMS_POOL
from micrort.native import library
from micrort.native.executor import Tables

DTYPE_BYTES = [1, 1, 2, 4, 4, 1, 8, 4]
ROWS = {
    "tensors": ("offset", "row_bytes", "rows", "pool", "dtype"),
    "nodes": (
        "kernel", "args", "attrs", "input_count", "output_count", "workspace_count", "reserved", "reserved2",
    ),
    "steps": ("node", "row_begin", "row_end", "advance"),
    "row_table": (None,),
    "args": (None,),
    "inputs": ("tensor", "dtype", "rank", 0, 1, 2, 3, 4, 5),
    "outputs": ("tensor", "dtype", "rank", 0, 1, 2, 3, 4, 5),
    "pools": ("size", "alignment"),
    "kernels": (None,),
}  # fmt: skip
COUNTS = [f"{table[:-1]}_count" for table in (*ROWS, "attrs") if table != "row_table"] + ["row_count"]


def tables(pools: int = 2) -> Any:
    """Tensor 5, between the two nodes, has a row table."""
    ffi, lib = library.load()
    graph = chain(1, pools=pools, rows_per_step=2).graph
    entry = graph.tensors[5]
    offsets = tuple(entry.offset + row * entry.row_bytes for row in range(entry.rows))
    placed = (*graph.tensors[:5], replace(entry, row_offsets=offsets), *graph.tensors[6:])
    return Tables(replace(graph, tensors=placed), ffi, lib)


def put(graph: Any, table: str, row: int, name: str | int | None, value: int) -> None:
    """Set one field; a number names a dimension of an input's or output's shape."""
    if table == "graph":
        setattr(graph, name, value)
    elif name is None:
        getattr(graph, table)[row] = value
    elif isinstance(name, int):
        getattr(graph, table)[row].shape[name] = value
    else:
        setattr(getattr(graph, table)[row], name, value)


def get(graph: Any, table: str, row: int, name: str | int | None) -> int:
    if table == "graph":
        return getattr(graph, name)
    if name is None:
        return getattr(graph, table)[row]
    if isinstance(name, int):
        return getattr(graph, table)[row].shape[name]
    return getattr(getattr(graph, table)[row], name)


def status_of(made: Any) -> int:
    _, lib = library.load()
    return int(lib.mrt_graph_check(made.graph))


def test_sound_tables_pass():
    for pools in (1, 2, 4):
        assert status_of(tables(pools)) == 0


def test_null_graph():
    ffi, lib = library.load()
    assert lib.mrt_graph_check(ffi.NULL) == lib.MRT_ERR_ARGUMENT


@pytest.mark.parametrize("table", [*ROWS, "attrs", "params"])
def test_null_tables(table):
    ffi, lib = library.load()
    made = tables()
    setattr(made.graph, table, ffi.NULL)
    assert status_of(made) == lib.MRT_ERR_GRAPH


def test_a_graph_without_nodes_needs_no_tables_of_nodes():
    ffi, lib = library.load()
    graph = ffi.new("mrt_graph_t *")
    assert lib.mrt_graph_check(graph) == lib.MRT_OK


def test_misaligned_params():
    ffi, lib = library.load()
    made = tables()
    made.graph.params = ffi.cast("char *", made.graph.params) + 8
    assert status_of(made) == lib.MRT_ERR_ALIGNMENT


def test_null_kernel():
    ffi, lib = library.load()
    made = tables()
    made.graph.kernels[0] = ffi.NULL
    assert status_of(made) == lib.MRT_ERR_KERNEL


# Tensor 0 is the input, 1..4 what node 0 reads and 5 what it makes. Activations take 5 rows of 10 or more bytes.
REFUSALS = [
    ("graph", 0, "reserved", 1, "GRAPH"),
    ("graph", 0, "pool_count", 5, "LIMIT"),
    ("graph", 0, "pool_count", 1, "GRAPH"),
    ("graph", 0, "kernel_count", 0, "GRAPH"),
    ("graph", 0, "attr_count", 18, "GRAPH"),
    ("graph", 0, "arg_count", 11, "GRAPH"),
    ("graph", 0, "node_count", 1, "GRAPH"),
    ("graph", 0, "tensor_count", 10, "GRAPH"),
    ("graph", 0, "params_size", 100, "PLAN"),
    ("pools", 0, "size", 49, "PLAN"),
    ("pools", 0, "alignment", 0, "GRAPH"),
    ("pools", 0, "alignment", 4, "GRAPH"),
    ("pools", 1, "alignment", 24, "GRAPH"),
    ("tensors", 0, "rows", 0, "PLAN"),
    ("tensors", 0, "row_bytes", 0, "PLAN"),
    ("tensors", 0, "row_bytes", (1 << 32) // 5 + 1, "PLAN"),
    ("tensors", 0, "row_bytes", (1 << 32) // 5, "PLAN"),
    ("tensors", 0, "offset", (1 << 32) - 10, "PLAN"),
    ("tensors", 0, "pool", 2, "GRAPH"),
    ("tensors", 0, "pool", 254, "GRAPH"),
    ("tensors", 0, "pool", PARAMS_POOL, "GRAPH"),
    ("tensors", 0, "dtype", 8, "GRAPH"),
    ("tensors", 0, "dtype", 255, "GRAPH"),
    ("tensors", 0, "dtype", 3, "PLAN"),
    ("tensors", 1, "dtype", 8, "GRAPH"),
    ("tensors", 2, "offset", 74, "PLAN"),
    ("tensors", 5, "pool", PARAMS_POOL, "GRAPH"),
    ("args", 0, None, 11, "GRAPH"),
    ("args", 5, None, 1, "GRAPH"),
    ("nodes", 0, "kernel", 1, "GRAPH"),
    ("nodes", 0, "args", 7, "GRAPH"),
    ("nodes", 1, "args", 65535, "GRAPH"),
    ("nodes", 1, "attrs", 39, "GRAPH"),
    ("nodes", 0, "output_count", 0, "GRAPH"),
    ("nodes", 1, "output_count", 2, "GRAPH"),
    ("nodes", 1, "input_count", 6, "GRAPH"),
    ("nodes", 1, "input_count", 255, "GRAPH"),
    ("nodes", 1, "workspace_count", 1, "GRAPH"),
    ("nodes", 0, "workspace_count", 2, "GRAPH"),
    ("nodes", 0, "reserved", 1, "GRAPH"),
    ("nodes", 0, "reserved2", 1, "GRAPH"),
    ("steps", 0, "node", 2, "GRAPH"),
    ("steps", 0, "row_begin", 2, "GRAPH"),
    ("steps", 0, "row_begin", 3, "GRAPH"),
    ("steps", 2, "row_end", 6, "GRAPH"),
    ("steps", 5, "row_end", 4, "GRAPH"),
    ("steps", 0, "advance", 1, "GRAPH"),
    ("steps", 0, "node", 0xFDFF, "GRAPH"),
    ("steps", 0, "node", 0xFE00, "GRAPH"),
    ("steps", 0, "node", 0xFD00, "GRAPH"),
    ("steps", 0, "node", 0xFF00, "GRAPH"),
    ("steps", 0, "node", 0xFFFF, "GRAPH"),
    ("row_table", 0, None, 24, "PLAN"),
    ("row_table", 4, None, 65535, "PLAN"),
    ("graph", 0, "row_count", 4, "GRAPH"),
    ("tensors", 5, "rows", 6, "GRAPH"),
    ("tensors", 5, "rows", 0, "GRAPH"),
    ("tensors", 5, "row_bytes", 0, "PLAN"),
    ("tensors", 5, "dtype", 8, "GRAPH"),
    ("tensors", 5, "offset", 0xFFFFFFFF, "GRAPH"),
    ("tensors", 5, "pool", 18, "GRAPH"),
    ("tensors", 5, "pool", 49, "GRAPH"),
    ("inputs", 0, "tensor", 11, "GRAPH"),
    ("inputs", 0, "tensor", 1, "GRAPH"),
    ("outputs", 0, "tensor", 1, "GRAPH"),
    ("inputs", 0, "dtype", 1, "GRAPH"),
    ("inputs", 0, "rank", 7, "GRAPH"),
    ("inputs", 0, "rank", 3, "GRAPH"),
    ("inputs", 0, 0, 0, "GRAPH"),
    ("inputs", 0, 0, -1, "GRAPH"),
    ("inputs", 0, 1, 6, "GRAPH"),
    ("inputs", 0, 0, 0x7FFFFFFF, "GRAPH"),
    ("outputs", 0, 5, 2, "GRAPH"),
]


@pytest.mark.parametrize(("table", "row", "name", "value", "status"), REFUSALS)
def test_refusals(table, row, name, value, status):
    _, lib = library.load()
    made = tables()
    put(made.graph, table, row, name, value)
    assert status_of(made) == getattr(lib, f"MRT_ERR_{status}")


def test_a_shape_whose_product_wraps_around_64_bits_is_refused():
    _, lib = library.load()
    made = tables()
    info = made.graph.inputs[0]
    info.rank = 6
    for axis, size in enumerate((1 << 16, 1 << 16, 1 << 16, 1 << 16, 25, 2)):
        info.shape[axis] = size
    assert status_of(made) == lib.MRT_ERR_GRAPH


@pytest.mark.parametrize(
    ("offset", "pool", "status"),
    [
        (256, 0, "OK"),
        (260, 0, "OK"),
        (258, 0, "ERR_PLAN"),
        (257, 0, "ERR_PLAN"),
        (512, 0, "ERR_PLAN"),
        (0, 16, "ERR_PLAN"),
    ],
)
def test_a_workspace_is_aligned_for_words_and_in_one_piece(offset, pool, status):
    ffi, lib = library.load()
    made = tables(1)
    graph = made.graph
    rows = [graph.tensors[index] for index in range(11)]
    tensors = ffi.new("mrt_tensor_t[]", [*rows, (offset, 8, 2, pool, 0)])
    args = ffi.new("uint16_t[]", [*(graph.args[index] for index in range(6)), 11, *list(graph.args[6:12])])
    graph.tensors, graph.tensor_count, graph.args, graph.arg_count = tensors, 12, args, 13
    graph.nodes[0].workspace_count, graph.nodes[1].args, graph.pools[0].size = 1, 7, 512
    assert status_of(made) == getattr(lib, f"MRT_{status}")


LOOP = schedule.LOOP


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([(LOOP, 2, 5, 0), (0, 0, 1, 1), (1, 0, 1, 1)], "OK"),
        ([(LOOP, 1, 2, 0), (0, 0, 1, 2), (LOOP, 1, 2, 0), (1, 0, 2, 3)], "OK"),
        ([(0, 0, 5, 0), (LOOP, 1, 2, 0), (1, 0, 2, 0)], "OK"),
        ([(LOOP, 2, 6, 0), (0, 0, 1, 1), (1, 0, 1, 1)], "ERR_GRAPH"),  # beyond the rows
        ([(LOOP, 2, 0xFFFF, 0), (0, 0, 1, 0xFFFF), (1, 0, 1, 1)], "ERR_GRAPH"),
        ([(LOOP, 2, 5, 0), (0, 0, 1, 1)], "ERR_GRAPH"),  # a body that is cut off
        ([(LOOP, 0, 5, 0), (0, 0, 1, 0)], "ERR_GRAPH"),
        ([(LOOP, 1, 1, 0), (0, 0, 1, 0)], "ERR_GRAPH"),
        ([(LOOP, 1, 0, 0), (0, 0, 1, 0)], "ERR_GRAPH"),
        ([(LOOP, 1, 2, 1), (0, 0, 1, 0)], "ERR_GRAPH"),
        ([(LOOP, 2, 2, 0), (LOOP, 1, 2, 0), (0, 0, 1, 0)], "ERR_GRAPH"),  # a loop in a loop
        ([(LOOP, 1, 2, 0), (0, 0, 1, 1), (1, 0, 1, 1)], "ERR_GRAPH"),  # nothing advances behind a loop
        ([(0, 0, 5, 0), (LOOP, 2, 2, 0), (1, 0, 1, 0)], "ERR_GRAPH"),  # a body that is cut off, not the first entry
    ],
)
def test_loops(steps, status):
    ffi, lib = library.load()
    made = tables()
    table = ffi.new("mrt_step_t[]", steps)
    made.graph.steps, made.graph.step_count = table, len(steps)
    assert status_of(made) == getattr(lib, f"MRT_{status}")


def test_a_seal_shows_any_change():
    """Every word of every table and every count: one bit turned over, and the seal is another."""
    ffi, lib = library.load()
    made = tables()
    graph = made.graph
    seal = lib.mrt_graph_seal(graph)
    assert graph.seal == seal
    for name, fields in ROWS.items():
        if name == "kernels":
            continue
        count = graph.row_count if name == "row_table" else getattr(graph, f"{name[:-1]}_count")
        for row in range(count):
            for field in fields:
                old = get(graph, name, row, field)
                put(graph, name, row, field, old ^ 1)
                assert lib.mrt_graph_seal(graph) != seal, (name, row, field)
                put(graph, name, row, field, old)
    for name in (*COUNTS, "params_size"):
        old = getattr(graph, name)
        setattr(graph, name, old - 1)
        assert lib.mrt_graph_seal(graph) != seal, name
        setattr(graph, name, old)
    graph.attrs = ffi.new("int32_t[]", graph.attr_count)
    assert lib.mrt_graph_seal(graph) != seal


INTERESTING = [0, 1, 2, 3, 4, 5, 8, 254, 255, 65535, 0x7FFFFFFF, 0xFFFFFFFF]
Mutation = tuple[str, int, "str | int | None", Callable[[int], int]]


@st.composite
def mutations(draw: st.DrawFn, lengths: dict[str, int]) -> Mutation:
    """A field and what becomes of its value: an interesting number, or a near one."""
    table = draw(st.sampled_from(["graph", *(name for name in ROWS if name != "kernels")]))
    change = draw(
        st.one_of(
            st.sampled_from(INTERESTING).map(lambda new: lambda _: new),
            st.integers(-4, 4).map(lambda delta: lambda old: old + delta),
            st.integers(0, 31).map(lambda bit: lambda old: old ^ (1 << bit)),
        )
    )
    if table == "graph":
        return table, 0, draw(st.sampled_from([*COUNTS, "params_size", "reserved"])), change
    return table, draw(st.integers(0, lengths[table] - 1)), draw(st.sampled_from(ROWS[table])), change


LENGTHS = {"tensors": 11, "nodes": 2, "steps": 5, "row_table": 5, "args": 12, "inputs": 1, "outputs": 1, "pools": 2}


@settings(max_examples=400, deadline=None)
@given(st.lists(mutations(LENGTHS), min_size=1, max_size=3))
def test_corrupted_tables_are_judged_as_the_sentences_say(changes):
    made = tables()
    for table, row, name, change in changes:
        old = get(made.graph, table, row, name)
        try:
            put(made.graph, table, row, name, change(old))
        except OverflowError:
            continue  # not a value of the field's type
        # A table is as long as its count says, or longer: a larger count would lie to C about memory.
        if table == "graph" and name != "reserved":
            setattr(made.graph, name, min(old, getattr(made.graph, name)))
    judged = sound(made.graph)
    assert (status_of(made) == 0) is judged


def sound(graph: Any) -> bool:
    """Whether tables keep every promise of graph.h."""
    tensors = [graph.tensors[i] for i in range(graph.tensor_count)]
    nodes = [graph.nodes[i] for i in range(graph.node_count)]
    args = [graph.args[i] for i in range(graph.arg_count)]
    pools = [graph.pools[i] for i in range(graph.pool_count)]
    sizes = {PARAMS_POOL: graph.params_size, **{i: pool.size for i, pool in enumerate(pools)}}
    infos = [graph.inputs[i] for i in range(graph.input_count)] + [graph.outputs[i] for i in range(graph.output_count)]
    used = {arg for node in nodes for arg in args[node.args : args_end(node)]} | {info.tensor for info in infos}
    return (
        graph.reserved == 0
        and all(pool.alignment in {1 << bit for bit in range(3, 32)} for pool in pools)
        and all(index < len(tensors) and tensor_is_sound(graph, tensors[index], sizes) for index in used)
        and all(node_is_sound(graph, node, tensors, args) for node in nodes)
        and all(info_is_sound(info, tensors) for info in infos)
        and steps_are_sound(graph, nodes, tensors, args)
    )


def tensor_is_sound(graph: Any, tensor: Any, sizes: dict[int, int]) -> bool:
    if tensor.dtype >= len(DTYPE_BYTES) or tensor.rows < 1 or tensor.row_bytes < 1:
        return False
    by_table = tensor.pool != PARAMS_POOL and tensor.pool & 0xF0 == 16
    pool = tensor.pool - 16 if by_table else tensor.pool
    offsets = [tensor.offset + row * tensor.row_bytes for row in range(tensor.rows)]
    if by_table:
        if tensor.offset + tensor.rows > graph.row_count:
            return False
        offsets = [4 * graph.row_table[tensor.offset + row] for row in range(tensor.rows)]
    unit = DTYPE_BYTES[tensor.dtype]
    return (
        pool in sizes
        and all(offset % unit == 0 and offset + tensor.row_bytes <= sizes[pool] for offset in offsets)
        and tensor.row_bytes % unit == 0
    )


def args_end(node: Any) -> int:
    return int(node.args + node.input_count + node.output_count + node.workspace_count)


def node_is_sound(graph: Any, node: Any, tensors: list[Any], args: list[int]) -> bool:
    end = args_end(node)
    return (
        node.kernel < graph.kernel_count
        and node.attrs <= graph.attr_count
        and node.output_count >= 1
        and node.workspace_count <= 1
        and node.reserved == node.reserved2 == 0
        and end <= len(args)
        and all(tensors[arg].pool != PARAMS_POOL for arg in args[node.args + node.input_count : end])
        and (node.workspace_count == 0 or (tensors[args[end - 1]].offset % 4 == 0 and tensors[args[end - 1]].pool < 16))
    )


def steps_are_sound(graph: Any, nodes: list[Any], tensors: list[Any], args: list[int]) -> bool:
    entries = [(s.node, s.row_begin, s.row_end, s.advance) for s in (graph.steps[i] for i in range(graph.step_count))]
    index = 0
    while index < len(entries):
        node, length, rounds, advance = entries[index]
        body, used = entries[index : index + 1], 1
        if node == LOOP:
            if advance or rounds < 2 or length < 1 or index + length >= len(entries):
                return False
            body, used = entries[index + 1 : index + 1 + length], 1 + length
        else:
            rounds = 1
        if not all(step_is_sound(step, rounds, nodes, tensors, args) for step in body):
            return False
        index += used
    return True


def step_is_sound(step: Any, rounds: int, nodes: list[Any], tensors: list[Any], args: list[int]) -> bool:
    node, begin, end, advance = step
    if node >= len(nodes) or (rounds == 1 and advance):
        return False
    rows = tensors[args[nodes[node].args + nodes[node].input_count]].rows
    return 0 <= begin < end and end + (rounds - 1) * advance <= rows


def info_is_sound(info: Any, tensors: list[Any]) -> bool:
    if info.tensor >= len(tensors) or info.rank > 6:
        return False
    tensor, size = tensors[info.tensor], DTYPE_BYTES[info.dtype] if info.dtype < len(DTYPE_BYTES) else 0
    for dimension in info.shape:
        size *= dimension
    return (
        tensor.pool != PARAMS_POOL
        and info.dtype == tensor.dtype
        and all(dimension >= 1 for dimension in info.shape)
        and all(dimension == 1 for dimension in list(info.shape)[info.rank :])
        and size == tensor.rows * tensor.row_bytes
    )
