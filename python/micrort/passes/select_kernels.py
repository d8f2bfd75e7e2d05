"""Kernels for the target's core take the place of portable ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from micrort import variants
from micrort.ir import Program
from micrort.passes.lower import used_only

if TYPE_CHECKING:
    from micrort.devices.targets import Target


def select_kernels(program: Program, target: Target | None, optimize: str) -> Program:
    """Take for each call the fastest variant that `target` has; without a target all kernels stay portable."""
    if target is None:
        return program
    tensors = dict(program.tensors)
    calls = []
    for call in program.calls:
        variant = variants.best(call, program.tensors, target, optimize)
        calls.append(call if variant is None else variant.call)
        if variant is not None:
            tensors.update({constant.name: constant for constant in variant.constants})
    return used_only(replace(program, tensors=tensors, calls=tuple(calls)))
