"""Where an output may lie over an input: what the kernels say, against painted bytes and against real runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import execute

from micrort import ir
from micrort.ir import DType, InPlace
from micrort.native import kernels, library
from micrort.variants import overlap

CODES = {DType.S8: 0, DType.U8: 1, DType.S16: 2, DType.S32: 3, DType.F32: 4}
Tensor = tuple[int, int, int, DType]
"""Offset, rows, bytes of a row, dtype."""


def judgement(kernel: str, attrs: dict[str, int], source: Tensor, output: Tensor, which: int = 0) -> bool:
    """What the kernel says of output 0 over input `which`; the other input, where there is one, is the same tensor."""
    ffi, lib = library.load()
    rows = [(offset, row_bytes, count, 0, CODES[dtype]) for offset, count, row_bytes, dtype in (source, source, output)]
    packed = np.frombuffer(kernels.pack_attrs(kernel, attrs), np.int32).tolist() if attrs else [0]
    fields = {
        "tensors": ffi.new("mrt_tensor_t[]", rows),
        "args": ffi.new("uint16_t[]", [0, 1, 2]),
        "attrs": ffi.new("int32_t[]", packed),
        "input_count": 2,
        "output_count": 1,
    }
    in_place = lib.mrt_kernels[kernels.ids()[kernel]].in_place
    return bool(in_place and in_place(ffi.new("mrt_call_t *", fields), which))  # null: never


@pytest.mark.parametrize(
    ("source", "output", "sound"),
    [
        ((16, 2, 8, DType.S16), (16, 2, 8, DType.S16), True),
        ((16, 2, 8, DType.S16), (16, 4, 4, DType.S16), True),  # the same elements in other rows
        ((16, 2, 8, DType.S16), (14, 2, 8, DType.S16), False),  # elsewhere
        ((16, 2, 8, DType.S16), (16, 2, 4, DType.S8), True),  # bytes over anything
        ((16, 2, 16, DType.F32), (16, 2, 4, DType.S8), True),
        ((16, 2, 8, DType.S16), (16, 2, 2, DType.S8), False),  # other elements
        ((16, 2, 4, DType.S8), (16, 2, 8, DType.S16), False),  # the second output overwrites the third input
        ((16, 2, 8, DType.S32), (16, 2, 8, DType.F32), False),  # as large, but another type
        ((16, 2, 4, DType.S16), (16, 2, 8, DType.F32), False),
    ],
)
def test_elements(source: Tensor, output: Tensor, sound: bool) -> None:
    for which in (0, 1):
        assert judgement("add_s16", {}, source, output, which) == sound
    assert not judgement("softmax_s8", {}, source, output) or sound


Placed = tuple[tuple[int, ...], int, DType]
"""Offset of each row, bytes of a row, dtype."""


def judgement_of_rows(kernel: str, attrs: dict[str, int], source: Placed | Tensor, output: Placed | Tensor,
                      rows: tuple[int, int]) -> bool:  # fmt: skip
    """As `judgement`, of rows that are placed one by one, for the output rows of one call."""
    ffi, lib = library.load()
    table: list[int] = []
    tensors = []
    for tensor in (source, output):
        if isinstance(tensor[0], tuple):
            places, row_bytes, dtype = tensor  # type: ignore[misc]
            tensors.append((len(table), row_bytes, len(places), kernels.ROW_TABLE, CODES[dtype]))
            table += [place // kernels.ROW_UNIT for place in places]
        else:
            offset, count, row_bytes, dtype = tensor  # type: ignore[misc]
            tensors.append((offset, row_bytes, count, 0, CODES[dtype]))
    packed = np.frombuffer(kernels.pack_attrs(kernel, attrs), np.int32).tolist() if attrs else [0]
    fields = {
        "tensors": ffi.new("mrt_tensor_t[]", tensors),
        "args": ffi.new("uint16_t[]", [0, 1]),
        "attrs": ffi.new("int32_t[]", packed),
        "row_table": ffi.new("uint16_t[]", table),
        "row_begin": rows[0],
        "row_end": rows[1],
        "input_count": 1,
        "output_count": 1,
    }
    return bool(lib.mrt_kernels[kernels.ids()[kernel]].in_place(ffi.new("mrt_call_t *", fields), 0))


THREE = ((0, 16, 32), 8, DType.S8)
"""Three rows with gaps between them."""


@pytest.mark.parametrize(
    ("source", "output", "rows", "sound"),
    [
        (THREE, THREE, (0, 3), True),
        (THREE, ((8, 24, 40), 8, DType.S8), (0, 3), True),  # in the gaps
        (THREE, ((16, 0, 32), 8, DType.S8), (0, 3), False),  # over another row
        (THREE, ((16, 0, 32), 8, DType.S8), (2, 3), True),  # which this call does not read
        (THREE, ((0, 16, 48), 8, DType.S8), (0, 3), True),
        (THREE, ((4, 48, 64), 8, DType.S8), (0, 1), False),  # partly over the same row
        (((8, 24, 40), 8, DType.S8), ((4, 48, 64), 8, DType.S8), (0, 1), False),  # from before it
        (THREE, ((64, 72), 8, DType.S8), (0, 2), False),  # fewer elements
        (THREE, ((64, 72), 12, DType.S8), (0, 2), False),  # as many in other rows
        (THREE, ((64, 72, 80), 8, DType.U8), (0, 3), True),  # bytes over bytes
        (((0, 16, 32), 8, DType.S32), ((64, 72, 80), 8, DType.F32), (0, 3), False),
        ((0, 3, 8, DType.S8), ((0, 8, 16), 8, DType.S8), (0, 3), True),  # the one at one stride
        ((0, 3, 8, DType.S8), ((0, 16, 8), 8, DType.S8), (0, 3), False),
        (((0, 16, 8), 8, DType.S8), (0, 3, 8, DType.S8), (0, 3), False),
        (((0, 8, 16), 8, DType.S8), (0, 3, 8, DType.S8), (0, 3), True),
    ],
)
def test_elements_of_rows_that_are_placed_one_by_one(
    source: Placed | Tensor, output: Placed | Tensor, rows: tuple[int, int], sound: bool
) -> None:
    assert judgement_of_rows("softmax_s8", {}, source, output, rows) == sound


@pytest.mark.parametrize("kernel", ["conv2d_s8", "fully_connected_s16", "mean_f32", "split", "concatenation", "pad"])
def test_kernels_that_read_what_they_have_written_over_say_never(kernel: str) -> None:
    tensor = (16, 2, 8, DType.S16)
    assert not judgement(kernel, {}, tensor, tensor)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, int]:
    """Pooling windows of one image: sizes, strides, padding."""
    attrs = {"input_channels": draw(st.integers(1, 2)), "dilation_height": 1, "dilation_width": 1}
    attrs["output_channels"] = attrs["input_channels"]
    for axis, side in (("height", "top"), ("width", "left")):
        kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        padding = draw(st.integers(0, kernel - 1))
        size = draw(st.integers(1, 7))
        attrs |= {f"kernel_{axis}": kernel, f"stride_{axis}": stride, f"padding_{side}": padding}
        attrs |= {f"input_{axis}": size, f"output_{axis}": draw(st.integers(1, (size - 1 + padding) // stride + 1))}
    return {**attrs, "activation_min": -128, "activation_max": 127}


def smallest_distance(attrs: dict[str, int]) -> int:
    """Bytes by which the input must begin behind the output, found by painting: a row that is written may hold no byte
    of an input row that it or a later output row reads."""
    source_row = attrs["input_width"] * attrs["input_channels"]
    output_row = attrs["output_width"] * attrs["output_channels"]
    height = attrs["output_height"]
    reads: list[set[int]] = []
    for row in range(height):
        first = row * attrs["stride_height"] - attrs["padding_top"]
        lines = range(max(first, 0), min(first + attrs["kernel_height"], attrs["input_height"]))
        reads.append({line * source_row + byte for line in lines for byte in range(source_row)})
    for distance in range(height * output_row + 1):
        if all(
            not any(byte - distance in reads[later] for later in range(row, height))
            for row in range(height)
            for byte in range(row * output_row, (row + 1) * output_row)
        ):
            return distance
    raise AssertionError("an output that lies in front of its input is always right")


@settings(max_examples=150, deadline=None)
@given(attrs=windows(), seed=st.integers(0, 2**32 - 1))
def test_windows(attrs: dict[str, int], seed: int) -> None:
    source = (attrs["input_height"], attrs["input_width"] * attrs["input_channels"], DType.S8)
    output = (attrs["output_height"], attrs["output_width"] * attrs["output_channels"], DType.S8)
    needed = smallest_distance(attrs)
    for distance in range(needed + 3):
        sound = judgement("max_pool2d_s8", attrs, (distance, *source), (0, *output))
        assert sound == (distance >= needed), (distance, needed)
    shape = (1, attrs["input_height"], attrs["input_width"], attrs["input_channels"])
    made = (1, attrs["output_height"], attrs["output_width"], attrs["output_channels"])
    array = np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)
    (apart,) = execute("max_pool2d_s8", attrs, [array], [(made, DType.S8)])
    for pieces in (False, True):
        place = InPlace(0, delta=needed)
        (over,) = execute("max_pool2d_s8", attrs, [array], [(made, DType.S8)], pieces=pieces, in_place=place)
        np.testing.assert_array_equal(over, apart)


WINDOW = {"input_height": 4, "input_width": 3, "input_channels": 1, "output_height": 4, "output_width": 3}
WINDOW |= {"output_channels": 1, "kernel_height": 1, "kernel_width": 1, "stride_height": 1, "stride_width": 1}
WINDOW |= {"dilation_height": 1, "dilation_width": 1, "padding_top": 0, "padding_left": 0}
WINDOW |= {"activation_min": -128, "activation_max": 127}


def needed_bytes(attrs: dict[str, int], first: int, last: int) -> set[int]:
    """Bytes of an image under output rows first..last-1, from its start."""
    row_bytes = attrs["input_width"] * attrs["input_channels"]
    found: set[int] = set()
    for row in range(max(first, 0), last):
        top = row * attrs["stride_height"] - attrs["padding_top"]
        lines = range(max(top, 0), min(top + attrs["kernel_height"], attrs["input_height"]))
        found.update(byte for line in lines for byte in range(line * row_bytes, (line + 1) * row_bytes))
    return found


@settings(max_examples=150, deadline=None)
@given(attrs=windows(), distance=st.integers(-60, 60))
def test_channels_in_both_directions(attrs: dict[str, int], distance: int) -> None:
    """What the kernel accepts never writes over what a row to come reads, nor over another channel."""
    attrs = {**attrs, "input_zero_point": 0, "output_offset": 0, "scaling": 0, "strips": 1, "block": 16}
    source_row = attrs["input_width"] * attrs["input_channels"]
    output_row = attrs["output_width"] * attrs["output_channels"]
    height = attrs["output_height"]
    source = (100, attrs["input_height"], source_row, DType.S8)
    output = (100 - distance, height, output_row, DType.S8)
    if not judgement_of_rows("depthwise_conv2d_s8_mve", attrs, source, output, (0, height)):
        return
    for row in range(height):
        written = {byte - distance for byte in range(row * output_row, (row + 1) * output_row)}
        to_come = (row + 1, height) if distance >= 0 else (0, row)
        assert not written & needed_bytes(attrs, *to_come)
        if distance % attrs["input_channels"] != 0:
            assert not written & needed_bytes(attrs, row, row + 1)


@settings(max_examples=150, deadline=None)
@given(attrs=windows())
def test_offers_over_channels_are_accepted_and_no_less(attrs: dict[str, int]) -> None:
    attrs = {**attrs, "input_zero_point": 0, "output_offset": 0, "scaling": 0, "strips": 1, "block": 16}
    sizes = [tuple(attrs[f"{name}_{axis}"] for axis in ("height", "width", "channels")) for name in ("input", "output")]
    source, output = (ir.Tensor("t", (1, *size), DType.S8) for size in sizes)
    ahead, behind = (offer.delta for offer in overlap.over_channels(attrs, source, output))
    assert ahead >= 0 > behind
    unit = math.lcm(4, attrs["input_channels"])

    def accepted(delta: int) -> bool:
        placed = [
            (offset, made.rows, made.row_bytes, DType.S8) for offset, made in ((1000, source), (1000 - delta, output))
        ]
        return judgement_of_rows("depthwise_conv2d_s8_mve", attrs, *placed, (0, output.rows))

    for step in range(3):
        assert accepted(ahead + step * unit)
        assert accepted(behind - step * unit)


@pytest.mark.parametrize(("read", "made"), [(16, 16), (16, 8), (32, 64), (64, 16), (8, 8), (24, 16), (16, 12)])
@pytest.mark.parametrize(("rows", "width"), [(4, 5), (1, 1), (1, 2), (3, 1)])
def test_pixels_in_both_directions(read: int, made: int, rows: int, width: int) -> None:
    """Two pixels are read while their outputs are written: backwards, too, of whole vectors of channels."""
    window = {**WINDOW, "input_height": rows, "input_width": width, "output_height": rows, "output_width": width}
    attrs = {**window, "input_channels": read, "output_channels": made}
    source, output = ir.Tensor("x", (1, rows, width, read), DType.S8), ir.Tensor("y", (1, rows, width, made), DType.S8)
    offers = overlap.over_pixels(attrs, source, output)
    assert len(offers) == (made % 8 == 0) + (made % 8 == 0 and read % 16 == 0)
    attrs |= CONVOLUTION
    for offer in offers:
        less = offer.delta + (1 if offer.delta < 0 else -1)
        for delta, sound in ((offer.delta, True), (2 * offer.delta, True), (less, False)):
            placed = [(9000 - place, rows, width * size, DType.S8) for place, size in ((0, read), (delta, made))]
            assert judgement_of_rows("conv2d_s8_mve", attrs, placed[0], placed[1], (0, rows)) == sound


@pytest.mark.parametrize(
    ("source", "output", "which", "sound"),
    [
        ((3, 4, 3, DType.S8), (0, 4, 3, DType.S8), 0, True),
        ((2, 4, 3, DType.S8), (0, 4, 3, DType.S8), 0, False),  # a row is written while it is read
        ((9, 4, 3, DType.S8), (10, 4, 3, DType.S8), 0, False),  # the input begins first
        ((3, 8, 3, DType.S8), (0, 8, 3, DType.S8), 0, False),  # two images
        ((3, 4, 3, DType.S8), (0, 4, 3, DType.S8), 1, False),  # over weights
    ],
)
def test_windows_row_by_row(source: Tensor, output: Tensor, which: int, sound: bool) -> None:
    assert judgement("max_pool2d_s8", WINDOW, source, output, which) == sound


def test_windows_know_nothing_of_row_tables() -> None:
    source, output = ((12, 16, 20, 24), 3, DType.S8), ((0, 4, 8, 28), 3, DType.S8)
    assert judgement("max_pool2d_s8", WINDOW, (12, 4, 3, DType.S8), (0, 4, 3, DType.S8))
    assert not judgement_of_rows("max_pool2d_s8", WINDOW, source, (0, 4, 3, DType.S8), (0, 4))
    assert not judgement_of_rows("max_pool2d_s8", WINDOW, (12, 4, 3, DType.S8), output, (0, 4))


def test_a_window_that_has_left_the_image_needs_nothing_of_it() -> None:
    attrs = {**WINDOW, "stride_height": 3, "input_height": 4, "output_height": 3}
    # Rows 0 and 3 are read by the first two output rows; the third lies below the image and may cover everything.
    assert judgement("depthwise_conv2d_s8", _depthwise(attrs), (3, 4, 3, DType.S8), (0, 3, 3, DType.S8))
    assert not judgement("depthwise_conv2d_s8", _depthwise(attrs), (2, 4, 3, DType.S8), (0, 3, 3, DType.S8))


def _depthwise(attrs: dict[str, int]) -> dict[str, int]:
    return {**attrs, "input_offset": 0, "output_offset": 0}


SCALES = {"input_zero_point": 0, "output_offset": 0, "scaling": 0}
"""What attributes for MVE cores hold beside."""
CONVOLUTION = {**SCALES, "patches": 2}


def bytes_read(attrs: dict[str, int], rows: tuple[int, int]) -> dict[int, int]:
    """Channel of each byte of the input that output rows of an image need, by its distance from the input's begin."""
    found: dict[int, int] = {}
    for row in range(*rows):
        first = row * attrs["stride_height"] - attrs["padding_top"]
        for line in range(max(first, 0), min(first + attrs["kernel_height"], attrs["input_height"])):
            begin = line * attrs["input_width"] * attrs["input_channels"]
            count = attrs["input_width"] * attrs["input_channels"]
            found |= {begin + byte: byte % attrs["input_channels"] for byte in range(count)}
    return found


