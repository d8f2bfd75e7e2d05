"""What no model of the field asks of kernels for MVE cores, and their checks let pass or must refuse all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.kernels import exact
from tests.runtime.kernels.dsp.cases import Case, conv2d, depthwise_conv2d, fully_connected, pairs_of
from tests.runtime.kernels.mve.test_mve_checks import described
from tests.runtime.kernels.test_checks import Described

from micrort.ir import DType
from micrort.native import kernels, library
from micrort.operators.window import Padding
from micrort.variants import Variant, mve

LARGE = {f"input_{axis}": 32767 for axis in ("height", "width")}


def fitted(kernel: str, changes: dict[str, int]) -> Described:
    """A call with another window, whose activations fit it; nothing but the check sees them."""
    call = described(kernel)
    call.attrs.update(changes)
    unit = 4 if kernel.endswith("f32_mve") else 1
    for index, side in ((0, "input"), (len(call.inputs), "output")):
        row_bytes = call.attrs[f"{side}_width"] * call.attrs[f"{side}_channels"] * unit
        call = call.with_tensor(index, rows=call.attrs[f"{side}_height"], row_bytes=int(row_bytes))
    return call


@pytest.mark.parametrize(
    ("kernel", "changes"),
    [
        ("conv2d_s8_mve", {"kernel_height": 300, "kernel_width": 300, "input_channels": 8000}),
        ("conv2d_s8_mve", LARGE),
        ("conv2d_s8_mve", {"output_height": 32767, "output_width": 32767}),
        ("conv2d_rgb_s8_mve", {"input_channels": 4}),
        ("conv2d_rgb_s8_mve", {"output_channels": 4}),
        ("conv2d_rgb_s8_mve", {"output_channels": 256}),
        ("conv2d_f32_mve", {"kernel_height": 32767, "kernel_width": 32767}),
        ("depthwise_conv2d_s8_mve", {"output_channels": 12}),
        ("depthwise_taps_s8_mve", {"output_channels": 16}),
        ("depthwise_taps_s8_mve", {"kernel_height": 32767, "kernel_width": 32767}),
        ("depthwise_taps_s8_mve", LARGE),
        ("depthwise3x3_s8_mve", {"output_channels": 16}),
        ("depthwise3x3_s8_mve", {"output_width": 7}),
        ("depthwise3x3_s8_mve", {"output_height": 6}),
        ("depthwise3x3_s8_mve", {"output_width": 10}),
        ("depthwise3x3_s8_mve", {"input_width": 4096}),
        ("depthwise3x3_s8_mve", LARGE),
        ("depthwise_conv2d_s8_mve", {"input_width": 8000, "output_width": 8000, "kernel_height": 32767}),
    ],
    ids=str,
)
def test_windows_beyond_what_kernels_hold_are_refused(kernel: str, changes: dict[str, int]) -> None:
    assert fitted(kernel, {}).is_accepted()
    assert not fitted(kernel, changes).is_accepted()


def test_the_longest_rows_of_3x3_are_accepted() -> None:
    assert fitted("depthwise3x3_s8_mve", {"input_width": 4095}).is_accepted()


@pytest.mark.parametrize("kernel", ["fully_connected_s8_mve", "fully_connected_f32_mve"])
def test_vectors_of_more_bytes_than_int32_counts_are_refused(kernel: str) -> None:
    call = described(kernel)
    (rows, row_bytes, _), count = call.inputs[0], 2**21
    assert not call.with_tensor(0, rows=0xFFFF, row_bytes=row_bytes * count).is_accepted()
    assert call.with_tensor(0, rows=rows, row_bytes=row_bytes).is_accepted()


def test_more_weights_than_int32_counts_are_refused() -> None:
    """Of a vector of 2^20 floats for 2^12 channels, which both fit their tensors."""
    call = described("fully_connected_f32_mve")
    call.attrs.update({"depth": 2**20, "channels": 2**12})
    assert not call.with_tensor(0, rows=1, row_bytes=2**22).with_tensor(2, rows=1, row_bytes=2**14).is_accepted()


def test_the_workspace_of_patches_that_are_too_large_can_be_told() -> None:
    """Though no check lets them pass, nobody has to ask it first."""
    attrs = described("conv2d_s8_mve").attrs
    for sides, channels in ((300, 8000), (32767, 1), (32767, 32767)):
        attrs |= {"kernel_height": sides, "kernel_width": sides, "input_channels": channels}
        assert kernels.workspace_bytes("conv2d_s8_mve", attrs) >= 2**30


def test_windows_of_no_columns_ask_for_no_workspace() -> None:
    attrs = described("conv2d_rgb_s8_mve").attrs
    assert kernels.workspace_bytes("conv2d_rgb_s8_mve", attrs) > 0
    assert kernels.workspace_bytes("conv2d_rgb_s8_mve", {**attrs, "output_width": -100}) == 0


def variant_of(case: Case, kernel: str) -> Variant:
    offers = [offer for offer in mve.variants(case.call, case.tensors, "balanced") if offer.call.kernel == kernel]
    (offer,) = offers
    assert isinstance(offer, Variant)
    return offer


def assert_equals_portable(case: Case, kernel: str, moved: dict[str, int]) -> None:
    """With other attributes than the compiler's, which the portable kernel takes too."""
    variant = variant_of(case, kernel)
    case = replace(case, call=replace(case.call, attrs={**case.call.attrs, **moved}))
    call = replace(variant.call, attrs={**variant.call.attrs, **moved}, in_place=() if moved else variant.call.in_place)
    np.testing.assert_array_equal(case.run_every_way(replace(variant, call=call)), case.portable())


