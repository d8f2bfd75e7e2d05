"""What each kernel's `check` refuses, one sentence a row: descriptors and attributes, without memory behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.runtime.kernels import hostile_arithmetic, products
from tests.runtime.kernels.test_hostile_attributes import SOUND

from micrort.ir import DType, Tensor
from micrort.native import kernels, library

PARAMS = 255
INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)
NAN = math.nan


@dataclass(frozen=True)
class Described:
    """A call as a check sees it: (rows, row_bytes, dtype) of each tensor; pools and offsets where they matter."""

    kernel: str
    attrs: dict[str, int | float]
    inputs: tuple[tuple[int, int, int], ...]
    outputs: tuple[tuple[int, int, int], ...]
    shifts: tuple[int, ...] = ()
    """Content of input 4, the only constant that a check reads."""
    offset: tuple[int, int] = (-1, 0)
    """Which tensor, outputs behind inputs, lies at which offset; the others at 0."""
    constant: int = -1
    """Which tensor lies among the constants beside input 4."""
    content: bytes = b""
    """What the constants begin with."""

    def is_accepted(self) -> bool:
        ffi, lib = library.load()
        tensors = [*self.inputs, *self.outputs]
        rows = []
        for index, (count, row_bytes, dtype) in enumerate(tensors):
            is_shifts = bool(self.shifts) and index == 4
            pool = PARAMS if index == self.constant or is_shifts else 0
            rows.append((self.offset[1] if index == self.offset[0] else 0, row_bytes, count, pool, dtype))
        shifts = [*np.frombuffer(self.content, np.int32).tolist(), *self.shifts]
        packed = np.frombuffer(kernels.pack_attrs(self.kernel, self.attrs), np.int32).tolist()
        fields = {
            "tensors": ffi.new("mrt_tensor_t[]", rows or 1),
            "args": ffi.new("uint16_t[]", [*range(len(rows)), *[0] * 8]),
            "attrs": ffi.new("int32_t[]", packed),
            "params": ffi.new("int32_t[]", shifts or [0]),
            "input_count": len(self.inputs),
            "output_count": len(self.outputs),
        }
        status = lib.mrt_kernels[kernels.ids()[self.kernel]].check(ffi.new("mrt_call_t *", fields))
        assert status in (lib.MRT_OK, lib.MRT_ERR_ATTRIBUTE)
        return bool(status == lib.MRT_OK)

    def with_tensor(self, index: int, **changes: int) -> Described:
        """Other rows, row_bytes or dtype of a tensor; outputs count behind inputs."""
        tensors = [list(tensor) for tensor in (*self.inputs, *self.outputs)]
        for name, value in changes.items():
            tensors[index][("rows", "row_bytes", "dtype").index(name)] = value
        made = [(rows, row_bytes, dtype) for rows, row_bytes, dtype in tensors]
        return replace(self, inputs=tuple(made[: len(self.inputs)]), outputs=tuple(made[len(self.inputs) :]))


def _code(dtype: DType) -> int:
    _, lib = library.load()
    return int(getattr(lib, f"MRT_DTYPE_{dtype.name}"))


def _described() -> Iterator[Described]:
    for call in SOUND:
        made = [tuple((rows, size, _code(kind)) for rows, size, kind in side) for side in (call.inputs, call.outputs)]
        yield Described(call.kernel, call.attrs, made[0], made[1])
    for case in (*hostile_arithmetic.binary_cases(), *hostile_arithmetic.other_cases()):
        if case.sums:
            continue
        inputs = [Tensor("", shape, DType[case.suffix.upper()]) for shape in case.inputs]
        output = Tensor("", case.output, DType[(case.output_suffix or case.suffix).upper()])
        rows = [(tensor.rows, tensor.row_bytes, _code(tensor.dtype)) for tensor in (*inputs, output)]
        yield Described(case.kernel, case.attrs, tuple(rows[:-1]), (rows[-1],))
    for sound in products.sound_calls():
        rows = [(tensor.rows, tensor.row_bytes, tensor.dtype) for tensor in sound.tensors]
        shifts = sound.shifts if len(rows) == 6 else ()
        yield Described(sound.kernel, dict(sound.attrs), tuple(rows[:-1]), (rows[-1],), shifts)


CALLS = list(_described())
IDS = [f"{call.kernel}-{index}" for index, call in enumerate(CALLS)]
every_call = pytest.mark.parametrize("call", CALLS, ids=IDS)
UNTYPED = {"copy", "concatenation", "split", "resize_nearest"}
"""They move bytes; elements concern them in that rows are whole."""


def first(kernel: str) -> Described:
    return next(call for call in CALLS if call.kernel == kernel)


def test_every_kernel_is_here() -> None:
    """But those for particular cores, tested in dsp/ and mve/, and running sums, tested in test_mean_rows.py."""
    portable = {name for name, number in kernels.ids().items() if number < 120}
    assert {call.kernel for call in CALLS} == portable - {"mean_rows_s8"}


@every_call
def test_no_kernel_needs_a_workspace(call: Described) -> None:
    assert kernels.workspace_bytes(call.kernel, call.attrs) == 0


@every_call
def test_the_sound_call_is_accepted(call: Described) -> None:
    assert call.is_accepted()


@every_call
def test_a_wrong_number_of_outputs_is_refused(call: Described) -> None:
    assert not replace(call, outputs=()).is_accepted()
    assert not replace(call, outputs=(*call.outputs, call.outputs[0])).is_accepted()


@every_call
def test_a_wrong_number_of_inputs_is_refused(call: Described) -> None:
    for count in range(len(call.inputs)):
        if call.kernel.startswith("fully_connected") and count == 3:
            continue  # one scale for all channels
        assert not replace(call, inputs=call.inputs[:count]).is_accepted()
    for more in (call.inputs[-1], call.inputs[0]):
        assert not replace(call, inputs=(*call.inputs, more)).is_accepted()


@every_call
def test_a_tensor_of_another_size_is_refused(call: Described) -> None:
    for index, (rows, row_bytes, dtype) in enumerate((*call.inputs, *call.outputs)):
        element = {0: 1, 1: 1, 2: 2, 3: 4, 4: 4, 6: 8}[dtype]
        for changes in ({"rows": rows + 1}, {"row_bytes": row_bytes + element}, {"rows": 65535, "row_bytes": 2**31}):
            if call.kernel == "strided_copy" and index == 0 and changes.get("rows") != 65535:
                continue  # may read less than there is
            assert not call.with_tensor(index, **changes).is_accepted(), (index, changes)


@every_call
def test_a_tensor_of_another_dtype_is_refused(call: Described) -> None:
    for index, (_, _, dtype) in enumerate((*call.inputs, *call.outputs)):
        others = set(range(10)) - {dtype}
        if call.kernel in UNTYPED:
            continue
        if call.kernel in ("pad", "strided_copy"):  # elements of as many bytes will do
            others -= {2}
        if call.kernel in ("conv2d_s16", "fully_connected_s16") and index == 2:  # the bias may be wide or narrow
            others -= {3, 6}
        if call.kernel == "lut_s8":  # bytes are bytes
            others -= {0, 1}
        for other in others:
            if call.kernel == "pad" and index == 0:
                continue  # moves elements of as many bytes as the output has
            assert not call.with_tensor(index, dtype=other).is_accepted(), (index, other)


@every_call
def test_elements_that_no_address_divides_are_refused(call: Described) -> None:
    """Kernels that look at their elements: at an odd offset, or in rows of half elements."""
    if call.kernel in (*UNTYPED, "pad", "strided_copy"):
        return
    for index, (_, row_bytes, dtype) in enumerate((*call.inputs, *call.outputs)):
        if dtype not in (0, 1):
            assert not replace(call, offset=(index, 1)).is_accepted(), index
            assert not call.with_tensor(index, row_bytes=row_bytes + 1).is_accepted(), index


@every_call
def test_an_output_among_the_constants_is_refused(call: Described) -> None:
    """mrt_graph_check refuses it for all kernels; those that are asked here do so again."""
    family = ("conv2d", "fully_connected")
    if call.kernel in (*UNTYPED, "pad", "strided_copy") or any(name in call.kernel for name in family):
        return
    assert not replace(call, constant=len(call.inputs)).is_accepted()


QUANTISED = ("s8", "s16")
REFUSED: list[tuple[str, str, dict[str, int | float]]] = [
    *[(f"{name}_{suffix}", sentence, change)
      for name in ("add", "sub") for suffix in QUANTISED
      for sentence, change in (
          ("a zero point below the type", {"input0_offset": 65536}),
          ("a zero point above the type", {"input1_offset": -65536}),
          ("a negative multiplier of operand 0", {"input0_multiplier": -1}),
          ("a negative multiplier of operand 1", {"input1_multiplier": -1}),
          ("a left shift of an operand", {"input0_shift": 1}),
          ("a shift of operand 1 by more than 31", {"input1_shift": -32}),
          ("an operand's scale above one half", {"input0_shift": 0, "input0_multiplier": 2**30 + 1}),
          ("operand 1's scale above one half", {"input1_shift": 0, "input1_multiplier": 2**30 + 1}),
          ("a negative multiplier of the output", {"output_multiplier": -1}),
          ("a left shift of the output", {"output_shift": 1}),
          ("an output offset beyond the type", {"output_offset": 32768}),
          ("a clamp that begins below the type", {"activation_min": -32769}),
          ("a clamp that ends above the type", {"activation_max": 32768}),
          ("a clamp that ends before it begins", {"activation_min": 5, "activation_max": 4}),
      )],
    *[(f"mul_{suffix}", sentence, change)
      for suffix in QUANTISED
      for sentence, change in (
          ("an offset of operand 0 out of range", {"input0_offset": 32769}),
          ("an offset of operand 1 out of range", {"input1_offset": -32769}),
          ("a negative multiplier", {"multiplier": -1}),
          ("a shift above 30", {"shift": 31}),
          ("a shift below -31", {"shift": -32}),
          ("an output offset beyond the type", {"output_offset": -32769}),
          ("a clamp that begins below the type", {"activation_min": -32769}),
          ("a clamp that ends before it begins", {"activation_min": 5, "activation_max": 4}),
      )],
    *[(f"{name}_{suffix}", "a clamp that ends before it begins", {"activation_min": 5, "activation_max": 4})
      for name in ("add", "sub", "mul") for suffix in ("s32", "f32")],
    *[(f"{name}_f32", "a clamp that is not a number", {end: NAN})
      for name in ("add", "sub", "mul", "average_pool2d", "max_pool2d")
      for end in ("activation_min", "activation_max")],
    *[(f"{name}_{suffix}", sentence, change)
      for name in ("add", "sub", "mul", "minimum", "maximum") for suffix in (*QUANTISED, "s32", "f32")
      for sentence, change in (
          ("bits of axes that do not exist, operand 0", {"input0_repeats": 64}),
          ("bits of axes that do not exist, operand 1", {"input1_repeats": 64}),
          ("negative bits", {"input0_repeats": -1}),
          ("rows without extent", {"rows0": 0}),
          ("more rows than 16 bits count", {"rows1": 65536}),
          ("columns without extent", {"width": 0}),
          ("negative channels", {"channels": -3}),
          ("operand 0 repeated that is whole", {"input0_repeats": 32}),
          ("operand 1 repeated that is whole", {"input1_repeats": 32}),
      )],
    *[(f"{name}_pool2d_{suffix}", sentence, change)
      for name in ("average", "max") for suffix in (*QUANTISED, "f32")
      for sentence, change in (
          ("a kernel without height", {"kernel_height": 0}),
          ("a kernel without width", {"kernel_width": 0}),
          ("a stride of 0", {"stride_height": 0}),
          ("a horizontal stride of 0", {"stride_width": 0}),
          ("a dilated window", {"dilation_height": 2}),
          ("a horizontally dilated window", {"dilation_width": 2}),
          ("a first window above the image", {"padding_top": 3}),
          ("a first window left of the image", {"padding_left": 3}),
          ("a last window below the image", {"stride_height": 3}),
          ("a last window right of the image", {"stride_width": 3}),
          ("negative padding", {"padding_top": -1}),
          ("negative padding on the left", {"padding_left": -1}),
          ("an image without height", {"input_height": 0}),
          ("an image without width", {"input_width": 0}),
          ("an output without height", {"output_height": 0}),
          ("an output without width", {"output_width": 0}),
          ("no input channels", {"input_channels": 0}),
          ("no output channels", {"output_channels": 0}),
          ("a size beyond 15 bits", {"kernel_height": 32768}),
          ("a clamp that ends before it begins", {"activation_min": 5, "activation_max": 4}),
      )],
    *[(f"{name}_pool2d_{suffix}", sentence, change)
      for name in ("average", "max") for suffix in QUANTISED
      for sentence, change in (
          ("a clamp that begins below the type", {"activation_min": -32769}),
          ("a clamp that ends above the type", {"activation_max": 32768}),
      )],
    *[(f"mean_{suffix}", sentence, change)
      for suffix in (*QUANTISED, "f32")
      for sentence, change in (
          ("bits of axes that do not exist", {"reduced": 64}),
          ("negative bits", {"reduced": -1}),
          ("rows without extent", {"rows3": 0}),
          ("more rows than 16 bits count", {"rows2": 65536}),
          ("negative channels", {"channels": -1}),
      )],
    *[(f"mean_{suffix}", sentence, change)
      for suffix in QUANTISED
      for sentence, change in (
          ("an input offset out of range", {"input_offset": 32769}),
          ("an output offset out of range", {"output_offset": -32769}),
          ("a negative multiplier", {"multiplier": -1}),
          ("a shift out of range", {"shift": 31}),
      )],
    *[(kernel, sentence, change)
      for kernel in ("softmax_s8", "softmax_s8_s16")
      for sentence, change in (
          ("no depth", {"depth": 0}),
          ("a depth that does not divide the row", {"depth": 4}),
          ("a negative multiplier", {"multiplier": -1}),
          ("a shift to the right", {"shift": -1}),
          ("a shift above 30", {"shift": 31}),
          ("a difference above 0", {"diff_min": 1}),
          ("a difference below -255", {"diff_min": -256}),
      )],
    ("softmax_s16", "no depth", {"depth": 0}),
    ("softmax_s16", "a depth that does not divide the row", {"depth": 4}),
    ("softmax_s16", "a negative multiplier", {"multiplier": -1}),
    ("softmax_s16", "a shift out of range", {"shift": 31}),
    ("softmax_f32", "no depth", {"depth": 0}),
    ("softmax_f32", "a depth that does not divide the row", {"depth": 4}),
    *[(f"depthwise_conv2d_{suffix}", "outputs that are no multiple of the inputs", {"output_channels": 7})
      for suffix in (*QUANTISED, "f32")],
    ("leaky_relu_s16", "a positive shift above 30", {"positive_shift": 31}),
    ("leaky_relu_s16", "a negative shift below -31", {"negative_shift": -32}),
    ("leaky_relu_s16", "an input offset below the type", {"input_offset": -32768}),
    ("leaky_relu_s16", "an output offset below the type", {"output_offset": -32769}),
    *[(f"quantise_f32_{suffix}", f"a zero point {side} the type", {"zero_point": value})
      for suffix in QUANTISED for side, value in (("below", -32769), ("above", 32768))],
    *[(f"dequantise_{suffix}_f32", "a zero point that is no element", {"zero_point": value})
      for suffix, ends in (("s8", (-129, 128)), ("s16", (-32769, 32768)), ("u8", (-1, 256))) for value in ends],
    *[(f"quantise_f32_{suffix}", "a scale that is no positive number", {"scale": value})
      for suffix in QUANTISED for value in (0.0, -1.0, NAN, math.inf)],
    ("copy", "no bytes", {"bytes": 0}),
    ("pad", "more rows than 16 bits count, outermost", {"input_0": 65536}),
    ("pad", "more rows than 16 bits count, in the middle", {"input_1": 65536}),
    ("pad", "more rows than 16 bits count, innermost", {"input_2": 65536}),
    ("pad", "more elements in a row than int32 counts", {"input_3": 65536, "input_4": 65536}),
    ("pad", "more elements than the row has", {"input_4": 3}),
    ("pad", "an input without extent", {"input_0": 0}),
    ("pad", "elements of 3 bytes", {"element_bytes": 3}),
    ("pad", "an input that ends behind the output", {"before_3": 3}),
    ("strided_copy", "elements of 8 bytes", {"element_bytes": 8}),
    ("strided_copy", "columns without extent", {"size_4": 0}),
    ("strided_copy", "columns of nothing", {"size_5": 0}),
    ("strided_copy", "rows without extent", {"size_0": 0}),
    ("strided_copy", "more rows than 16 bits count", {"size_0": 65536}),
    ("strided_copy", "other rows than the output has", {"size_0": 2}),
    ("strided_copy", "more elements in a row than int32 counts", {"size_4": 65536, "size_5": 65536}),
    ("strided_copy", "a first element before the input", {"start": -1}),
    ("strided_copy", "steps beyond the end of the input", {"stride_3": 1}),
    ("resize_nearest", "a negative height scale", {"height_scale": -1.0}),
    ("resize_nearest", "a height scale beyond any size", {"height_scale": 32768.0}),
    ("resize_nearest", "a width scale beyond any size", {"width_scale": 32768.0}),
    ("resize_nearest", "a negative offset", {"offset": -0.5}),
    ("resize_nearest", "an offset above one half", {"offset": 1.0}),
    ("resize_nearest", "an input height that does not divide the rows", {"input_height": 4}),
    ("resize_nearest", "an image beyond 15 bits", {"input_width": 32768}),
    ("resize_nearest", "an output without height", {"output_height": 0}),
    ("resize_nearest", "other images than the input has", {"output_height": 10}),
    ("concatenation", "no chunks", {"outer": 0}),
    ("split", "no chunks", {"outer": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "sentence", "change"), REFUSED, ids=lambda value: str(value).replace(" ", "_"))
def test_a_call_is_refused_for(kernel: str, sentence: str, change: dict[str, int | float]) -> None:
    for call in [call for call in CALLS if call.kernel == kernel]:
        assert set(change) <= set(call.attrs), sentence
        assert not replace(call, attrs={**call.attrs, **change}).is_accepted(), sentence


def test_concatenation_and_split_take_one_tensor_or_more_on_the_many_side() -> None:
    joined, cut = first("concatenation"), first("split")
    rows, row_bytes, dtype = joined.outputs[0]
    whole = ((rows, row_bytes, dtype),)
    assert replace(joined, inputs=whole).is_accepted()
    assert replace(cut, outputs=cut.inputs).is_accepted()
    uneven = replace(joined, inputs=((1, 5, 0), (1, 55, 0)), outputs=((1, 60, 0),))
    assert not uneven.is_accepted(), "parts that the chunks do not divide"


def test_sizes_that_no_memory_holds_are_refused() -> None:
    """Each is as its attributes say: only the bounds of the arithmetic stand in the way."""
    rows, huge = 65535, 65538
    assert not replace(
        first("concatenation"), attrs={"outer": 1}, inputs=((rows, huge, 0),), outputs=((rows, huge, 0),)
    ).is_accepted(), "more bytes than 32 bits count"
    assert not replace(
        first("split"), attrs={"outer": 1}, inputs=((rows, huge, 0),), outputs=((rows, huge, 0),)
    ).is_accepted(), "more bytes than 32 bits count"
    strided = first("strided_copy")
    sizes = {"size_0": 1, "size_1": 1, "size_2": 1, "size_3": 1, "size_4": 1, "size_5": 1, "start": 0}
    attrs = {**strided.attrs, **sizes, "element_bytes": 1, **{f"stride_{axis}": 0 for axis in range(6)}}
    one = replace(strided, attrs=attrs, inputs=((1, 1, 0),), outputs=((1, 1, 0),))
    assert one.is_accepted()
    assert not one.with_tensor(0, rows=2, row_bytes=2**30).is_accepted(), "2^31 elements of input"
    many = {**attrs, "size_4": 2, "size_5": 2**30}
    assert not replace(one, attrs=many).with_tensor(1, row_bytes=2**31).is_accepted(), "2^31 elements in a row"
    pad = first("pad")
    flat = {name: (0 if "before" in name else 1) for name in pad.attrs} | {"element_bytes": 1}
    row = {"input_3": 2, "input_4": 2**30, "output_3": 2, "output_4": 2**30}
    tensors = ((1, 2**31, 0),)
    assert not replace(pad, attrs={**flat, **row}, inputs=tensors, outputs=tensors).is_accepted(), "likewise"


def test_a_mean_of_more_than_two_row_axes_or_too_many_elements_is_refused() -> None:
    extents: dict[str, int | float] = {"rows0": 2, "rows1": 2, "rows2": 2, "rows3": 1, "width": 1, "channels": 1}
    call = replace(first("mean_f32"), inputs=((8, 4, 4),), outputs=((2, 4, 4),))
    assert replace(call, attrs={**extents, "reduced": 3}).is_accepted(), "two axes of rows"
    assert replace(call, attrs={**extents, "reduced": 0b1011}).is_accepted(), "and one of extent 1"
    assert not replace(call, attrs={**extents, "reduced": 7}, outputs=((1, 4, 4),)).is_accepted(), "three axes"
    wide: dict[str, int | float] = {**extents, "rows0": 65535, "rows1": 1, "rows2": 1, "channels": 65538, "reduced": 33}
    assert not replace(call, attrs=wide, inputs=((65535, 4 * 65538, 4),), outputs=((1, 4, 4),)).is_accepted(), (
        "2^32 elements and more"
    )
    most = {**wide, "channels": 65537}
    assert replace(call, attrs=most, inputs=((65535, 4 * 65537, 4),), outputs=((1, 4, 4),)).is_accepted(), "2^32 - 1"


def test_a_pooling_window_of_more_elements_than_int32_sums_is_refused() -> None:
    """65535 int16 sum up within int32; a window counts only where it lies on the image."""
    call = first("average_pool2d_s16")
    sizes = {"input_height": 256, "input_width": 256, "input_channels": 1, "output_height": 1, "output_width": 1}
    attrs = {**call.attrs, **sizes, "output_channels": 1, "padding_top": 0, "padding_left": 0}
    call = replace(call, inputs=((256, 512, 2),), outputs=((1, 2, 2),))
    for height, width, sound in ((255, 256, True), (256, 255, True), (256, 256, False), (1000, 1000, False)):
        changed = {**attrs, "kernel_height": height, "kernel_width": width}
        assert replace(call, attrs=changed).is_accepted() == sound, (height, width)


def test_a_depthwise_convolution_whose_outputs_its_inputs_do_not_divide_is_refused() -> None:
    for suffix in ("s8", "s16", "f32"):
        call = first(f"depthwise_conv2d_{suffix}")
        row_bytes = call.inputs[0][1]
        attrs = {**call.attrs, "input_channels": 3}
        assert not replace(call, attrs=attrs).with_tensor(0, row_bytes=row_bytes * 3 // 4).is_accepted()


def test_vectors_whose_elements_int32_does_not_count_are_refused() -> None:
    call = first("fully_connected_f32")
    attrs = {**call.attrs, "depth": 2**24, "channels": 1}
    assert not replace(
        call, attrs=attrs, inputs=((1, 2**20, 4), (1, 2**26, 4), (1, 4, 4)), outputs=((1, 4 * 256, 4),)
    ).is_accepted(), "256 vectors of 2^24 elements"


def test_weights_beyond_int32_are_refused() -> None:
    call = first("conv2d_s8")
    attrs = {**call.attrs, "kernel_height": 32767, "kernel_width": 32767, "groups": 1}
    assert not replace(call, attrs=attrs).is_accepted(), "2^30 taps of 4 channels for each of 8 outputs"


def test_a_pool_keeps_the_channels() -> None:
    call = first("max_pool2d_s8")
    rows, row_bytes, dtype = call.outputs[0]
    attrs = {**call.attrs, "output_channels": 6}
    assert not replace(call, attrs=attrs, outputs=((rows, 2 * row_bytes, dtype),)).is_accepted()


def test_a_depth_whose_exponentials_int32_does_not_sum_is_refused() -> None:
    call = first("softmax_s16")
    for depth, sound in ((65535, True), (65536, False)):
        vector = (1, 2 * depth, 2)
        deep = replace(call, attrs={**call.attrs, "depth": depth}, inputs=(vector, *call.inputs[1:]), outputs=(vector,))
        assert deep.is_accepted() == sound
