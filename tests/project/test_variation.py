"""Instructions of an inference hardly depend on its input: the figures that ports/README.md states."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench.variation import measure

from micrort.compiler import CompileOptions, compile_model
from micrort.devices import boards

MODELS = Path(__file__).resolve().parents[1] / "models"
INTEGER, SCALAR, FPU, SOFT_FLOAT = 0.001, 0.004, 0.002, 0.4
"""Most over least, less one: integers; integers without SIMD; floats with an FPU; floats by the compiler's helpers."""


@pytest.mark.parametrize(
    ("name", "machine", "bound"),
    [
        ("sine_int8", "mps2-an386", INTEGER),
        ("digits_int8", "mps2-an386", INTEGER),
        ("digits_int8", "mps2-an385", SCALAR),
        ("digits_float", "mps2-an386", FPU),
        ("sine_float", "mps2-an385", SOFT_FLOAT),
    ],
)
def test_instructions_do_not_vary_with_the_input(name: str, machine: str, bound: float) -> None:
    target = boards.for_machine(machine).target.name
    found = measure(compile_model(MODELS / f"{name}.tflite", CompileOptions(target=target)), machine, 5)
    assert found.inputs == 5
    assert found.spread <= bound, f"{found.least} to {found.most} instructions"
