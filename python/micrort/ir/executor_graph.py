"""The executor's view of a compiled model: exactly what the C tables of include/micrort/graph.h hold, by name.

Graph JSON and params are read into it; C tables, host execution and reports are made from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from micrort.ir.dtype import DType
from micrort.ir.program import Arena, Step
from micrort.ir.tensor import Tensor

ROW_UNIT = 4
"""MRT_ROW_UNIT: bytes that an entry of a row table counts."""
ROW_OFFSET_MAX = 0xFFFF * ROW_UNIT
"""The largest offset of a row that is placed by itself."""
ROW_TABLE = 16
"""MRT_POOL_ROW_TABLE."""
PARAMS_POOL = 255
"""The pool of constant tensors: MRT_POOL_PARAMS."""
FOREIGN = "foreign"
"""The kernel of operators that another compiler made; see include/micrort/kernels/foreign.h."""


@dataclass(frozen=True)
class TensorEntry:
    """A tensor and where it lies."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    pool: int
    offset: int
    """In bytes, of row 0."""
    scale: float = 0.0
    zero_point: int = 0
    row_offsets: tuple[int, ...] | None = None
    """Of each row, in bytes, multiples of ROW_UNIT, where rows are placed one by one; None: they follow one another."""

    @property
    def bytes(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * self.dtype.bytes

    @property
    def rows(self) -> int:
        """Number of rows; see mrt_tensor_t."""
        return Tensor(self.name, self.shape, self.dtype).rows

    @property
    def row_bytes(self) -> int:
        """Bytes of a row; see mrt_tensor_t."""
        return Tensor(self.name, self.shape, self.dtype).row_bytes


@dataclass(frozen=True)
class NodeEntry:
    """A kernel call; tensors by index into ExecutorGraph.tensors."""

    name: str
    kernel: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    workspace: int | None
    """Index of the workspace, a uint8 tensor; None where the kernel needs none."""
    attrs: Mapping[str, int | float]
    operator: str = ""
    macs: int = 0
    adapter: str = ""
    """The model's own C function that is the kernel, of foreign operators; empty: the library's."""

    @property
    def function(self) -> str:
        """The C function that the executor calls."""
        return self.adapter or f"mrt_{self.kernel}_run"


@dataclass(frozen=True)
class ExecutorGraph:
    """Tables for mrt_graph_t."""

    name: str
    tensors: tuple[TensorEntry, ...]
    nodes: tuple[NodeEntry, ...]
    steps: tuple[Step, ...]
    """Each by itself, without loops; Step.call is an index into `nodes`, or into inputs or outputs."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arenas: tuple[Arena, ...]
    """One per memory pool."""
    params: bytes
    """Constant tensors at their offsets, each 16-byte aligned; gaps are zero."""

    @property
    def row_table(self) -> list[int]:
        """The entries of mrt_graph_t::row_table: rows that are placed one by one, tensor after tensor, in units."""
        return [offset // ROW_UNIT for tensor in self.tensors for offset in tensor.row_offsets or ()]

    def place(self, index: int) -> tuple[int, int]:
        """The members offset and pool of the mrt_tensor_t of a tensor."""
        tensor = self.tensors[index]
        if tensor.row_offsets is None:
            return tensor.offset, tensor.pool
        return sum(len(before.row_offsets or ()) for before in self.tensors[:index]), tensor.pool | ROW_TABLE