@settings(max_examples=200, deadline=None)
@given(attrs=windows(), data=st.data())
def test_channels(attrs: dict[str, int], data: st.DataObject) -> None:
    """A byte may be written where no later row reads, and no row of the call another channel."""
    channels, height = attrs["input_channels"], attrs["output_height"]
    source_row, row = attrs["input_width"] * channels, attrs["output_width"] * channels
    distance = data.draw(st.integers(0, (height + 1) * max(row, source_row)))
    attrs |= {"kernel_height": max(attrs["kernel_height"], attrs["stride_height"])}  # no row between the windows
    attrs |= {**SCALES, "strips": 1, "block": 16}
    read = bytes_read(attrs, (0, height))
    sound = all(
        read.get(byte - distance, byte % channels) == byte % channels
        and byte - distance not in bytes_read(attrs, (line + 1, height))
        for line in range(height)
        for byte in range(line * row, (line + 1) * row)
    )
    source = ((distance, attrs["input_height"], source_row, DType.S8), (0, height, row, DType.S8))
    said = judgement_of_rows("depthwise_conv2d_s8_mve", attrs, *source, (0, height))
    assert said <= sound
    aligned = distance % channels == 0
    assert said == sound or not aligned or distance < smallest_distance_of_channels(attrs)


def smallest_distance_of_channels(attrs: dict[str, int]) -> int:
    """From which on every row ends before the first that the next one needs."""
    row, source_row = (attrs[f"{side}_width"] * attrs["input_channels"] for side in ("output", "input"))
    firsts = [(line + 1) * attrs["stride_height"] - attrs["padding_top"] for line in range(attrs["output_height"])]
    needed = [min(max(first, 0), attrs["input_height"]) for first in firsts]
    return max((line + 1) * row - first * source_row for line, first in enumerate(needed))


