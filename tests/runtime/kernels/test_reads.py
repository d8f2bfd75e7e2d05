"""The rows that kernels say they read, against those whose bytes turn up in what they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import OK, Call

from micrort.ir import DType

Shape = tuple[int, int]
"""Rows, bytes of a row."""


def painted(kernel: str, attrs: Mapping[str, int | float], inputs: Sequence[Shape], output: Shape) -> Call:
    """A call whose inputs are made of one byte a row: 1 for row 0 of input 0, and so on through all inputs."""
    data, paint = [], 1
    for rows, row_bytes in inputs:
        data.append(b"".join(bytes([paint + row]) * row_bytes for row in range(rows)))
        paint += rows
    assert paint <= 256
    call = Call(kernel, attrs, [(*shape, DType.U8) for shape in inputs], [(*output, DType.U8)], data)
    assert call.check() == OK
    return call


def span(found: set[int], first: int, rows: int) -> tuple[int, int]:
    """The rows of an input whose paint begins with `first`, from the lowest that was found to the highest."""
    own = [paint - first for paint in found if first <= paint < first + rows]
    return (min(own), max(own) + 1) if own else (0, 0)


def assert_reads(call: Call, inputs: Sequence[Shape], output: Shape, begin: int, end: int) -> None:
    """Rows [begin, end) hold no paint but that of the rows which the kernel says it reads, and that of the ends."""
    call.run(begin, end)
    found = set(call.output(0)[begin * output[1] : end * output[1]])
    paint = 1
    for index, (rows, _) in enumerate(inputs):
        said = call.reads(begin, end, index)
        assert (said if said[0] < said[1] else (0, 0)) == span(found, paint, rows), index
        paint += rows
    own = call.reads(begin, end, len(inputs))
    assert own[0] >= own[1], "it goes on from no rows of its own"


def ranges(data: st.DataObject, rows: int) -> tuple[int, int]:
    begin = data.draw(st.integers(0, rows - 1), label="begin")
    return begin, data.draw(st.integers(begin + 1, rows), label="end")


@settings(max_examples=200, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 4)] * 5),
    before=st.tuples(*[st.integers(0, 2)] * 5),
    after=st.tuples(*[st.integers(0, 2)] * 5),
    data=st.data(),
)
def test_pad(sizes: tuple[int, ...], before: tuple[int, ...], after: tuple[int, ...], data: st.DataObject) -> None:
    whole = tuple(map(sum, zip(sizes, before, after, strict=True)))
    attrs = {"element_bytes": 1, "value": 0}
    for name, values in (("input", sizes), ("before", before), ("output", whole)):
        attrs |= {f"{name}_{axis}": value for axis, value in enumerate(values)}
    source = (sizes[0] * sizes[1] * sizes[2], sizes[3] * sizes[4])
    output = (whole[0] * whole[1] * whole[2], whole[3] * whole[4])
    call = painted("pad", attrs, [source], output)
    assert_reads(call, [source], output, *ranges(data, output[0]))


@settings(max_examples=200, deadline=None)
@given(
    batch=st.integers(1, 3),
    heights=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    to_nearest=st.booleans(),
    half=st.booleans(),
    corners=st.booleans(),
    data=st.data(),
)
def test_resize_nearest(
    batch: int, heights: tuple[int, int], to_nearest: bool, half: bool, corners: bool, data: st.DataObject
) -> None:
    """Rows of one position each; larger and smaller."""
    height, wanted = heights
    scale = np.float32((height - 1) / (wanted - 1) if corners and wanted > 1 else height / wanted)
    attrs = {"input_height": height, "input_width": 2, "output_height": wanted, "output_width": 1, "pixel_bytes": 1}
    attrs |= {"to_nearest": int(to_nearest), "height_scale": float(scale), "width_scale": 1.0}
    shapes = [(batch * height, 2)], (batch * wanted, 1)
    call = painted("resize_nearest", {**attrs, "offset": 0.5 if half else 0.0}, *shapes)
    begin, end = ranges(data, batch * wanted)
    for row in range(begin, end):  # of rows in between some may be skipped
        assert_reads(call, *shapes, row, row + 1)
    first, last = call.reads(begin, begin + 1, 0), call.reads(end - 1, end, 0)
    assert call.reads(begin, end, 0) == (first[0], last[1])


@settings(max_examples=100, deadline=None)
@given(rows=st.integers(1, 6), lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4), data=st.data())
def test_concatenation_of_rows(rows: int, lengths: list[int], data: st.DataObject) -> None:
    """Along an axis within the rows: row i is made of rows i."""
    inputs, output = [(rows, length) for length in lengths], (rows, sum(lengths))
    call = painted("concatenation", {"outer": rows}, inputs, output)
    assert_reads(call, inputs, output, *ranges(data, rows))


@settings(max_examples=100, deadline=None)
@given(
    outer=st.integers(1, 3),
    heights=st.lists(st.integers(1, 4), min_size=2, max_size=3),
    data=st.data(),
)
def test_concatenation_of_images(outer: int, heights: list[int], data: st.DataObject) -> None:
    """Along an axis in front of the rows, which may need any row, though what a few rows need are some."""
    inputs, output = [(outer * height, 3) for height in heights], (outer * sum(heights), 3)
    call = painted("concatenation", {"outer": outer}, inputs, output)
    begin, end = ranges(data, output[0])
    call.run(begin, end)
    for index, (rows, _) in enumerate(inputs):
        assert call.reads(begin, end, index) == (0, rows)
    assert call.reads(begin, end, len(inputs)) == (0, 0)
