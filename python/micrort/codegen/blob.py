"""Executor graphs as binary blobs: the bytes of runtime/SPEC.md. `blob_reader` reads them back."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from micrort.codegen import tables
from micrort.ir import DType, schedule
from micrort.ir.executor_graph import ExecutorGraph, NodeEntry, TensorEntry

GRAPH_MAGIC, PARAMS_MAGIC = b"MRTG", b"MRTP"
VERSION = 1
"""MRT_BLOB_VERSION."""
HEADER = struct.Struct("<4sHHIIIIII")
"""Magic, version, bytes of the header, bytes of the blob, CRC-32, and four words of the kind of blob."""
COVERED = 16
"""Where the bytes begin that the CRC-32 covers."""
ALIGNMENT = 16
"""What divides the address and the size of a blob."""
SECTION = struct.Struct("<HHII")
"""Id, bytes of an element, offset, number of elements."""
FORMATS = {
    "tensors": "<IIHBB",
    "nodes": "<HHHBBBBH",
    "steps": "<HHHH",
    "args": "<H",
    "attrs": "<i",
    "inputs": "<HBB6ifi",
    "outputs": "<HBB6ifi",
    "pools": "<II",
    "kernels": "<HH",
    "rows": "<H",
    "text": "<c",
}
"""Sections in the order of their ids, from 1 on, and the layout of an element."""
DTYPES = (DType.S8, DType.U8, DType.S16, DType.S32, DType.F32, DType.BOOL, DType.S64, DType.U32)
"""By the value of mrt_dtype_t."""
RANK_MAX = tables.RANK_MAX


@dataclass(frozen=True)
class Blobs:
    """A model's two blobs. One behind the other they are a .mrt file."""

    graph: bytes
    params: bytes

    @property
    def model(self) -> bytes:
        """The content of a .mrt file."""
        return self.graph + self.params


def write(graph: ExecutorGraph) -> Blobs:
    """The blobs of a graph; the same graph gives the same bytes.

    Raises:
        ModelError: the graph does not fit into the tables; every limit that is exceeded is named.
    """
    tables.check_limits(graph)
    body = _sections(graph)
    size = HEADER.size + len(body)
    words = (len(graph.params), len(FORMATS), tables.GRAPH_VERSION, 0)
    blob = _blob(GRAPH_MAGIC, size, words, body)
    return Blobs(blob, params(graph.params, blob))


def params(constants: bytes, graph: bytes) -> bytes:
    """The params blob that goes with a graph blob.

    Args:
        constants: as many bytes as the graph says, each tensor at its offset.
        graph: the graph blob.
    """
    checksum = HEADER.unpack_from(graph)[4]
    return _blob(PARAMS_MAGIC, HEADER.size + len(constants), (len(constants), checksum, 0, 0), constants)


def _blob(magic: bytes, size: int, words: tuple[int, int, int, int], body: bytes) -> bytes:
    padding = bytes(-size % ALIGNMENT)
    covered = struct.pack("<4I", *words) + body + padding
    return struct.pack("<4sHHII", magic, VERSION, HEADER.size, size + len(padding), zlib.crc32(covered)) + covered


def _sections(graph: ExecutorGraph) -> bytes:
    """The section table and the sections."""
    content = _contents(graph)
    offset = HEADER.size + len(FORMATS) * SECTION.size
    offset += -offset % ALIGNMENT
    rows, body = [], bytearray(offset - HEADER.size - len(FORMATS) * SECTION.size)
    for index, (name, layout) in enumerate(FORMATS.items()):
        element = struct.calcsize(layout)
        rows.append(SECTION.pack(index + 1, element, offset, len(content[name]) // element))
        body += content[name] + bytes(-len(content[name]) % 4)
        offset += len(content[name]) + -len(content[name]) % 4
    return b"".join(rows) + bytes(body)


def _contents(graph: ExecutorGraph) -> dict[str, bytes]:
    """The bytes of each section."""
    from micrort.native import kernels

    names = list(dict.fromkeys(node.kernel for node in graph.nodes))
    structs, indices = kernels.shared_attrs(graph.nodes)
    begins = [0, *itertools.accumulate(len(packed) // 4 for packed in structs)]
    sizes = {node.kernel: len(structs[index]) for node, index in zip(graph.nodes, indices, strict=True)}
    return {
        "tensors": _pack("tensors", (_tensor(graph, index) for index in range(len(graph.tensors)))),
        "nodes": _pack("nodes", _nodes(graph, names, [begins[index] for index in indices])),
        "steps": _pack("steps", schedule.compress(graph.steps)),
        "rows": _pack("rows", ((row,) for row in graph.row_table)),
        "args": _pack("args", ((index,) for node in graph.nodes for index in _args(node))),
        "attrs": b"".join(structs),
        "inputs": _pack("inputs", (_info(graph.tensors[index], index) for index in graph.inputs)),
        "outputs": _pack("outputs", (_info(graph.tensors[index], index) for index in graph.outputs)),
        "pools": _pack("pools", ((arena.size, arena.alignment) for arena in graph.arenas)),
        "kernels": _pack("kernels", ((kernels.ids()[name], sizes[name]) for name in names)),
        "text": b"".join(name.encode() + b"\0" for name in _names(graph)),
    }


def _pack(section: str, rows: Iterable[tuple[int | float, ...]]) -> bytes:
    layout = struct.Struct(FORMATS[section])
    return b"".join(layout.pack(*row) for row in rows)


def _tensor(graph: ExecutorGraph, index: int) -> tuple[int, ...]:
    entry = graph.tensors[index]
    offset, pool = graph.place(index)
    return offset, entry.row_bytes, entry.rows, pool, DTYPES.index(entry.dtype)


def _nodes(graph: ExecutorGraph, names: list[str], first_words: list[int]) -> Iterable[tuple[int, ...]]:
    first_arg = 0
    for node, first_word in zip(graph.nodes, first_words, strict=True):
        workspaces = 0 if node.workspace is None else 1
        place = (names.index(node.kernel), first_arg, first_word)
        yield (*place, len(node.inputs), len(node.outputs), workspaces, 0, 0)
        first_arg += len(_args(node))


def _args(node: NodeEntry) -> tuple[int, ...]:
    return (*node.inputs, *node.outputs, *(() if node.workspace is None else (node.workspace,)))


def _info(entry: TensorEntry, index: int) -> tuple[int | float, ...]:
    shape = (*entry.shape, *(1,) * (RANK_MAX - len(entry.shape)))
    return (index, DTYPES.index(entry.dtype), len(entry.shape), *shape, entry.scale, entry.zero_point)


def _names(graph: ExecutorGraph) -> list[str]:
    ends = [graph.tensors[index].name for index in (*graph.inputs, *graph.outputs)]
    return [name.replace("\0", "?") for name in (graph.name, *ends)]