DEPTHWISE = {**WINDOW, **SCALES, "strips": 1, "block": 16, "kernel_height": 3, "padding_top": 1}


@pytest.mark.parametrize(
    ("change", "source", "output", "rows", "sound"),
    [
        ({}, (3, 4, 3, DType.S8), (0, 4, 3, DType.S8), (0, 4), True),
        ({}, (2, 4, 3, DType.S8), (0, 4, 3, DType.S8), (0, 4), False),
        ({"output_channels": 2}, (9, 4, 3, DType.S8), (0, 4, 6, DType.S8), (0, 4), False),
        ({}, (3, 8, 3, DType.S8), (0, 8, 3, DType.S8), (0, 4), False),  # two images
        ({}, ((0, 4, 8, 12), 3, DType.S8), ((16, 0, 4, 8), 3, DType.S8), (0, 4), True),
        ({}, ((0, 4, 8, 12), 3, DType.S8), ((16, 4, 0, 8), 3, DType.S8), (0, 4), False),
        ({}, ((0, 4, 8, 12), 3, DType.S8), ((16, 20, 0, 4), 3, DType.S8), (2, 4), True),
    ],
)
def test_channels_row_by_row(
    change: dict[str, int], source: Placed | Tensor, output: Placed | Tensor, rows: tuple[int, int], sound: bool
) -> None:
    attrs = {**DEPTHWISE, **change}
    assert judgement_of_rows("depthwise_conv2d_s8_mve", attrs, source, output, rows) == sound


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), st.integers(2, 4), st.sampled_from([1, 8, 9, 24]), st.sampled_from([8, 12, 16]), st.data())
def test_pixels(height: int, width: int, read: int, made: int, data: st.DataObject) -> None:
    """Whatever two neighbours are multiplied together, their outputs end before them."""
    attrs = {**WINDOW, "input_height": height, "output_height": height, "input_width": width, "output_width": width}
    attrs |= {**CONVOLUTION, "input_channels": read, "output_channels": made}
    pixels = height * width
    distance = data.draw(st.integers(0, pixels * made))
    sound = all((pixel + 2) * made <= distance + pixel * read for pixel in range(pixels - 1)) and made % 8 == 0
    source, output = (distance, height, width * read, DType.S8), (0, height, width * made, DType.S8)
    assert judgement("conv2d_s8_mve", attrs, source, output) == sound


