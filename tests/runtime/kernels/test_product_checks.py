"""The checks of the kernels with weights: what they refuse, and that what they accept runs safely."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.kernels import sanitised
from tests.runtime.kernels.products import DTYPES, PARAMS, Call, sound_calls

from micrort.native import kernels

CALLS = sound_calls()
IDS = [f"{call.kernel}-{len(call.tensors) - 1}-inputs-bias-{call.tensors[2].dtype}" for call in CALLS]
ROUNDS = 400

# Values that no call may have, whatever the rest of it.
NEVER = {
    **dict.fromkeys(("kernel_height", "kernel_width", "stride_height", "stride_width"), (0, -1, 32768, -(2**31))),
    **dict.fromkeys(("dilation_height", "dilation_width"), (0, -1, 32768, 2**31 - 1)),
    **dict.fromkeys(("padding_top", "padding_left"), (-1, 32768, 2**31 - 1, -(2**31))),
    **dict.fromkeys(("input_height", "input_width", "input_channels"), (0, -1, 1, 7, 32768, 2**31 - 1)),
    **dict.fromkeys(("output_height", "output_width", "output_channels"), (0, -1, 1, 7, 32768, 2**31 - 1)),
    "groups": (0, -1, 3, 16, 2**31 - 1, -(2**31)),
    "depth": (0, -1, 5, 24, 2**31 - 1, -(2**31)),
    "channels": (0, -1, 4, 3, 2**31 - 1, -(2**31)),
}
S8 = {"input_offset": (-128, 129), "output_offset": (-129, 128), "activation_min": (-129, 101)}
S8 |= {"activation_max": (-101, 128), "shift": (-32, 31)}
S16 = {"input_offset": (-32768, 32769), "output_offset": (-32769, 32768), "activation_min": (-32769, 101)}
S16 |= {"activation_max": (-101, 32768), "shift": (-32, 31)}
F32 = {"activation_min": (math.nan, 101.0), "activation_max": (math.nan, -101.0)}


def ranges(call: Call) -> dict[str, tuple[float, ...]]:
    return {"s8": S8, "s16": S16, "f32": F32}[call.kernel.rsplit("_", 1)[1]]


def has_tensor_scales(call: Call) -> bool:
    return len(call.tensors) == 4


def test_every_kernel_of_the_family_is_here() -> None:
    assert {call.kernel for call in CALLS} == {name for name, number in kernels.ids().items() if number < 20}


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_sound_call_is_accepted_and_its_output_does_not_depend_on_the_order_of_rows(call: Call) -> None:
    assert call.is_accepted()
    assert len(set(call.run(np.random.default_rng(1)))) > 1


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_attributes_out_of_range_are_refused(call: Call) -> None:
    for name in call.attrs:
        values = (*NEVER.get(name, ()), *ranges(call).get(name, ()))
        if name == "shift" and not has_tensor_scales(call):
            continue  # not read where the scales are tensors
        assert values or name == "multiplier", name
        for value in values:
            assert not call.with_attrs(**{name: value}).is_accepted(), (name, value)


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_limits_of_attributes_are_accepted(call: Call) -> None:
    limits = {"s8": (-127, 128, -128, 127), "s16": (-32767, 32768, -32768, 32767), "f32": (0, 0, -3e38, 3e38)}
    lowest, highest, low, high = limits[call.kernel.rsplit("_", 1)[1]]
    widest = call.with_attrs(activation_min=low, activation_max=high)
    assert widest.is_accepted()
    if "input_offset" in call.attrs:
        assert widest.with_attrs(input_offset=lowest, output_offset=low).is_accepted()
        assert widest.with_attrs(input_offset=highest, output_offset=high).is_accepted()


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_tensors_of_another_type_or_size_are_refused(call: Call) -> None:
    for index, tensor in enumerate(call.tensors):
        is_bias = call.kernel in ("conv2d_s16", "fully_connected_s16") and index == 2
        for dtype in range(10):
            if dtype != tensor.dtype and not (is_bias and dtype in (DTYPES["s32"], DTYPES["s64"])):
                assert not call.with_tensor(index, dtype=dtype).is_accepted(), (index, dtype)
        for fields in ({"rows": tensor.rows + 1}, {"row_bytes": tensor.row_bytes * 2}, {"row_bytes": 1}):
            assert not call.with_tensor(index, **fields).is_accepted(), (index, fields)


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_tensors_that_no_table_should_hold_are_refused(call: Call) -> None:
    """Sizes whose products overflow 32 bits. Only the check sees them: no memory is laid out."""
    for index, tensor in enumerate(call.tensors):
        if tensor.pool != PARAMS:
            assert not call.with_tensor(index, rows=32768, row_bytes=2**17).is_accepted(), index


@pytest.mark.parametrize("call", CALLS, ids=IDS)
def test_a_wrong_number_of_inputs_is_refused(call: Call) -> None:
    for index in range(len(call.tensors) - 1):
        assert not call.without_tensor(index).is_accepted()
    more = replace(call, tensors=(*call.tensors[:-1], call.tensors[2], call.tensors[-1]))
    assert not more.is_accepted()


@pytest.mark.parametrize("call", [call for call in CALLS if len(call.tensors) == 6], ids=lambda call: call.kernel)
def test_shifts_are_constant_and_within_reach_of_the_accumulator(call: Call) -> None:
    wide = call.tensors[2].dtype == DTYPES["s64"]
    for position in range(call.tensors[4].row_bytes // 4):
        for shift, sound in ((-32, False), (-31, True), (7, True), (8, not wide), (30, not wide), (31, False)):
            shifts = list(call.shifts)
            shifts[position] = shift
            assert replace(call, shifts=tuple(shifts)).is_accepted() == sound, shift
    assert call.tensors[4].pool == PARAMS
    assert not call.with_tensor(4, pool=4).is_accepted()


@pytest.mark.parametrize("call", [call for call in CALLS if has_tensor_scales(call)], ids=lambda call: call.kernel)
def test_a_shift_of_the_tensor_is_within_reach_of_the_accumulator(call: Call) -> None:
    if "shift" in call.attrs:
        wide = call.tensors[2].dtype == DTYPES["s64"]
        for shift, sound in ((-31, True), (7, True), (8, not wide), (30, not wide)):
            assert call.with_attrs(shift=shift).is_accepted() == sound


def test_corrupted_calls_are_refused_or_run_safely() -> None:
    """Under the address and undefined-behaviour sanitisers, each tensor in an allocation of its own."""
    output = sanitised.run(Path(__file__).with_name("hostile_products.py"), str(ROUNDS))
    results = [line.split() for line in output.splitlines()]
    assert {name for name, _, _ in results} == {call.kernel for call in CALLS}
    for name, refused, ran in results:
        assert int(refused) > ROUNDS // 4, name
        assert int(ran) > ROUNDS // 40, name
