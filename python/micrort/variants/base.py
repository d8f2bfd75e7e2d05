"""What a variant is, and what stands against one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
        own = {tensor.name: tensor for tensor in self.constants}
        read = (own.get(name) or tensors[name] for name in dict.fromkeys(self.call.inputs))
        return sum(tensor.bytes for tensor in read if tensor.data is not None)
