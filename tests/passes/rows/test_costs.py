"""What steps of rows cost: kernels for few rows keep to what those for all rows take."""

from __future__ import annotations

import pytest
from tests.differential import streamed_models

from micrort import passes
from micrort.devices import targets
from micrort.frontends import tflite
from micrort.passes.rows.costs import Costs
from micrort.passes.select_kernels import rules

MODEL_BYTES = 61_000
"""Constant data of the wake words, about."""


@pytest.mark.parametrize("target", ["cortex-m0plus", "cortex-m4", "cortex-m55"])
def test_constants_of_steps_are_within_the_budget(target: str) -> None:
    """Convolutions of 9 x 1 on M0+: in steps of a row others would be faster, with twice the constants."""
    loaded = tflite.load(streamed_models.wake_word(True), "model", "model")
    names = [step.name for step in passes.PIPELINE]
    program = passes._run(loaded, passes.Options(), passes.PIPELINE[: names.index("schedule_rows")])
    core = targets.target(target)
    budget = rules(program, core, "balanced", MODEL_BYTES, None)
    costs = Costs(program, core, "balanced", budget)
    whole, most = 0, 0
    for index, call in enumerate(program.calls):
        height = program.tensors[call.outputs[0]].rows
        sizes = [costs.sized(index, rows).constant_bytes(program.tensors) for rows in (height, 1, 2)]
        whole += sizes[0]
        most += max(sizes)
    assert most <= max(whole, 1.25 * MODEL_BYTES)
