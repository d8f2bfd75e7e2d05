"""Sound calls of the kernels with weights, each tensor in memory of its own, for tests that break them.

A sanitiser then sees every byte that a kernel reads or writes beside its tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from micrort.native import kernels, library

Word = int | float
DTYPES = {"s8": 0, "s16": 2, "s32": 3, "f32": 4, "s64": 6}
NUMPY = {"s8": np.int8, "s16": np.int16, "s32": np.int32, "f32": np.float32, "s64": np.int64}
PARAMS = 255

WINDOW: dict[str, Word] = {
    "input_height": 5,
    "input_width": 6,
    "input_channels": 4,
    "output_height": 3,
    "output_width": 3,
    "output_channels": 8,
    "kernel_height": 3,
    "kernel_width": 2,
    "stride_height": 2,
    "stride_width": 2,
    "dilation_height": 1,
    "dilation_width": 1,
    "padding_top": 1,
    "padding_left": 0,
}
OFFSETS: dict[str, Word] = {"input_offset": 128, "output_offset": -128}
CLAMP: dict[str, Word] = {"activation_min": -100, "activation_max": 100}


@dataclass(frozen=True)
class Descriptor:
    """An mrt_tensor_t."""

    rows: int
    row_bytes: int
    dtype: int
    pool: int


@dataclass(frozen=True)
class Call:
    """A kernel, its attributes, its tensors (the output last) and its shifts, the only constant tensor."""

    kernel: str
    attrs: dict[str, Word]
    tensors: tuple[Descriptor, ...]
    shifts: tuple[int, ...] = ()

    def with_attrs(self, **attrs: Word) -> Call:
        """The same call with other attributes."""
        return replace(self, attrs={**self.attrs, **attrs})

    def with_tensor(self, index: int, **fields: int) -> Call:
        """The same call with another tensor `index`."""
        tensors = list(self.tensors)
        tensors[index] = replace(tensors[index], **fields)
        return replace(self, tensors=tuple(tensors))

    def without_tensor(self, index: int) -> Call:
        """The same call with an input less."""
        return replace(self, tensors=(*self.tensors[:index], *self.tensors[index + 1 :]))

    def is_accepted(self) -> bool:
        """Whether the kernel's check finds the call sound. Pools are null for it, as when a blob is loaded."""
        ffi, lib = library.load()
        layout = Layout(self, only_constants=True)
        layout.call.pools = ffi.NULL
        status = lib.mrt_kernels[kernels.ids()[self.kernel]].check(layout.call)
        assert status in (0, -7)
        return bool(status == 0)

    def run(self, random: np.random.Generator) -> bytes:
        """The output, of random inputs, made row by row from the last to the first."""
        _, lib = library.load()
        layout = Layout(self)
        for tensor, memory in zip(self.tensors[:-1], layout.memory[:-1], strict=True):
            if tensor.pool != PARAMS:
                memory[:] = random.choice(np.array([0, 127, 128, 255, 7], np.uint8), len(memory)).tobytes()
        for row in reversed(range(self.tensors[-1].rows)):
            layout.call.row_begin, layout.call.row_end = row, row + 1
            assert lib.mrt_kernels[kernels.ids()[self.kernel]].run(layout.call) == 0
        return bytes(layout.memory[-1])


class Layout:
    """The C structures of a call; each tensor is a bytearray of exactly its bytes."""

    def __init__(self, call: Call, only_constants: bool = False) -> None:
        ffi, _ = library.load()
        self.memory = [
            bytearray(0 if only_constants and tensor.pool != PARAMS else tensor.rows * tensor.row_bytes)
            for tensor in call.tensors
        ]
        constants = [index for index, tensor in enumerate(call.tensors) if tensor.pool == PARAMS]
        for index in constants:
            raw = np.array(call.shifts, np.int32).tobytes()[: len(self.memory[index])]
            self.memory[index][: len(raw)] = raw
        buffers = [ffi.from_buffer(memory) for memory in self.memory]
        packed = np.frombuffer(kernels.pack_attrs(call.kernel, call.attrs), np.int32)
        table = [(0, tensor.row_bytes, tensor.rows, tensor.pool, tensor.dtype) for tensor in call.tensors]
        fields = {
            "tensors": ffi.new("mrt_tensor_t[]", table),
            "args": ffi.new("uint16_t[]", list(range(len(table)))),
            "attrs": ffi.new("int32_t[]", packed.tolist()),
            "pools": ffi.new("void *[]", buffers),
            "params": buffers[constants[0]] if constants else ffi.NULL,
            "input_count": len(table) - 1,
            "output_count": 1,
        }
        self.call = ffi.new("mrt_call_t *", fields)
        self._kept = (fields, buffers)


def sound_calls() -> list[Call]:
    """One of each kernel, matrix products with both kinds of scales, int16 with both kinds of bias."""
    found = []
    for suffix, bias in (("s8", "s32"), ("s16", "s64"), ("s16", "s32"), ("f32", "f32")):
        weights = "s8" if suffix == "s16" else suffix
        quantised = suffix != "f32"
        offsets = OFFSETS if suffix == "s8" else {}
        scales = [(1, 8, "s32"), (1, 8, "s32")] if quantised else []
        convolution = [(2 * 5, 6 * 4, suffix), (8 * 3, 2 * 2, weights), (1, 8, bias), *scales, (2 * 3, 3 * 8, suffix)]
        found.append(_call(f"conv2d_{suffix}", {**WINDOW, "groups": 2, **offsets, **CLAMP}, convolution))
        depthwise = [convolution[0], (3, 2 * 8, weights), *convolution[2:]]
        if (suffix, bias) != ("s16", "s32"):
            found.append(_call(f"depthwise_conv2d_{suffix}", {**WINDOW, **offsets, **CLAMP}, depthwise))
        attrs: dict[str, Word] = {"depth": 12, "channels": 5, **CLAMP}
        if quantised:
            attrs |= {**OFFSETS, "multiplier": 2**30, "shift": -4}
        product = [(3, 8, suffix), (1, 60, weights), (1, 5, bias), (1, 10, suffix)]
        found.append(_call(f"fully_connected_{suffix}", attrs, product))
        if quantised:
            found.append(_call(f"fully_connected_{suffix}", attrs, [*product[:3], *[(1, 5, "s32")] * 2, product[3]]))
    return found


def _call(kernel: str, attrs: dict[str, Word], tensors: list[tuple[int, int, str]]) -> Call:
    """`tensors`: rows, elements in a row, dtype."""
    made = []
    for index, (rows, elements, suffix) in enumerate(tensors):
        pool = PARAMS if index == 4 and len(tensors) == 6 else index
        made.append(Descriptor(rows, elements * np.dtype(NUMPY[suffix]).itemsize, DTYPES[suffix], pool))
    return Call(kernel, attrs, tuple(made), (-7, 3, 0, -31, 7, -1, -2, -3))
