"""What a variant is, and what stands against one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from micrort.ir import KernelCall, Tensor


@dataclass(frozen=True)
class Refusal:
    """A kernel that does not do a call, or is not worth it."""

    kernel: str
    reason: str
    """Why, for people: a precondition that the call's constants or shapes do not meet, or what another one saves."""


@dataclass(frozen=True)
class Variant:
    """A call in place of another one, with the constants that it needs."""

    call: KernelCall
    constants: tuple[Tensor, ...]
    instructions: int
    """An estimate, to choose by."""
    tile: str = ""
    """How the kernel goes over its output, in the variant's own words, e.g. `2 pixels x 4 channels`."""
    refused: tuple[Refusal, ...] = ()
    """What it was chosen before; filled in by the choice."""

    def constant_bytes(self, tensors: Mapping[str, Tensor]) -> int:
        """Bytes of all constants that the call reads; `tensors` hold those that it shares with the original call."""
        own, others = self._constants
        return own + sum(tensor.bytes for tensor in (tensors[name] for name in others) if tensor.data is not None)

    @cached_property
    def _constants(self) -> tuple[int, tuple[str, ...]]:
        """Bytes of its own constants that are read, and the names of the other inputs: choices ask very often."""
        own = {tensor.name: tensor.bytes for tensor in self.constants if tensor.data is not None}
        names = tuple(dict.fromkeys(self.call.inputs))
        made = {tensor.name for tensor in self.constants}
        return sum(own.get(name, 0) for name in names), tuple(name for name in names if name not in made)
