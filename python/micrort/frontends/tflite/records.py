"""What a .tflite file says, as plain records: no offset into the file is left, nothing is judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class SourceQuantisation:
    """Quantisation parameters of a tensor, as written."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    custom: bool
    """Whether a scheme other than affine quantisation is named."""


@dataclass(frozen=True)
class SourceTensor:
    """A tensor of the main subgraph."""

    index: int
    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    """The shape with -1 for dimensions that may vary; empty where the file has none."""
    type: int
    """A TensorType."""
    buffer: int
    quantisation: SourceQuantisation | None
    variable: bool
    sparse: bool

    @property
    def dtype_name(self) -> str:
        """The element type in lower case, e.g. `int8` or `float16`."""
        return tensor_types().get(self.type, f"type {self.type}").lower()

    @property
    def shown_shape(self) -> tuple[int, ...]:
        """The shape for messages: with -1 where the signature says that a dimension beyond the batch varies."""
        if len(self.signature) != len(self.shape):
            return self.shape
        varies = [size < 0 and axis > 0 for axis, size in enumerate(self.signature)]
        return tuple(-1 if dynamic else size for size, dynamic in zip(self.shape, varies, strict=True))

    def __str__(self) -> str:
        """How messages call it."""
        return f"tensor {self.index} '{self.name}'"


@dataclass(frozen=True)
class SourceBuffer:
    """The bytes of constants."""

    data: memoryview
    external: bool
    """Whether the bytes lie behind the flatbuffer (files over 2 GB)."""


@dataclass(frozen=True)
class SourceOperator:
    """An operator of the main subgraph."""

    index: int
    code: int | None
    """A BuiltinOperator, also one that nobody knows; None where the operator code is damaged or out of range."""
    custom_code: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_type: int
    """A BuiltinOptions."""
    options: Any
    """The flatbuffers.table.Table of the options, verified, or None."""

    @property
    def name(self) -> str:
        """The operator as the format names it, e.g. CONV_2D."""
        if self.code is None:
            return "unknown"
        name = builtin_operators().get(self.code, f"operator code {self.code}")
        return f"CUSTOM {self.custom_code}" if name == "CUSTOM" else name

    def __str__(self) -> str:
        """How messages call it."""
        return f"operator {self.index} ({self.name})"


@dataclass(frozen=True)
class SourceModel:
    """A model. A part that could not be read is None; a problem says why."""

    version: int
    tensors: tuple[SourceTensor | None, ...]
    buffers: tuple[SourceBuffer | None, ...]
    operators: tuple[SourceOperator | None, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int
    """Number of subgraphs; the first is the main one, the others belong to control flow."""

    def tensor(self, index: int) -> SourceTensor | None:
        """The tensor `index`, or None if it is out of range or damaged."""
        return self.tensors[index] if 0 <= index < len(self.tensors) else None

    def is_constant(self, index: int) -> bool:
        """Whether tensor `index` has bytes in the file."""
        tensor = self.tensor(index)
        if tensor is None or tensor.buffer >= len(self.buffers):
            return False
        buffer = self.buffers[tensor.buffer]
        return buffer is not None and (len(buffer.data) > 0 or buffer.external)


@lru_cache(maxsize=1)
def tensor_types() -> dict[int, str]:
    """TensorType value -> name."""
    return _names("TensorType")


@lru_cache(maxsize=1)
def builtin_operators() -> dict[int, str]:
    """BuiltinOperator value -> name."""
    return _names("BuiltinOperator")


@lru_cache(maxsize=1)
def builtin_options() -> dict[int, str]:
    """BuiltinOptions value -> name of the options table."""
    return _names("BuiltinOptions")


def _names(enumeration: str) -> dict[int, str]:
    import tflite

    return {value: name for name, value in vars(getattr(tflite, enumeration)).items() if isinstance(value, int)}
