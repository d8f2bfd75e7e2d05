"""Depthwise convolutions of 3 x 3 in few rows for MVE cores, through their C models and on the board."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.differential import streamed_models
from tests.elements import elements
from tests.runtime.kernels.convolutions import Geometry
from tests.runtime.kernels.dsp.cases import Case, depthwise_conv2d, pairs_of
from tests.runtime.kernels.dsp.test_boards import model

from micrort.compiler import CompileOptions, compile_model
from micrort.ir import DType
from micrort.ir.executor_graph import PARAMS_POOL, ROW_TABLE, ROW_UNIT
from micrort.mlf import Package
from micrort.native import kernels, library
from micrort.native.executor import HostExecutor
from micrort.operators.window import Padding
from micrort.project.emulator import emulate
from micrort.variants import Variant, lean, mve

KERNEL = "depthwise3x3_s8_mve"


def variants(case: Case) -> list[Variant]:
    return case.offers(mve, KERNEL)


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    """Rows of at least eight outputs, of which many do not end with a batch; a single row and several images."""
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 2)))
    padding = draw(st.sampled_from([Padding.SAME, Padding.VALID]))
    low, ends = (1, 0) if padding is Padding.SAME else (3, 2)
    height = draw(st.integers(low, 12))
    width = (draw(st.integers(8, 21)) - 1) * stride[1] + 1 + ends + draw(st.integers(0, stride[1] - 1))
    shape = (draw(st.integers(1, 2)), height, width, draw(st.sampled_from([1, 3, 8, 16, 17, 40])))
    assume(math.prod(shape) < 40_000)  # scattered rows have to lie within reach of a row table
    case = depthwise_conv2d(draw, shape, 1, (3, 3), stride, (1, 1), padding)
    return case.rectified() if draw(st.booleans()) else case


@settings(deadline=None, max_examples=200)
@given(convolutions())
def test_convolutions_equal_the_portable_kernel(case: Case) -> None:
    (offer,) = variants(case)
    np.testing.assert_array_equal(case.run_every_way(offer), case.portable(), strict=True)


PAIR, SINGLE, FAR = "two rows together", "one row", "one row from copies"


def ways(case: Case, inputs: list[int], outputs: list[int]) -> set[str]:
    """How rows of an image are made that lie at these bytes, for strides that are the same along both axes."""
    source, made, attrs = case.tensors["x"], case.tensors["y"], case.call.attrs
    stride, found, y = int(attrs["stride_height"]), set(), 0
    while y < made.rows:
        top = y * stride - int(attrs["padding_top"])
        under = [inputs[row] for row in range(top, top + 3) if 0 <= row < source.rows]
        step = 1
        if top >= 0 and top + 3 + stride <= source.rows and y + 1 < made.rows:
            both = [*under, *inputs[top + 3 : top + 3 + stride]]
            is_near = max(both) - min(both) <= lean.REACH - 2 * source.row_bytes
            step += is_near and abs(outputs[y + 1] - outputs[y]) <= lean.REACH - made.row_bytes
        is_near = max(under) - min(under) <= lean.REACH - 2 * source.row_bytes
        found.add(PAIR if step == 2 else SINGLE if is_near else FAR)
        y += step
    return found


def run_placed(case: Case, offer: Variant, inputs: list[int], outputs: list[int]) -> np.ndarray:
    """One call for all rows, which lie at these bytes of a pool for the input and of one for the output."""
    ffi, lib = library.load()
    source, made = case.tensors["x"], case.tensors["y"]
    (constant,) = offer.constants
    assert constant.data is not None
    taken = bytearray(max(inputs) + source.row_bytes)
    for place, row in zip(inputs, case.constants[0].reshape(source.rows, -1), strict=True):
        taken[place : place + source.row_bytes] = row.tobytes()
    size = max(outputs) + made.row_bytes
    pools = [ffi.new("uint64_t[]", count // 8 + 1) for count in (len(taken), size)]
    ffi.memmove(pools[0], bytes(taken), len(taken))
    params = ffi.new("int32_t[]", constant.data.ravel().tolist())
    table = [
        (0, source.row_bytes, source.rows, ROW_TABLE, int(lib.MRT_DTYPE_S8)),
        (0, constant.row_bytes, constant.rows, PARAMS_POOL, int(lib.MRT_DTYPE_S32)),
        (source.rows, made.row_bytes, made.rows, ROW_TABLE | 1, int(lib.MRT_DTYPE_S8)),
    ]
    fields = {
        "tensors": ffi.new("mrt_tensor_t[]", table),
        "args": ffi.new("uint16_t[]", [0, 1, 2, 0]),
        "attrs": ffi.new("int32_t[]", np.frombuffer(kernels.pack_attrs(KERNEL, offer.call.attrs), np.int32).tolist()),
        "params": params,
        "pools": ffi.new("void *[]", pools),
        "row_table": ffi.new("uint16_t[]", [place // ROW_UNIT for place in (*inputs, *outputs)]),
        "row_end": made.rows,
        "input_count": 2,
        "output_count": 1,
    }
    call = ffi.new("mrt_call_t *", fields)
    row = lib.mrt_kernels[kernels.ids()[KERNEL]]
    library.check("check", row.check(call))
    library.check("run", row.run(call))
    raw = bytes(ffi.buffer(pools[1]))
    assert made.dtype is DType.S8
    data = b"".join(raw[place : place + made.row_bytes] for place in outputs)
    rest = bytearray(raw)
    for place in outputs:
        rest[place : place + made.row_bytes] = bytes(made.row_bytes)
    assert not any(rest), "nothing is written between rows"
    return np.frombuffer(data, np.int8).reshape(made.shape)


NEAR_ROWS, HALF_FAR, FAR_ROWS = 1024, 30_000, 36_000


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("is_rectified", [False, True])
@pytest.mark.parametrize("padding", [Padding.SAME, Padding.VALID])
@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ((NEAR_ROWS, NEAR_ROWS), {PAIR}),
        ((HALF_FAR, NEAR_ROWS), {SINGLE}),
        ((FAR_ROWS, NEAR_ROWS), {FAR}),
        ((NEAR_ROWS, 65_536), {SINGLE}),
        ((FAR_ROWS, 65_536), {FAR}),
        ((NEAR_ROWS, 65_300), {PAIR}),
    ],
    ids=str,
)
def test_rows_at_any_distance_of_each_other(
    distances: tuple[int, int], expected: set[str], padding: Padding, is_rectified: bool, backwards: bool, stride: int
) -> None:
    """Few rows of an output, so that a row table reaches them all: two and two, or for strides of 2 two and one."""
    rows, strides = 4 if stride == 1 else 3, (stride, stride)
    height = rows * stride if padding is Padding.SAME else (rows - 1) * stride + 3
    case = depthwise_conv2d(pairs_of(5), (1, height, 13 * stride, 5), 1, (3, 3), strides, padding=padding)
    case = case.rectified() if is_rectified else case
    (offer,) = variants(case)
    inputs = [distances[0] * row for row in range(height)]
    outputs = [distances[1] * row for row in range(rows)]
    assert (offer.call.attrs["scaling"] == mve.RECTIFIED) == is_rectified
    inputs, outputs = (inputs[::-1], outputs[::-1]) if backwards else (inputs, outputs)
    others = set() if padding is Padding.VALID and stride == 1 else {SINGLE}
    assert ways(case, inputs, outputs) - others == expected - others
    np.testing.assert_array_equal(run_placed(case, offer, inputs, outputs), case.portable())


@settings(deadline=None, max_examples=100)
@given(convolutions(), st.data())
def test_rows_that_lie_anywhere(case: Case, data: st.DataObject) -> None:
    """Within all that a row table reaches, about four times what 16 bits do."""
    (offer,) = variants(case)
    places = []
    for name in "xy":
        size = -(-case.tensors[name].row_bytes // ROW_UNIT) * ROW_UNIT
        slots = st.integers(0, 65_535 * ROW_UNIT // size - 1)
        rows = case.tensors[name].rows
        chosen = data.draw(st.lists(slots, min_size=rows, max_size=rows, unique=True))
        places.append([size * slot for slot in chosen])
    np.testing.assert_array_equal(run_placed(case, offer, *places), case.portable())


@pytest.mark.parametrize(
    ("width", "expected"), [(1630, {PAIR, SINGLE}), (1900, {SINGLE}), (2100, {SINGLE, FAR}), (4095, {FAR})]
)
def test_long_rows_that_follow_one_another(width: int, expected: set[str]) -> None:
    case = depthwise_conv2d(pairs_of(6), (1, 5, width, 8), 1, (3, 3))
    (offer,) = variants(case)
    places = [8 * width * row for row in range(5)]
    assert ways(case, places, places) == expected
    np.testing.assert_array_equal(run_placed(case, offer, places, places), case.portable())


@pytest.mark.parametrize(
    ("shape", "multiplier", "kernel", "stride", "dilation", "padding"),
    [
        ((1, 9, 12, 4), 1, (3, 3), (1, 1), (2, 1), Padding.VALID),
        ((1, 9, 12, 4), 1, (3, 3), (1, 1), (1, 2), Padding.VALID),
        ((1, 9, 12, 4), 2, (3, 3), (1, 1), (1, 1), Padding.SAME),
        ((1, 9, 7, 4), 1, (3, 3), (1, 1), (1, 1), Padding.SAME),
        ((1, 9, 36, 4), 1, (3, 3), (1, 3), (1, 1), Padding.VALID),
        ((1, 9, 12, 4), 1, (5, 5), (1, 1), (1, 1), Padding.VALID),
        ((1, 9, 12, 4), 1, (3, 1), (1, 1), (1, 1), Padding.SAME),
        ((1, 1, 4096, 8), 1, (3, 3), (1, 1), (1, 1), Padding.SAME),
    ],
    ids=str,
)
def test_what_it_does_not_do(
    shape: tuple[int, int, int, int],
    multiplier: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: Padding,
) -> None:
    """Other windows, more output channels than the input has, steps of three columns, rows too short or too long."""
    assert variants(depthwise_conv2d(pairs_of(1), (1, 9, 12, 4), 1, (3, 3)))
    assert not variants(depthwise_conv2d(pairs_of(1), shape, multiplier, kernel, stride, dilation, padding))


@pytest.mark.parametrize("moved", [{"padding_top": 2}, {"padding_left": 2}, {"input_height": 7}, {"input_width": 10}])
def test_windows_that_reach_further_than_one_beyond_the_image(moved: dict[str, int]) -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 9, 12, 4), 1, (3, 3))
    assert variants(case)
    assert not variants(replace(case, call=replace(case.call, attrs={**case.call.attrs, **moved})))


def test_shifts_that_no_fast_way_of_scaling_takes() -> None:
    case = depthwise_conv2d(pairs_of(1), (1, 9, 12, 4), 1, (3, 3))
    assert variants(case)
    case.constants[4][1] = 0
    assert not variants(case)


@pytest.mark.parametrize("channels", [1, 8, 40])
def test_it_needs_no_workspace(channels: int) -> None:
    (offer,) = variants(depthwise_conv2d(pairs_of(1), (1, 9, 12, channels), 1, (3, 3)))
    assert kernels.workspace_bytes(KERNEL, offer.call.attrs) == 0


BOARD = [
    Geometry((2, 6, 13, 5), 5, 5, (3, 3), (1, 1), (1, 1), "SAME", True),
    Geometry((2, 7, 19, 8), 8, 8, (3, 3), (1, 1), (1, 1), "VALID", True),
    Geometry((2, 7, 23, 5), 5, 5, (3, 3), (2, 2), (1, 1), "SAME", True),
    Geometry((1, 8, 30, 3), 3, 3, (3, 3), (2, 2), (1, 1), "SAME", True),
    Geometry((2, 9, 27, 4), 4, 4, (3, 3), (2, 2), (1, 1), "VALID", True),
    Geometry((1, 1, 8, 3), 3, 3, (3, 3), (1, 1), (1, 1), "SAME", True),
    Geometry((1, 4, 2100, 8), 8, 8, (3, 3), (1, 1), (1, 1), "SAME", True),  # rows too far apart
    Geometry((1, 5, 2101, 8), 8, 8, (3, 3), (2, 2), (1, 1), "SAME", True),
]


@pytest.mark.parametrize("geometry", BOARD)
@pytest.mark.parametrize("rectifies", [True, False])
def test_convolutions_on_the_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, geometry: Geometry, rectifies: bool
) -> None:
    """The instructions themselves, where nothing else for the core does it: two rows together, single ones, borders."""
    monkeypatch.setitem(mve._PROVIDERS, "depthwise_conv2d_s8", (mve.depthwise_of_neighbours,))
    path = tmp_path / "model.tflite"
    path.write_bytes(model(geometry, 4, "RELU", -128) if rectifies else model(geometry, 4))
    package = compile_model(path, CompileOptions(target="cortex-m55", optimize="speed"))
    assert [node.kernel for node in package.graph.nodes] == [KERNEL]
    assert package.graph.nodes[0].attrs["scaling"] == (mve.RECTIFIED if rectifies else mve.SIGNED)
    assert_equal_on_board(package, path, 2)


def test_rows_of_a_model_on_the_board(tmp_path: Path) -> None:
    """Few rows in each step, in memory that is used again and again, and little stack."""
    path = tmp_path / "model.tflite"
    path.write_bytes(streamed_models.mobilenet())
    package = compile_model(path, CompileOptions(target="cortex-m55", optimize="ram"))
    assert KERNEL in {node.kernel for node in package.graph.nodes}
    assert_equal_on_board(package, path, 1)


def assert_equal_on_board(package: Package, path: Path, count: int) -> None:
    portable = HostExecutor(compile_model(path).graph)
    (source,) = (package.graph.tensors[index] for index in package.graph.inputs)
    values = [elements(source.shape, "int8", seed) for seed in range(count)]
    run = emulate(package, "mps3-an547", [{source.name: value} for value in values])
    assert run.stack_bytes <= run.stack_bound_bytes <= 512
    for value, made in zip(values, run.outputs, strict=True):
        portable.set_input(source.name, value)
        for name, expected in portable.run().items():
            np.testing.assert_array_equal(made[name], expected)
            assert len(np.unique(expected)) > 1
