"""Each `check` of activations, quantisation and data movement is a proof: what it lets pass, `run` does safely.

A sound call is damaged in one to three places: attributes, rows, row bytes, dtypes, counts. Where `check` still says
yes, `run` must write nothing but its outputs, all of them, and must read nothing but its inputs: the result is the
same whatever stands around them. Undefined behaviour shows with
MICRORT_NATIVE_CFLAGS="-fsanitize=undefined -fno-sanitize-recover=undefined".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.kernels.calls import ERR_ATTRIBUTE, OK, Call

from micrort.ir import DType
from micrort.native import kernels

Descriptor = tuple[int, int, DType]


@dataclass(frozen=True)
class Sound:
    """A call that `check` accepts."""

    kernel: str
    attrs: dict[str, int | float]
    inputs: tuple[Descriptor, ...]
    outputs: tuple[Descriptor, ...]


NOTHING = {"reserved": 0}
REQUANTISE = {
    "input_offset": 3,
    "multiplier": 1518500250,
    "shift": 1,
    "output_offset": -7,
    "activation_min": -100,
    "activation_max": 100,
}


def _elementwise() -> Iterator[Sound]:
    def plain(kernel: str, source: DType, output: DType, attrs: dict[str, int | float], *more: Descriptor) -> Sound:
        return Sound(kernel, attrs, ((3, 8 * source.bytes, source), *more), ((3, 8 * output.bytes, output),))

    s8, s16, s32, u8, f32 = DType.S8, DType.S16, DType.S32, DType.U8, DType.F32
    yield plain("lut_s8", s8, u8, NOTHING, (1, 256, u8))
    for kernel in ("logistic", "tanh"):
        yield plain(f"{kernel}_s16", s16, s16, {"multiplier": 20000, "shift": 14}, (1, 512, s16))
        yield plain(f"{kernel}_f32", f32, f32, NOTHING)
    yield plain("hard_swish_f32", f32, f32, NOTHING)
    yield plain("relu_f32", f32, f32, {"upper": 6.0})
    yield plain("leaky_relu_f32", f32, f32, {"alpha": 0.1})
    factors = {"positive_multiplier": 2**30, "positive_shift": 1, "negative_multiplier": 2**30, "negative_shift": -3}
    yield plain("leaky_relu_s16", s16, s16, {"input_offset": 1, "output_offset": -1, **factors})
    for source, output in ((s8, s16), (s8, s32), (s16, s8), (s16, s16), (s16, s32), (s32, s8), (s32, s16)):
        yield plain(f"requantise_{source.suffix}_{output.suffix}", source, output, REQUANTISE)
    for dtype in (s8, s16):
        yield plain(f"quantise_f32_{dtype.suffix}", f32, dtype, {"scale": 0.25, "zero_point": -3})
    for dtype in (s8, s16, u8):
        yield plain(f"dequantise_{dtype.suffix}_f32", dtype, f32, {"scale": 0.25, "zero_point": 3})


def _movement() -> Iterator[Sound]:
    s8, s16 = DType.S8, DType.S16
    yield Sound("copy", {"bytes": 24}, ((2, 12, s16),), ((4, 6, s16),))
    pad = {"element_bytes": 2, "value": 515}
    for axis, (size, before, total) in enumerate([(1, 0, 2), (2, 1, 3), (2, 0, 2), (3, 1, 5), (2, 2, 4)]):
        pad |= {f"input_{axis}": size, f"before_{axis}": before, f"output_{axis}": total}
    yield Sound("pad", pad, ((4, 12, s16),), ((12, 40, s16),))
    yield Sound("concatenation", {"outer": 6}, ((3, 8, s8), (3, 12, s8)), ((3, 20, s8),))
    yield Sound("concatenation", {"outer": 2}, ((2, 12, s8), (4, 12, s8)), ((6, 12, s8),))
    yield Sound("concatenation", {"outer": 4}, ((1, 12, s8), (1, 12, s8)), ((4, 6, s8),))
    yield Sound("split", {"outer": 4}, ((4, 6, s8),), ((1, 12, s8), (1, 12, s8)))
    strided: dict[str, int | float] = {"element_bytes": 2, "start": 119}
    for axis, (size, stride) in enumerate([(1, 0), (2, -60), (1, 7), (3, -20), (2, -10), (5, -2)]):
        strided |= {f"size_{axis}": size, f"stride_{axis}": stride}
    yield Sound("strided_copy", strided, ((1, 240, s16),), ((6, 20, s16),))
    resize = {"input_height": 3, "input_width": 4, "output_height": 5, "output_width": 7, "pixel_bytes": 2}
    scales = {"to_nearest": 1, "height_scale": 0.6, "width_scale": 0.57, "offset": 0.5}
    yield Sound("resize_nearest", {**resize, **scales}, ((6, 8, s8),), ((10, 14, s8),))


SOUND = (*_elementwise(), *_movement())

words = st.sampled_from([-(2**31), -(2**31) + 1, -65536, -129, -32, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 31, 32, 127, 128])
words = words | st.sampled_from([255, 256, 32767, 32768, 65535, 65536, 2**30, 2**31 - 2, 2**31 - 1])
floats = st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 1e-45, 3.4e38, float("inf"), float("-inf"), float("nan"), 32767.0])
sizes = st.integers(1, 64) | st.sampled_from([127, 240, 255, 256, 512])


def _is_float(kernel: str, name: str) -> bool:
    return dict(kernels.attrs_type(kernel).fields)[name].type.cname == "float"


@st.composite
def damaged(draw: st.DrawFn) -> Sound:
    call = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.sampled_from(["attrs", "attrs", "nudge", "inputs", "outputs", "counts"])):
            case "attrs":
                name = draw(st.sampled_from(sorted(call.attrs)))
                value = draw(floats if _is_float(call.kernel, name) else words)
                call = replace(call, attrs={**call.attrs, name: value})
            case "nudge":
                name = draw(st.sampled_from(sorted(call.attrs)))
                if not _is_float(call.kernel, name) and abs(call.attrs[name]) < 2**30:
                    value = call.attrs[name] + draw(st.sampled_from([-1, 1]))
                    call = replace(call, attrs={**call.attrs, name: value})
            case "counts":
                field = draw(st.sampled_from(["inputs", "outputs"]))
                tensors = getattr(call, field)
                if field == "inputs" or len(tensors) > 1:
                    call = replace(call, **{field: draw(st.sampled_from([tensors[:-1], (*tensors, *tensors[:1])]))})
            case field:
                tensors = list(getattr(call, field))
                if tensors:
                    index = draw(st.integers(0, len(tensors) - 1))
                    tensors[index] = draw(_descriptor(tensors[index]))
                    call = replace(call, **{field: tuple(tensors)})
    return call


@st.composite
def _descriptor(draw: st.DrawFn, old: Descriptor) -> Descriptor:
    rows, row_bytes, dtype = old
    match draw(st.sampled_from(["rows", "row_bytes", "dtype"])):
        case "rows":
            rows = draw(sizes)
        case "row_bytes":  # whole elements, as mrt_graph_check demands
            row_bytes = draw(sizes) * dtype.bytes
        case "dtype":
            dtype = draw(st.sampled_from([kind for kind in DType if row_bytes % kind.bytes == 0]))
    return rows, row_bytes, dtype


def _contents(call: Sound) -> list[bytes]:
    random = np.random.default_rng(1)
    extremes = struct.pack("<6f", float("nan"), float("inf"), float("-inf"), 3.4e38, 1e-45, -0.0)
    found = []
    for rows, row_bytes, dtype in call.inputs:
        raw = random.integers(0, 256, rows * row_bytes, np.uint8).tobytes()
        found.append((extremes + raw)[: len(raw)] if dtype is DType.F32 else raw)
    return found


def _run(call: Sound, fill: int, pieces: bool) -> list[bytes] | None:
    made = Call(call.kernel, call.attrs, call.inputs, call.outputs, _contents(call), fill=fill)
    status = made.check()
    assert status in (OK, ERR_ATTRIBUTE)
    if status != OK:
        return None
    rows = call.outputs[0][0]
    for begin, end in [(row, row + 1) for row in range(rows)] if pieces else [(0, rows)]:
        made.run(begin, end)
    return [made.output(index) for index in range(len(call.outputs))]


@pytest.mark.parametrize("call", SOUND, ids=lambda call: call.kernel)
def test_a_sound_call_passes_and_its_row_pieces_make_the_whole(call: Sound) -> None:
    whole = _run(call, 0xA5, pieces=False)
    assert whole is not None
    assert whole == _run(call, 0x3C, pieces=True)


@settings(max_examples=1500, deadline=None)
@given(call=damaged())
def test_what_check_lets_pass_is_safe(call: Sound) -> None:
    result = _run(call, 0xA5, pieces=False)
    if result is not None:
        assert result == _run(call, 0x3C, pieces=True)


@pytest.mark.parametrize("call", SOUND, ids=lambda call: call.kernel)
def test_wrong_counts_types_and_sizes_are_refused(call: Sound) -> None:
    inputs, outputs = call.inputs, call.outputs
    rows, row_bytes, dtype = outputs[0]
    other = DType.BOOL if dtype is not DType.BOOL else DType.S8
    wrong = [
        replace(call, inputs=()),
        replace(call, outputs=((rows + 1, row_bytes, dtype), *outputs[1:])),
        replace(call, outputs=((rows, row_bytes + dtype.bytes, dtype), *outputs[1:])),
        replace(call, inputs=((inputs[0][0], inputs[0][1] // 2, inputs[0][2]), *inputs[1:])),
    ]
    if call.kernel not in ("copy", "concatenation", "split", "resize_nearest", "pad", "strided_copy"):
        wrong.append(replace(call, outputs=((rows, row_bytes, other), *outputs[1:])))
        wrong.append(replace(call, inputs=(*inputs, inputs[0])))
    for item in wrong:
        made = Call(item.kernel, item.attrs, item.inputs, item.outputs)
        assert made.check() == ERR_ATTRIBUTE, item


REFUSED: list[tuple[str, dict[str, int | float]]] = [
    ("requantise_s16_s16", {"shift": 31}),
    ("requantise_s16_s16", {"shift": -32}),
    ("requantise_s16_s16", {"activation_min": -32769}),
    ("requantise_s16_s8", {"activation_max": 128}),
    ("requantise_s16_s16", {"activation_min": 101}),
    ("requantise_s16_s32", {"activation_min": -(2**31), "output_offset": 1}),
    ("leaky_relu_s16", {"output_offset": 32768}),
    ("leaky_relu_s16", {"input_offset": 2**31 - 1}),
    ("leaky_relu_s16", {"negative_shift": 31}),
    ("logistic_s16", {"multiplier": 32768}),
    ("tanh_s16", {"shift": 32}),
    ("quantise_f32_s8", {"scale": 0.0}),
    ("quantise_f32_s8", {"scale": float("nan")}),
    ("quantise_f32_s16", {"scale": float("inf")}),
    ("quantise_f32_s8", {"zero_point": 128}),
    ("dequantise_u8_f32", {"zero_point": -1}),
    ("copy", {"bytes": 25}),
    ("copy", {"bytes": -24}),
    ("pad", {"element_bytes": 3}),
    ("pad", {"before_4": 3}),
    ("pad", {"before_0": -1}),
    ("pad", {"input_0": 65537, "input_1": 65537}),
    ("concatenation", {"outer": 0}),
    ("concatenation", {"outer": 5}),
    ("split", {"outer": -4}),
    ("strided_copy", {"start": 120}),
    ("strided_copy", {"start": 117}),
    ("strided_copy", {"stride_1": -(2**31)}),
    ("strided_copy", {"size_4": 0}),
    ("resize_nearest", {"height_scale": float("nan")}),
    ("resize_nearest", {"width_scale": -0.5}),
    ("resize_nearest", {"offset": 1e30}),
    ("resize_nearest", {"pixel_bytes": 0}),
    ("resize_nearest", {"output_height": 2}),
]


@pytest.mark.parametrize(("kernel", "change"), REFUSED)
def test_attributes_out_of_range_are_refused(kernel: str, change: dict[str, int | float]) -> None:
    call = next(item for item in SOUND if item.kernel == kernel)
    made = Call(kernel, {**call.attrs, **change}, call.inputs, call.outputs)
    assert made.check() == ERR_ATTRIBUTE
