"""The assembly itself: models of one operator as code for Armv6-M and Armv7-M on an emulated core, against portable
kernels.

Shapes are chosen such that every loop runs, with every tail; code for size runs the twins in C, and Armv7-M those of
loops over pairs of pixels. Armv7-M has the portable product of a single vector.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.elements import elements
from tests.runtime.kernels.convolutions import Geometry
from tests.runtime.kernels.dsp.test_boards import CONVOLUTIONS, DEPTHWISE, DEPTHWISE3X3, model
from tests.tflite_builder import ModelBuilder

from micrort.compiler import CompileOptions, compile_model
from micrort.native.executor import HostExecutor
from micrort.project.emulator import emulate
from micrort.variants import cost, scalar

CORES = ("cortex-m0plus", "cortex-m3")
POINTWISE = [(5, 7), (8, 4), (33, 3)]
PLANES = [
    Geometry((1, 7, 60, 2), 4, 2, (3, 3), (1, 1), (1, 1), "VALID", True),
    Geometry((2, 12, 23, 5), 5, 5, (3, 3), (1, 3), (1, 1), "SAME", True),
]
COLUMNS = [
    Geometry((1, 30, 1, 3), 3, 3, (3, 1), (1, 1), (4, 1), "SAME", True),
    Geometry((2, 21, 1, 2), 4, 2, (5, 1), (2, 1), (1, 1), "VALID", True),
]
LONG = Geometry((1, 1, 3, 1021), 4, 1, (1, 1), (1, 1), (1, 1), "SAME", False)


def assert_equal_on_board(
    path: Path, kernel: str, targets: tuple[str, ...] = CORES, optimize: str = "balanced"
) -> None:
    portable = HostExecutor(compile_model(path).graph)
    for target in targets:
        package = compile_model(path, CompileOptions(target=target, optimize=optimize))
        assert [node.kernel for node in package.graph.nodes] == [kernel]
        (source,) = (package.graph.tensors[index] for index in package.graph.inputs)
        values = [elements(source.shape, "int8", seed) for seed in range(3)]
        values.append(np.full(source.shape, -128, np.int8))
        run = emulate(package, "mps2-an385", [{source.name: value} for value in values])
        for value, made in zip(values, run.outputs, strict=True):
            portable.set_input(source.name, value)
            for name, expected in portable.run().items():
                np.testing.assert_array_equal(made[name], expected)


@pytest.fixture(autouse=True)
def dear_portable_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small calls would be left to them on some cores."""
    monkeypatch.setattr(cost, "portable", lambda *_, **_by: 1 << 40)


@pytest.fixture
def compact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the kernels that take more bytes of weights, which small models would have for the room they have."""
    monkeypatch.setitem(scalar._PROVIDERS, "conv2d_s8", (scalar.convolution,))
    monkeypatch.setitem(scalar._PROVIDERS, "fully_connected_s8", (scalar.fully_connected,))


@pytest.fixture
def any_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the kernel for windows of 3 x 3."""
    monkeypatch.setitem(scalar._PROVIDERS, "depthwise_conv2d_s8", (scalar.depthwise,))


@pytest.fixture
def planes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves that one alone."""
    monkeypatch.setitem(scalar._PROVIDERS, "depthwise_conv2d_s8", (scalar.depthwise_planes,))


@pytest.mark.usefixtures("compact")
@pytest.mark.parametrize(("depth", "channels"), POINTWISE)
def test_products_on_the_board(tmp_path: Path, depth: int, channels: int) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(Geometry((1, 3, 3, depth), channels, 1, (1, 1), (1, 1), (1, 1), "SAME", False), depth))
    assert_equal_on_board(path, "conv2d_s8_scalar")


@pytest.mark.usefixtures("compact")
@pytest.mark.parametrize("geometry", [*CONVOLUTIONS, LONG])
def test_convolutions_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 4))
    assert_equal_on_board(path, "conv2d_s8_scalar")


@pytest.mark.parametrize(
    "geometry", [*CONVOLUTIONS, Geometry((1, 4, 3, 8), 16, 1, (3, 3), (1, 1), (1, 1), "SAME", False)]
)
def test_convolutions_for_speed_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 4))
    assert_equal_on_board(path, "conv2d_quads_s8_scalar", optimize="speed")


@pytest.mark.usefixtures("any_window")
@pytest.mark.parametrize("geometry", [*DEPTHWISE3X3, *DEPTHWISE, *COLUMNS])
def test_depthwise_convolutions_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 3))
    assert_equal_on_board(path, "depthwise_conv2d_s8_scalar")


@pytest.mark.usefixtures("planes")
@pytest.mark.parametrize("geometry", [*DEPTHWISE3X3, *PLANES])
def test_planes_on_the_board(tmp_path: Path, geometry: Geometry) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 3))
    assert_equal_on_board(path, "depthwise_planes_s8_scalar")


@pytest.mark.usefixtures("compact")
@pytest.mark.parametrize(("depth", "channels", "scale"), [(20, 9, 0.01), (300, 7, 0.01), (24, 8, 0.002)])
def test_vectors_on_the_board(tmp_path: Path, depth: int, channels: int, scale: float) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(product(depth, channels, scale))
    assert_equal_on_board(path, "fully_connected_s8_scalar", CORES[:1])


@pytest.mark.parametrize(("depth", "channels", "scale"), [(21, 9, 0.01), (24, 8, 0.002), (40, 16, 0.005)])
def test_vectors_for_speed_on_the_board(tmp_path: Path, depth: int, channels: int, scale: float) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(product(depth, channels, scale))
    assert_equal_on_board(path, "conv2d_quads_s8_scalar", optimize="speed")


def product(depth: int, channels: int, scale: float) -> bytes:
    """A model of one product of a vector; half of its weights are small."""
    random = np.random.default_rng(depth)
    builder = ModelBuilder()
    x = builder.input("x", (1, depth), "int8", scale=0.02, zero_point=-7)
    weights = np.maximum(elements((channels, depth), "int8", 1), -127)
    weights[: channels // 2] //= 9
    w = builder.constant("w", weights, scale=scale)
    b = builder.constant("b", random.integers(-900, 900, channels).astype(np.int32), scale=scale * 0.02)
    y = builder.tensor("y", (1, channels), "int8", scale=0.02 * float(np.sqrt(depth)), zero_point=5)
    builder.operator("FULLY_CONNECTED", [x, w, b], [y], fusedActivationFunction="NONE")
    return builder.build([y])
