"""Kernels for the target's core take the place of portable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from micrort import variants
from micrort.ir import Program, Step
from micrort.ir.selection import Selection
from micrort.passes.lower import used_only
from micrort.passes.share_storage import busiest_of, share_storage
from micrort.variants import lean

if TYPE_CHECKING:
    from micrort.devices.targets import Target


def rules(
    program: Program, target: Target | None, optimize: str, model_bytes: int, max_code: int | None
) -> variants.Rules:
    """What the choice of kernels for a program keeps to.

    Args:
        program: portable calls.
        target: the core to compile for; None: all kernels stay portable.
        optimize: one of micrort.compiler.LEVELS.
        model_bytes: constant data of the model as it was given.
        max_code: bytes that kernels, executor and tables may take at most; None: any.

    Raises:
        UsageError: no choice of kernels keeps to `max_code`.
    """
    if target is None:
        return variants.ANY
    offers = [list(variants.candidates(call, program.tensors, target, optimize)) for call in program.calls]
    found = variants.rules_of(program, offers, target, variants.Budget(optimize, model_bytes, max_code))
    heights = (program.tensors[call.outputs[0]].rows for call in program.calls)
    whole = replace(program, steps=tuple(Step(index, 0, rows) for index, rows in enumerate(heights)))
    return replace(found, near=busiest_of(share_storage(whole)) <= lean.REACH)  # no schedule by rows takes more


def with_kernels(program: Program, chosen: Sequence[variants.Variant], target: Target | None) -> Program:
    """`program` with a variant for each call, and what is to be said of the choice; without a target nothing."""
    tensors = dict(program.tensors)
    selection = {}
    for variant in chosen:
        tensors.update({constant.name: constant for constant in variant.constants})
        if target is not None:
            refused = tuple((item.kernel, item.reason) for item in variant.refused)
            selection[variant.call.name] = Selection(variant.tile, variant.instructions, refused)
    calls = tuple(variant.call for variant in chosen)
    return used_only(replace(program, tensors=tensors, calls=calls, selection=selection))
