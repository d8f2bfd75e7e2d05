"""The instructions themselves: models of one operator on an emulated Cortex-M4, against portable kernels on the host.

Shapes are chosen such that every inner loop runs, with every tail. On the cores without the extension the compiler must
choose no such kernel; that is seen in the code, since the emulator executes some of the instructions there.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.elements import elements
from tests.runtime.kernels.convolutions import Geometry, add
from tests.tflite_builder import ModelBuilder

from micrort.compiler import CompileOptions, compile_model
from micrort.devices import targets
from micrort.ir import KernelCall
from micrort.ir.executor_graph import NodeEntry
from micrort.native.executor import HostExecutor
from micrort.project import build
from micrort.project.emulator import emulate
from micrort.variants import Variant, dsp_depthwise3x3

POINTWISE = [(5, 7), (8, 4), (12, 9), (16, 4), (33, 6)]
CONVOLUTIONS = [
    Geometry((1, 7, 5, 3), 8, 1, (3, 3), (2, 2), (1, 1), "SAME", False),
    Geometry((1, 6, 7, 8), 5, 1, (3, 3), (1, 1), (1, 1), "SAME", False),
    Geometry((2, 9, 9, 4), 4, 1, (3, 2), (1, 2), (2, 2), "VALID", False),
    Geometry((1, 9, 4, 1), 8, 1, (4, 3), (1, 1), (1, 1), "SAME", False),
    Geometry((1, 7, 5, 5), 6, 1, (3, 3), (1, 1), (1, 1), "SAME", False),
]
TILES = [
    Geometry((2, 6, 8, 4), 8, 1, (3, 3), (1, 1), (1, 1), "SAME", False),
    Geometry((1, 9, 7, 20), 8, 1, (3, 3), (1, 1), (1, 1), "SAME", False),
    Geometry((1, 6, 11, 16), 12, 1, (3, 3), (1, 1), (1, 1), "VALID", False),
]
DEPTHWISE3X3 = [
    Geometry((1, 25, 5, 8), 8, 8, (3, 3), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 12, 30, 6), 6, 6, (3, 3), (1, 1), (1, 1), "VALID", True),
    Geometry((2, 9, 7, 3), 6, 3, (3, 3), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 21, 34, 5), 5, 5, (3, 3), (2, 2), (1, 1), "SAME", True),
    Geometry((1, 10, 9, 4), 8, 4, (3, 3), (2, 1), (1, 1), "SAME", True),
]
DILATED = [
    Geometry((2, 11, 13, 6), 6, 6, (3, 3), (1, 1), (2, 3), "SAME", True),
    Geometry((1, 16, 16, 3), 6, 3, (3, 3), (1, 1), (4, 1), "SAME", True),
    Geometry((1, 9, 12, 8), 8, 8, (3, 3), (1, 1), (1, 2), "VALID", True),
]
DEPTHWISE = [
    Geometry((1, 12, 30, 6), 6, 6, (3, 2), (1, 1), (1, 1), "SAME", True),
    Geometry((2, 9, 11, 4), 4, 4, (5, 5), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 13, 14, 3), 6, 3, (7, 5), (2, 2), (1, 1), "VALID", True),
    Geometry((1, 19, 10, 1), 8, 1, (8, 10), (1, 2), (1, 1), "SAME", True),
    Geometry((1, 1, 37, 5), 5, 5, (1, 9), (1, 1), (1, 1), "SAME", True),
    Geometry((2, 37, 1, 8), 8, 8, (9, 1), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 40, 3, 4), 4, 4, (8, 2), (2, 1), (1, 3), "SAME", True),
    Geometry((1, 1, 45, 5), 5, 5, (1, 3), (1, 1), (1, 4), "SAME", True),
    Geometry((2, 29, 1, 8), 8, 8, (4, 1), (1, 1), (2, 1), "SAME", True),
    Geometry((1, 46, 31, 9), 9, 9, (3, 3), (3, 3), (1, 1), "SAME", True),
    Geometry((1, 16, 21, 4), 4, 4, (5, 5), (1, 1), (2, 2), "SAME", True),
]


def model(geometry: Geometry, seed: int, activation: str = "", point: int = 5) -> bytes:
    """A convolution with scales that use the output's range, and zero points that show at the borders.

    The activation is by the seed where none is given; `point` is the output's zero point.
    """
    random = np.random.default_rng(seed)
    scales = np.exp(random.uniform(-4.6, -2.3, geometry.filters)).astype(np.float32)
    builder = ModelBuilder()
    x = builder.input("x", geometry.source, "int8", scale=0.02, zero_point=-7)
    weights = np.maximum(elements(geometry.weights, "int8", seed), -127)
    w = builder.constant("w", weights, scale=scales, axis=3 if geometry.depthwise else 0)
    biases = random.integers(-9000, 9000, geometry.filters).astype(np.int32)
    b = builder.constant("b", biases, scale=scales * np.float32(0.02), axis=0)
    y = builder.tensor("y", geometry.output, "int8", scale=0.02 * float(np.sqrt(geometry.taps)), zero_point=point)
    add(builder, geometry, [x, w, b, y], activation or ("RELU6" if seed % 2 else "NONE"))
    return builder.build([y])


def assert_equal_on_board(path: Path, machine: str, kernel: str, optimize: str = "balanced") -> tuple[NodeEntry, ...]:
    """Compare with the portable kernels on the host; returns the nodes, of which there is one, by `kernel`."""
    portable = HostExecutor(compile_model(path).graph)
    package = compile_model(path, CompileOptions(target="cortex-m4", optimize=optimize))
    assert [node.kernel for node in package.graph.nodes] == [kernel]
    (source,) = (package.graph.tensors[index] for index in package.graph.inputs)
    values = [elements(source.shape, "int8", seed) for seed in range(3)]
    run = emulate(package, machine, [{source.name: value} for value in values])
    for value, made in zip(values, run.outputs, strict=True):
        portable.set_input(source.name, value)
        for name, expected in portable.run().items():
            np.testing.assert_array_equal(made[name], expected)
            assert len(np.unique(expected)) > 1
    return tuple(package.graph.nodes)


@pytest.mark.parametrize(("depth", "channels"), POINTWISE)
def test_products_on_the_board(tmp_path: Path, depth: int, channels: int) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(Geometry((1, 3, 3, depth), channels, 1, (1, 1), (1, 1), (1, 1), "SAME", False), depth))
    assert_equal_on_board(path, "mps2-an386", "fully_connected_s8_dsp")
    assert_equal_on_board(path, "mps2-an386", "fully_connected_s8_dsp_wide", "speed")


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
def test_products_of_one_vector_on_the_board(tmp_path: Path, optimize: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(Geometry((1, 1, 1, 28), 6, 1, (1, 1), (1, 1), (1, 1), "SAME", False), 7))
    kernel = "matvec_s8_dsp_wide" if optimize == "speed" else "matvec_s8_dsp"
    assert_equal_on_board(path, "mps2-an386", kernel, optimize)


@pytest.mark.parametrize("geometry", CONVOLUTIONS)
def test_convolutions_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    for seed, is_linear in ((4, 0), (3, 1)):
        path.write_bytes(model(geometry, seed))
        nodes = assert_equal_on_board(path, "mps2-an386", "conv2d_s8_dsp")
        assert nodes[0].attrs["linear"] == is_linear


def test_wide_convolutions_on_the_board(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    for seed, is_linear in ((4, 0), (3, 1)):
        path.write_bytes(model(CONVOLUTIONS[4], seed))
        nodes = assert_equal_on_board(path, "mps2-an386", "conv2d_s8_dsp_wide", "speed")
        assert nodes[0].attrs["linear"] == is_linear


@pytest.mark.parametrize("geometry", TILES)
def test_tiles_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 5))
    assert_equal_on_board(path, "mps2-an386", "winograd_s8_dsp", "speed")


@pytest.mark.parametrize("geometry", DEPTHWISE3X3)
def test_depthwise_convolutions_of_3x3_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    linear = "depthwise3x3_s8_dsp_linear"
    for seed, kernel in ((2, "depthwise3x3_s8_dsp"), (3, linear)):
        path.write_bytes(model(geometry, seed))
        assert_equal_on_board(path, "mps2-an386", kernel)
    assert_equal_on_board(path, "mps2-an386", f"{linear}_tall", "speed")


@pytest.mark.parametrize("geometry", [DEPTHWISE3X3[1], DEPTHWISE3X3[3]])
def test_rows_in_parts_on_the_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, geometry: Geometry) -> None:
    """Three parts of a row, the last one smaller: what a small memory may choose."""
    whole = dsp_depthwise3x3._variant

    def in_parts(call: KernelCall, *others: Any) -> Variant:
        made = whole(call, *others)
        columns = -(-int(call.attrs["output_width"]) // 3)
        return replace(made, call=replace(made.call, attrs={**made.call.attrs, "columns": columns}))

    monkeypatch.setattr(dsp_depthwise3x3, "_variant", in_parts)
    path = tmp_path / "model.tflite"
    for seed, kernel, level in ((2, "", "balanced"), (3, "_linear", "balanced"), (3, "_linear_tall", "speed")):
        path.write_bytes(model(geometry, seed))
        (node,) = assert_equal_on_board(path, "mps2-an386", f"depthwise3x3_s8_dsp{kernel}", level)
        assert 1 < node.attrs["columns"] < node.attrs["output_width"]


@pytest.mark.parametrize("geometry", DILATED)
def test_dilated_depthwise_convolutions_of_3x3_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 3))
    assert_equal_on_board(path, "mps2-an386", "depthwise3x3_s8_dsp_dilated")


@pytest.mark.parametrize("geometry", DEPTHWISE)
def test_depthwise_convolutions_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 3))
    assert_equal_on_board(path, "mps2-an386", "depthwise_conv2d_s8_dsp")


@pytest.mark.parametrize("geometry", [*CONVOLUTIONS, *DEPTHWISE3X3, *DEPTHWISE])
def test_convolutions_in_little_code_on_the_board(
    tmp_path: Path, geometry: Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they cost."""
    monkeypatch.setattr("micrort.variants.DSP_SLOWDOWN", 1000.0)
    monkeypatch.setattr("micrort.variants.choice.SIZE_KILOBYTE_SHARE", 1000.0)
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 4))
    kernel = "depthwise_patch_s8_dsp" if geometry.depthwise else "conv2d_patch_s8_dsp"
    assert_equal_on_board(path, "mps2-an386", kernel, "size")


