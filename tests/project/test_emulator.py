"""Packages on every emulated board: bytes, figures, and what happens when something is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tflite_builder import ModelBuilder, litert

from micrort.compiler import CompileOptions, compile_model
from micrort.errors import UsageError
from micrort.mlf import Package
from micrort.project.emulator import Run, emulate

MACHINES = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an521", "mps3-an547")


def two_convolutions() -> bytes:
    """A 3x3 convolution and a 1x1 one, int8, per channel."""
    rng = np.random.default_rng(7)
    model = ModelBuilder()
    source = model.input("image", (1, 6, 5, 3), "int8", scale=0.5, zero_point=-3)
    middle = model.tensor("middle", (1, 6, 5, 4), "int8", scale=0.25, zero_point=5)
    result = model.tensor("scores", (1, 6, 5, 2), "int8", scale=0.75)
    for index, (operand, output, shape) in enumerate(((source, middle, (4, 3, 3, 3)), (middle, result, (2, 1, 1, 4)))):
        scales = [0.01 + 0.005 * channel for channel in range(shape[0])]
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        bias = rng.integers(-500, 500, shape[0]).astype(np.int32)
        w = model.constant(f"w{index}", weights, scale=scales, axis=0)
        b = model.constant(f"b{index}", bias, scale=scales, axis=0)
        model.operator("CONV_2D", [operand, w, b], [output], padding="SAME", strideW=1, strideH=1)
    return model.build([result])


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "two_convolutions.tflite"
    path.write_bytes(two_convolutions())
    return path


@pytest.fixture(scope="session")
def package(model: Path) -> Package:
    """Whole tensors: by rows, entering the executor for each step would count for much in the profile."""
    return compile_model(model, CompileOptions(optimize="speed"))


def images(package: Package, count: int) -> list[dict[str, np.ndarray]]:
    (entry,) = (package.graph.tensors[index] for index in package.graph.inputs)
    rng = np.random.default_rng(3)
    return [{entry.name: rng.integers(-128, 128, entry.shape).astype(np.int8)} for _ in range(count)]


def output(run: Run, inference: int) -> np.ndarray:
    (value,) = run.outputs[inference].values()
    return value


@pytest.mark.parametrize("machine", MACHINES)
def test_bytes_and_figures(machine: str, model: Path, package: Package) -> None:
    inputs = images(package, 3)
    run = emulate(package, machine, inputs, profile=True, trace=True)
    for index, values in enumerate(inputs):
        (expected,) = litert(model, list(values.values()))
        np.testing.assert_array_equal(output(run, index), expected)
    assert len(run.traces) == 3
    np.testing.assert_array_equal(list(run.traces[2].values())[-1], output(run, 2))
    assert 100 < run.stack_bytes < 1024
    assert 100 < run.init_instructions < 5_000
    assert sum(row["instructions"] for row in run.operators) == pytest.approx(run.instructions, rel=0.01)
    assert [row["kernel"] for row in run.operators] == ["conv2d_s8", "conv2d_s8"]
    assert run.static_ram_bytes == 0
    assert 1_000 < run.code_bytes < 8_000
    assert 0 <= run.weights_bytes - len(package.graph.params) < 16  # rounded up to the alignment of constants


def test_counts_are_the_same_at_every_run(package: Package) -> None:
    inputs = images(package, 1)
    first, second = (emulate(package, "mps2-an386", inputs) for _ in range(2))
    assert first.instructions == second.instructions
    assert first.init_instructions == second.init_instructions


def test_more_inferences_do_not_change_the_count(package: Package) -> None:
    inputs = images(package, 4)
    assert (
        emulate(package, "mps2-an386", inputs[:1]).instructions == emulate(package, "mps2-an386", inputs).instructions
    )


def test_direct_calls(model: Path) -> None:
    direct = compile_model(model, CompileOptions(executor="aot"))
    inputs = images(direct, 1)
    run = emulate(direct, "mps2-an386", inputs)
    (expected,) = litert(model, list(inputs[0].values()))
    np.testing.assert_array_equal(output(run, 0), expected)
    tables = emulate(compile_model(model), "mps2-an386", inputs)
    assert run.code_bytes < tables.code_bytes
    with pytest.raises(UsageError, match="--executor graph"):
        emulate(direct, "mps2-an386", inputs, profile=True)


def test_code_for_a_smaller_core_runs_on_a_larger_one(model: Path) -> None:
    small = compile_model(model, CompileOptions(target="cortex-m0plus"))
    inputs = images(small, 1)
    run = emulate(small, "mps2-an385", inputs)
    (expected,) = litert(model, list(inputs[0].values()))
    np.testing.assert_array_equal(output(run, 0), expected)


def test_refusals(model: Path, package: Package) -> None:
    inputs = images(package, 1)
    with pytest.raises(UsageError, match="did you mean mps2-an386"):
        emulate(package, "mps2-an38", inputs)
    with pytest.raises(UsageError, match="at least one"):
        emulate(package, "mps2-an386", [])
    name = next(iter(inputs[0]))
    with pytest.raises(UsageError, match="convert"):
        emulate(package, "mps2-an386", [{name: inputs[0][name].astype(np.float32)}])
    with pytest.raises(UsageError, match="missing"):
        emulate(package, "mps2-an386", [{}])
    with pytest.raises(UsageError, match="no input 'other'"):
        emulate(package, "mps2-an386", [{**inputs[0], "other": inputs[0][name]}])
    larger = compile_model(model, CompileOptions(target="cortex-m7"))
    with pytest.raises(UsageError, match="does not run code for cortex-m7"):
        emulate(larger, "mps2-an386", inputs)
