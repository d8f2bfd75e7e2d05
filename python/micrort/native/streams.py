"""Streamed inputs and outputs on the host: arrays that hand over their rows when the executor asks."""

from __future__ import annotations

from typing import Any

import numpy as np

from micrort.ir.executor_graph import ExecutorGraph, TensorEntry


class Streams:
    """What mrt_executor_set_stream is given: rows of inputs come from arrays, rows of outputs go to arrays."""

    def __init__(self, graph: ExecutorGraph, ffi: Any, lib: Any) -> None:
        self._ffi = ffi
        self._missing, self._ok = int(lib.MRT_ERR_STATE), int(lib.MRT_OK)
        self._entries = [graph.tensors[index] for index in graph.inputs]
        self.inputs: dict[int, bytes] = {}
        """Bytes of streamed inputs, by index."""
        self.outputs = {
            index: bytearray(graph.tensors[tensor].bytes)
            for index, tensor in enumerate(graph.outputs)
            if is_streamed(graph.tensors[tensor])
        }
        """Bytes of streamed outputs, by index."""
        kind = "mrt_status_t(void *, uint32_t, uint32_t, void *, uint32_t)"
        self._callbacks = (ffi.callback(kind, self._source), ffi.callback(kind, self._sink))
        self.struct: Any = ffi.new("mrt_stream_t *", (*self._callbacks, ffi.NULL))
        """An mrt_stream_t."""

    def set_input(self, index: int, value: np.ndarray) -> None:
        """The rows that come when input `index` is asked for."""
        self.inputs[index] = np.ascontiguousarray(value).tobytes()

    def _source(self, _: Any, index: int, row: int, data: Any, size: int) -> int:
        if index not in self.inputs:
            return self._missing
        self._ffi.memmove(data, self.inputs[index][row * size : (row + 1) * size], size)
        return self._ok

    def _sink(self, _: Any, index: int, row: int, data: Any, size: int) -> int:
        self.outputs[index][row * size : (row + 1) * size] = bytes(self._ffi.buffer(data, size))
        return self._ok


def is_streamed(entry: TensorEntry) -> bool:
    """Whether an input or output is handed over row by row."""
    return entry.row_offsets is not None