def test_pixels_under_other_windows_go_by_rows() -> None:
    source, output = (3, 4, 3, DType.S8), (0, 4, 3, DType.S8)
    one = {**WINDOW, **CONVOLUTION}
    strided = {**one, "stride_height": 2, "output_height": 2, "kernel_width": 2}
    assert not judgement("conv2d_s8_mve", one, source, output)  # a channel is not eight
    assert judgement("conv2d_s8_mve", {**one, "kernel_width": 2}, source, output)
    assert judgement("conv2d_s8_mve", strided, source, (0, 2, 3, DType.S8))
    placed = ((12, 16, 20, 24), 3, DType.S8)
    eights = {**one, "output_channels": 8}
    assert not judgement_of_rows("conv2d_s8_mve", eights, placed, (64, 4, 24, DType.S8), (0, 4))


@pytest.mark.parametrize(
    "change",
    [
        {"kernel_height": 2},
        {"kernel_width": 2},
        {"padding_top": 1},
        {"padding_left": 1},
        {"output_height": 3},
        {"output_width": 2},
        {"input_height": 1, "output_height": 1, "stride_height": 2},
        {"input_width": 1, "output_width": 1, "stride_width": 2},
    ],
    ids=str,
)
def test_windows_that_are_not_their_pixel_go_by_rows(change: dict[str, int]) -> None:
    """Apart from the input all may be written; pixel by pixel only where channels come in eights."""
    attrs = {**WINDOW, **CONVOLUTION, **change}
    source, output = (attrs[f"{side}_height"] for side in ("input", "output"))
    tensors = (12, source, attrs["input_width"], DType.S8), (0, output, attrs["output_width"], DType.S8)
    assert not judgement("conv2d_s8_mve", {**WINDOW, **CONVOLUTION}, (12, 4, 3, DType.S8), (0, 4, 3, DType.S8))
    assert judgement("conv2d_s8_mve", attrs, *tensors)


def test_nothing_is_written_over_weights() -> None:
    pixel = {**WINDOW, **CONVOLUTION, "input_channels": 8, "output_channels": 8}
    for which in range(2):
        tensors = (24, 4, 24, DType.S8), (0, 4, 24, DType.S8)
        assert judgement("conv2d_s8_mve", pixel, *tensors, which) == (which == 0)
        assert judgement("depthwise_conv2d_s8_mve", DEPTHWISE, (3, 4, 3, DType.S8), (0, 4, 3, DType.S8), which) == (
            which == 0
        )


def test_pixels_lie_at_one_stride() -> None:
    pixel = {**WINDOW, **CONVOLUTION, "input_channels": 8, "output_channels": 8}
    source, output = (24, 4, 24, DType.S8), (0, 4, 24, DType.S8)
    placed = tuple(24 * row for row in range(4))
    assert judgement_of_rows("conv2d_s8_mve", pixel, source, output, (0, 4))
    assert not judgement_of_rows("conv2d_s8_mve", pixel, source, (placed, 24, DType.S8), (0, 4))
