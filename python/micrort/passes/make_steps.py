"""The schedule: which rows of which call are computed when."""

from __future__ import annotations

from dataclasses import replace

from micrort.ir import Program, Step


def make_steps(program: Program) -> Program:
    """One step for each call, over all rows of its first output."""
    steps = (Step(index, 0, program.tensors[call.outputs[0]].rows) for index, call in enumerate(program.calls))
    return replace(program, steps=tuple(steps))
