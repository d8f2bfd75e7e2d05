"""Limits of mrt_graph_check that are just kept, beside those of test_graph_check.py that are just broken."""

from __future__ import annotations

import pytest
from tests.runtime.test_graph_check import put, status_of, tables

from micrort.native import library


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
