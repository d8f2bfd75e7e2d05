"""Kernels for the target's core take the place of portable ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from micrort import variants
from micrort.ir import Program
from micrort.ir.selection import Selection
from micrort.passes.lower import used_only

if TYPE_CHECKING:
    from micrort.devices.targets import Target


def select_kernels(
    program: Program, target: Target | None, optimize: str, model_bytes: int, max_code: int | None
) -> Program:
    """Take for each call the variant that needs the fewest instructions within the program's budgets.

    Without a target all kernels stay portable.

    Args:
        program: portable calls.
        target: the core to compile for.
        optimize: one of micrort.compiler.LEVELS.
        model_bytes: constant data of the model as it was given.
        max_code: bytes that kernels, executor and tables may take at most; None: any.

    Raises:
        UsageError: no choice of kernels keeps to `max_code`.
    """
    if target is None:
        return program
    offers = [list(variants.candidates(call, program.tensors, target, optimize)) for call in program.calls]
    rules = variants.rules_of(program, offers, target, variants.Budget(optimize, model_bytes, max_code))
    tensors = dict(program.tensors)
    calls, selection = [], {}
    for call, items in zip(program.calls, offers, strict=True):
        variant = rules.choose(items, program.tensors)
        calls.append(variant.call)
        tensors.update({constant.name: constant for constant in variant.constants})
        refused = tuple((item.kernel, item.reason) for item in variant.refused)
        selection[call.name] = Selection(variant.tile, variant.instructions, refused)
    return used_only(replace(program, tensors=tensors, calls=tuple(calls), selection=selection))
