"""What a variant is."""

from __future__ import annotations

from dataclasses import dataclass

from micrort.ir import KernelCall, Tensor


@dataclass(frozen=True)
class Variant:
    """A call in place of another one, with the constants that it needs."""

    call: KernelCall
    constants: tuple[Tensor, ...]
    instructions: int
    """An estimate, to choose by."""
