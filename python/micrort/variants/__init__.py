"""Variants of kernels for particular cores: which there are for a call, what they need, and which to take.

A variant computes the same bytes as the portable kernel, from constants in a layout of its own. It is offered only
where its preconditions are proved for the call's very constants; the portable kernel remains for all the rest.

A provider (dsp, mve, scalar, floats) yields every variant that computes a call, and a Refusal with the reason for a
kernel that almost does. It does not choose: `rules_of` weighs the candidates of all calls under --optimize and
--max-code, and `best` then chooses for one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from micrort.variants import cost, dsp, dsp_patch, lean, mve, scalar, slices
from micrort.variants.base import Refusal, Variant
from micrort.variants.choice import ANY, DSP_SLOWDOWN, Budget, Rules, rules_for
from micrort.variants.code import CORE, code_bytes

if TYPE_CHECKING:
    from micrort.devices.targets import Target
    from micrort.ir import KernelCall, Program, Tensor

__all__ = ["ANY", "Budget", "Refusal", "Rules", "Variant", "best", "candidates", "for_rows", "portable", "rules_of"]


def candidates(
    call: KernelCall, tensors: Mapping[str, Tensor], target: Target, optimize: str
) -> Iterator[Variant | Refusal]:
    """The portable kernel, and whatever the target's instruction sets offer for `call`.

    Args:
        call: a call as operators lower it.
        tensors: all tensors of the program by name.
        target: the core to compile for.
        optimize: one of micrort.compiler.LEVELS.
    """
    estimate = cost.portable(call, tensors, target.long_products, None if target.is_host else _taps(target))
    yield Variant(call, (), estimate, "one output at a time")
    if target.dsp:
        yield from dsp.variants(call, tensors, optimize)
        yield from dsp_patch.variants(call, tensors, optimize)
    if target.mve:
        yield from mve.variants(call, tensors, optimize)
    if not (target.dsp or target.is_host):
        yield from scalar.variants(call, tensors, optimize, target.long_products)


def _taps(target: Target) -> cost.Taps:
    if target.dsp:
        return cost.DSP_TAPS
    return cost.LONG_TAPS if target.long_products else cost.SHORT_TAPS


def best(call: KernelCall, tensors: Mapping[str, Tensor], target: Target, optimize: str, rules: Rules = ANY) -> Variant:
    """The candidate for `call` that needs the fewest instructions under `rules`; says why it is not another one.

    Args:
        call, tensors, target, optimize: see candidates.
        rules: what the choice keeps to.
    """
    offers = list(candidates(call, tensors, target, optimize))
    return rules.choose(offers, tensors)


def rules_of(program: Program, offers: Sequence[Sequence[Variant | Refusal]], target: Target, budget: Budget) -> Rules:
    """The rules under which the kernels of all calls of a program keep to its budgets.

    Args:
        program: portable calls.
        offers: for each call its candidates.
        target: the core to compile for.
        budget: `code_bytes` counts executor and tables, too, as far as they can be estimated.

    Raises:
        UsageError: no choice of kernels keeps to the budget of code.
    """
    kernels = code_bytes(target, small=budget.optimize == "size")
    tables = sum(_TABLES + 4 * len(call.attrs) for call in program.calls)
    if target.dsp and not target.mve:
        budget = replace(budget, slowdown=DSP_SLOWDOWN)
    return rules_for(offers, program.tensors, budget, lambda names: tables + kernels(names | {CORE}))


_TABLES = 64
"""Bytes of tables for a call beside its attributes: node, step, operands, the tensors that it makes."""


def for_rows(
    call: KernelCall,
    tensors: Mapping[str, Tensor],
    target: Target,
    optimize: str,
    rules: Rules,
    rows: int,
    slack: float = 0.0,
) -> Variant:
    """The candidate for `call` where a step makes at most `rows` rows of it.

    Args:
        call, tensors, target, optimize, rules: see best.
        rows: at least 1.
        slack: the part of its instructions that a smaller workspace may cost.

    Returns:
        The variant, with the estimate for one such step. For some of a call's rows it may be a kernel that is not worth
        its code for all of them: of every step it saves workspace, instructions, or both.
    """
    made = _for_rows(call, tensors, target, optimize, rules, rows)
    if slack > 0 and optimize == "ram" and target.dsp and not target.mve:
        small = _for_rows(call, tensors, target, "size", Rules(kernels=lean.SMALL), rows)
        made = lean.smaller(made, small, slack) if rules.allow(small, tensors) else made
    is_part = slack > 0 or rows < tensors[call.outputs[0]].rows
    if is_part and rules.near and made.call.kernel == "depthwise_conv2d_s8_mve":
        few = _for_rows(call, tensors, target, optimize, Rules(kernels=lean.ROWS), rows)
        made = lean.smaller(made, few, slack) if rules.allow(few, tensors) else made
    return lean.leaner(made, min(rows, tensors[call.outputs[0]].rows), slack) if slack > 0 else made


def _for_rows(
    call: KernelCall, tensors: Mapping[str, Tensor], target: Target, optimize: str, rules: Rules, rows: int
) -> Variant:
    height = tensors[call.outputs[0]].rows
    if rows < height and slices.is_sliceable(call):
        part = replace(rules, byte_price=rules.byte_price * rows / height)  # constants serve all steps
        made = best(*slices.sliced(call, tensors, rows), target, optimize, part)
        if rules.allow(made, tensors):
            estimate = cost.step(made.call, tensors) + made.instructions + cost.borders(made.call, call, rows, height)
            return replace(made, call=slices.restored(made.call, call), instructions=estimate)
    made = best(call, tensors, target, optimize, rules)
    share = made.instructions * min(rows, height) // height
    return replace(made, instructions=cost.step(made.call, tensors) + share)


def portable(call: KernelCall, tensors: Mapping[str, Tensor], rows: int) -> Variant:
    """The portable kernel for `call`, with the estimate for a step of `rows` rows on no core in particular."""
    share = min(rows, tensors[call.outputs[0]].rows)
    estimate = cost.portable(call, tensors) * share // tensors[call.outputs[0]].rows
    return Variant(call, (), cost.step(call, tensors) + estimate)
