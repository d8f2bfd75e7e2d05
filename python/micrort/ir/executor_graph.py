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

PARAMS_POOL = 255
"""The pool of constant tensors: MRT_POOL_PARAMS."""


@dataclass(frozen=True)
class TensorEntry:
    """A tensor and where it lies."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    pool: int
    offset: int
    scale: float = 0.0
    zero_point: int = 0

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


@dataclass(frozen=True)
class ExecutorGraph:
    """Tables for mrt_graph_t."""

    name: str
    tensors: tuple[TensorEntry, ...]
    nodes: tuple[NodeEntry, ...]
    steps: tuple[Step, ...]
    """Step.call is an index into `nodes`."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arenas: tuple[Arena, ...]
    """One per memory pool."""
    params: bytes
    """Constant tensors at their offsets, each 16-byte aligned; gaps are zero."""
