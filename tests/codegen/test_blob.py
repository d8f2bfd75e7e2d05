"""Graphs to blobs and back: the bytes of runtime/SPEC.md, and refusals of bytes that are none."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.executor_graphs import chain

from micrort.codegen import blob, blob_reader
from micrort.compiler import compile_model
from micrort.errors import ModelError
from micrort.ir.executor_graph import ExecutorGraph, TensorEntry
from micrort.native import kernels

MODELS = sorted((Path(__file__).parents[1] / "models").glob("*.tflite"))
GRAPH = chain(1, (1, 2, 1), pools=2, rows_per_step=2).graph


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_what_is_read_gives_the_same_bytes(path):
    graph = compile_model(path).graph
    made = blob.write(graph)
    found = blob_reader.read(made.model, "x")
    assert blob.write(found) == made == blob.write(graph)
    assert found.params == graph.params
    assert found.steps == graph.steps
    assert [node.kernel for node in found.nodes] == [node.kernel for node in graph.nodes]
    assert [node.attrs for node in found.nodes] == [
        kernels.unpack_attrs(node.kernel, kernels.pack_attrs(node.kernel, node.attrs)) for node in graph.nodes
    ]
    for index in (*graph.inputs, *graph.outputs):
        assert found.tensors[index] == graph.tensors[index]


def test_the_bytes_of_the_header():
    made = blob.write(GRAPH)
    size = len(made.graph)
    assert made.graph[:12] == b"MRTG" + struct.pack("<HHI", 1, 32, size)
    assert size % 16 == len(made.params) % 16 == 0
    assert struct.unpack_from("<5I", made.graph, 12) == (zlib.crc32(made.graph[16:]), len(GRAPH.params), 11, 2, 0)
    assert made.params[:12] == b"MRTP" + struct.pack("<HHI", 1, 32, len(made.params))
    checksum = zlib.crc32(made.graph[16:])
    assert struct.unpack_from("<5I", made.params, 12) == (
        zlib.crc32(made.params[16:]), len(GRAPH.params), checksum, 0, 0,
    )  # fmt: skip
    assert made.params[32 : 32 + len(GRAPH.params)] == GRAPH.params


def test_the_bytes_of_an_element_of_each_section():
    data = blob.write(GRAPH).graph
    rows = [struct.unpack_from("<HHII", data, 32 + 12 * index) for index in range(11)]
    assert [(number, size) for number, size, _, _ in rows] == list(
        zip(range(1, 12), (12, 12, 8, 2, 4, 36, 36, 8, 4, 2, 1), strict=True)
    )
    first = [data[offset : offset + size] for _, size, offset, _ in rows]
    entry, pools = GRAPH.tensors[0], GRAPH.arenas
    assert first[0] == struct.pack("<IIHBB", entry.offset, entry.row_bytes, entry.rows, entry.pool, 0)
    assert first[1] == struct.pack("<HHHBBBBH", 0, 0, 0, 5, 1, 0, 0, 0)
    assert first[2] == struct.pack("<HHHH", 0, 0, 2, 0)
    assert first[3] == struct.pack("<H", GRAPH.nodes[0].inputs[0])
    assert first[4] == struct.pack("<i", 5)
    assert first[5] == struct.pack("<HBB6ifi", 0, 0, 4, 1, 5, 5, 1, 1, 1, 0.5, -3)
    assert first[7] == struct.pack("<II", pools[0].size, pools[0].alignment)
    assert first[8] == struct.pack("<HH", 1, 19 * 4)
    assert data[rows[10][2] : rows[10][2] + rows[10][3]] == b"chain1\0a0\0a2\0"
    assert rows[0][2] == 176


def test_the_example_of_the_specification():
    empty = replace(GRAPH, tensors=(), nodes=(), steps=(), inputs=(), outputs=(), arenas=(), params=b"", name="")
    made = blob.write(empty)
    assert (len(made.graph), len(made.params)) == (192, 32)  # the name is a zero byte, padded
    found = blob_reader.read(made.model, "x")
    assert (found.name, found.tensors, found.params) == ("model", (), b"")


def test_what_does_not_fit_is_refused_with_every_reason():
    rows = TensorEntry("many", (1, 70000, 1, 1), GRAPH.tensors[0].dtype, 0, 0)
    with pytest.raises(ModelError, match="rows"):
        blob.write(replace(GRAPH, tensors=(*GRAPH.tensors, rows)))


def test_params_alone():
    made = blob.write(GRAPH)
    other = bytes(reversed(GRAPH.params))
    found = blob_reader.read(made.graph, "x", blob.params(other, made.graph))
    assert found.params == other
    assert found.tensors[0] == GRAPH.tensors[0]


def test_a_graph_without_text_has_names_by_number():
    made = blob.write(GRAPH)
    data = bytearray(made.graph)
    struct.pack_into("<I", data, 32 + 10 * 12 + 8, 0)
    found = blob_reader.read(bytes(data[:12]) + _sealed(data, GRAPH), "x")
    assert found.name == "model"
    assert [found.tensors[index].name for index in (*found.inputs, *found.outputs)] == ["tensor0", "tensor10"]


def _sealed(data: bytearray, graph: ExecutorGraph) -> bytes:
    """A graph blob from 12 on, with its checksum, and its params blob behind it."""
    struct.pack_into("<I", data, 12, zlib.crc32(data[16:]))
    return bytes(data[12:]) + blob.params(graph.params, bytes(data))


# Refusals


def spoilt(offset: int, layout: str, *values: int) -> bytes:
    data = bytearray(blob.write(GRAPH).graph)
    struct.pack_into(layout, data, offset, *values)
    return bytes(data[:12]) + _sealed(data, GRAPH)


def section(index: int) -> int:
    return int(struct.unpack_from("<I", blob.write(GRAPH).graph, 32 + 12 * index + 4)[0])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cut off: 0 bytes"),
        (b"MRTGxxxx", "cut off: 8 bytes"),
        (b"GRTM" + bytes(60), "does not begin with MRTG"),
        (spoilt(4, "<H", 2), "version 2 of the format"),
        (spoilt(6, "<H", 16), "header of the graph blob is damaged"),
        (spoilt(8, "<I", 4096), "cut off"),
        (spoilt(16, "<I", 1), "belong to another graph"),
        (spoilt(20, "<I", 9), "9 sections instead of 11"),
        (spoilt(24, "<I", 7), "tables have version 7"),
        (spoilt(32, "<H", 3), "section tensors is not described"),
        (spoilt(32 + 4, "<I", 1 << 20), "section tensors is out of bounds"),
        (spoilt(section(0), "<I", 1 << 20), "tensor 0 is out of bounds"),
        (spoilt(section(0) + 4, "<I", 0), "tensor 0 has no whole elements"),
        (spoilt(section(0) + 10, "<B", 7), "contradict"),
        (spoilt(section(0) + 11, "<B", 77), "contradict"),
        (spoilt(section(1), "<H", 3), "contradict"),
        (spoilt(section(1) + 2, "<H", 60000), "node 0 has too few operands"),
        (spoilt(section(1) + 4, "<H", 60000), "attributes of conv2d_s8 are 76 bytes, not 0"),
        (spoilt(section(3), "<H", 60000), "operand that does not exist"),
        (spoilt(section(5), "<H", 60000), "contradict"),
        (spoilt(section(5) + 3, "<B", 9), "no shape"),
        (spoilt(section(5) + 8, "<i", 0), "no shape"),
        (spoilt(section(5) + 8, "<i", 6), "another size"),
        (spoilt(section(8), "<H", 999), "needs kernel 999"),
    ],
)
def test_refusals(data, message):
    with pytest.raises(ModelError, match=message):
        blob_reader.read(data, "file.mrt")


def test_damage_shows_in_the_checksums():
    made = blob.write(GRAPH)
    for data in (made.graph[:-1] + b"\1" + made.params, made.graph + made.params[:-1] + b"\1"):
        with pytest.raises(ModelError, match="its checksum differs"):
            blob_reader.read(data, "x")


def test_every_truncation_is_refused():
    data = blob.write(GRAPH).model
    for size in range(len(data)):
        with pytest.raises(ModelError):
            blob_reader.read(data[:size], "x")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(16, len(blob.write(GRAPH).graph) - 1), st.integers(0, 255)), max_size=4))
def test_whatever_the_tables_hold_is_read_or_refused(changes):
    data = bytearray(blob.write(GRAPH).graph)
    for place, value in changes:
        data[place] = value
    try:
        blob_reader.read(bytes(data[:12]) + _sealed(data, GRAPH), "x")
    except ModelError as error:
        assert str(error).startswith("x: ")