MOVES = [
    {"padding_top": 1},
    {"padding_left": 1},
    {"padding_top": 9},
    {"padding_left": 9},
    {"stride_height": 3},
    {"stride_width": 3},
    {"stride_height": 1, "stride_width": 1},
]


@pytest.mark.parametrize("moved", MOVES, ids=str)
def test_single_pixels_with_borders(moved: dict[str, int]) -> None:
    case = conv2d(pairs_of(1), (1, 7, 9, 8), 4, (1, 1), (2, 2))
    assert_equals_portable(case, "conv2d_s8_mve", moved)


@pytest.mark.parametrize("stride", [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)], ids=str)
@pytest.mark.parametrize("shape", [(1, 6, 1, 16), (1, 1, 6, 16), (1, 6, 1, 32), (1, 1, 1, 16)], ids=str)
@pytest.mark.parametrize("channels", [4, 8, 12, 16, 20])
def test_single_pixels_over_their_input(
    channels: int, shape: tuple[int, int, int, int], stride: tuple[int, int]
) -> None:
    """Of one row or one column, whose size strides leave as it is: pixels of two rows make no pair there."""
    case = conv2d(pairs_of(4), shape, channels, (1, 1), stride)
    assert_equals_portable(case, "conv2d_s8_mve", {})


@pytest.mark.parametrize("moved", MOVES, ids=str)
@pytest.mark.parametrize("channels", [5, 16])
@pytest.mark.parametrize("padding", [Padding.SAME, Padding.VALID])
def test_windows_that_miss_the_image(channels: int, padding: Padding, moved: dict[str, int]) -> None:
    case = conv2d(pairs_of(2), (1, 7, 9, channels), 8, (3, 3), (2, 2), padding=padding)
    assert_equals_portable(case, "conv2d_s8_mve", moved)
    case = conv2d(pairs_of(2), (1, 7, 9, channels), 8, (3, 3), padding=padding)
    assert_equals_portable(case, "conv2d_s8_mve", moved)


@pytest.mark.parametrize("moved", MOVES, ids=str)
@pytest.mark.parametrize("padding", [Padding.SAME, Padding.VALID])
def test_first_layers_whose_windows_miss_the_image(padding: Padding, moved: dict[str, int]) -> None:
    case = conv2d(pairs_of(3), (2, 7, 9, 3), 8, (3, 3), (2, 2), padding=padding)
    assert_equals_portable(case, "conv2d_rgb_s8_mve", moved)


@pytest.mark.parametrize("kernel", ["conv2d_s8_mve", "conv2d_rgb_s8_mve"])
def test_outputs_that_are_rectified(kernel: str) -> None:
    """Clamped at the zero point by saturation alone."""
    case = conv2d(pairs_of(5), (1, 7, 9, 3), 8, (3, 3))
    attrs = {**case.call.attrs, "output_offset": -128, "activation_min": -128, "activation_max": 127}
    case = replace(case, call=replace(case.call, attrs=attrs))
    assert variant_of(case, kernel).call.attrs["scaling"] == mve.RECTIFIED
    assert_equals_portable(case, kernel, {})


@pytest.mark.parametrize("channels", [3, 8, 13])
@pytest.mark.parametrize("offset", [-128, -127])
def test_vectors_that_are_rectified_and_not(channels: int, offset: int) -> None:
    case = fully_connected(pairs_of(5), (3, 20), 20, channels)
    attrs = {**case.call.attrs, "output_offset": offset, "activation_min": -128, "activation_max": 127}
    case = replace(case, call=replace(case.call, attrs=attrs))
    scaling = mve.RECTIFIED if offset == -128 else mve.SIGNED
    assert variant_of(case, "fully_connected_s8_mve").call.attrs["scaling"] == scaling
    assert_equals_portable(case, "fully_connected_s8_mve", {})


def test_rows_of_more_outputs_than_16_bits_count() -> None:
    case = conv2d(pairs_of(6), (1, 1, 4100, 16), 16, (1, 3))
    assert_equals_portable(case, "conv2d_s8_mve", {})


