"""Single kernels on the host: their ids, their attribute structs, and one call with numpy arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from micrort import sources
from micrort.ir import DType, InPlace, Tensor
from micrort.ir.executor_graph import PARAMS_POOL, ROW_TABLE, ROW_UNIT, NodeEntry
from micrort.native import library

_ROW = re.compile(r"^MRT_KERNEL\((\d+), (\w+), (\w+), (\w+)\)", re.MULTILINE)


@lru_cache(maxsize=1)
def ids() -> dict[str, int]:
    """Kernel name -> id, from kernels.def."""
    return {name: int(number) for number, name, _, _ in _rows()}


def definition(kernel: str) -> str:
    """The arguments of the kernel's row in kernels.def."""
    return next(", ".join(row) for row in _rows() if row[1] == kernel)


def attrs_type(kernel: str) -> Any:
    """The cffi type of the attribute struct of `kernel`; its `cname` is the C name, its `fields` the members."""
    ffi, _ = library.load()
    return ffi.typeof({name: type_name for _, name, type_name, _ in _rows()}[kernel])


def pack_attrs(kernel: str, attrs: Mapping[str, int | float]) -> bytes:
    """The attribute struct of `kernel` as bytes; `attrs` must name each member exactly once.

    Raises:
        ValueError: a member is missing, unknown, or out of its type's range.
    """
    ffi, _ = library.load()
    type_name = {name: type_name for _, name, type_name, _ in _rows()}[kernel]
    struct = ffi.new(f"{type_name} *")
    missing = set(attrs)
    _fill(ffi, struct[0], ffi.typeof(type_name), attrs, missing, kernel)
    if missing:
        raise ValueError(f"{kernel} has no attribute {', '.join(sorted(missing))}")
    return bytes(ffi.buffer(struct))


def shared_attrs(nodes: Sequence[NodeEntry]) -> tuple[list[bytes], list[int]]:
    """The attribute structs of nodes, those that are alike once, and for each node the index of its own."""
    found: dict[tuple[str, bytes], int] = {}
    packed = [(attrs_type(node.kernel).cname, pack_attrs(node.kernel, node.attrs)) for node in nodes]
    indices = [found.setdefault(item, len(found)) for item in packed]
    return [data for _, data in found], indices


def unpack_attrs(kernel: str, data: bytes) -> dict[str, int | float]:
    """The members of the attribute struct of `kernel` by name; the inverse of `pack_attrs`.

    Raises:
        ValueError: `data` has another size than the struct.
    """
    ffi, _ = library.load()
    ctype = attrs_type(kernel)
    if len(data) != ffi.sizeof(ctype):
        raise ValueError(f"the attributes of {kernel} are {ffi.sizeof(ctype)} bytes, not {len(data)}")
    struct = ffi.new(f"{ctype.cname} *")
    ffi.memmove(struct, data, len(data))
    return dict(_members(struct[0], ctype))


def workspace_bytes(kernel: str, attrs: Mapping[str, int | float]) -> int:
    """Bytes of workspace that the C kernel asks for."""
    ffi, lib = library.load()
    packed = ffi.new("int32_t[]", np.frombuffer(pack_attrs(kernel, attrs), np.int32).tolist() or [0])
    return int(lib.mrt_kernels[ids()[kernel]].workspace(packed))


def rows_read(
    kernel: str,
    attrs: Mapping[str, int | float],
    inputs: Sequence[Tensor],
    outputs: Sequence[tuple[int, int]],
) -> list[np.ndarray] | None:
    """The rows of each input that each row of output 0 needs, as the C kernel says.

    Args:
        kernel: name in kernels.def.
        attrs: members of the attribute struct.
        inputs: the tensors that the call reads.
        outputs: rows and bytes of a row of each output.

    Returns:
        For each input int64 [rows, 2], first row and one past the last; None where the kernel needs everything.
    """
    ffi, lib = library.load()
    row = lib.mrt_kernels[ids()[kernel]]
    if row.reads == ffi.NULL:
        return None
    sizes = [*((tensor.rows, tensor.row_bytes) for tensor in inputs), *outputs]
    table = ffi.new("mrt_tensor_t[]", [(0, row_bytes, min(rows, 0xFFFF), 0, 0) for rows, row_bytes in sizes])
    packed = ffi.new("int32_t[]", np.frombuffer(pack_attrs(kernel, attrs), np.int32).tolist() or [0])
    arguments = ffi.new("uint16_t[]", list(range(len(table))))
    members = {"tensors": table, "args": arguments, "attrs": packed, "input_count": len(inputs)}
    c_call = ffi.new("mrt_call_t *", {**members, "output_count": len(outputs)})
    found = []
    for index in range(len(inputs)):
        ranges = np.zeros((outputs[0][0], 2), np.int64)
        for number in range(outputs[0][0]):
            c_call.row_begin, c_call.row_end = number, number + 1
            rows = row.reads(c_call, index)
            ranges[number] = rows.begin, rows.end
        found.append(ranges)
    return found