DSP_INSTRUCTIONS = ("smlad", "sxtb16", "smmla", "smlabt", "pkhbt", "pkhtb", "sadd16", "usada8")


@pytest.mark.parametrize("name", [name for name, target in targets.TARGETS.items() if not target.is_host])
def test_only_cores_with_the_extension_get_its_instructions(name: str) -> None:
    objdump = shutil.which(f"{targets.CROSS}objdump")
    if objdump is None:
        pytest.skip(f"{targets.CROSS}objdump is not installed")
    archive = build.library(targets.target(name))
    listing = subprocess.run([objdump, "-d", str(archive)], capture_output=True, text=True, check=True).stdout
    found = {word for word in DSP_INSTRUCTIONS if f"\t{word}" in listing}
    assert ("smlad" in found and "sxtb16" in found) if targets.target(name).dsp else not found


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("cortex-m0plus", "depthwise_conv2d_s8_scalar"),
        ("cortex-m3", "depthwise_conv2d_s8"),
        ("cortex-m33+nodsp+nofp", "depthwise_conv2d_s8"),
    ],
)
def test_cores_without_the_extension_get_other_kernels(tmp_path: Path, name: str, kernel: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(DEPTHWISE[1], 1))
    package = compile_model(path, CompileOptions(target=name))
    assert [node.kernel for node in package.graph.nodes] == [kernel]
