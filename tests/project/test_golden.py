"""The MLPerf Tiny models on every emulated board, against the bytes that the target's reference gives."""

from __future__ import annotations

import numpy as np
import pytest
from tests.shared import shared

from micrort.compiler import compile_model
from micrort.project.emulator import emulate

MACHINES = ("mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps2-an521", "mps3-an547")
ARENAS = {
    "hello_world_int8": 32,
    "ad01_int8": 768,
    "kws_ref_model": 3_948,
    "pretrainedResnet_quant": 10_496,
    "vww_96_int8": 28_416,
}
"""By rows where that pays, with portable kernels, which need no workspace."""
STACK = 512
"""Of an inference, on every board, with portable kernels."""


@pytest.mark.parametrize("name", ARENAS)
def test_bytes_on_every_board(name: str) -> None:
    golden = np.load(shared("models", "golden", f"{name}.npz"))
    package = compile_model(shared("models", f"{name}.tflite"))
    graph = package.graph
    assert sum(arena.size for arena in graph.arenas) == ARENAS[name]
    (source,), (result,) = ([graph.tensors[index] for index in ends] for ends in (graph.inputs, graph.outputs))
    for machine in MACHINES:
        run = emulate(package, machine, [{source.name: golden["input"].reshape(source.shape)}])
        np.testing.assert_array_equal(run.outputs[0][result.name].ravel(), golden["output"].ravel(), machine)
        assert run.stack_bytes <= STACK
        assert run.stack_bytes <= run.stack_bound_bytes <= run.stack_bytes + 256
        assert run.static_ram_bytes == 0
        assert run.init_instructions < 20_000


@pytest.mark.parametrize("name", ["hello_world_int8", "kws_ref_model", "pretrainedResnet_quant"])
def test_bytes_on_a_small_board(name: str) -> None:
    """256 KiB of flash; 16 KiB of RAM at a Cortex-M0, which executes Armv6-M only, and 64 KiB at a Cortex-M3."""
    golden = np.load(shared("models", "golden", f"{name}.npz"))
    package = compile_model(shared("models", f"{name}.tflite"))
    source = package.graph.tensors[package.graph.inputs[0]]
    for machine in ("microbit", "lm3s6965evb"):
        run = emulate(package, machine, [{source.name: golden["input"].reshape(source.shape)}])
        (output,) = run.outputs[0].values()
        np.testing.assert_array_equal(output.ravel(), golden["output"].ravel())
        assert run.stack_bytes <= STACK


@pytest.mark.parametrize(
    ("machine", "target"), [("lm3s6965evb", "cortex-m0plus"), ("mps2-an386", "cortex-m4"), ("mps3-an547", "cortex-m55")]
)
def test_small_code(machine: str, target: str) -> None:
    """Kernels made by -Os: on Armv6-M the compiler has fewer registers then, and it inlines less everywhere."""
    from micrort.compiler import CompileOptions

    golden = np.load(shared("models", "golden", "kws_ref_model.npz"))
    package = compile_model(shared("models", "kws_ref_model.tflite"), CompileOptions(target, optimize="size"))
    source = package.graph.tensors[package.graph.inputs[0]]
    run = emulate(package, machine, [{source.name: golden["input"].reshape(source.shape)}])
    (output,) = run.outputs[0].values()
    np.testing.assert_array_equal(output.ravel(), golden["output"].ravel())


def test_armv6m_code() -> None:
    """The smallest instruction set, on a core that executes it."""
    from micrort.compiler import CompileOptions

    golden = np.load(shared("models", "golden", "kws_ref_model.npz"))
    package = compile_model(shared("models", "kws_ref_model.tflite"), CompileOptions(target="cortex-m0plus"))
    source = package.graph.tensors[package.graph.inputs[0]]
    run = emulate(package, "mps2-an385", [{source.name: golden["input"].reshape(source.shape)}])
    (output,) = run.outputs[0].values()
    np.testing.assert_array_equal(output.ravel(), golden["output"].ravel())
