"""The params file: named constant tensors, in TVM's format (relay.save_param_dict). Little-endian throughout.

u64 magic, u64 0, u64 n, n x (u64 length, name), u64 n, n x array
array: u64 magic, u64 0, i32 device type 1, i32 device id 0, i32 rank, u8 kind, u8 bits, u16 lanes,
       i64 shape[rank], i64 bytes, data in row-major order
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

import numpy as np

from micrort.errors import ModelError
from micrort.ir import DType

MAGIC = 0xF7E58D4F05049CB7
ARRAY_MAGIC = 0xDD5E40F096B4A13F
CPU = 1
"""DLPack's device type of the host."""
KINDS = {"i": 0, "u": 1, "f": 2}
"""numpy's letter -> DLPack's type code."""
BOOL = (6, 8, 1)
"""Code, bits and lanes of bool in newer files; older ones have it as uint1."""
RANK_MAX = 32
"""More dimensions than any tool writes; a larger rank is damage."""


def write(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The params file of `arrays`, in their order."""
    names = [name.encode() for name in arrays]
    parts = [struct.pack("<QQQ", MAGIC, 0, len(names))]
    parts.extend(struct.pack("<Q", len(name)) + name for name in names)
    parts.append(struct.pack("<Q", len(names)))
    parts.extend(_array(array) for array in arrays.values())
    return b"".join(parts)


def read(data: bytes, source: str, raw: bool = False) -> dict[str, np.ndarray]:
    """The arrays of a params file, by name, read-only.

    Args:
        data: the whole file.
        source: what to call it in messages.
        raw: take arrays of types that micrort does not know as well, as their bytes (uint8, one dimension).

    Raises:
        ModelError: the file is damaged, or an array has a type that micrort does not know.
    """
    cursor = _Cursor(data, source, raw)
    if cursor.take("<Q") != MAGIC:
        raise cursor.error("it does not start with the magic number of a params file")
    cursor.take("<Q")
    names = [cursor.name() for _ in range(cursor.count(8))]
    if len(set(names)) != len(names):
        raise cursor.error("two arrays have the same name")
    if cursor.count(8) != len(names):
        raise cursor.error("the number of arrays differs from the number of names")
    arrays = {name: cursor.array(name) for name in names}
    if cursor.position != len(data):
        raise cursor.error(f"{len(data) - cursor.position} bytes follow the last array")
    return arrays


def _array(array: np.ndarray) -> bytes:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    kind, bits = _type(little.dtype)
    head = struct.pack("<QQiiiBBH", ARRAY_MAGIC, 0, CPU, 0, array.ndim, kind, bits, 1)
    return head + struct.pack(f"<{array.ndim}qq", *array.shape, little.nbytes) + little.tobytes()


def _type(dtype: np.dtype) -> tuple[int, int]:
    """DLPack's type code and bits; bool is uint1, stored in a byte."""
    return (1, 1) if dtype.kind == "b" else (KINDS[dtype.kind], dtype.itemsize * 8)


class _Cursor:
    """Reads a params file from the front; every length is checked against what is left."""

    def __init__(self, data: bytes, source: str, raw: bool) -> None:
        self.data = data
        self.source = source
        self.raw = raw
        self.position = 0

    def error(self, problem: str) -> ModelError:
        return ModelError(self.source, [f"not a sound params file: {problem} (at byte {self.position})"])

    def bytes(self, count: int) -> bytes:
        if count > len(self.data) - self.position:
            raise self.error(f"it ends early: {count} more bytes were announced")
        self.position += count
        return self.data[self.position - count : self.position]

    def take(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self.bytes(struct.calcsize(layout)))
        return int(value)

    def count(self, unit: int) -> int:
        """A number of things of at least `unit` bytes each, which must fit in what is left."""
        count = self.take("<Q")
        if count * unit > len(self.data) - self.position:
            raise self.error(f"it announces {count} entries, more than it can hold")
        return count

    def name(self) -> str:
        try:
            return self.bytes(self.take("<Q")).decode()
        except UnicodeDecodeError:
            raise self.error("a name is not UTF-8") from None

    def array(self, name: str) -> np.ndarray:
        if self.take("<Q") != ARRAY_MAGIC:
            raise self.error(f"array {name} does not start with its magic number")
        self.bytes(16)
        rank = self.take("<i")
        kind, bits, lanes = self.take("<B"), self.take("<B"), self.take("<H")
        if not 0 <= rank <= RANK_MAX:
            raise self.error(f"array {name} has rank {rank}")
        dtype = next((item for item in DType if (*_type(item.numpy), 1) == (kind, bits, lanes)), None)
        if (kind, bits, lanes) == BOOL:
            dtype = DType.BOOL
        if dtype is None and not self.raw:
            raise self.error(f"array {name} has an unknown type (kind {kind}, {bits} bits, {lanes} lanes)")
        shape = [self.take("<q") for _ in range(rank)]
        size = self.take("<q")
        element = dtype.bytes if dtype is not None else (bits * lanes + 7) // 8
        if any(extent < 0 for extent in shape) or size != math.prod(shape) * element:
            raise self.error(f"array {name} of shape {shape} announces {size} bytes")
        if dtype is None:
            return np.frombuffer(self.bytes(size), np.uint8)
        return np.frombuffer(self.bytes(size), dtype.numpy).reshape(shape)