def call(
    kernel: str,
    attrs: Mapping[str, int | float],
    inputs: Sequence[np.ndarray],
    outputs: Sequence[tuple[tuple[int, ...], DType]],
    rows: Sequence[tuple[int, int]] | None = None,
    in_place: InPlace | None = None,
    scattered: int | None = None,
) -> list[np.ndarray]:
    """Check, then run one kernel on `inputs`; for tests of kernels and for constant folding.

    Args:
        kernel: name in kernels.def.
        attrs: members of the attribute struct.
        inputs: arrays in the layout that the kernel documents; all are placed in the params, so that `check` may
            read them.
        outputs: shape and dtype of each output.
        rows: row ranges to compute one after another; default: all rows of output 0 at once.
        in_place: an offer to take up: that input and that output share memory.
        scattered: a seed: the rows of input 0 and of all outputs (a seed that leaves 1 by 3: of the input alone; that
            leaves 2: of outputs alone) lie in an arbitrary order with gaps between them, by a row table.

    Returns:
        The outputs. Bytes that the kernel did not write are 0xA5.

    Raises:
        RuntimeStatusError: `check` or `run` failed.
    """
    ffi, lib = library.load()
    arrays = [np.ascontiguousarray(array) for array in inputs]
    tensors = [Tensor(f"input{i}", array.shape, DType(array.dtype.name)) for i, array in enumerate(arrays)]
    made = [Tensor(f"output{i}", shape, dtype) for i, (shape, dtype) in enumerate(outputs)]
    workspace = workspace_bytes(kernel, attrs)
    if workspace:
        made.append(Tensor("workspace", (workspace,), DType.U8))
    places, pool = _lay_out((*tensors, *made), arrays, in_place)
    row_table: list[int] = []
    if scattered is not None:
        moved = [0] if scattered % 3 < 2 else []
        moved += range(len(arrays), len(arrays) + len(outputs)) if scattered % 3 != 1 else ()
        row_table = _scatter((*tensors, *made), moved, places, pool, scattered)
    table = ffi.new("mrt_tensor_t[]", len(places))
    for index, (tensor, (place, offset)) in enumerate(zip((*tensors, *made), places, strict=True)):
        dtype = int(getattr(lib, f"MRT_DTYPE_{tensor.dtype.name}"))
        table[index] = (offset, tensor.row_bytes, tensor.rows, place, dtype)
    memory = ffi.new("uint64_t[]", len(pool) // 8 + 1)
    ffi.memmove(memory, bytes(pool), len(pool))
    packed = ffi.new("int32_t[]", np.frombuffer(pack_attrs(kernel, attrs), np.int32).tolist() or [0])
    arguments = ffi.new("uint16_t[]", list(range(len(table))))
    pools = ffi.new("void *[]", [memory])
    c_row_table = ffi.new("uint16_t[]", row_table or 1)
    for begin, end in rows if rows is not None else [(0, made[0].rows)]:
        c_call = ffi.new(
            "mrt_call_t *",
            {
                "tensors": table,
                "args": arguments,
                "attrs": packed,
                "params": memory,
                "pools": pools,
                "row_table": c_row_table,
                "row_begin": begin,
                "row_end": end,
                "input_count": len(tensors),
                "output_count": len(outputs),
                "workspace_count": 1 if workspace else 0,
            },
        )
        row = lib.mrt_kernels[ids()[kernel]]
        library.check(f"mrt_{kernel}_check", row.check(c_call))
        library.check(f"mrt_{kernel}_run", row.run(c_call))
    raw = bytes(ffi.buffer(memory, len(pool)))
    found = []
    for i, tensor in enumerate(made[: len(outputs)]):
        entry = table[len(tensors) + i]
        starts = [entry.offset + row * tensor.row_bytes for row in range(tensor.rows)]
        if entry.pool & ROW_TABLE:
            starts = [ROW_UNIT * row_table[entry.offset + row] for row in range(tensor.rows)]
        data = b"".join(raw[start : start + tensor.row_bytes] for start in starts)
        found.append(np.frombuffer(data, tensor.dtype.numpy).reshape(tensor.shape))
    return found


def _scatter(
    tensors: Sequence[Tensor], moved: Sequence[int], places: list[tuple[int, int]], pool: bytearray, seed: int
) -> list[int]:
    """Move the rows of the tensors `moved` to places of their own behind the pool's bytes; returns the row table."""
    random = np.random.default_rng(seed)
    rows = [(index, row) for index in dict.fromkeys(moved) for row in range(tensors[index].rows)]
    offsets: dict[tuple[int, int], int] = {}
    if random.random() < 0.75:  # else in order, so that most adjoin
        rows = [rows[i] for i in random.permutation(len(rows))]
    for index, row in rows:
        size = tensors[index].row_bytes
        pool.extend(b"\x5a" * (-len(pool) % 8 + 8 * int(random.integers(0, 2))))
        offsets[index, row] = len(pool)
        first = places[index][1] + row * size
        pool.extend(pool[first : first + size])
    table: list[int] = []
    for index in dict.fromkeys(moved):
        places[index] = (ROW_TABLE, len(table))
        table.extend(offsets[index, row] // ROW_UNIT for row in range(tensors[index].rows))
    return table


def _lay_out(
    tensors: Sequence[Tensor], arrays: Sequence[np.ndarray], in_place: InPlace | None
) -> tuple[list[tuple[int, int]], bytearray]:
    """Pool and offset of inputs (those with an array), outputs and workspace, and the bytes of all of them."""
    content = bytearray()
    places = []
    for index, tensor in enumerate(tensors):
        content.extend(bytes(-len(content) % 16))
        places.append((PARAMS_POOL if index < len(arrays) else 0, len(content)))
        content.extend(arrays[index].tobytes() if index < len(arrays) else b"\xa5" * tensor.bytes)
    if in_place is not None:
        output = len(arrays) + in_place.output
        content.extend(bytes(-len(content) % 16))
        ahead, behind = max(in_place.delta, 0), max(-in_place.delta, 0)
        begin, data = len(content) + ahead, arrays[in_place.input].tobytes()
        places[in_place.input], places[output] = (0, begin), (0, len(content) + behind)
        content.extend(b"\xa5" * max(behind + tensors[output].bytes, ahead + len(data)))
        content[begin : begin + len(data)] = data
    return places, content


@lru_cache(maxsize=1)
def _rows() -> list[tuple[str, str, str, str]]:
    return _ROW.findall((sources.root() / "include/micrort/kernels/kernels.def").read_text())


def _members(struct: Any, ctype: Any) -> Iterator[tuple[str, int | float]]:
    for name, field in ctype.fields:
        if field.type.kind == "struct":
            yield from _members(getattr(struct, name), field.type)
        else:
            yield name, getattr(struct, name)


def _fill(ffi: Any, struct: Any, ctype: Any, attrs: Mapping[str, int | float], unused: set[str], kernel: str) -> None:
    for name, field in ctype.fields:
        if field.type.kind == "struct":
            _fill(ffi, getattr(struct, name), field.type, attrs, unused, kernel)
        elif name not in attrs:
            raise ValueError(f"{kernel} needs the attribute {name}")
        else:
            try:
                setattr(struct, name, attrs[name])
            except (OverflowError, TypeError) as error:
                raise ValueError(f"{kernel}: attribute {name} = {attrs[name]!r}: {error}") from error
            unused.discard(name)
