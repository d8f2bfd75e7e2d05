"""Bytes of a .tflite file → records. Never trusts an offset: damage becomes a problem, not an exception.

The generated classes of package `tflite` do the reading. Before a table is used, its vtable is verified; before a
vector is read, its length is checked against the file and charged to a budget, so that a small file whose offsets
all point at the same long vector cannot keep us busy.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, TypeVar

import tflite

from micrort.frontends.tflite.records import (
    SourceBuffer,
    SourceModel,
    SourceOperator,
    SourceQuantisation,
    SourceTensor,
)

Item = TypeVar("Item")

READ_ERRORS = (struct.error, IndexError, TypeError, ValueError, OverflowError)
"""What flatbuffers and numpy raise for offsets outside the file and values out of range."""

_AMPLIFICATION = 4
"""Vectors may be read this many times the file's size in total; honest files stay below once."""
_TABLES_MAX = 65535
"""Tensors, operators, buffers or operator codes; the runtime counts them in 16 bits."""


class DamagedError(Exception):
    """A part of the file cannot be read; the text says why."""


def decode(data: bytes) -> tuple[SourceModel | None, list[str]]:
    """The records of a file with the identifier TFL3, and every problem met. None: not even the root is readable."""
    decoder = _Decoder(data)
    model = decoder.guarded("model", decoder.model)
    return model, decoder.problems