@pytest.mark.parametrize("distance", [64, 8192, 20_000, 37_000])
@pytest.mark.parametrize("backwards", [False, True])
def test_depthwise_rows_at_any_distance_of_each_other(distance: int, backwards: bool) -> None:
    """Rows of which some lie within reach of 16 bits of each other, or none."""
    case = depthwise_conv2d(pairs_of(7), (1, 8, 5, 8), 1, (3, 3))
    variant = variant_of(case, "depthwise_conv2d_s8_mve")
    places = [distance * row // 16 * 16 for row in range(8)]
    call = replace(variant.call, attrs={**variant.call.attrs, "strips": 8})
    found = run_placed(case, replace(variant, call=call), places[::-1] if backwards else places)
    np.testing.assert_array_equal(found, case.portable())


def run_placed(case: Case, variant: Variant, places: list[int]) -> np.ndarray:
    """One call for all rows of the output, which lie at these bytes of a pool."""
    ffi, lib = library.load()
    attrs, output = variant.call.attrs, case.tensors["y"]
    (constant,) = variant.constants
    assert constant.data is not None
    parts = [case.constants[0].tobytes(), constant.data.tobytes()]
    shapes = [case.tensors["x"], constant]
    workspace = kernels.workspace_bytes(variant.call.kernel, attrs)
    table, params = [], b""
    for tensor, data in zip(shapes, parts, strict=True):
        params += bytes(-len(params) % 16)
        table.append(
            (len(params), tensor.row_bytes, tensor.rows, 255, int(getattr(lib, f"MRT_DTYPE_{tensor.dtype.name}")))
        )
        params += data
    table.append((0, output.row_bytes, output.rows, kernels.ROW_TABLE, 0))
    size = max(places) + output.row_bytes + 16
    table.append((size // 16 * 16 + 16, workspace, 1, 0, 1))
    memory, constants = ffi.new("uint64_t[]", (size + workspace) // 8 + 8), ffi.new("uint64_t[]", len(params) // 8 + 2)
    ffi.memmove(constants, params, len(params))
    fields = {
        "tensors": ffi.new("mrt_tensor_t[]", table),
        "args": ffi.new("uint16_t[]", [0, 1, 2, 3]),
        "attrs": ffi.new("int32_t[]", np.frombuffer(kernels.pack_attrs(variant.call.kernel, attrs), np.int32).tolist()),
        "params": constants,
        "pools": ffi.new("void *[]", [memory]),
        "row_table": ffi.new("uint16_t[]", [place // kernels.ROW_UNIT for place in places]),
        "row_end": output.rows,
        "input_count": 2,
        "output_count": 1,
        "workspace_count": 1,
    }
    call = ffi.new("mrt_call_t *", fields)
    row = lib.mrt_kernels[kernels.ids()[variant.call.kernel]]
    library.check("check", row.check(call))
    library.check("run", row.run(call))
    raw = bytes(ffi.buffer(memory))
    data = b"".join(raw[place : place + output.row_bytes] for place in places)
    assert output.dtype is DType.S8
    return np.frombuffer(data, np.int8).reshape(output.shape)


def shifted(value: int, count: int, rounds: bool) -> int:
    """VSHL and VRSHL of a lane: by the low byte of `count` as a signed number, to the right where it is negative."""
    by = (count + 128) % 256 - 128
    if by >= 0:
        return exact.wrap(value << by)
    return (value + ((1 << -by - 1) if rounds else 0)) >> -by


def scaled(value: int, multiplier: int, shift: int) -> int:
    """mrt_mve_requantise, which is right for any shift and defined for any word."""
    product = exact.multiply_high(shifted(value, max(shift, 0), False), multiplier)
    right = min(shift, 0)
    return shifted(max(product + (-1 if product & right & 1 << 31 else 0), exact.INT32_MIN), right, True)


@pytest.mark.parametrize("shifts", [(0, 1, 31, 32, 40, 127, 128, 200), (-1, -31, -32, -33, -34, -128, -129, -200)])
@pytest.mark.parametrize("start", [1, -1, 2**31 - 1, -(2**31), 12345678, -87654321])
def test_shifts_that_no_model_has_are_those_of_the_instruction(shifts: tuple[int, ...], start: int) -> None:
    """Words that no check looks into, as a damaged blob may have them: all weights are 0, so that sums are `start`."""
    call = described("fully_connected_s8_mve")
    for multiplier in (2**30, 2**31 - 1, -(2**31), 3):
        scales = mve.Scales(np.full(8, start), np.full(8, multiplier), np.array(shifts), mve.ANY)
        constant = mve.pack(np.zeros((8, 16), np.int8), scales, 8)
        attrs = {**call.attrs, "scaling": mve.ANY, "output_offset": 0, "activation_min": -128, "activation_max": 127}
        arrays = [np.zeros((1, 16), np.int8), constant]
        (found,) = kernels.call("fully_connected_s8_mve", attrs, arrays, [((1, 8), DType.S8)])
        assert found[0].tolist() == [exact.clamp(scaled(start, multiplier, shift), -128, 127) for shift in shifts]
