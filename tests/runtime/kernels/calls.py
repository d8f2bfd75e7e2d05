"""Kernel calls with tensors wherever a test wants them: in place, in row pieces, with hostile descriptors.

Every tensor stands in one guarded block of memory; a call that changes a byte outside its outputs fails the test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from micrort.ir import DType, InPlace, Tensor
from micrort.native import kernels, library

GUARD = 64
"""Bytes around each tensor that must stay as they are."""
OK = 0
ERR_ATTRIBUTE = -7


@dataclass
class Call:
    """One call. Descriptors are (rows, row_bytes, dtype), inputs first."""

    kernel: str
    attrs: Mapping[str, int | float]
    inputs: Sequence[tuple[int, int, DType]]
    outputs: Sequence[tuple[int, int, DType]]
    contents: Sequence[bytes] = ()
    """Bytes of the inputs; zeros where left out."""
    in_place: InPlace | None = None
    fill: int = 0xA5
    """What stands around the tensors, and in the outputs before they are computed."""
    offsets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out the memory and make the C structures."""
        ffi, lib = library.load()
        cursor = GUARD
        for rows, row_bytes, _ in (*self.inputs, *self.outputs):
            self.offsets.append(cursor + (self.in_place.delta if self.in_place else 0) // 16 * 16 + 16)
            cursor = (self.offsets[-1] + rows * row_bytes + GUARD) // 16 * 16
        if self.in_place is not None:
            index = len(self.inputs) + self.in_place.output
            self.offsets[index] = self.offsets[self.in_place.input] - self.in_place.delta
        self._memory = ffi.new("uint64_t[]", cursor // 8 + GUARD)
        self._bytes = ffi.buffer(self._memory)
        self._bytes[:] = bytes([self.fill]) * len(self._bytes)
        for index, (rows, row_bytes, _) in enumerate(self.inputs):
            content = self.contents[index] if index < len(self.contents) else bytes(rows * row_bytes)
            self._bytes[self.offsets[index] : self.offsets[index] + rows * row_bytes] = content
        self._table = ffi.new("mrt_tensor_t[]", len(self.offsets))
        for index, (rows, row_bytes, dtype) in enumerate((*self.inputs, *self.outputs)):
            code = int(getattr(lib, f"MRT_DTYPE_{dtype.name}"))
            shared = self.in_place is not None and index == self.in_place.input
            pool = 255 if index < len(self.inputs) and not shared else 0
            self._table[index] = (self.offsets[index], row_bytes, rows, pool, code)
        packed = np.frombuffer(kernels.pack_attrs(self.kernel, self.attrs), np.int32)
        self._attrs = ffi.new("int32_t[]", packed.tolist())
        self._args = ffi.new("uint16_t[]", list(range(len(self.offsets))))
        self._pools = ffi.new("void *[]", [self._memory])
        self._kernel = lib.mrt_kernels[kernels.ids()[self.kernel]]

    def check(self) -> int:
        """What the kernel's check says."""
        return int(self._kernel.check(self._c_call(0, self.outputs[0][0] if self.outputs else 0)))

    def give_row_table(self, tensor: int) -> None:
        """Say that the rows of a tensor lie where a row table has them."""
        self._table[tensor].pool = kernels.ROW_TABLE

    def run(self, begin: int, end: int) -> None:
        """Rows [begin, end); nothing else may change."""
        before = bytes(self._bytes)
        assert self._kernel.run(self._c_call(begin, end)) == OK
        after = bytearray(self._bytes)
        for index in range(len(self.inputs), len(self.offsets)):
            rows, row_bytes, _ = self.outputs[index - len(self.inputs)]
            place = slice(self.offsets[index], self.offsets[index] + rows * row_bytes)
            after[place] = before[place]
        assert bytes(after) == before, "wrote outside its outputs"

    def reads(self, begin: int, end: int, index: int) -> tuple[int, int]:
        """What the kernel says of the rows of input `index` that it reads; of inputs' number, of its own output."""
        rows = self._kernel.reads(self._c_call(begin, end), index)
        return int(rows.begin), int(rows.end)

    def output(self, index: int) -> bytes:
        """The bytes of an output."""
        rows, row_bytes, _ = self.outputs[index]
        offset = self.offsets[len(self.inputs) + index]
        return bytes(self._bytes[offset : offset + rows * row_bytes])

    def _c_call(self, begin: int, end: int) -> object:
        ffi, _ = library.load()
        self._kept = ffi.new(
            "mrt_call_t *",
            {
                "tensors": self._table,
                "args": self._args,
                "attrs": self._attrs,
                "params": self._memory,
                "pools": self._pools,
                "row_begin": begin,
                "row_end": end,
                "input_count": len(self.inputs),
                "output_count": len(self.outputs),
                "workspace_count": 0,
            },
        )
        return self._kept


def descriptor(tensor: Tensor) -> tuple[int, int, DType]:
    """Of a tensor as the compiler would lay it out."""
    return tensor.rows, tensor.row_bytes, tensor.dtype


def execute(
    kernel: str,
    attrs: Mapping[str, int | float],
    inputs: Sequence[np.ndarray],
    outputs: Sequence[tuple[tuple[int, ...], DType]],
    *,
    pieces: bool = False,
    in_place: InPlace | None = None,
) -> list[np.ndarray]:
    """Check and run a kernel, guarded; `pieces`: row by row."""
    made = [Tensor(f"output{index}", shape, dtype) for index, (shape, dtype) in enumerate(outputs)]
    given = [Tensor(f"input{index}", array.shape, DType(array.dtype.name)) for index, array in enumerate(inputs)]
    call = Call(
        kernel,
        attrs,
        [descriptor(tensor) for tensor in given],
        [descriptor(tensor) for tensor in made],
        [np.ascontiguousarray(array).tobytes() for array in inputs],
        in_place,
    )
    assert call.check() == OK
    rows = made[0].rows
    for begin, end in [(row, row + 1) for row in range(rows)] if pieces else [(0, rows)]:
        call.run(begin, end)
    return [
        np.frombuffer(call.output(index), tensor.dtype.numpy).reshape(tensor.shape) for index, tensor in enumerate(made)
    ]