def verify_table(table: Any) -> None:
    """Check that a flatbuffers table, its vtable and the fields that it points to lie inside the file.

    Raises:
        DamagedError: they do not.
    """
    data, position = table.Bytes, table.Pos
    try:
        vtable = position - struct.unpack_from("<i", data, position)[0]
        if position < 0 or vtable < 0:
            raise DamagedError("vtable outside the file")
        vtable_bytes, table_bytes = struct.unpack_from("<HH", data, vtable)
        if vtable_bytes < 4 or vtable_bytes % 2 or vtable + vtable_bytes > len(data):
            raise DamagedError(f"vtable of {vtable_bytes} bytes")
        if table_bytes < 4 or position + table_bytes > len(data):
            raise DamagedError(f"table of {table_bytes} bytes")
        fields = struct.unpack_from(f"<{vtable_bytes // 2 - 2}H", data, vtable + 4)
    except struct.error as error:
        raise DamagedError("offset outside the file") from error
    if any(field >= table_bytes or 0 < field < 4 for field in fields):
        raise DamagedError("field outside its table")


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.problems: list[str] = []
        self.budget = _AMPLIFICATION * len(data)

    def guarded(self, what: str, read: Callable[[], Item]) -> Item | None:
        """What `read` returns; None and a problem where the file is damaged there."""
        try:
            return read()
        except DamagedError as error:
            self.problems.append(f"{what} is damaged: {error}")
        except READ_ERRORS:
            self.problems.append(f"{what} is damaged: an offset or length points outside the file")
        return None

    def length(self, count: int, element_bytes: int) -> int:
        """`count`, the length of a vector that is about to be read."""
        if count * element_bytes > len(self.data):
            raise DamagedError(f"a vector of {count} elements does not fit the file")
        self.budget -= (count + 1) * element_bytes
        if self.budget < 0:
            raise DamagedError("the file's vectors overlap, its contents are more than its size")
        return count

    def numbers(self, table: Any, field: str, element_bytes: int) -> Any:
        """A vector of numbers as a list; empty if the field is absent."""
        if self.length(getattr(table, f"{field}Length")(), element_bytes) == 0:
            return []
        return getattr(table, f"{field}AsNumpy")().tolist()

    def tables(self, parent: Any, field: str, what: str, read: Callable[[int, Any], Item]) -> tuple[Item | None, ...]:
        """Every table of a vector, each read by `read(index, table)`; None where damaged."""
        count = self.length(getattr(parent, f"{field}Length")(), 4)
        if count > _TABLES_MAX:
            raise DamagedError(f"{count} entries; at most {_TABLES_MAX} are possible")

        def item(index: int) -> Item:
            table = getattr(parent, field)(index)
            verify_table(table._tab)
            return read(index, table)

        return tuple(self.guarded(f"{what} {index}", lambda index=index: item(index)) for index in range(count))  # type: ignore[misc]

    def text(self, raw: bytes | None) -> str:
        """A string, with anything that could spoil a message or a generated comment replaced."""
        if raw is None:
            return ""
        self.length(len(raw), 1)
        return "".join(c if c.isprintable() else "?" for c in raw.decode("utf-8", "replace"))

    def model(self) -> SourceModel:
        if len(self.data) < 12:
            raise DamagedError(f"the file has only {len(self.data)} bytes")
        root = tflite.Model.GetRootAs(self.data, 0)
        verify_table(root._tab)
        codes = self.guarded("operator codes", lambda: self.tables(root, "OperatorCodes", "operator code", self.code))
        buffers = self.guarded("buffers", lambda: self.tables(root, "Buffers", "buffer", self.buffer))
        count = self.length(root.SubgraphsLength(), 4)
        if count == 0:
            raise DamagedError("it has no subgraph")
        graph = root.Subgraphs(0)
        verify_table(graph._tab)
        known = codes or ()
        operators = self.guarded(
            "operators",
            lambda: self.tables(graph, "Operators", "operator", lambda i, table: self.operator(i, table, known)),
        )
        return SourceModel(
            version=root.Version(),
            tensors=self.guarded("tensors", lambda: self.tables(graph, "Tensors", "tensor", self.tensor)) or (),
            buffers=buffers or (),
            operators=operators or (),
            inputs=tuple(self.guarded("list of inputs", lambda: self.numbers(graph, "Inputs", 4)) or ()),
            outputs=tuple(self.guarded("list of outputs", lambda: self.numbers(graph, "Outputs", 4)) or ()),
            subgraphs=count,
        )

    def code(self, index: int, table: Any) -> tuple[int, str]:  # noqa: ARG002
        return table.BuiltinCode(), self.text(table.CustomCode())

    def buffer(self, index: int, table: Any) -> SourceBuffer:  # noqa: ARG002
        external = table.Offset() > 1
        if self.length(table.DataLength(), 1) == 0:
            return SourceBuffer(memoryview(b""), external)
        return SourceBuffer(memoryview(table.DataAsNumpy()).cast("B"), external)

    def tensor(self, index: int, table: Any) -> SourceTensor:
        sparsity = table.Sparsity()
        return SourceTensor(
            index=index,
            name=self.text(table.Name()),
            shape=tuple(self.numbers(table, "Shape", 4)),
            signature=tuple(self.numbers(table, "ShapeSignature", 4)),
            type=table.Type(),
            buffer=table.Buffer(),
            quantisation=self.quantisation(table.Quantization()),
            variable=table.IsVariable(),
            sparse=sparsity is not None,
        )

    def quantisation(self, table: Any) -> SourceQuantisation | None:
        if table is None:
            return None
        verify_table(table._tab)
        return SourceQuantisation(
            scales=tuple(self.numbers(table, "Scale", 4)),
            zero_points=tuple(self.numbers(table, "ZeroPoint", 8)),
            axis=table.QuantizedDimension(),
            custom=table.DetailsType() != 0,
        )

    def operator(self, index: int, table: Any, codes: tuple[tuple[int, str] | None, ...]) -> SourceOperator:
        opcode = table.OpcodeIndex()
        if opcode >= len(codes):
            self.problems.append(f"operator {index} names operator code {opcode}, but the file has {len(codes)}")
        options = table.BuiltinOptions()
        if options is not None:
            verify_table(options)
        code, custom_code = (codes[opcode] if opcode < len(codes) else None) or (None, "")
        return SourceOperator(
            index=index,
            code=code,
            custom_code=custom_code,
            inputs=tuple(self.numbers(table, "Inputs", 4)),
            outputs=tuple(self.numbers(table, "Outputs", 4)),
            options_type=table.BuiltinOptionsType(),
            options=options,
        )
