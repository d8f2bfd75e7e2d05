"""What the planner is to place where steps make rows."""

from __future__ import annotations

import importlib
from functools import cache

import pytest
from tests.differential import streamed_models

from micrort import passes, variants
from micrort.devices import targets
from micrort.frontends import tflite
from micrort.ir import Program
from micrort.passes.rows.buffers import Buffers, Workspaces, buffers
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import row_program
from micrort.passes.rows.stages import cuts
from micrort.planner import Lifetime

schedule_rows = importlib.import_module("micrort.passes.schedule_rows")
TARGETS = ["cortex-m4", "cortex-m55"]
GRID = 384
"""Divides the rows of all layers of the MobileNet but the first ones: 48 x 8, 24 x 16 and so on."""


@cache
def scheduled(target: str) -> Program:
    """A MobileNet by rows that asks for the fewest bytes."""
    options = passes.Options(target=targets.target(target), optimize="ram")
    names = [step.name for step in passes.PIPELINE]
    loaded = tflite.load(streamed_models.mobilenet(), "model", "model")
    program = passes._run(loaded, options, passes.PIPELINE[: names.index("schedule_rows")])
    costs, rows = Costs(program, options.target, "ram", variants.ANY), row_program(program)
    smallest = min(cuts(rows, costs), key=lambda cut: cut.peak)
    made: Program = schedule_rows._planned(rows, costs, smallest, options.pools).program
    return made


def placed(target: str, where: Workspaces) -> Buffers:
    program = scheduled(target)
    return buffers(row_program(program), program.steps, where)


def workspaces(found: Buffers) -> list[Lifetime]:
    return [item for item in found.lifetimes if item.id in found.workspaces.values()]


@pytest.mark.parametrize("target", TARGETS)
def test_padded_workspaces_end_where_rows_lie(target: str) -> None:
    plain, padded = placed(target, Workspaces.FIRST), placed(target, Workspaces.PADDED)
    inputs = {item.id: item.fixed for item in plain.lifetimes if item.id.startswith("x#")}
    assert len(inputs) > 1
    assert {item.id: item.fixed for item in padded.lifetimes if item.id.startswith("x#")} == inputs
    begin = min(fixed for fixed in inputs.values() if fixed is not None)
    assert {item.size % GRID for item in workspaces(padded)} == {begin % GRID}
    assert {item.size % GRID for item in workspaces(plain)} != {begin % GRID}
    for before, after in zip(workspaces(plain), workspaces(padded), strict=True):
        assert (after.id, after.start, after.end, after.fixed) == (before.id, before.start, before.end, 0)
        assert before.size <= after.size < before.size + GRID
