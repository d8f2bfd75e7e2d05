"""Depthwise convolutions pixel by pixel for MVE cores, through their C models and on the board."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.elements import elements
from tests.runtime.kernels.convolutions import Geometry
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of
from tests.runtime.kernels.dsp.test_boards import model
from tests.runtime.kernels.mve.test_mve_corners import MOVES, assert_equals_portable

from micrort.compiler import CompileOptions, compile_model
from micrort.native import kernels
from micrort.native.executor import HostExecutor
from micrort.operators.window import Padding
from micrort.project.emulator import emulate
from micrort.variants import Variant, mve

KERNEL = "depthwise_taps_s8_mve"


def variants(case: Case) -> list[Variant]:
    return case.offers(mve, KERNEL)


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Any window: one vector of taps and several, columns and rows, strides, borders, windows that miss the image."""
    kernel = (draw(st.sampled_from([1, 2, 3, 5, 9])), draw(st.sampled_from([1, 2, 3, 5, 9])))
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    dilation, stride = (draw(st.one_of(st.just((1, 1)), pairs)) for _ in range(2))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    extent = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    low = [1, 1] if padding is Padding.SAME else extent
    height = draw(st.integers(low[0], low[0] + 10))
    width = draw(st.one_of(st.just(low[1]), st.integers(low[1], low[1] + 10)))
    shape = (draw(st.integers(1, 2)), height, width, draw(st.sampled_from([1, 3, 8, 16, 17, 40, 64, 81])))
    assume(math.prod(shape) < 40_000)  # scattered rows have to lie within reach of a row table
    case = depthwise_conv2d(draw, shape, 1, kernel, stride, dilation, padding)
    return case.rectified() if draw(st.booleans()) else case


@settings(deadline=None, max_examples=200)
@given(convolutions())
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    (offer,) = variants(case)
    np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


@pytest.mark.parametrize("moved", [*MOVES, {"padding_top": 4, "padding_left": 9}], ids=str)
@pytest.mark.parametrize("width", [1, 9])
def test_windows_that_miss_the_image(width: int, moved: dict[str, int]) -> None:
    case = depthwise_conv2d(pairs_of(2), (2, 7, width, 5), 1, (3, 3), (2, 2))
    assert_equals_portable(case, KERNEL, moved)


def test_what_it_does_not_do() -> None:
    """More output channels than the input has, and shifts that no fast way of scaling takes."""
    assert not variants(depthwise_conv2d(pairs_of(1), (1, 5, 5, 4), 2, (3, 3)))
    case = depthwise_conv2d(pairs_of(1), (1, 5, 5, 4), 1, (3, 3))
    assert variants(case)
    case.constants[4][1] = 0
    assert not variants(case)


def test_the_workspace_holds_places_steps_words_and_padding() -> None:
    def workspace(kernel: tuple[int, int], channels: int) -> int:
        case = depthwise_conv2d(pairs_of(1), (1, 9, 9, channels), 1, kernel)
        (offer,) = variants(case)
        return kernels.workspace_bytes(KERNEL, offer.call.attrs)

    assert workspace((3, 3), 8) == 12 * 12 + 4 * 64 + 16
    assert workspace((3, 3), 64) == workspace((3, 3), 256) == 12 * 12 + 4 * 256 + 64
    assert workspace((5, 5), 64) == 28 * 12 + 8 * 128 + 32
    assert workspace((9, 9), 64) == 84 * 12 + 24 * 64 + 16
    (offer,) = variants(depthwise_conv2d(pairs_of(1), (1, 9, 9, 8), 1, (3, 3)))
    assert kernels.workspace_bytes(KERNEL, {**offer.call.attrs, "kernel_height": 32767, "kernel_width": 32767}) == 0


BOARD = [
    Geometry((1, 20, 1, 72), 72, 72, (9, 1), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 12, 14, 40), 40, 40, (5, 5), (2, 2), (1, 1), "SAME", True),
    Geometry((2, 30, 1, 64), 64, 64, (9, 1), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 1, 31, 17), 17, 17, (1, 9), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 1, 31, 17), 17, 17, (1, 16), (1, 2), (1, 1), "VALID", True),
]


@pytest.mark.parametrize("geometry", BOARD)
@pytest.mark.parametrize("rectifies", [True, False])
def test_convolutions_on_the_board(tmp_path: Path, geometry: Geometry, rectifies: bool) -> None:
    """The instructions themselves, rectified and signed, with one vector of taps and two."""
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 4, "RELU", -128) if rectifies else model(geometry, 4))
    package = compile_model(path, CompileOptions(target="cortex-m55"))
    assert [node.kernel for node in package.graph.nodes] == [KERNEL]
    assert package.graph.nodes[0].attrs["scaling"] == (mve.RECTIFIED if rectifies else mve.SIGNED)
    portable = HostExecutor(compile_model(path).graph)
    (source,) = (package.graph.tensors[index] for index in package.graph.inputs)
    values = [elements(source.shape, "int8", seed) for seed in range(3)]
    run = emulate(package, "mps3-an547", [{source.name: value} for value in values])
    for value, made in zip(values, run.outputs, strict=True):
        portable.set_input(source.name, value)
        for name, expected in portable.run().items():
            np.testing.assert_array_equal(made[name], expected)
            assert len(np.unique(expected)) > 1
