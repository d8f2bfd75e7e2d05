"""Random models, compiled and run on the host, against LiteRT; bytes for integers.

MICRORT_CASES=200 pytest tests/differential        two hundred models an operator (some minutes)
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.differential.models import RULES, models

from micrort import inputs
from micrort.commands.compare import difference
from micrort.compiler import CompileOptions, compile_model
from micrort.frontends import tflite
from micrort.native.executor import HostExecutor
from micrort.reference.litert import LiteRTReference

CASES = int(os.environ.get("MICRORT_CASES", "12"))

NEAR = {"SUB": ("int16",), "MUL": ("int16",), "SOFTMAX": ("int16",)}
"""Where no resolver of LiteRT has the target's last bit: TensorFlow Lite Micro computes these factors and tables in
another floating-point type. There outputs may be 1 apart; tests/runtime/kernels hold the target's exact values."""


def check(operator: str, model: bytes, seed: int, options: CompileOptions | None = None) -> None:
    """Compile `model` and compare its outputs, on inputs of `seed`, with the reference's."""
    package = compile_model(tflite.load(model, "model", "model"), options)
    graph = package.graph
    arrays = inputs.generate(seed, [graph.tensors[index] for index in graph.inputs])
    executor = HostExecutor(graph)
    for name, array in arrays.items():
        executor.set_input(name, array)
    made = executor.run()
    names = tflite.tensor_names(model)
    reference = LiteRTReference(model)
    values = {names.index(name): array for name, array in arrays.items()}
    for _, outputs in reference.run(values):
        values.update(outputs)
    for index in reference.outputs:
        ours = made[names[index]]
        found = difference(f"lcg:{seed}", names[index], operator, ours, np.asarray(values[index]))
        near = found is not None and ours.dtype.name in NEAR.get(operator, ()) and found.largest <= 1
        assert found is None or near, found


@pytest.mark.parametrize("operator", RULES)
def test_equals_the_reference(operator: str) -> None:
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize="MICRORT_SEEDED" not in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(models(operator), st.integers(0, 2**32 - 1))
    def run(model: bytes, seed: int) -> None:
        check(operator, model, seed)

    run()
