"""mrt_graph_seal against the same sum in Python, over tables of any length and content."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.test_graph_check import tables

from micrort.codegen.tables import GRAPH_VERSION
from micrort.native import library

TABLES = {
    "tensors": ("mrt_tensor_t", "tensor_count"),
    "nodes": ("mrt_node_t", "node_count"),
    "steps": ("mrt_step_t", "step_count"),
    "row_table": ("uint16_t", "row_count"),
    "args": ("uint16_t", "arg_count"),
    "attrs": ("int32_t", "attr_count"),
    "inputs": ("mrt_tensor_info_t", "input_count"),
    "outputs": ("mrt_tensor_info_t", "output_count"),
    "pools": ("mrt_pool_t", "pool_count"),
}
"""In the order of the sum: type of an element, and the member that counts them."""


def added(total: int, words: Iterable[int]) -> int:
    """Words go into the sum one by one, which is turned by one bit before each."""
    for word in words:
        total = ((total << 1 | total >> 31) + word) % 2**32
    return total


def words_of(data: bytes) -> list[int]:
    """Little-endian words; of a half word at the end the half."""
    whole = len(data) // 4 * 4
    rest = struct.unpack(f"<{(len(data) - whole) // 2}H", data[whole:])
    return [*struct.unpack(f"<{whole // 4}I", data[:whole]), *rest]


def seal_of(counts: dict[str, int], params_size: int, kernels: int, contents: dict[str, bytes]) -> int:
    pairs = (("tensor", "node"), ("step", "row"), ("arg", "attr"))
    head = [params_size, *(counts[f"{a}_count"] << 16 | counts[f"{b}_count"] for a, b in pairs)]
    head += [kernels << 16 | counts["input_count"] << 8 | counts["output_count"], counts["pool_count"]]
    total = added(GRAPH_VERSION, head)
    for name in TABLES:
        total = added(total, words_of(contents[name]))
    return total


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_tables(data: st.DataObject) -> None:
    ffi, lib = library.load()
    graph = ffi.new("mrt_graph_t *")
    kept, counts, contents = [], {}, {}
    for name, (element, count) in TABLES.items():
        counts[count] = data.draw(st.integers(0, 9), label=count)
        size = counts[count] * ffi.sizeof(element)
        contents[name] = data.draw(st.binary(min_size=size, max_size=size), label=name)
        room = ffi.new("uint32_t[]", size // 4 + 1)
        ffi.memmove(room, contents[name], size)
        kept.append(room)
        setattr(graph, count, counts[count])
        setattr(graph, name, ffi.cast(ffi.typeof(getattr(graph, name)), room))
    graph.kernel_count = kernels = data.draw(st.integers(0, 0xFFFF), label="kernels")
    graph.params_size = params = data.draw(st.integers(0, 2**32 - 1), label="params")
    assert lib.mrt_graph_seal(graph) == seal_of(counts, params, kernels, contents)


def test_real_tables() -> None:
    ffi, lib = library.load()
    graph = tables().graph
    counts = {count: getattr(graph, count) for _, count in TABLES.values()}
    contents = {
        name: bytes(ffi.buffer(getattr(graph, name), counts[count] * ffi.sizeof(element)))
        for name, (element, count) in TABLES.items()
    }
    assert counts["row_count"] % 2 == 1, "a half word at the end is among the cases"
    assert lib.mrt_graph_seal(graph) == seal_of(counts, graph.params_size, graph.kernel_count, contents)


def test_tables_of_the_largest_counts_of_a_byte() -> None:
    """Counts fill their bits without meeting their neighbours."""
    ffi, lib = library.load()
    graph = ffi.new("mrt_graph_t *")
    room = ffi.new("uint8_t[]", 255 * ffi.sizeof("mrt_tensor_info_t") + 4)
    graph.inputs = graph.outputs = ffi.cast("mrt_tensor_info_t *", room)
    graph.input_count, graph.output_count, graph.kernel_count = 255, 254, 0x8001
    counts = {count: getattr(graph, count) for _, count in TABLES.values()}
    contents = {name: bytes(counts[count] * ffi.sizeof(element)) for name, (element, count) in TABLES.items()}
    assert lib.mrt_graph_seal(graph) == seal_of(counts, 0, 0x8001, contents)
