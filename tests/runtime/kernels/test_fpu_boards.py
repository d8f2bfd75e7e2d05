"""Floats by the FPU's own instructions on emulated boards: the same bits as plain C on the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.bench.shapes import Dense, Window
from tests.tflite_builder import ModelBuilder

from micrort import inputs
from micrort.compiler import CompileOptions, compile_model
from micrort.devices import targets
from micrort.native.executor import HostExecutor
from micrort.project import build
from micrort.project.emulator import emulate

BOARDS = {"mps2-an386": "cortex-m4", "mps2-an500": "cortex-m7", "mps2-an505": "cortex-m33"}
OPERATORS = {
    # every length of a run modulo four, and channels that leave one to three over
    **{f"dense {depth}": Dense(depth, 5 + depth % 3, 2, "float32") for depth in (1, 3, 4, 6, 8, 13, 31, 32)},
    "pointwise": Window((5, 3, 9), 11, dtype="float32"),
    "window": Window((7, 6, 5), 6, (3, 3), (2, 1), dtype="float32"),
    "first": Window((9, 8, 1), 8, (4, 3), dtype="float32"),
    "tall": Window((15, 7, 1), 6, (12, 4), (2, 2), dtype="float32"),
    "apart": Window((9, 9, 2), 5, (3, 3), dilation=(2, 2), dtype="float32"),
}


@pytest.mark.parametrize("machine", BOARDS)
def test_the_fpu_gives_the_bits_of_plain_c(machine: str, tmp_path: Path) -> None:
    builder = ModelBuilder()
    path = tmp_path / "floats.tflite"
    path.write_bytes(builder.build([operator.add(builder, name) for name, operator in OPERATORS.items()]))
    package = compile_model(path, CompileOptions(target=BOARDS[machine]))
    arrays = inputs.make("lcg:3", [package.graph.tensors[index] for index in package.graph.inputs])
    host = HostExecutor(compile_model(path).graph)
    for name, value in arrays.items():
        host.set_input(name, value)
    expected = host.run()
    (found,) = emulate(package, machine, [arrays]).outputs
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name].view(np.uint32), value.view(np.uint32), err_msg=name)


@pytest.mark.parametrize("name", ["cortex-m3", "cortex-m4"])
def test_instructions_of_the_fpu_stand_where_there_is_one(name: str) -> None:
    library = build.library(targets.target(name))
    command = ["arm-none-eabi-objdump", "-d", str(library)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert ("vmla.f32" in listing) == (name == "cortex-m4")
