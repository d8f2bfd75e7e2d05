"""Networks that nobody looked at while schedules were made: their bytes, and their arenas beside the floor of rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from tests.differential import streamed_models
from tests.differential.test_rows import arena, compiled, outputs
from tests.tflite_builder import litert

from micrort import inputs, passes
from micrort.frontends import tflite
from micrort.native.executor import HostExecutor
from micrort.passes.rows.costs import Costs
from micrort.passes.rows.needs import row_program
from micrort.passes.rows.stages import cuts

MODELS: dict[str, Callable[[], bytes]] = {
    "words_by_rows": lambda: streamed_models.wake_word(True),
    "words_in_a_row": lambda: streamed_models.wake_word(False),
    "mobilenet": streamed_models.mobilenet,
    "detector": streamed_models.detector,
}
LIMITS = {"balanced": 1.5, "ram": 1.1}
"""How many times the floor the arena may be."""
EXCEPTIONS = {
    # Single rows throughout, and 1.6 KiB of workspace of depthwise rows of DSP cores.
    ("mobilenet", "ram", "cortex-m4"): 1.14,
    # Steps of few rows cost more than the instructions that the levels allow, where rows themselves cost so few.
    ("mobilenet", "balanced", "cortex-m55"): 1.66,
    ("mobilenet", "ram", "cortex-m55"): 1.18,
}
"""Limits that are not kept, and by how much."""


@cache
def model(name: str) -> bytes:
    return MODELS[name]()


@cache
def floor(name: str) -> int:
    """Most bytes of rows alive at once in the best cut, one row a step, by kernels without workspace."""
    names = [step.name for step in passes.PIPELINE]
    loaded = tflite.load(model(name), name, name)
    program = passes._run(loaded, passes.Options(), passes.PIPELINE[: names.index("schedule_rows")])
    return min(cut.peak for cut in cuts(row_program(program), Costs(program, None, "ram")))


@cache
def reference(name: str) -> bytes:
    source = compiled(model(name), optimize="speed")
    (array,) = inputs.generate(5, [source.tensors[index] for index in source.inputs]).values()
    (made,) = litert(model(name), [array])
    return np.asarray(made).tobytes()


@pytest.mark.parametrize("target", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize("level", LIMITS)
@pytest.mark.parametrize("name", MODELS)
def test_bytes_and_arena(name: str, level: str, target: str) -> None:
    graph = compiled(model(name), target=target, optimize=level)
    (made,) = outputs(HostExecutor(graph), 5).values()
    assert made == reference(name)
    whole = compiled(model(name), target=target, optimize="speed")
    assert list(outputs(HostExecutor(whole), 5).values()) == [made]
    limit = EXCEPTIONS.get((name, level, target), LIMITS[level])
    assert arena(graph) <= limit * floor(name)
