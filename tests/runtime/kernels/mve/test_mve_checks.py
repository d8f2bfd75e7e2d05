"""What the checks of kernels for MVE cores refuse, a row each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.kernels.dsp.cases import Case, conv2d, depthwise_conv2d, fully_connected, pairs_of
from tests.runtime.kernels.mve.test_float import case_of as float_case
from tests.runtime.kernels.mve.test_float import products
from tests.runtime.kernels.mve.test_linear import RESNET, case_of
from tests.runtime.kernels.mve.test_pool2d import case_of as pool_of
from tests.runtime.kernels.test_checks import Described

from micrort.ir import DType, Tensor
from micrort.native import library
from micrort.operators.window import Padding, Window
from micrort.variants import mve

HUGE = 2**31 - 1
S8, U8, S32 = DType.S8, DType.U8, DType.S32
COMMON: dict[str, tuple[int, ...]] = {
    "output_offset": (-129, 128),
    "activation_min": (-129, 51),
    "activation_max": (-51, 128),
    "scaling": (-1, 3),
}
RANGES: dict[str, dict[str, tuple[int, ...]]] = {
    "conv2d_s8_mve": {
        **COMMON,
        "input_zero_point": (-129, 128),
        "patches": (0, 3, 66),
        "kernel_height": (0, 32767),
        "stride_width": (0,),
    },
    "conv2d_rgb_s8_mve": {
        **COMMON,
        "scaling": (0, 3),
        "input_zero_point": (-129, 128),
        "input_channels": (2,),
        "output_channels": (4, 256),
        "kernel_height": (2,),
        "kernel_width": (2,),
        "dilation_height": (2,),
        "dilation_width": (2,),
        "stride_width": (0, 30000),
    },
    "depthwise_conv2d_s8_mve": {
        **COMMON,
        "input_zero_point": (-129, 128),
        "strips": (0, 9),
        "block": (0, 17),
        "output_channels": (7,),
        "dilation_width": (0,),
    },
    "depthwise_taps_s8_mve": {
        **COMMON,
        "scaling": (-1, 0, 3),
        "input_zero_point": (-129, 128),
        "output_channels": (7,),
        "dilation_width": (0,),
        "kernel_width": (0, 32767),
    },
    "depthwise3x3_s8_mve": {
        **COMMON,
        "scaling": (-1, 0, 3),
        "input_zero_point": (-129, 128),
        "output_channels": (7,),
        "kernel_height": (2,),
        "kernel_width": (2,),
        "dilation_height": (2,),
        "dilation_width": (2,),
        "stride_height": (0,),
        "stride_width": (0, 3),
        "padding_top": (-1, 2),
        "padding_left": (-1, 2),
    },
    "fully_connected_s8_mve": {**COMMON, "depth": (0, HUGE, 8), "channels": (0, HUGE, 3), "copied": (-1, 2)},
    "conv2d_f32_mve": {"groups": (2,), "activation_min": (51,), "kernel_height": (0, 32767)},
    "fully_connected_f32_mve": {"depth": (0, HUGE, 8), "channels": (0, HUGE, 3, 16), "activation_min": (51,)},
    "depthwise_conv2d_f32_mve": {"activation_min": (51,), "stride_width": (0,)},
    "average_pool2d_s8_mve": {"activation_min": (-129, 51), "activation_max": (-51, 128), "stride_width": (0,)},
    "max_pool2d_s8_mve": {"activation_min": (-129, 51), "activation_max": (-51, 128), "stride_width": (0,)},
    "linear_s8_mve": {"shift": (-1, 32), "activation_min": (-129, 51), "activation_max": (-51, 128)},
}


WINDOW = Window((3, 3), (1, 1), (1, 1), Padding.SAME)


def float_window(depthwise: bool) -> Case:
    x, y = (Tensor(name, (1, 5, 5, 8), DType.F32) for name in "xy")
    attrs = {**WINDOW.attrs(x, y), "activation_min": -50.0, "activation_max": 50.0}
    weights = np.ones((1, 3, 3, 8) if depthwise else (8, 3, 3, 8))
    arrays = [np.ones(x.shape), weights, np.ones(8)]
    if depthwise:
        return float_case("depthwise_conv2d_f32", attrs, arrays, y.shape)
    return float_case("conv2d_f32", {**attrs, "groups": 1}, arrays, y.shape)


def described(kernel: str) -> Described:
    """A sound call, of the kernel that the compiler would choose."""
    case = {
        "conv2d_s8_mve": lambda: conv2d(pairs_of(1), (1, 5, 5, 8), 4, (3, 3)),
        "conv2d_rgb_s8_mve": lambda: conv2d(pairs_of(1), (1, 5, 5, 3), 8, (3, 3)),
        "depthwise_conv2d_s8_mve": lambda: depthwise_conv2d(pairs_of(1), (1, 5, 5, 8), 1, (3, 3)),
        "depthwise_taps_s8_mve": lambda: depthwise_conv2d(pairs_of(1), (1, 5, 5, 8), 1, (3, 3)),
        "depthwise3x3_s8_mve": lambda: depthwise_conv2d(pairs_of(1), (1, 5, 9, 8), 1, (3, 3)),
        "fully_connected_s8_mve": lambda: fully_connected(pairs_of(1), (1, 16), 16, 8),
        "linear_s8_mve": lambda: case_of("add_s8", {**RESNET, "activation_min": -50, "activation_max": 50}, 1),
        "conv2d_f32_mve": lambda: float_window(False),
        "depthwise_conv2d_f32_mve": lambda: float_window(True),
        "fully_connected_f32_mve": lambda: products((1, 16), 8, (-50.0, 50.0), 1),
        "average_pool2d_s8_mve": lambda: pool_of("average_pool2d_s8", (1, 5, 5, 8), WINDOW),
        "max_pool2d_s8_mve": lambda: pool_of("max_pool2d_s8", (1, 5, 5, 8), WINDOW),
    }[kernel]()
    offers = {offer.call.kernel: offer for offer in mve.variants(case.call, case.tensors, "balanced")}
    offer = offers[kernel]
    tensors = {**case.tensors, **{tensor.name: tensor for tensor in offer.constants}}
    _, lib = library.load()

    def row(tensor: Tensor) -> tuple[int, int, int]:
        return tensor.rows, tensor.row_bytes, int(getattr(lib, f"MRT_DTYPE_{tensor.dtype.name}"))

    attrs = {**offer.call.attrs, "activation_min": -50, "activation_max": 50}
    inputs = tuple(row(tensors[name]) for name in offer.call.inputs)
    content = b"".join(tensor.data.tobytes() for tensor in offer.constants if tensor.data is not None)
    return Described(kernel, attrs, inputs, (row(tensors["y"]),), constant=1 if content else -1, content=content)


@pytest.mark.parametrize("kernel", RANGES)
def test_a_sound_call_is_accepted(kernel: str) -> None:
    assert described(kernel).is_accepted()


@pytest.mark.parametrize(
    ("kernel", "name", "value"),
    [(kernel, name, value) for kernel, ranges in RANGES.items() for name, values in ranges.items() for value in values],
)
def test_attributes_out_of_range_are_refused(kernel: str, name: str, value: int) -> None:
    call = described(kernel)
    call.attrs[name] = value
    assert not call.is_accepted()


@pytest.mark.parametrize("kernel", RANGES)
def test_tensors_that_do_not_fit_are_refused(kernel: str) -> None:
    call = described(kernel)
    count = len(call.inputs) + 1
    for index in range(count):
        rows, row_bytes, dtype = (*call.inputs, *call.outputs)[index]
        assert not call.with_tensor(index, dtype=dtype + 1).is_accepted()
        assert not call.with_tensor(index, rows=rows + 1).is_accepted()
        assert not call.with_tensor(index, row_bytes=row_bytes + 4).is_accepted()
    fewer = Described(kernel, call.attrs, call.inputs[:-1], call.outputs)
    assert not fewer.is_accepted()


def test_weights_behind_the_end_of_a_filter_are_zero() -> None:
    """Else whatever stands in memory behind the 3 * 3 * 8 elements under it would count."""
    call = described("conv2d_s8_mve")
    last = 4 * 4 + 4 * 16 * (72 // 16)
    for lane in range(4):
        for byte in range(16):
            content = bytearray(call.content)
            content[last + 16 * lane + byte] ^= 1
            assert replace(call, content=bytes(content)).is_accepted() == (byte < 72 % 16)
    assert not replace(call, constant=-1).is_accepted(), "what is no constant cannot be known"


def test_a_vector_across_rows_must_be_copied() -> None:
    call = described("fully_connected_s8_mve")
    across = call.with_tensor(0, rows=2, row_bytes=8)
    assert not across.is_accepted()
    across.attrs["copied"] = 1
    assert across.is_accepted()


def test_depthwise_floats_have_one_output_channel_for_each_of_the_input() -> None:
    call = described("depthwise_conv2d_f32_mve")
    call.attrs["output_channels"] = 16
    doubled = call
    for index, (_, row_bytes, _) in enumerate((*call.inputs, *call.outputs)):
        doubled = doubled.with_tensor(index, row_bytes=row_bytes * 2) if index > 0 else doubled
    assert not doubled.is_accepted()


def test_depthwise_rows_within_reach_of_16_bits() -> None:
    call = described("depthwise_conv2d_s8_mve")
    call.attrs.update({"input_width": 9000, "output_width": 9000})
    assert not call.with_tensor(0, row_bytes=72000).with_tensor(2, row_bytes=72000).is_accepted()
