"""Limits of mrt_graph_check that are just kept, beside those of test_graph_check.py that are just broken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.executor_graphs import streamed
from tests.runtime.test_graph_check import put, status_of, tables

from micrort.ir import schedule
from micrort.native import library
from micrort.native.executor import Tables


@pytest.mark.parametrize("alignment", [1 << bit for bit in range(3, 32)])
def test_every_power_of_two_from_8_on_is_an_alignment(alignment: int) -> None:
    made = tables()
    put(made.graph, "pools", 0, "alignment", alignment)
    assert status_of(made) == 0


@pytest.mark.parametrize("alignment", [0, 1, 2, 4, 7, 12, 24, 2**31 + 8, 2**32 - 1])
def test_no_other_number_is(alignment: int) -> None:
    _, lib = library.load()
    made = tables()
    put(made.graph, "pools", 1, "alignment", alignment)
    assert status_of(made) == lib.MRT_ERR_GRAPH


@pytest.mark.parametrize("nodes", [0, 1])
def test_attributes_may_be_missing_only_where_there_are_no_nodes(nodes: int) -> None:
    """Each node has an address of attributes, even where its kernel reads none."""
    ffi, lib = library.load()
    graph = ffi.new("mrt_graph_t *")
    graph.node_count = nodes
    held = [ffi.new("mrt_node_t *"), ffi.new("uint16_t *")]
    graph.nodes = held[0]
    assert lib.mrt_graph_check(graph) == (lib.MRT_OK if nodes == 0 else lib.MRT_ERR_GRAPH)
    made = tables()
    made.graph.attrs = ffi.NULL
    made.graph.attr_count = 0
    assert status_of(made) == lib.MRT_ERR_GRAPH
    made.graph.attr_count = made.graph.node_count  # neither their sum nor their difference decides
    for index in range(made.graph.node_count):
        made.graph.nodes[index].attrs = 0
    assert status_of(made) == lib.MRT_ERR_GRAPH


def test_an_input_may_have_as_many_bytes_as_32_bits_count() -> None:
    """65535 rows of 65537 bytes are 2^32 - 1; nothing but the table knows of so much memory here."""
    ffi, lib = library.load()
    tensor = ffi.new("mrt_tensor_t[1]", [(0, 65537, 65535, 0, 0)])
    pool = ffi.new("mrt_pool_t[1]", [(2**32 - 1, 16)])
    info = ffi.new("mrt_tensor_info_t[1]", [(0, 0, 2, (65535, 65537, 1, 1, 1, 1), 0.0, 0)])
    tables_ = {"tensors": tensor, "tensor_count": 1, "pools": pool, "pool_count": 1, "inputs": info, "input_count": 1}
    graph = ffi.new("mrt_graph_t *", tables_)
    assert lib.mrt_graph_check(graph) == lib.MRT_OK
    pool[0].size -= 1
    assert lib.mrt_graph_check(graph) == lib.MRT_ERR_PLAN


def test_attributes_may_begin_where_their_table_ends() -> None:
    """Where a kernel has none to read."""
    _, lib = library.load()
    made = tables()
    put(made.graph, "nodes", 1, "attrs", made.graph.attr_count)
    assert status_of(made) == lib.MRT_OK
    put(made.graph, "nodes", 1, "attrs", made.graph.attr_count + 1)
    assert status_of(made) == lib.MRT_ERR_GRAPH


def test_an_input_may_have_six_dimensions() -> None:
    made = tables()
    put(made.graph, "inputs", 0, "rank", 6)
    assert status_of(made) == 0


@pytest.mark.parametrize("more", [0, 1])
def test_entries_of_the_row_table_that_are_nobodys(more: int) -> None:
    """Whether the table counts them or not, they may be any number."""
    ffi, lib = library.load()
    made = tables()
    graph = made.graph
    table = ffi.new("uint16_t[]", [*(graph.row_table[index] for index in range(graph.row_count)), 65535])
    graph.row_table, graph.row_count = table, graph.row_count + more
    assert status_of(made) == lib.MRT_OK


@pytest.mark.parametrize(
    ("row_bytes", "place", "status"), [(16, 0, "OK"), (16, 2, "OK"), (16, 1, "ERR_PLAN"), (12, 0, "ERR_PLAN")]
)
def test_rows_that_are_placed_one_by_one_are_aligned(row_bytes: int, place: int, status: str) -> None:
    """For int64, of which places in whole words may be half an element."""
    _, lib = library.load()
    made = tables()
    tensor = made.graph.tensors[5]
    tensor.dtype, tensor.row_bytes = 6, row_bytes
    for row in range(5):
        made.graph.row_table[row] = 4
    made.graph.row_table[3] = place
    assert status_of(made) == getattr(lib, f"MRT_{status}")


def test_a_tensor_of_one_row_may_have_a_row_table() -> None:
    ffi, lib = library.load()
    tensor = ffi.new("mrt_tensor_t[1]", [(0, 8, 1, 16, 0)])
    pool, row = ffi.new("mrt_pool_t[1]", [(16, 16)]), ffi.new("uint16_t[1]", [2])
    info = ffi.new("mrt_tensor_info_t[1]", [(0, 0, 1, (8, 1, 1, 1, 1, 1), 0.0, 0)])
    members = {"tensors": tensor, "pools": pool, "row_table": row, "inputs": info}
    counts = dict.fromkeys(("tensor_count", "pool_count", "row_count", "input_count"), 1)
    graph = ffi.new("mrt_graph_t *", {**members, **counts})
    assert lib.mrt_graph_check(graph) == lib.MRT_OK
    tensor[0].rows = 0
    assert lib.mrt_graph_check(graph) == lib.MRT_ERR_GRAPH


@pytest.mark.parametrize(("count", "status"), [(0, "OK"), (1, "OK"), (2, "ERR_GRAPH")])
def test_a_node_has_one_workspace_at_most(count: int, status: str) -> None:
    ffi, lib = library.load()
    made = tables(1)
    graph = made.graph
    rows = [graph.tensors[index] for index in range(11)]
    tensors = ffi.new("mrt_tensor_t[]", [*rows, (256, 8, 1, 0, 0), (264, 8, 1, 0, 0)])
    args = ffi.new("uint16_t[]", [*(graph.args[index] for index in range(12)), 11, 12])
    graph.tensors, graph.tensor_count, graph.args, graph.arg_count = tensors, 13, args, 14
    graph.nodes[1].workspace_count, graph.pools[0].size = count, 512
    assert status_of(made) == getattr(lib, f"MRT_{status}")


@pytest.mark.parametrize("more", [0, 1])
def test_nodes_are_told_from_rows_that_are_handed_over(more: int) -> None:
    """The numbers from MRT_STEP_OUTPUT on are those of rows."""
    ffi, lib = library.load()
    made = tables()
    count = schedule.OUTPUT + more
    nodes = ffi.new("mrt_node_t[]", count)
    for index in range(count):
        nodes[index] = made.graph.nodes[index % 2]
    made.graph.nodes, made.graph.node_count = nodes, count
    assert status_of(made) == (lib.MRT_ERR_GRAPH if more else lib.MRT_OK)


LOOP, INPUT, OUTPUT = schedule.LOOP, schedule.INPUT, schedule.OUTPUT


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        *(([(port, row, row + 1, 0)], "OK") for port in (INPUT, INPUT + 1, OUTPUT, OUTPUT + 1) for row in (0, 4)),
        *(([(LOOP, 1, 5, 0), (port, 0, 1, 1)], "OK") for port in (INPUT, OUTPUT)),
        *(([(LOOP, 1, 6, 0), (port, 0, 1, 1)], "ERR_GRAPH") for port in (INPUT, OUTPUT)),
        *(([(port, 5, 6, 0)], "ERR_GRAPH") for port in (INPUT, OUTPUT)),  # a row that there is not
        *(([(port, 0, 2, 0)], "ERR_GRAPH") for port in (INPUT, OUTPUT)),  # rows come one by one
        *(([(port, 1, 1, 0)], "ERR_GRAPH") for port in (INPUT, OUTPUT)),
        *(([(port, 1, 0, 0)], "ERR_GRAPH") for port in (INPUT, OUTPUT)),
        *(([(port, 0, 1, 0)], "ERR_GRAPH") for port in (INPUT + 2, OUTPUT + 2)),  # no such input or output
        *(([(port, 0, 1, 0)], "ERR_GRAPH") for port in (INPUT - 0x200, INPUT + 0x100, 1)),  # neither of them, no node
    ],
)
def test_rows_that_are_handed_over(steps: list[tuple[int, ...]], status: str) -> None:
    """Two inputs and two outputs, which are the same; a third of each stands behind the tables' ends."""
    ffi, lib = library.load()
    made = Tables(streamed(3).graph, ffi, lib)
    graph = made.graph
    table = ffi.new("mrt_step_t[]", steps)
    inputs = ffi.new("mrt_tensor_info_t[]", [graph.inputs[0]] * 3)
    outputs = ffi.new("mrt_tensor_info_t[]", [graph.outputs[0]] * 3)
    graph.steps, graph.step_count = table, len(steps)
    graph.inputs, graph.input_count, graph.outputs, graph.output_count = inputs, 2, outputs, 2
    assert status_of(made) == getattr(lib, f"MRT_{status}")


@pytest.mark.parametrize("port", [INPUT, OUTPUT])
def test_whole_tensors_are_not_handed_over_by_rows(port: int) -> None:
    """The one is whole, the other streamed, whose rows may be handed over."""
    ffi, lib = library.load()
    case = streamed(3).graph
    whole = case.inputs[0] if port == INPUT else case.outputs[0]
    tensors = tuple(replace(entry, row_offsets=None) if i == whole else entry for i, entry in enumerate(case.tensors))
    made = Tables(replace(case, tensors=tensors, arenas=(replace(case.arenas[0], size=512),)), ffi, lib)
    for step, status in ((port, lib.MRT_ERR_GRAPH), (INPUT + OUTPUT - port, lib.MRT_OK)):
        table = ffi.new("mrt_step_t[]", [(step, 0, 1, 0)])
        made.graph.steps, made.graph.step_count = table, 1
        assert status_of(made) == status
