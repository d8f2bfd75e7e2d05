"""Variants of kernels for particular cores: which there are for a call, and what they need.

A variant computes the same bytes as the portable kernel, from constants in a layout of its own. It is offered only
where its preconditions are proved for the call's very constants; the portable kernel remains for all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from micrort.variants import cost, dsp, mve, scalar
from micrort.variants.base import Variant

if TYPE_CHECKING:
    from micrort.devices.targets import Target
    from micrort.ir import KernelCall, Tensor

__all__ = ["Variant", "best"]


def best(call: KernelCall, tensors: Mapping[str, Tensor], target: Target, optimize: str) -> Variant | None:
    """The variant of `call` that needs the fewest instructions on `target`; None where the portable kernel does.

    Args:
        call: a call as operators lower it.
        tensors: all tensors of the program by name.
        target: the core to compile for.
        optimize: one of micrort.compiler.LEVELS.
    """
    offers: list[Variant] = []
    if target.dsp:
        offers.extend(dsp.variants(call, tensors, optimize))
    if target.mve:
        offers.extend(mve.variants(call, tensors, optimize))
    if not (target.dsp or target.is_host):
        offers.extend(scalar.variants(call, tensors, optimize))
    fastest: Variant | None = min(offers, key=lambda variant: variant.instructions, default=None)
    if fastest is None or fastest.instructions >= cost.portable(call, tensors, target.long_products):
        return None
    return fastest
