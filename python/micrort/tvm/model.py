"""A model of TVM in our terms: a program whose calls are TVM's functions, and what those take as arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from micrort.errors import ModelError
from micrort.ir import DType, Program

KINDS = {"int": 0, "uint": 1, "float": 2, "handle": 3, "bfloat": 4, "bool": 6}
"""TVM's word -> DLPack's code."""
BYTES_MAX = 2**31 - 1
"""Largest tensor."""


@dataclass(frozen=True)
class Type:
    """An element type of TVM."""

    code: int
    bits: int
    lanes: int

    @property
    def bytes(self) -> int:
        """Bytes of one element."""
        return (self.bits * self.lanes + 7) // 8

    @property
    def stored(self) -> DType:
        """The type that we keep such elements as: the same where we have it, else one as wide, else bytes."""
        exact = {
            (0, 8): DType.S8,
            (1, 8): DType.U8,
            (0, 16): DType.S16,
            (0, 32): DType.S32,
            (2, 32): DType.F32,
            (1, 1): DType.BOOL,
            (6, 8): DType.BOOL,
            (0, 64): DType.S64,
            (1, 32): DType.U32,
        }
        if self.lanes == 1 and (self.code, self.bits) in exact:
            return exact[self.code, self.bits]
        return {2: DType.S16, 4: DType.U32, 8: DType.S64}.get(self.bytes, DType.U8)

    @property
    def is_exact(self) -> bool:
        """Whether `stored` is the same type."""
        return self.lanes == 1 and (self.code, self.bits) in {
            *((0, bits) for bits in (8, 16, 32, 64)),
            *((1, bits) for bits in (1, 8, 32)),
            (2, 32),
            (6, 8),
        }


def type_of(text: str) -> Type | None:
    """The type that TVM writes so, e.g. int8, uint1, bool, float32, int8x4; None where there is no such type."""
    match = re.fullmatch(r"(int|uint|float|bfloat|handle|bool)(\d{0,3})(?:x(\d{1,4}))?", text)
    if match is None:
        return None
    word, bits, lanes = match[1], int(match[2] or {"bool": 1, "handle": 64}.get(match[1], 0)), int(match[3] or 1)
    if word == "bool" and bits == 1:
        word = "uint"
    if bits not in (1, 2, 4, 8, 16, 32, 64) or lanes < 1:
        return None
    return Type(KINDS[word], bits, lanes)


@dataclass(frozen=True)
class Argument:
    """A tensor that a function of TVM takes."""

    shape: tuple[int, ...]
    type: Type
    linked: int | None = None
    """The storage id of a constant that is linked in (TVM 0.8); None: an operand of the call."""

    @property
    def bytes(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * self.type.bytes

    def stored_shape(self, folded: bool = False) -> tuple[int, ...]:
        """The shape in elements of `type.stored`; in one row with `folded`."""
        if self.type.is_exact and not folded:
            return self.shape
        return (self.bytes // self.type.stored.bytes,)


@dataclass(frozen=True)
class Operator:
    """A packed function of TVM that calls run."""

    adapter: str
    """C name of our function around it."""
    function: str
    """TVM's name of it."""
    arguments: tuple[Argument, ...]
    """Inputs, then outputs."""


@dataclass(frozen=True)
class Figures:
    """What TVM's own runtime would need, for comparison."""

    storage_bytes: int
    """Its storages for inputs, outputs and what lies between."""
    workspace_bytes: int
    """The most that functions ask for, or what the archive planned."""
    copied_params_bytes: int
    """Weights that its runtime copies to RAM."""


@dataclass(frozen=True)
class Model:
    """A model whose tensors have no places yet."""

    program: Program
    operators: tuple[Operator, ...]
    """One for each adapter that calls name; empty where `entry` holds its text."""
    figures: Figures
    sources: Mapping[str, str]
    """TVM's C, perhaps changed."""
    entry: str = ""
    """C of the adapter of an ahead-of-time model with unpacked arguments."""
    pools: int = 0
    """Bytes of the pools at the start of its workspace."""


def checked_shape(shape: Sequence[int], type_: Type, what: str, source: str) -> tuple[int, ...]:
    """A shape whose tensor is neither empty nor too large.

    Raises:
        ModelError: it is.
    """
    extents = tuple(shape)
    if any(type(extent) is not int or extent < 1 for extent in extents):
        raise ModelError(source, [f"{what} has the shape {list(extents)}; each extent must be at least 1"])
    if math.prod(extents) * type_.bytes > BYTES_MAX:
        raise ModelError(source, [f"{what} of shape {list(extents)} is larger than {BYTES_MAX} bytes"])
    return extents
