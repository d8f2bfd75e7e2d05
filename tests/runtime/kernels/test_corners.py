"""Corners of kernels that no model of the field has, and that the kernels' headers cover all the same."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runtime.kernels import exact
from tests.runtime.kernels.calls import Call, execute

from micrort.ir import DType, InPlace

WINDOW = {"input_channels": 2, "output_channels": 5, "stride_height": 1, "stride_width": 1, "dilation_height": 1}
WINDOW |= {"dilation_width": 1, "padding_top": 0, "padding_left": 0}
WHOLE = {"s8": (-128, 127), "s16": (-32768, 32767), "f32": (-3e38, 3e38)}
DTYPES = {"s8": DType.S8, "s16": DType.S16, "f32": DType.F32}


def clamped(suffix: str) -> dict[str, int | float]:
    low, high = WHOLE[suffix]
    return {"activation_min": low, "activation_max": high}


@pytest.mark.parametrize(
    ("bias", "multiplier", "shift", "want"),
    [
        (-(2**31), -(2**31), 0, 127),  # the one product that would leave int32 saturates
        (-(2**31), -(2**31), -25, 64),
        (-(2**31), 2**31 - 1, -25, -64),
        (-(2**31), 1, 0, -1),  # -1.0 in Q31 times the smallest factor
        (2**31 - 1, -(2**31), -26, -32),
        (3, 2**30, 0, 2),  # ties go up
        (-3, 2**30, 0, -1),
    ],
)
def test_extreme_factors_of_int8_channels(bias: int, multiplier: int, shift: int, want: int) -> None:
    attrs = {"depth": 1, "channels": 1, "input_offset": 0, "output_offset": 0, "multiplier": 0, "shift": 0}
    constants = [np.array([[0]], np.int8), *(np.array([value], np.int32) for value in (bias, multiplier, shift))]
    source = np.array([[5]], np.int8)
    (found,) = execute("fully_connected_s8", {**attrs, **clamped("s8")}, [source, *constants], [((1, 1), DType.S8)])
    assert found[0, 0] == want == exact.clamp(exact.requantise(bias, multiplier, shift), -128, 127)


@pytest.mark.parametrize("multiplier", [2**30, 0x7FFEFFFF, 0x7FFF0000, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("shift", [-31, -20, 0, 7])
@pytest.mark.parametrize("bias", [1, -1, 12345, -(2**40) + 1, 2**46])
def test_extreme_factors_of_int16_channels_with_a_wide_bias(bias: int, multiplier: int, shift: int) -> None:
    attrs = {"depth": 1, "channels": 1, "input_offset": 0, "output_offset": 0, "multiplier": 0, "shift": 0}
    factors = [np.array([value], np.int32) for value in (multiplier, shift)]
    arrays = [np.array([[5]], np.int16), np.array([[0]], np.int8), np.array([bias], np.int64), *factors]
    (found,) = execute("fully_connected_s16", {**attrs, **clamped("s16")}, arrays, [((1, 1), DType.S16)])
    scaled = exact.wrap(exact.requantise_s64(bias, multiplier, shift))
    assert found[0, 0] == exact.clamp(scaled, -32768, 32767)


@pytest.mark.parametrize("suffix", DTYPES)
@pytest.mark.parametrize(
    ("kernel", "padding", "inside"),
    [
        ((1, 2), (3, 0), (3, slice(0, 4))),  # windows above the image
        ((2, 1), (0, 4), (slice(None), 4)),  # windows left of it
        ((1, 1), (3, 4), (3, 4)),  # both
    ],
)
def test_windows_that_lie_outside_the_image_give_the_bias(suffix, kernel, padding, inside) -> None:
    """Row and column of the first window that meets the image: before them, nothing but the bias counts."""
    size = {"input_height": 4, "input_width": 4, "output_height": 4, "output_width": 5, "groups": 1}
    place = {"kernel_height": kernel[0], "kernel_width": kernel[1], "padding_top": padding[0]}
    attrs = {**WINDOW, **size, **place, "padding_left": padding[1], **clamped(suffix)}
    bias = np.array([10, -20, 30, -40, 50])
    weight = np.ones((5, *kernel, 2), np.float32 if suffix == "f32" else np.int8)
    arrays = [np.full((1, 4, 4, 2), 3, DTYPES[suffix].numpy), weight]
    if suffix == "f32":
        arrays.append(bias.astype(np.float32))
    else:
        halves = [np.full(5, 2**30, np.int32), np.full(5, 1, np.int32)]
        arrays += [bias.astype(np.int32), *halves]
    if suffix == "s8":
        attrs |= {"input_offset": 0, "output_offset": 0}
    shape = (1, 4, 5, 5)
    (found,) = execute(f"conv2d_{suffix}", attrs, arrays, [(shape, DTYPES[suffix])])
    (by_rows,) = execute(f"conv2d_{suffix}", attrs, arrays, [(shape, DTYPES[suffix])], pieces=True)
    np.testing.assert_array_equal(found, by_rows)
    want = np.broadcast_to(bias, shape).copy()
    for y in range(4):
        for x in range(5):
            taps = [
                (row, column)
                for row in range(y - padding[0], y - padding[0] + kernel[0])
                for column in range(x - padding[1], x - padding[1] + kernel[1])
                if 0 <= row < 4 and 0 <= column < 4
            ]
            want[0, y, x] += 6 * len(taps)
    np.testing.assert_array_equal(found, want)
    assert (found[0][inside] != bias).all(), "the image is met where it should be"


@pytest.mark.parametrize("suffix", DTYPES)
@pytest.mark.parametrize(("shape", "bits"), [((1, 3, 1, 2, 4, 2), 0b0101), ((2, 1, 3, 1, 2, 2), 0b1010)])
def test_a_mean_along_axes_of_extent_one_moves_elements(suffix: str, shape: tuple[int, ...], bits: int) -> None:
    names = ("rows0", "rows1", "rows2", "rows3", "width", "channels")
    attrs = {**dict(zip(names, shape, strict=True)), "reduced": bits}
    if suffix != "f32":
        attrs |= {"input_offset": 0, "output_offset": 0, "multiplier": 2**30, "shift": 1}
    source = np.arange(np.prod(shape)).reshape(shape).astype(DTYPES[suffix].numpy)
    output = (int(np.prod(shape[:4])), *shape[4:])
    flat = (source.reshape(output), [(output, DTYPES[suffix])])
    for pieces in (False, True):
        (found,) = execute(f"mean_{suffix}", attrs, [source.reshape(1, -1, *shape[4:])], flat[1], pieces=pieces)
        np.testing.assert_array_equal(found, flat[0])


def test_copy_to_other_rows_and_onto_itself() -> None:
    source = np.arange(24, dtype=np.int16).reshape(1, 2, 3, 4)
    for shape in ((1, 2, 3, 4), (1, 4, 3, 2), (1, 1, 1, 24), (24, 1)):
        for pieces in (False, True):
            (found,) = execute("copy", {"bytes": 48}, [source], [(shape, DType.S16)], pieces=pieces)
            np.testing.assert_array_equal(found, source.reshape(shape))
    for shape in ((1, 2, 3, 4), (1, 4, 3, 2)):
        place = InPlace(0)
        (found,) = execute("copy", {"bytes": 48}, [source], [(shape, DType.S16)], in_place=place, pieces=True)
        np.testing.assert_array_equal(found, source.reshape(shape))


@pytest.mark.parametrize("rows", [(0, 6), (0, 1), (1, 4), (5, 6), (2, 3)])
def test_concatenation_of_rows_in_pieces_that_begin_and_end_within_chunks(rows: tuple[int, int]) -> None:
    """Two images joined along their rows: a piece of output rows may lie in one part or across several."""
    left, right = np.arange(8, dtype=np.int8).reshape(2, 2, 2), np.arange(100, 104, dtype=np.int8).reshape(2, 1, 2)
    want = np.concatenate([left, right], axis=1)
    inputs = [(4, 2, DType.S8), (2, 2, DType.S8)]
    contents = [left.tobytes(), right.tobytes()]
    call = Call("concatenation", {"outer": 2}, inputs, [(6, 2, DType.S8)], contents)
    assert call.check() == 0
    call.run(*rows)
    found = np.frombuffer(call.output(0), np.int8).reshape(6, 2)
    np.testing.assert_array_equal(found[slice(*rows)], want.reshape(6, 2)[slice(*rows)])
    untouched = np.delete(found, range(*rows), axis=0)
    assert (untouched == np.int8(-91)).all(), "0xA5 where nothing was asked for"
