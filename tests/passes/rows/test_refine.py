"""Stages made better call by call: fewer instructions, within the bytes of the cut they come from."""

from __future__ import annotations

from functools import cache

import pytest
from tests.differential import streamed_models

from micrort import passes, variants
from micrort.devices import targets
from micrort.frontends import tflite
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import RowProgram, row_program
from micrort.passes.rows.refine import Refinement
from micrort.passes.rows.stages import Cut, cuts
from micrort.passes.rows.stretch import Stretch


@cache
def known(target: str) -> tuple[RowProgram, Costs, list[Cut]]:
    """Wake words by rows, and their cuts."""
    loaded = tflite.load(streamed_models.wake_word(True), "model", "model")
    names = [step.name for step in passes.PIPELINE]
    program = passes._run(loaded, passes.Options(), passes.PIPELINE[: names.index("schedule_rows")])
    costs = Costs(program, targets.target(target), "ram", variants.ANY)
    rows = row_program(program)
    return rows, costs, cuts(rows, costs)


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55"])
def test_refined_cuts_need_no_more(target: str) -> None:
    rows, costs, found = known(target)
    refinement = Refinement(rows, costs)
    made = [refinement.cut(cut) for cut in found]
    assert all(after.peak <= before.peak for before, after in zip(found, made, strict=True))
    assert all(after.instructions <= before.instructions for before, after in zip(found, made, strict=True))
    assert any(after.instructions < before.instructions for before, after in zip(found, made, strict=True))


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55"])
def test_stages_are_what_the_production_of_all_says(target: str) -> None:
    """Refinement makes rows from the stage's first call on; cuts, of all calls before it, too."""
    rows, costs, found = known(target)
    smallest = min(found, key=lambda cut: cut.peak)
    for stage in Refinement(rows, costs).cut(smallest).stages:
        before = (call.chunk(call.rows) for call in rows.calls[: stage.first])
        stretch = Stretch(rows, stage.last, (*before, *stage.chunks), costs)
        assert stretch.stage(stage.first, stage.slacks) == stage


def test_calls_are_looked_at_one_by_one() -> None:
    """Some call spends nothing where its neighbours spend on a smaller workspace, or takes rows that no cut has."""
    rows, costs, found = known("cortex-m55")
    made = [Refinement(rows, costs).cut(cut) for cut in found]
    assert any(len(set(stage.slacks)) > 1 for cut in made for stage in cut.stages)
